"""Removing events that have been kept long enough, and pseudonymising an erased person.

The only writes that the table's triggers let through, and each is an event itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, User
from audit.actions import record
from audit.models import Event, Forgetting

# In one transaction: little enough that nobody waits long for it.
AT_A_TIME = 10_000
# What may stand in `data` and names a person, or repeats what they wrote.
_PERSONAL = ("login", "before", "after", "name", "purpose", "label")


class NotErased(Exception):
    """Only of who has been deleted can the events be pseudonymised."""


@contextmanager
def forgetting() -> Iterator[None]:
    """A transaction in which events may be removed and changed."""
    with transaction.atomic():
        row = Forgetting.objects.create()
        yield
        row.delete()


def remove_expired(root_account: Account, at_a_time: int = AT_A_TIME) -> int:
    """Remove what is older than the root account keeps it; how many events that were.

    Each transaction records what it removed, so that even one that is cut off is told.
    """
    before = _kept_from(root_account)
    if before is None:
        return 0
    removed = 0
    while some := _remove_some(root_account, before, at_a_time):
        removed += some
    return removed


def _kept_from(root_account: Account) -> datetime | None:
    years = root_account.settings.years_events_are_kept
    if years is None:
        return None
    now = timezone.now()
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)


def _remove_some(root_account: Account, before: datetime, at_a_time: int) -> int:
    expired = Event.objects.filter(root_account=root_account, created_at__lt=before)
    with forgetting():
        oldest = list(expired.order_by("created_at", "pk").values_list("pk", flat=True)[:at_a_time])
        if oldest:
            _delete(oldest)
            record(
                Actor(root_account, is_operator=True), "events_removed",
                account=root_account, events=len(oldest), before=before,
            )  # fmt: skip
    return len(oldest)


def _delete(ids: Sequence[int]) -> None:
    events = Event.objects.filter(pk__in=ids)
    events._raw_delete(events.db)  # type: ignore[attr-defined]


def pseudonymise(person: User) -> int:
    """Take what names a deleted person out of their record and out of all events about or by them.

    The events stay, with their time, action and the person's number; how many they are.
    Raises NotErased.
    """
    if person.state != User.State.DELETED:
        raise NotErased
    with forgetting():
        _blot_out(person)
        theirs = Q(actor=person) | Q(real_actor=person) | Q(subject=person) | Q(observer=person)
        count = 0
        for event in Event.objects.filter(theirs, root_account=person.root_account).iterator():
            count += 1
            _without_names(event, person)
        root = person.root_account
        record(Actor(root, is_operator=True), "events_pseudonymised", account=root,
               subject=person, events=count)  # fmt: skip
    return count


def _blot_out(person: User) -> None:
    name = f"Erased person {person.pk}"
    person.name = person.sortable_name = person.short_name = name
    person.login_id = f"erased-{person.pk}"
    person.email = person.time_zone = person.locale = ""
    person.sis_id = person.integration_id = None
    person.set_unusable_password()
    person.save()


def _without_names(event: Event, person: User) -> None:
    data = event.data
    if event.subject_id in (None, person.pk):
        data = {key: _blotted(key, value) for key, value in data.items()}
    # The address is of whoever did it.
    is_own = person.pk in (event.real_actor_id, event.actor_id)
    address = None if is_own else event.address
    if data != event.data or address != event.address:
        Event.objects.filter(pk=event.pk).update(data=data, address=address)


def _blotted(key: str, value: Any) -> Any:
    return None if key in _PERSONAL else value
