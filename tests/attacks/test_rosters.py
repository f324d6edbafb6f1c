"""Rosters that are made to do harm: refused with a sentence, and nothing of them is imported."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from sis.importing import import_files
from sis.models import SisImport
from tests.cast import Cast

HEAD = b"user_id,login_id,full_name,status\n"
ROW = b"u1,mei,Mei Lin,active\n"
MOST_MEMORY = 40 << 20
GIGABYTE = 1 << 30


def imported() -> int:
    return User.objects.filter(sis_id__startswith="u").count()


def test_a_line_of_a_gigabyte_fills_no_memory(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    with path.open("wb") as file:
        file.write(HEAD)
        file.truncate(GIGABYTE)  # nothing but NUL, and no line end
    began = time.perf_counter()
    tracemalloc.start()
    report = import_files(root_account=cast.root, paths=[path])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (error,) = report.errors
    assert "A line is longer than a million characters" in error.reason
    assert peak < MOST_MEMORY
    assert time.perf_counter() - began < 30


def test_a_quote_that_goes_on_and_on_is_told_where_it_opens(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(HEAD + ROW + b'u2,"' + b"x\n" * 70_000 + b'",Ana,active\n')
    tracemalloc.start()
    report = import_files(
        root_account=cast.root,
        paths=[path],
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.errors[0].line == 3
    assert "longer than 131,072 characters" in report.errors[0].reason
    assert peak < MOST_MEMORY


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "cp037", "utf-7", "latin-1"])
def test_another_encoding_is_told_and_nothing_is_taken(
    cast: Cast, rest: Any, encoding: str
) -> None:
    text = (HEAD + ROW).decode() + "u2,ana,José Núñez,active\n"
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports"
    answer = rest(cast.root_admin).generic("POST", url, text.encode(encoding), "text/csv")
    body = answer.json()
    assert answer.status_code == 200
    if encoding == "utf-7":  # is ASCII, and so another name
        assert body["workflow_state"] == "imported"
        return
    assert body["workflow_state"] == "failed_with_messages"
    assert body["processing_errors"][0][1]
    assert imported() == 0


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe", b"\0"])
def test_marks_before_the_header(cast: Cast, rest: Any, mark: bytes) -> None:
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports"
    answer = rest(cast.root_admin).generic("POST", url, mark + HEAD + ROW, "text/csv")
    body = answer.json()
    is_good = mark == b"\xef\xbb\xbf"
    assert body["workflow_state"] == ("imported" if is_good else "failed_with_messages")
    assert imported() == is_good
    assert is_good or body["processing_errors"][0][1]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", HEAD + b"\n" * 20_000_000)
    return packed.getvalue()


def overlapping(copies: int = 150) -> bytes:
    """Many names for one packed file: little on the disk, much to read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", HEAD + b"\n" * 100_000)
        one = archive.infolist()[0]
        for number in range(copies):
            twin = zipfile.ZipInfo(f"{number}.csv")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(twin, name, getattr(one, name))
            archive.filelist.append(twin)
    return packed.getvalue()


def test_a_bomb_is_refused(cast: Cast, rest: Any) -> None:
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports"
    body = rest(cast.root_admin).generic("POST", url, bomb(), "application/zip").json()
    assert body["workflow_state"] == "failed_with_messages"
    assert "packed more than 200 to one" in body["processing_errors"][0][1]
    assert not [path for path in Path(settings.SIS_UPLOADS).rglob("*") if path.is_file()]


def test_many_names_for_one_packed_file_are_read_once(cast: Cast, rest: Any) -> None:
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports"
    body = rest(cast.root_admin).generic("POST", url, overlapping(), "application/zip").json()
    assert body["data"]["counts"]["error_count"] == 150
    assert "can't be unpacked" in body["processing_errors"][0][1]
    assert imported() == 0


def test_a_zip_within_a_zip_is_not_unpacked(cast: Cast, rest: Any) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("users.csv", HEAD + ROW)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.csv", inner.getvalue())
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports"
    answer = rest(cast.root_admin).generic("POST", url, outer.getvalue(), "application/zip")
    assert answer.json()["workflow_state"] == "failed_with_messages"
    assert imported() == 0
    assert SisImport.objects.count() == 1
