"""Events know the observer of a link, have an index per filter, and can't be changed any more."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from audit.triggers import drop_triggers, make_triggers


def _make_triggers(apps, schema_editor):
    make_triggers(schema_editor.connection)


def _drop_triggers(apps, schema_editor):
    drop_triggers(schema_editor.connection)


# Events of before have the observer of a link in their data alone.
_OBSERVER = {
    "sqlite": "json_extract(data, '$.observer')",
    "postgresql": "(data->>'observer')::bigint",
}


def _fill_in(apps, schema_editor):
    found = _OBSERVER[schema_editor.connection.vendor]
    schema_editor.execute(f"UPDATE audit_event SET observer_id = {found} WHERE {found} IS NOT NULL")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_years_events_are_kept"),
        ("audit", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Forgetting",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="event",
            name="event_newest_first",
        ),
        migrations.AddField(
            model_name="event",
            name="observer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="real_actor",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="root_account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="subject",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(_fill_in, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["root_account", "created_at", "id"], name="event_by_time"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["root_account", "action", "created_at", "id"], name="event_by_action"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["root_account", "address", "created_at", "id"], name="event_by_address"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor", "created_at", "id"], name="event_by_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("real_actor", models.F("actor")), _negated=True),
                fields=["real_actor", "created_at", "id"],
                name="event_by_real_actor",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["subject", "created_at", "id"], name="event_by_subject"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("observer__isnull", False)),
                fields=["observer", "created_at", "id"],
                name="event_by_observer",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["account", "created_at", "id"], name="event_by_account"),
        ),
        migrations.AddConstraint(
            model_name="forgetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="forgetting_is_one"
            ),
        ),
        migrations.RunPython(_make_triggers, _drop_triggers),
    ]
