"""What people are found and sorted by: their names without case, accents and punctuation."""

from django.db import migrations, models

from accounts.models import name_key


def write_keys(apps, schema_editor):
    user_model = apps.get_model("accounts", "User")
    some = []
    for user in user_model.objects.only("pk", "name", "sortable_name").iterator(2000):
        user.name_key = name_key(user.name, user.sortable_name)
        some.append(user)
        if len(some) == 2000:
            user_model.objects.bulk_update(some, ["name_key"], 500)
            some = []
    user_model.objects.bulk_update(some, ["name_key"], 500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            "user",
            "name_key",
            models.CharField(default="", editable=False, max_length=600),
        ),
        migrations.RunPython(write_keys, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("user", "user_by_name"),
        migrations.AddIndex(
            "user",
            models.Index(fields=["root_account", "name_key", "id"], name="user_by_name"),
        ),
    ]
