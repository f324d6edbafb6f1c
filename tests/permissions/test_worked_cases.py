"""The worked cases of `override_cases.json`: chain, rows, question, and the answer as it must be.

`allowed` is the answer at the end of the chain; `grid` the cell there, about the role in general.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from permissions.catalogue import permission
from permissions.inheritance import Row, cell, resolve

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("override_cases.json").read_text(encoding="utf-8")
)


def rows_of(case: dict[str, Any]) -> dict[str, Row]:
    return {account: Row(**row) for account, row in case["overrides"].items()}


def name(case: dict[str, Any]) -> str:
    return f"{case['permission']}-{case['base_role']}-{case['held_in'] or 'enrolment'}"


def test_all_of_them_are_here() -> None:
    assert len(CASES) == 300


@pytest.mark.parametrize("case", CASES, ids=name)
def test_allowed(case: dict[str, Any]) -> None:
    decision = resolve(
        permission(case["permission"]),
        case["base_role"],
        case["chain"],
        rows_of(case),
        held_at=case["held_in"],
    )

    assert decision.allowed is case["allowed"]


@pytest.mark.parametrize("case", [case for case in CASES if case["grid"]], ids=name)
def test_grid(case: dict[str, Any]) -> None:
    found = cell(permission(case["permission"]), case["base_role"], case["chain"], rows_of(case))

    expected = {"prior_default": None} | case["grid"]
    assert {field: getattr(found, field) for field in found.__slots__} == expected
