"""Files in form bodies: written to the disk where they are wanted, passed over elsewhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    SkipFile,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest


class NoUploads(FileUploadHandler):
    """Whoever sends a file to a place that wants none fills neither memory nor disk with it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


class _Upload(TemporaryUploadedFile):
    """A file in the folder, which is gone with the request unless somebody has moved it."""

    def __init__(self, folder: Path, name: str, content_type: str) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, None, None)


class _ToFolder(TemporaryFileUploadHandler):
    def __init__(self, request: HttpRequest, folder: Path) -> None:
        super().__init__(request)
        self._folder = folder

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = _Upload(self._folder, self.file_name or "", self.content_type or "")


def take_files(request: HttpRequest, folder: Path) -> None:
    """Let the files in this request's body come, in pieces, straight into the folder.

    To be called before anybody reads the body.
    """
    request.upload_handlers = [_ToFolder(request, folder)]
