"""Files that people open in a spreadsheet: no cell of theirs, whoever wrote it, is a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from pairing_service.http.spreadsheets import _lines, safe
from sis.models import ImportProblem, SisImport
from tests.cast import Cast

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", " =1+1", "\xa0=1", "\ufeff=1",
    "＝1+1", "＋1", "－1", "＠A", '=HYPERLINK("https://evil.example","Ada")', "=cmd|' /C calc'!A0",
]  # fmt: skip


PARTED = {
    "x;=cmd|'/C calc'!A0;, Sid": "x;'=cmd|'/C calc'!A0;, Sid",
    "x; \xa0-1;+2": "x;' \xa0-1;'+2",
    'x;"=1"': 'x;\'"=1"',
    "x\t@A": "x\t'@A",
    "x\r\n=1": "x\r\n'=1",
}


def is_formula(cell: str) -> bool:
    shown = cell.lstrip("\t\r\n \xa0\ufeff\u200b\0")
    return shown[:1] in tuple("=+-@＝＋－＠")


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_told_as_text(cell: str) -> None:
    told = safe(cell)
    assert (told[0], told[1:].replace("'", "")) == ("'", cell.replace("'", ""))


@pytest.mark.parametrize(("cell", "told"), PARTED.items())
def test_nor_are_they_behind_what_parts_cells_somewhere(cell: str, told: str) -> None:
    assert safe(cell) == told


def _row(cells: list[str]) -> str:
    """The line of a file in which these are the cells."""
    return [*_lines(["Name"], [cells])][1]


_CELLS = st.text(st.sampled_from("=+-@;,\t\r\n\"' ab"), max_size=8)


@given(st.lists(_CELLS, min_size=1, max_size=3))
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_text_becomes_a_formula_wherever_cells_are_parted(
    separator: str, cells: list[str]
) -> None:
    rows = [*csv.reader(io.StringIO(_row(cells), newline=""), delimiter=separator)]
    assert not [cell for row in rows for cell in row if is_formula(cell)]


@given(st.text())
def test_no_text_becomes_a_formula(cell: str) -> None:
    assert not is_formula(safe(cell))
    assert safe(cell).replace("'", "") == cell.replace("'", "")


def test_texts_are_quoted_and_the_header_is_as_it_was() -> None:
    lines = [*_lines(["Last Name", "Line"], [["a;b", 3], ['a"b', None]])]
    assert lines == ["\ufeffLast Name,Line\r\n", '"a;b",3\r\n', '"a""b",""\r\n']


@pytest.mark.parametrize("cell", ["Ada", "ada-lin", "1=1", "'=1", "", "Ünal", 5, -5, None])
def test_all_else_stays(cell: Any) -> None:
    assert safe(cell) == cell


def cells_of(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return [*csv.reader(io.StringIO(text))]


def test_the_messages_of_an_import(cast: Cast, signed_in: Any) -> None:
    one = SisImport.objects.create(
        root_account=cast.root, user=cast.root_admin, state="imported_with_messages",
        ended_at=timezone.now(), error_count=len(FORMULAS),
    )  # fmt: skip
    ImportProblem.objects.bulk_create(
        ImportProblem(sis_import=one, is_error=True, number=n, file=cell, line=n, reason=cell)
        for n, cell in enumerate(FORMULAS, 1)
    )
    url = f"/accounts/{cast.root.pk}/sis_imports/{one.pk}/messages.csv"
    rows = cells_of(signed_in(cast.root_admin).get(url))
    assert len(rows) == 1 + len(FORMULAS)
    assert not [cell for row in rows[1:] for cell in row if is_formula(cell)]


def test_the_pairing_codes_of_a_course(cast: Cast, signed_in: Any) -> None:
    User.objects.filter(pk=cast.student.pk).update(
        name="=1+1", sortable_name="@SUM(A1)", short_name="+1", sis_id="-2"
    )
    url = f"/courses/{cast.courses.biology.pk}/observer_pairing_codes.csv"
    answer = signed_in(cast.root_admin).post(url)
    assert answer["Content-Type"].startswith("text/csv")
    rows = cells_of(answer)
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    assert any("SUM(A1)" in cell or "1+1" in cell for row in rows for cell in row)
