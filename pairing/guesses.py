"""How often a code may be guessed wrong: exact with any number of processes (spec "Redeeming" 5).

Whoever tries a code holds the row of their own count while they try, so that tries of one guesser
queue up and each sees the count that the last one left. Guessers who have been wrong lately hold
the tenant's row, too. Right codes write nothing. Everything here runs in the caller's transaction,
which must commit when a guess was wrong.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account
from audit.actions import record
from pairing.models import WrongGuesses
from pairing_service.statements import first

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
Subject = WrongGuesses.Subject


class TooManyGuesses(Exception):
    """Every try is refused for now, a right one too."""

    def __init__(self, until: datetime) -> None:
        self.retry_after = max(1, math.ceil((until - timezone.now()).total_seconds()))
        self.minutes = math.ceil(self.retry_after / 60)
        super().__init__(f"Too many wrong codes. Try again in {self.minutes} minutes.")


@dataclass(frozen=True)
class Guesser:
    """Whose wrong guesses are counted together, and how many an hour they have.

    `behind`: of a browser, the school's address that it tries from. Browsers cost nothing, so over
    the tenant's limit the address answers for all of them.
    """

    root_account: Account
    subject: str
    key: str
    limit: int
    behind: str = ""


def guesser_of(actor: Actor, browser: str | None = None) -> Guesser:
    """The signed-in real person; else the browser, in the school's own networks; else the address.

    `browser` is the id in our signed cookie. Without one, an address of the school's counts as any.
    """
    root = actor.root_account
    if actor.real is not None:
        return Guesser(root, Subject.USER, str(actor.real.pk), settings.GUESSES_PER_USER_AND_HOUR)
    network = _network_of(actor.address)
    if browser and is_own(actor.address, root.settings.own_networks):
        limit = settings.GUESSES_PER_BROWSER_AND_HOUR
        return Guesser(root, Subject.BROWSER, browser, limit, behind=network)
    return Guesser(root, Subject.ADDRESS, network, settings.GUESSES_PER_ADDRESS_AND_HOUR)


def _network_of(address: str | None) -> str:
    """What is counted as one address: of IPv6 the 64 bits that one household is given."""
    if address is None:
        return "unknown"
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))


def is_own(address: str | None, networks: str) -> bool:
    """Whether the address is in one of the root account's own networks."""
    if not address:
        return False
    own = (ipaddress.ip_network(line) for line in networks.split())
    return any(ipaddress.ip_address(address) in network for network in own)


def admit(guesser: Guesser) -> None:
    """Hold the guesser's count until the transaction ends. Raises TooManyGuesses.

    A user's own row must be held already (`UserQuerySet.hold`): that is as good and writes nothing.
    """
    if guesser.subject != Subject.USER:
        _make_row(guesser.root_account, guesser.subject, guesser.key)
    now = timezone.now()
    state = _state_of(
        guesser.root_account, guesser.subject, guesser.key, guesser.limit, now,
        hold=guesser.subject != Subject.USER,
    )  # fmt: skip
    if state is None:
        return
    is_over, is_suspect = state
    if is_over:
        raise TooManyGuesses(_end_of_window(guesser.root_account, guesser.subject, guesser.key))
    if is_suspect or (guesser.behind and _was_wrong_behind(guesser, now)):
        _admit_suspect(guesser.root_account, now)


def _state_of(
    root_account: Account, subject: str, key: str, limit: int, now: datetime, *, hold: bool
) -> tuple[bool, bool] | None:
    """Whether the limit is reached, and whether there was a wrong guess within a day; None where
    there never was one. `hold`: nobody else gets the row until the transaction ends."""
    assert connection.in_atomic_block
    row = first(
        _FOUND + (_for_update() if hold else ""), root=root_account.pk, subject=str(subject),
        key=key, now=now, limit=limit, yesterday=now - _DAY,
    )  # fmt: skip
    return row and (bool(row[0]), bool(row[1]))


_FOUND = """
SELECT window_ends_at > %(now)s AND count >= %(limit)s, last_wrong_at > %(yesterday)s
  FROM pairing_wrongguesses
 WHERE root_account_id = %(root)s AND subject = %(subject)s AND key = %(key)s
"""


def _for_update() -> str:
    return " FOR UPDATE" if connection.features.has_select_for_update else ""


def _was_wrong_behind(guesser: Guesser, now: datetime) -> bool:
    rows = _rows(guesser.root_account, Subject.BROWSER, guesser.behind)
    return rows.filter(last_wrong_at__gt=now - _DAY).exists()


def _admit_suspect(root_account: Account, now: datetime) -> None:
    """Over the tenant's limit, whoever guessed wrong that day is refused; nobody else is."""
    limit = settings.GUESSES_PER_TENANT_AND_DAY
    state = _state_of(root_account, Subject.TENANT, "", limit, now, hold=True)
    if state is not None and state[0]:
        raise TooManyGuesses(_end_of_window(root_account, Subject.TENANT, ""))


def _end_of_window(root_account: Account, subject: str, key: str) -> datetime:
    return _rows(root_account, subject, key).get().window_ends_at


def count_wrong(actor: Actor, guesser: Guesser) -> None:
    """Count one wrong guess for the guesser and the tenant; tell when a limit is reached."""
    root = guesser.root_account
    if _count(root, guesser.subject, guesser.key, _HOUR) == guesser.limit:
        record(actor, "redemptions_refused", account=root, by=guesser.subject)
    if _count(root, Subject.TENANT, "", _DAY) == settings.GUESSES_PER_TENANT_AND_DAY:
        record(actor, "guess_limit_reached", account=root)
    if guesser.behind:  # after the tenant's row, which suspects hold already
        _count(root, Subject.BROWSER, guesser.behind, _HOUR)


def _rows(root_account: Account, subject: str, key: str) -> QuerySet[WrongGuesses]:
    return WrongGuesses.objects.filter(root_account=root_account, subject=subject, key=key)


def _make_row(root_account: Account, subject: str, key: str) -> None:
    row = WrongGuesses(
        root_account=root_account, subject=subject, key=key, window_ends_at=timezone.now()
    )
    WrongGuesses.objects.bulk_create([row], ignore_conflicts=True)


def _count(root_account: Account, subject: str, key: str, window: timedelta) -> int:
    """One more, in this window or a new one, and the count after it: one statement."""
    now = timezone.now()
    row = first(
        _COUNT, root=root_account.pk, subject=str(subject), key=key, end=now + window, now=now
    )
    assert row is not None
    count: int = row[0]
    return count


_COUNT = """
INSERT INTO pairing_wrongguesses AS g
    (root_account_id, subject, key, count, window_ends_at, last_wrong_at)
VALUES (%(root)s, %(subject)s, %(key)s, 1, %(end)s, %(now)s)
ON CONFLICT (root_account_id, subject, key) DO UPDATE SET
    count = CASE WHEN g.window_ends_at <= %(now)s THEN 1 ELSE g.count + 1 END,
    window_ends_at = CASE WHEN g.window_ends_at <= %(now)s
                          THEN excluded.window_ends_at ELSE g.window_ends_at END,
    last_wrong_at = excluded.last_wrong_at
RETURNING count
"""
