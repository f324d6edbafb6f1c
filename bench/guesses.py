"""How many codes an attacker may guess in a year: `python -m bench.guesses`.

1,000 addresses guess at one school for some days: the product's own limiter lets them or not, and
says when to come back, while the clock is moved. They go about it as well as they can: a few use up
the school's limit for the day, and then the others, of whom no wrong guess is known that day, have
one each. The best day counts 365 times. Ends with 1 when the chance of one hit against 100,000 live
codes is more than what the project promises, or when a guess was let through beyond the limits.
"""

from __future__ import annotations

import heapq
import os
import secrets
import sys
from datetime import datetime, timedelta
from typing import Any

from bench.databases import fresh_database
from bench.redeem import PRODUCTION

FEW = 3  # at 300 an hour they are done within the day
ADDRESSES = int(os.environ.get("ADDRESSES", "1000"))
DAYS = int(os.environ.get("DAYS", "2"))
LIVE_CODES = 100_000
PROMISED = 1 / 1000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def prepare() -> Any:
    """A school in which codes may be used."""
    import django

    django.setup()
    from permissions.actions import create_root_account

    admin = create_root_account(
        name="Bench", login_id="bench", password=secrets.token_hex(), self_registration="observer",
        domain=None,
    )  # fmt: skip
    return admin.root_account


def attack(root: Any) -> list[int]:
    """Wrong guesses on each day."""
    import time_machine
    from django.db import transaction

    from accounts.actor import Actor
    from pairing.guesses import TooManyGuesses, admit, count_wrong, guesser_of

    begun = datetime.fromisoformat("2030-01-07T08:00:00+00:00")
    actors = [Actor(root, address=f"198.18.{n // 250}.{n % 250 + 1}") for n in range(ADDRESSES)]
    tries = [(begun, n) for n in range(FEW)]  # who tries when
    others = set(range(FEW, ADDRESSES))
    days = [0] * DAYS
    with time_machine.travel(begun, tick=False) as clock, transaction.atomic():
        while tries[0][0] < begun + DAYS * DAY:
            now, n = heapq.heappop(tries)
            clock.move_to(now)
            guesser = guesser_of(actors[n])
            try:
                admit(guesser)
            except TooManyGuesses as refused:
                again = now + timedelta(seconds=refused.retry_after)
                if again - now > HOUR:  # the school is over its limit, not only this address
                    for other in others:
                        heapq.heappush(tries, (now, other))
                    others.clear()
            else:
                count_wrong(actors[n], guesser)
                days[(now - begun) // DAY] += 1
                again = now if n < FEW else now + DAY
            heapq.heappush(tries, (again, n))
    return days


def main() -> None:
    os.environ |= PRODUCTION
    with fresh_database() as url:
        root = prepare()
        from django.conf import settings

        from pairing.codes import ALPHABET, LENGTH

        limit = settings.GUESSES_PER_TENANT_AND_DAY
        days = attack(root)
    a_year = 365 * max(days)
    chance = a_year * LIVE_CODES / len(ALPHABET) ** LENGTH
    print(f"guessing at one school from {ADDRESSES:,} addresses on {url.partition(':')[0]}: "
          f"{', '.join(f'{day:,}' for day in days)} wrong codes on {DAYS} days")  # fmt: skip
    print(f"  guesses a year {a_year:,}; one hit against {LIVE_CODES:,} live codes: "
          f"1 in {1 / chance:,.0f} (at most 1 in {1 / PROMISED:,.0f})")  # fmt: skip
    is_held = limit <= days[0] and max(days) <= limit + ADDRESSES
    sys.exit(not (is_held and chance <= PROMISED))


if __name__ == "__main__":
    main()
