"""CSV files that people open in a spreadsheet: no cell of theirs is taken for a formula."""

from __future__ import annotations

import csv
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename

# What spreadsheets begin a formula with, some also in full width; white space before it, and a
# tab or a line end alone, may hide one of these.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_HIDES = ("\t", "\r", "\n")
_WHITE = string.whitespace + "\xa0\u200b\ufeff\0"


class _Echo:
    """What the csv module writes to; it hands on what it is given."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """A download called `name` (with what no file's name can have replaced), made row by row."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    disposition = content_disposition_header(True, get_valid_filename(name))
    response["Content-Disposition"] = disposition or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # Spreadsheets take it for UTF-8 only with the mark.
    yield "\ufeff" + writer.writerow(header)  # type: ignore[operator]
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])  # type: ignore[misc]


def safe(cell: Any) -> Any:
    """Text that would be a formula gets an apostrophe in front; numbers stay."""
    if not isinstance(cell, str):
        return cell
    is_formula = cell.startswith(_HIDES) or cell.lstrip(_WHITE).startswith(_STARTS)
    return f"'{cell}" if is_formula else cell
