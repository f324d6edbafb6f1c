"""Files in, rows out: CSV files, alone or in a zip, are recognised by their header and streamed.

A file is read twice: once through, in pieces, to make sure that it can be read to its end (so that
a wrong encoding in the last line does not leave half of a file imported), then row by row.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import IO

from sis.batches import AnyRow, Kind
from sis.report import Place, Problem, problem_at

PIECE = 1 << 20  # also the longest line, roughly
MOST_CHARACTERS = 255  # what the columns of the database hold


class FileRefused(Exception):
    """Why a whole file is not taken, in a sentence."""


@dataclass(frozen=True)
class Source:
    """A file that can be opened again and again."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Survey:
    """What the first reading found."""

    header: tuple[str, ...]
    lines: int
    has_nul: bool


def survey(source: Source) -> Survey:
    """Read a file to its end and look at its header. Raises FileRefused."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, has_nul = 0, False
    with source.open() as file:
        while piece := _read(file):
            if len(piece) == PIECE and b"\n" not in piece and b"\r" not in piece:
                raise FileRefused("A line is longer than a million characters; is this a CSV file?")
            _decode(decoder, piece, lines)
            lines += piece.count(b"\n") or piece.count(b"\r")
            has_nul = has_nul or b"\0" in piece
        _decode(decoder, b"", lines, final=True)
    return Survey(_header(source), lines, has_nul)


def _read(file: IO[bytes]) -> bytes:
    """A full piece, unless the file ends."""
    piece = file.read(PIECE)
    while piece and len(piece) < PIECE and (more := file.read(PIECE - len(piece))):
        piece += more
    return piece


def _decode(
    decoder: codecs.IncrementalDecoder, piece: bytes, lines: int, *, final: bool = False
) -> None:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n") + 1
        raise FileRefused(
            f"Line {line} is not UTF-8. Save the file as “CSV UTF-8” and import it again; "
            "nothing of it was imported."
        ) from error


def _text(source: Source) -> io.TextIOWrapper:
    """The file as text, without a byte order mark, line ends as they are."""
    return io.TextIOWrapper(source.open(), encoding="utf-8-sig", newline="")  # type: ignore[arg-type]


def _header(source: Source) -> tuple[str, ...]:
    with _text(source) as text:
        try:
            cells = next(csv.reader(text, strict=True), [])
        except csv.Error as error:
            raise FileRefused(f"The header can't be read: {error}.") from error
    header = tuple(cell.strip().lower() for cell in cells)
    if not any(header):
        raise FileRefused("The file has no header: its first line must name the columns.")
    if any("\0" in name for name in header):
        raise FileRefused("The header holds a NUL character; is this a CSV file?")
    named = [name for name in header if name]
    if repeated := next((name for name in named if named.count(name) > 1), None):
        raise FileRefused(f"The header names the column {repeated} twice.")
    return header


def rows(
    source: Source, found: Survey, kind: Kind[AnyRow], refuse: Callable[[Problem], None]
) -> Iterator[AnyRow]:
    """The file's rows, one by one; those that can't be read are handed to `refuse`."""
    with _text(source) as text:
        reader = csv.reader(text, strict=True)
        next(reader)
        width, pick, make = len(found.header), _picker(found.header, kind), kind.row._make
        for place, cells in _lines(reader, source.name, refuse):
            cells = [cell.strip() for cell in cells]
            if problem := _wrong(cells, width, found.has_nul):
                if any(cells):
                    refuse(problem_at(place, problem))
                continue
            cells += (None, place)  # type: ignore[arg-type]
            yield make(pick(cells))


def _picker(header: tuple[str, ...], kind: Kind[AnyRow]) -> Callable[[Sequence[object]], object]:
    """Puts cells into the order of the kind's fields; behind the last stand None and the place."""
    width = len(header)
    columns = (header.index(name) if name in header else width for name in kind.columns)
    return itemgetter(width + 1, *columns)


def _lines(
    reader: Iterator[list[str]], name: str, refuse: Callable[[Problem], None]
) -> Iterator[tuple[Place, list[str]]]:
    while True:
        place = Place(name, reader.line_num + 1)  # type: ignore[attr-defined]
        try:
            yield place, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refuse(problem_at(place, _explained(str(error))))


def _explained(error: str) -> str:
    if "unexpected end" in error:
        return "A quote that opens here is never closed; nothing after it could be read."
    if "field larger" in error:
        return "A value is longer than 131,072 characters; is a closing quote missing?"
    return f"The line can't be read as CSV: {error}."


def _wrong(cells: list[str], width: int, look_for_nul: bool) -> str | None:
    """What is the matter with a row whatever its kind; blank ones count as wrong, too."""
    if len(cells) != width:
        return f"The row has {len(cells)} values, the header has {width}."
    longest = max(map(len, cells))
    if longest > MOST_CHARACTERS:
        return f"A value has {longest} characters; the most is {MOST_CHARACTERS}."
    if look_for_nul and any("\0" in cell for cell in cells):
        return "A value holds a NUL character."
    return None if longest else "The row is blank."
