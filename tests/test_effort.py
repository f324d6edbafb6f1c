"""Which cases `make test` leaves to `.ci/run`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests import effort


class Case:
    """Of what pytest collects as much as is looked at."""

    def __init__(self, nodeid: str, *, whole: bool = False) -> None:
        self.nodeid, self.whole = nodeid, whole

    def get_closest_marker(self, name: str) -> Any:
        return name == "whole" and self.whole


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Seven of one test, seven that a specification lists, two of another test, one by itself."""
    monkeypatch.setattr(effort, "EVERYTHING", False)
    monkeypatch.setenv("EVERY_CASE", "")  # so that whatever a test makes of it is put back
    monkeypatch.delenv("EVERY_CASE")
    return [
        *(Case(f"test_a.py::test_many[{n}]") for n in range(7)),
        *(Case(f"test_a.py::test_listed[{n}]", whole=True) for n in range(7)),
        *(Case(f"test_a.py::test_two[{n}]") for n in range(2)),
        Case("test_a.py::test_one"),
    ]


def test_two_thirds_of_many_wait(cases: list[Any]) -> None:
    waiting = effort.left_out(cases)
    assert waiting < {*cases[:7]}
    assert len(waiting) == 4
    assert waiting == effort.left_out(cases[::-1])


def test_none_waits_in_ci(cases: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "EVERYTHING", True)
    assert not effort.left_out(cases)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("keyword", "named", "all_of_them"),
    [("", "tests", False), ("", "tests/test_effort.py", True),
     ("", "tests/test_effort.py::test_none_waits_in_ci", True), ("effort", "tests", True)],
)  # fmt: skip
def test_none_waits_that_is_named(
    cases: list[Any], monkeypatch: pytest.MonkeyPatch, keyword: str, named: str, all_of_them: bool
) -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(keyword=keyword), args=[named])
    effort.name_tests(config)
    assert bool(effort.left_out(cases)) is not all_of_them
