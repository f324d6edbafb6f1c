"""Paths into sources. A zip is read where it lies; nothing of it is ever written to the disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from sis.reading import FileRefused, Source

# A roster of a million people is some hundred megabytes, and packs about ten to one.
MOST_ENTRIES = 200
MOST_BYTES = 2 << 30
MOST_RATIO = 200
# What a zip begins with; where it is whole, its end tells of what is in it.
_ZIPPED = b"PK\x03\x04"


class Unusable(Exception):
    """A path that can't be opened, or a zip that is broken or suspicious; in a sentence."""


@contextmanager
def opened(paths: Iterable[Path]) -> Iterator[list[Source]]:
    """Every file that the paths name, in their order. Raises Unusable before anything is read."""
    with ExitStack() as stack:
        sources: list[Source] = []
        for path in paths:
            sources += _sources(path, stack)
        yield sources


def _sources(path: Path, stack: ExitStack) -> list[Source]:
    try:
        if path.is_fifo() or path.is_char_device():
            raise Unusable(f"{path} is not a file that can be read twice: save it as one first.")
        if zipfile.is_zipfile(path):
            archive = stack.enter_context(zipfile.ZipFile(path))
            return [
                Source(_shown(path, entry), partial(_entry, archive, entry))
                for entry in _entries(path, archive)
            ]
        with path.open("rb") as file:
            if file.read(len(_ZIPPED)) == _ZIPPED:
                raise Unusable(f"{path.name} is a zip that is damaged or was cut off.")
            return [Source(path.name, partial(_file, path))]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        # Not the error's own words about a file: they would tell where uploads lie.
        said = error.strerror if isinstance(error, OSError) else error
        raise Unusable(f"{path.name} can't be opened: {said}") from error


def _file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _entries(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = [entry for entry in archive.infolist() if not _is_beside(entry)]
    if len(entries) > MOST_ENTRIES:
        raise Unusable(f"{path.name} holds {len(entries)} files; the most is {MOST_ENTRIES}.")
    # What is declared here is what can be read: zipfile stops there, and checks the sum.
    size = sum(entry.file_size for entry in entries)
    if size > MOST_BYTES:
        raise Unusable(f"{path.name} unpacks to {size:,} bytes; the most is {MOST_BYTES:,}.")
    for entry in entries:
        if entry.file_size > MOST_RATIO * max(entry.compress_size, 5_000):
            raise Unusable(
                f"{path.name}: {entry.filename!r} is packed more than {MOST_RATIO} to one."
            )
        if entry.flag_bits & 1:
            raise Unusable(f"{path.name}: {entry.filename!r} is locked with a password.")
    return entries


def _is_beside(entry: zipfile.ZipInfo) -> bool:
    """Folders, and what file managers put into a zip by themselves."""
    name = entry.filename
    return entry.is_dir() or name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _shown(path: Path, entry: zipfile.ZipInfo) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in entry.filename)
    return f"{path.name}/{name}"


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(entry)
    except (NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise FileRefused(f"It can't be unpacked: {error}") from error


# What reading an entry that was packed wrongly may raise, at any moment.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError)
