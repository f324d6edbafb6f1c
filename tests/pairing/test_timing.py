"""All dead codes are refused in the same time: a guesser with a clock learns nothing either.

Tries of all kinds take turns, in another order each round, and each has its rank in its round. The
ranks' sums are apart, as those of any samples are: by how much at most is found by dealing the
ranks of each round out to the kinds anew, at random. More than that is no accident.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from pairing.actions import CodeRefused, redeem_code, revoke_code, student_of_code
from pairing.codes import digests_of, new_code, read_code
from pairing.models import PairingCode
from tests.cast import Cast, make_user
from tests.effort import EVERYTHING, TIMING_ROUNDS

TRIES = 3
DEALS = 200

Try = Callable[[str], Any]
Rounds = list[dict[str, float]]


def as_observer(cast: Cast) -> Try:
    return lambda text: redeem_code(
        actor=cast.actor(cast.observer), observer=cast.observer, text=text
    )


def as_visitor(cast: Cast) -> Try:
    actor = Actor(cast.actor(None).root_account, address="198.51.100.7")
    return lambda text: student_of_code(actor=actor, text=text)


@pytest.fixture
def dead_codes(cast: Cast, settings: Any) -> dict[str, Callable[[], str]]:
    """A code of every kind; unknown ones are new each time, as a guesser's are."""
    settings.GUESSES_PER_USER_AND_HOUR = settings.GUESSES_PER_TENANT_AND_DAY = 10**6
    settings.GUESSES_PER_ADDRESS_AND_HOUR = 10**6
    used, revoked, expired, superseded = (cast.code(cast.classmate).text for _ in range(4))
    someone = make_user(cast.root, "Someone Else")
    redeem_code(actor=cast.actor(someone), observer=someone, text=used)
    rows = list(PairingCode.objects.order_by("pk"))
    revoke_code(actor=cast.actor(cast.classmate), code=rows[1])
    dead = PairingCode.objects.filter(pk=rows[2].pk)
    dead.update(expires_at=timezone.now() - timedelta(seconds=1))
    PairingCode.objects.filter(pk=rows[3].pk).update(state="superseded", ended_at=timezone.now())
    same = {"used": used, "revoked": revoked, "expired": expired, "superseded": superseded}
    return {"unknown": new_code} | {kind: (lambda text=text: text) for kind, text in same.items()}


def measured(attempt: Try, codes: dict[str, Callable[[], str]]) -> Rounds:
    """Seconds of each kind, round by round."""
    kinds, rounds = [*codes], []
    gc.disable()
    try:
        for _ in range(TIMING_ROUNDS + 2):
            random.shuffle(kinds)
            rounds.append({kind: _quickest(attempt, codes[kind]) for kind in kinds})
    finally:
        gc.enable()
    return rounds[2:]


def _quickest(attempt: Try, code: Callable[[], str]) -> float:
    """Of a few tries: the machine does other things, too, and that is nobody's secret."""
    return min(_seconds(attempt, code()) for _ in range(TRIES))


def _seconds(attempt: Try, text: str) -> float:
    begun = time.perf_counter()
    try:
        attempt(text)
    except CodeRefused:
        return time.perf_counter() - begun
    raise AssertionError("a dead code was taken")


def is_told_by_time(attempt: Try, codes: dict[str, Callable[[], str]]) -> bool:
    """Whether each of three measurements tells: what a busy machine did is not done thrice."""
    return all(_differ(measured(attempt, codes)) for _ in range(3))


def _differ(rounds: Rounds) -> bool:
    """Whether the kinds' ranks are further apart than those of the same rounds dealt out anew."""
    kinds = [*rounds[0]]
    ranked = [_ranks([one[kind] for kind in kinds]) for one in rounds]
    dealt = ([random.sample(row, len(row)) for row in ranked] for _ in range(DEALS))
    return _apart(ranked) > max(map(_apart, dealt))


def _ranks(times: list[float]) -> list[int]:
    """Each one's place, from the quickest: how much a busy machine adds does not matter."""
    return [sorted(times).index(one) for one in times]


def _apart(ranked: list[list[int]]) -> float:
    """How far the sum that stands out most is from what all would be on average."""
    sums = [*map(sum, zip(*ranked, strict=True))]
    return max(abs(one - statistics.mean(sums)) for one in sums)


DOORS = [as_observer, as_visitor]


@pytest.mark.parametrize("door", DOORS)
def test_time_does_not_tell_why_a_code_is_dead(
    cast: Cast, dead_codes: Any, door: Callable[[Cast], Try]
) -> None:
    assert not is_told_by_time(door(cast), dead_codes)


@pytest.mark.parametrize("door", DOORS if EVERYTHING else DOORS[:1])
def test_an_early_return_would_tell(
    cast: Cast, dead_codes: Any, door: Callable[[Cast], Try]
) -> None:
    """The same, but what was never a code is refused as soon as that is known."""
    attempt = door(cast)

    def with_an_early_return(text: str) -> Any:
        code = read_code(text)
        assert code is not None
        if not PairingCode.objects.filter(digest__in=digests_of(code)).exists():
            raise CodeRefused
        return attempt(text)

    assert is_told_by_time(with_an_early_return, dead_codes)
