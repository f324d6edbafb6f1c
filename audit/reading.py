"""Reading events: narrowed, in pages by cursor, as one long run; quick among millions.

Order is by time, then id. Whatever a list is narrowed to has an index in that order, so a page
reads about as many rows as it shows, and nothing is ever counted. What can't be had from one index
(about these people *or* in these accounts) is asked in pieces, one statement each, and merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Account
from audit.models import Event
from courses.rules import ties_to
from pairing_service.statements import among, first
from permissions.grants import Area
from permissions.table import Piece

# Rows that are read at once for a file.
_AT_A_TIME = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How far the clocks of our machines may be apart.
_SETTLED_AFTER = timedelta(seconds=5)


class Cursor(NamedTuple):
    """A place in the order of events: where a page begins or ends."""

    time: datetime
    id: int

    @classmethod
    def of(cls, event: Event) -> Cursor:
        return cls(event.created_at, event.pk)

    def __str__(self) -> str:
        return f"{(self.time - _EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """What `str` made; None for anything else."""
        match = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
        if match is None:
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
        except OverflowError:
            return None


@dataclass(frozen=True)
class Wanted:
    """What a list of events is narrowed to. `people`: whoever of these did it, as themself or as
    another, or had it done to them; None: everyone."""

    account: Account
    people: Sequence[int] | None = None
    actions: Sequence[str] = ()
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    # Made of the others.
    pieces: list[QuerySet[Event]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", list(_pieces(self)))


def newest(wanted: Wanted, limit: int, before: Cursor | None = None) -> list[Event]:
    """The newest events, or the newest of those before a place."""
    pieces = wanted.pieces
    if before is not None:
        # Said so that an index knows where to begin.
        up_to = Q(created_at__lte=before.time) & ~Q(created_at=before.time, pk__gte=before.id)
        pieces = [piece.filter(up_to) for piece in pieces]
    return _merged([piece.order_by("-created_at", "-pk")[:limit] for piece in pieces], limit)[::-1]


def oldest(
    wanted: Wanted, limit: int, after: Cursor | None = None, until: datetime | None = None
) -> list[Event]:
    """The oldest events, or the oldest of those after a place; none from `until` on."""
    pieces = wanted.pieces
    if after is not None:
        from_on = Q(created_at__gte=after.time) & ~Q(created_at=after.time, pk__lte=after.id)
        pieces = [piece.filter(from_on) for piece in pieces]
    if until is not None:
        pieces = [piece.filter(created_at__lt=until) for piece in pieces]
    return _merged([piece.order_by("created_at", "pk")[:limit] for piece in pieces], limit, True)


def everything(wanted: Wanted) -> Iterator[list[Event]]:
    """All of them, newest first, some at a time."""
    before = None
    while some := newest(wanted, _AT_A_TIME, before):
        yield some
        before = Cursor.of(some[-1])


def settled_before() -> datetime:
    """Before this time nothing will be told any more: whoever has read up to it missed nothing.

    An event is told at the end of its deed, and is seen once that is committed; one that began
    earlier may be committed later.
    """
    now = timezone.now()
    if connection.vendor == "postgresql":
        row = first(_OLDEST_UNDER_WAY)
        now = min(now, row[0]) if row and row[0] else now
    return now - _SETTLED_AFTER


_OLDEST_UNDER_WAY = """
SELECT min(xact_start) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


def _merged(pieces: list[QuerySet[Event]], limit: int, is_oldest: bool = False) -> list[Event]:
    """The first of all pieces together, each once, from old to new."""
    found = {event.pk: event for piece in pieces for event in piece}
    ordered = sorted(found.values(), key=Cursor.of)
    return ordered[:limit] if is_oldest else ordered[-limit:]


def _pieces(wanted: Wanted) -> Iterator[QuerySet[Event]]:
    events = Event.objects.filter(root_account=wanted.account.root_account_id)
    if wanted.actions:
        events = events.filter(action__in=wanted.actions)
    if wanted.address:
        events = events.filter(address=wanted.address)
    if wanted.since:
        events = events.filter(created_at__gte=wanted.since)
    if wanted.until:
        events = events.filter(created_at__lt=wanted.until)
    scope = _in_account(wanted.account)
    if wanted.people is None:
        yield from (events.filter(part) for part in scope)
        return
    here = Q()
    for part in scope:
        here |= part
    for by in _of_people(wanted.people):
        yield events.filter(by, here)


def _of_people(ids: Sequence[int]) -> list[Q]:
    return [
        Q(actor__in=ids),
        Q(real_actor__in=ids) & ~Q(real_actor=F("actor")),
        Q(subject__in=ids),
        Q(observer__in=ids),
    ]


def _in_account(account: Account) -> list[Q]:
    """In the root account all; below it what is about the account, those below it and its courses,
    or about a person who is of it now, but not what they did or are in another school."""
    if account.is_root:
        return [Q()]
    below = Account.objects.within(account).values_list("pk", flat=True)
    enrolments, memberships = ties_to(Area((Piece(account.path),)))
    elsewhere = ~Q(account=None) & ~Q(account__in=account.chain_ids)
    here = ~elsewhere | Q(account__path__startswith=account.path)
    return [
        among("account", list(below)),
        Q(subject__in=enrolments.values("user")) & here,
        Q(subject__in=memberships.values("user")) & here,
    ]
