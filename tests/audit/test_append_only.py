"""Events can't be changed or removed, except what has expired or names an erased person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.actions.people import delete_person
from accounts.models import RootAccountSettings, User
from audit.actions import record
from audit.forgetting import forgetting, remove_expired
from audit.models import Event, Forgetting
from tests.cast import Cast


def refused(change: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()


def sql(statement: str) -> Callable[[], None]:
    return lambda: connection.cursor().execute(statement)


def test_nobody_changes_or_removes_an_event(cast: Cast) -> None:
    record(cast.actor(cast.student), "code_issued", subject=cast.student)
    before = list(Event.objects.order_by("pk").values())
    refused(lambda: Event.objects.update(action="nothing"))
    refused(lambda: Event.objects.filter(subject=cast.student).delete())
    refused(sql("UPDATE audit_event SET address = NULL"))
    refused(sql("DELETE FROM audit_event"))
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")()
        refused(sql("TRUNCATE audit_event"))
    assert list(Event.objects.order_by("pk").values()) == before


def old(cast: Cast, days: float, user: User | None = None, **more: Any) -> Event:
    person = user or cast.student
    return Event.objects.create(
        root_account=person.root_account, action="code_issued", subject=person, actor=person,
        real_actor=person, created_at=timezone.now() - timedelta(days=days), **more,
    )  # fmt: skip


def keep(years: int | None, user: User) -> None:
    settings = RootAccountSettings.objects.filter(account=user.root_account_id)
    settings.update(years_events_are_kept=years)


def prune(**options: Any) -> str:
    out = StringIO()
    call_command("prune_events", stdout=out, **options)
    return out.getvalue()


def test_by_default_events_are_kept_for_ever(cast: Cast) -> None:
    old(cast, 20_000)
    assert prune(json=True).strip() == '{"removed": 0}'
    assert Event.objects.filter(subject=cast.student).exists()
    assert not Event.objects.filter(action="events_removed").exists()


def test_what_is_older_than_the_root_account_keeps_it_is_removed_and_told(cast: Cast) -> None:
    keep(2, cast.root_admin)
    gone = [old(cast, 732 + n) for n in range(5)]
    kept = [old(cast, 729), old(cast, 9999, cast.stranger)]
    assert remove_expired(cast.fresh(), at_a_time=2) == 5
    assert not Event.objects.filter(pk__in=[one.pk for one in gone]).exists()
    assert Event.objects.filter(pk__in=[one.pk for one in kept]).count() == 2
    told = Event.objects.filter(action="events_removed", account=cast.root)
    assert [one.data["events"] for one in told.order_by("pk")] == [2, 2, 1]
    assert not Forgetting.objects.exists()
    refused(lambda: Event.objects.all().delete())


def test_only_the_tenant_that_is_named_is_pruned(cast: Cast) -> None:
    keep(1, cast.root_admin)
    keep(1, cast.stranger)
    ours, theirs = old(cast, 400), old(cast, 400, cast.stranger)
    assert "1 events removed." in prune(account=str(cast.root.pk))
    assert set(Event.objects.filter(pk__in=[ours.pk, theirs.pk])) == {theirs}
    with pytest.raises(CommandError):
        prune(account=str(cast.accounts.high.pk))


def test_a_removal_that_fails_lets_nothing_through(cast: Cast) -> None:
    event = old(cast, 400)

    def fail() -> None:
        with forgetting():
            Event.objects.filter(pk=event.pk).delete()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Event.objects.filter(pk=event.pk).exists()
    assert not Forgetting.objects.exists()
    refused(lambda: Event.objects.all().delete())


def test_who_is_erased_is_named_nowhere(cast: Cast) -> None:
    """What others did stays theirs; what happened to the person stays, without their names."""
    ada, admin = cast.student, cast.actor(cast.root_admin)
    record(admin, "person_changed", subject=ada, before={"name": "Ada Okafor"}, after={"name": "A"})
    record(cast.actor(ada), "code_issued", subject=ada, surface="own_settings")
    record(admin, "login_added", subject=cast.classmate, login="ben-2")
    with pytest.raises(CommandError, match="has not been deleted"):
        prune(erase=str(ada.pk))
    delete_person(actor=admin, person=ada)
    prune(erase=str(ada.pk))
    ada.refresh_from_db()
    assert "Ada" not in str(list(User.objects.filter(pk=ada.pk).values_list()))
    assert (ada.name, ada.sis_id) == (f"Erased person {ada.pk}", None)
    assert "Ada" not in str(list(Event.objects.filter(subject=ada).values_list("data", flat=True)))
    own = Event.objects.get(action="code_issued", subject=ada)
    assert (own.address, own.data["surface"]) == (None, "own_settings")
    assert Event.objects.get(action="person_changed", subject=ada).address == admin.address
    assert Event.objects.get(action="login_added").data == {"login": "ben-2"}
    told = Event.objects.get(action="events_pseudonymised")
    assert (told.subject, told.data) == (
        ada,
        {"events": Event.objects.filter(subject=ada).count() - 1},
    )
