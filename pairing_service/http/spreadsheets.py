"""CSV files that people open in a spreadsheet: no cell of theirs is taken for a formula.

Where numbers have a decimal comma, spreadsheets part cells at semicolons, and what is quoted behind
a comma is no quoted cell to them. So whatever any of them may take for a cell's start is looked at.
"""

from __future__ import annotations

import csv
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename

# What spreadsheets begin a formula with, some also in full width; white space before it, and a
# tab or a line end alone, may hide one of these.
_STARTS = "=+\\-@＝＋－＠"
_HIDES = "\t\r\n"
_WHITE = string.whitespace + "\xa0\u200b\ufeff\0"
# A cell's own start, or behind what parts cells or lines somewhere: there quotes hide it, too.
_PARTS = ";\t\r\n"
_FORMULA = re.compile(
    rf"\A(?=[{_HIDES}]|[{_WHITE}]*[{_STARTS}])"
    rf"|(?<=[{_PARTS}])(?=[ \v\f\xa0\u200b\ufeff\0\"]*[{_STARTS}])"
)


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
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    # Spreadsheets take it for UTF-8 only with the mark.
    yield "\ufeff" + csv.writer(_Echo()).writerow(header)  # type: ignore[operator]
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_NONNUMERIC)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])  # type: ignore[misc]


def safe(cell: Any) -> Any:
    """Text that would be a formula, or have one in it, gets an apostrophe in front of that; numbers
    stay."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell
