"""The README's threat model and docs/asvs.md name tests that are there, and leave nothing out."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.processes import ROOT

README, ASVS = ROOT / "README.md", ROOT / "docs" / "asvs.md"
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
# The requirements of levels 1 and 2, as many as each section of ASVS 5.0 has.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
}  # fmt: skip
REQUIREMENTS = [f"{section}.{n + 1}" for section, count in SECTIONS.items() for n in range(count)]


def table_after(heading: str, text: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its own two."""
    _, found, below = text.partition(f"\n{heading}\n")
    assert found, f"no heading {heading}"
    lines = [line for line in below.split("\n## ")[0].split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


ACTORS = table_after("## Threat model", README.read_text())
ROWS = [
    row
    for chapter in re.findall(r"^## V.*$", ASVS.read_text(), re.MULTILINE)
    for row in table_after(chapter, ASVS.read_text())
]


@cache
def names_in(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text()).body if path.exists() else []
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("document", [README, ASVS], ids=lambda path: path.name)
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = _TEST.findall(document.read_text())
    assert len(named) > 20
    missing = [
        f"{file}::{test}" for file, test in named if test not in names_in(ROOT / "tests" / file)
    ]
    assert missing == []
    assert all(test.startswith("test_") for _, test in named)


def test_of_each_actor_all_is_said() -> None:
    assert ACTORS
    for who, may, may_not, what_stops_them, held_by in ACTORS:
        assert all([may, may_not, what_stops_them]), who
        assert _TEST.search(held_by), who


def test_every_requirement_has_a_row() -> None:
    assert [row[0] for row in ROWS] == REQUIREMENTS


def test_each_says_where_it_stands() -> None:
    assert [row[0] for row in ROWS if not is_said(*row[2:])] == []


def is_said(state: str, by: str) -> bool:
    """Whether the words `by` tell what the state needs."""
    headings = re.findall(r'README "([^"]+)"', by)
    match state:
        case "held":
            return bool(_TEST.search(by))
        case "documented":
            text = README.read_text()
            found = [re.search(rf"^##+ {one}$", text, re.MULTILINE) for one in headings]
            return bool(found) and all(found)
        case "not applicable" | "open":
            return len(_TEST.sub("", by)) > 10
    return False
