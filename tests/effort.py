"""How much the tests try: enough to find what is plainly wrong in `make test`, which people wait
for, and all of it in `.ci/run`, which sets these variables. Every test function runs in both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import pytest

T = TypeVar("T")


def _often(variable: str, default: int) -> int:
    return int(os.environ.get(variable, default))


EXAMPLES = _often("EXAMPLES", 2)
"""Random worlds in each test of the permission engine's properties."""
API_EXAMPLES = _often("API_EXAMPLES", 25)
"""Requests that are made from the description of the API."""
RACE_ROUNDS = _often("RACE_ROUNDS", 10)
"""Races of many who redeem one code."""
OTHER_RACE_ROUNDS = _often("RACE_ROUNDS", 3)
"""Races of each other kind."""
KILLS = _often("KILLS", 10)
"""Processes that are killed in the middle of a redemption."""
IMPORT_KILLS = _often("IMPORT_KILLS", 1)
"""Workers that are killed in the middle of one import: an import is tried three times."""
TIMING_ROUNDS = _often("TIMING_ROUNDS", 10)
"""Tries of each kind of dead code that are compared by the time they take."""
ODD_ROUNDS = _often("ODD_ROUNDS", 1)
"""Odd values for each name that a page's address or form may have; there are eight, and ten."""


EVERYTHING = os.environ.get("BREADTH") == "all"
"""Whether nothing is tried for a part only: every case, everybody, every role, the migrations."""


def walkers(
    everybody: Sequence[str], some: Sequence[str] = ("root_admin", "student", "anonymous")
) -> list[str]:
    """Who walks everywhere: who gets furthest, a child, nobody; everybody with `BREADTH=all`."""
    return [one for one in everybody if one in some or EVERYTHING]


def some_of(everything: Sequence[T], number: int) -> Sequence[T]:
    """A third, another one for each of three numbers; all of them with `BREADTH=all`.

    Where the number differs from walker to walker each comes to be tried by somebody; where it does
    not, two thirds wait for `.ci/run`."""
    return everything if EVERYTHING else everything[number % 3 :: 3]


def name_tests(config: pytest.Config) -> None:
    """Remember, for the processes that xdist starts, too, whether files, tests or words of theirs
    are named: whoever does that wants every case."""
    # Too late for BREADTH, which the tests' settings have read by now.
    if config.option.keyword or not all(Path(name).is_dir() for name in config.args):
        os.environ["EVERY_CASE"] = "true"


def left_out(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """Two thirds of the cases of each test that has more than two; they wait for `.ci/run`.

    Which ones their names decide, so they are the same each time. None of tests that are named or
    marked `whole`."""
    if EVERYTHING or "EVERY_CASE" in os.environ:
        return set()
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if not item.get_closest_marker("whole"):
            tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    waiting: set[pytest.Item] = set()
    for cases in tests.values():
        if len(cases) > 2:
            cases.sort(key=lambda item: crc32(item.nodeid.encode()))
            waiting.update(cases[ceil(len(cases) / 3) :])
    return waiting
