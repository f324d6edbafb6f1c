"""The engine's merge beside the second one, which was written from the specification alone.

Ten thousand random cases; each is made from its number, so that one that differs can be had again.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, NamedTuple

from permissions.catalogue import (
    ACCOUNT_BASE_ROLES,
    COURSE_BASE_ROLES,
    PERMISSIONS,
    BaseRole,
    Permission,
)
from permissions.inheritance import Note, Row, resolve
from tests.permissions.second_merge import second_merge

CASES = 10_000
REACHES = [(True, True), (True, False), (False, True)]


class Case(NamedTuple):
    permission: Permission
    base_role: str
    chain: tuple[str, ...]
    rows: dict[str, Row]
    held_at: str | None


def case(number: int) -> Case:
    """One role of one person: enrolled, or an administrator of an account of the chain."""
    random = Random(number)
    chain = tuple(f"account {depth}" for depth in range(random.randint(1, 6)))
    kind = random.choice([ACCOUNT_BASE_ROLES, COURSE_BASE_ROLES])
    base_role = random.choice([base for base in BaseRole if base in kind])
    there = random.choice([0.2, 0.5, 0.9])
    rows = {account: _row(random) for account in chain if random.random() < there}
    # Rows of accounts elsewhere in the tree never matter.
    rows |= {"elsewhere": _row(random)} if random.random() < 0.2 else {}
    held_at = None if base_role in COURSE_BASE_ROLES else random.choice(chain)
    return Case(_permission(random, base_role), base_role, chain, rows, held_at)


def _row(random: Random) -> Row:
    return Row(random.random() < 0.6, random.random() < 0.25, *random.choice(REACHES))


def _permission(random: Random, base_role: str) -> Permission:
    """Mostly one that the base role can be given: the others are soon told."""
    all_ = list(PERMISSIONS.values())
    given = [p for p in all_ if base_role in p.available_to]
    return random.choice(given if given and random.random() < 0.8 else all_)


def test_both_merges_say_the_same_in_ten_thousand_cases() -> None:
    seen: Counter[Any] = Counter()
    for number in range(CASES):
        one = case(number)
        answer = resolve(*one).allowed
        assert second_merge(*one) is answer, (number, one)
        _count(seen, one, answer)
    assert set(Note) <= set(seen)
    assert min(seen.values()) > CASES / 100, seen


def _count(seen: Counter[Any], one: Case, answer: bool) -> None:
    """What the cases are about: each of it must be there often enough to tell anything."""
    trail = resolve(*one).trail
    seen.update({("allowed", answer), ("level", one.permission.level)})
    seen.update({("administrator", one.held_at is not None), ("length", len(one.chain))})
    seen.update({step.note for step in trail})
    seen.update({("locked", any(step.row and step.row.locked for step in trail))})
