"""The worked cases of `override_cases.json`: chain, rows, question, and the answer as it must be.

`allowed` is the answer at the end of the chain; `grid` the cell there, about the role in general.
"""

import json
from pathlib import Path
from typing import Any

from permissions.catalogue import permission
from permissions.inheritance import Row, cell, resolve

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("override_cases.json").read_text(encoding="utf-8")
)


def rows_of(case: dict[str, Any]) -> dict[str, Row]:
    return {account: Row(**row) for account, row in case["overrides"].items()}


def name(case: dict[str, Any]) -> str:
    held_in = case["held_in"] or "enrolment"
    return f"{CASES.index(case)}: {case['permission']}, {case['base_role']}, {held_in}"


def test_all_of_them_are_here() -> None:
    assert len(CASES) == 300


def test_allowed() -> None:
    wrong = [name(case) for case in CASES if decided(case) is not case["allowed"]]
    assert wrong == []


def decided(case: dict[str, Any]) -> bool:
    asked = permission(case["permission"])
    rows, held_in = rows_of(case), case["held_in"]
    return resolve(asked, case["base_role"], case["chain"], rows, held_at=held_in).allowed


def test_grid() -> None:
    with_grid = [case for case in CASES if case["grid"]]
    assert len(with_grid) == 263
    expected = {"prior_default": None}
    wrong = [name(case) for case in with_grid if shown(case) != expected | case["grid"]]
    assert wrong == []


def shown(case: dict[str, Any]) -> dict[str, Any]:
    asked = permission(case["permission"])
    found = cell(asked, case["base_role"], case["chain"], rows_of(case))
    return {field: getattr(found, field) for field in found.__slots__}
