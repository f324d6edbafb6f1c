"""Uploaded files, from the request to the end of their import: on a disk that the workers share.

They are rosters of children: nobody else can read the folder, and what no import waits for is
thrown away. Everything goes through in pieces, never whole through the memory.
"""

from __future__ import annotations

import errno
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import UnreadablePostError

PIECE = 1 << 16
# How old something in the folder must be before it counts as left behind: longer than an upload.
_FORGOTTEN = 6 * 3600
MOST_FILES = 200
_ODD = re.compile(r"[^\w .()-]")
_CUT_OFF = "The body ended before all of it had come."


class UploadRefused(Exception):
    """Why these files can't be kept, in a sentence; `status` for HTTP."""

    def __init__(self, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.status = status


def folder() -> Path:
    """Where uploads lie; made when it is not there yet."""
    path = Path(settings.SIS_UPLOADS)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def most_bytes() -> int:
    return int(settings.SIS_UPLOAD_MOST_BYTES)


def too_large() -> UploadRefused:
    return UploadRefused(f"The files are larger than {most_bytes():,} bytes together.")


def keep(files: Iterable[tuple[str, Callable[[Path], None]]]) -> tuple[str, list[str]]:
    """Put files, each a name and what writes it to a path, into a new folder: its name, and theirs.

    Nothing is left of them when it fails. Raises UploadRefused.
    """
    upload = uuid.uuid4().hex
    place = folder() / upload
    names = []
    try:
        place.mkdir(mode=0o700)
        for number, (name, write) in enumerate(files):
            names.append(shown(name))
            (place / str(number)).mkdir(mode=0o700)
            write(place / str(number) / names[-1])
    except OSError as error:
        throw_away(upload)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UploadRefused("There is no room for the files on the server.", 507) from error
        raise
    except BaseException:
        throw_away(upload)
        raise
    return upload, names


def shown(name: str) -> str:
    """A file's name as it is kept and shown: nothing in it that leads elsewhere."""
    cleaned = _ODD.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    return cleaned[-100:] or "roster"


def moved(file: UploadedFile[Any]) -> Callable[[Path], None]:
    """Writes an uploaded file: moved when it lies on the disk already, else in pieces."""

    def write(path: Path) -> None:
        lies_at = getattr(file, "temporary_file_path", None)
        if lies_at is not None:
            shutil.move(lies_at(), path)
        else:
            _write(path, file.chunks())

    return write


def streamed(read: Callable[[int], bytes], size: int) -> Callable[[Path], None]:
    """Writes a body of `size` bytes that is read piece by piece. Raises UploadRefused."""

    def write(path: Path) -> None:
        try:
            _write(path, iter(lambda: read(PIECE), b""))
        except UnreadablePostError as error:
            raise UploadRefused(_CUT_OFF) from error
        if path.stat().st_size != size:
            raise UploadRefused(_CUT_OFF)

    return write


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as out:
        for piece in pieces:
            out.write(piece)


def paths_of(upload: str) -> list[Path]:
    """The files of an upload, in the order in which they came."""
    places = sorted((folder() / upload).iterdir(), key=lambda place: int(place.name))
    return [path for place in places for path in place.iterdir()]


def throw_away(upload: str) -> None:
    """Delete an upload; it may be gone already."""
    if upload:
        shutil.rmtree(folder() / upload, ignore_errors=True)


def forgotten(now: float | None = None) -> Iterator[Path]:
    """What has lain here too long to be of a request that is still running."""
    before = (now or time.time()) - _FORGOTTEN
    for path in folder().iterdir():
        try:
            if path.lstat().st_mtime < before:
                yield path
        except FileNotFoundError:
            continue
