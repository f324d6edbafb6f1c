"""The pages about imports: upload, what came of it, its messages, history, stopping."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from pairing_service.http.spreadsheets import safe
from sis.models import ImportProblem, SisImport
from tests.cast import Cast, make_account_role, make_admin

USERS = "user_id,login_id,full_name,status\nu1,mei,Mei Lin,active\n"
COURSES = "course_id,short_name,long_name,status\nalg,ALG,Algebra,active\n"


@pytest.fixture
def url(cast: Cast) -> str:
    return f"/accounts/{cast.root.pk}/sis_imports"


@pytest.fixture
def admin(cast: Cast, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(cast.root_admin)


def send(client: Client, url: str, *texts: str, **more: Any) -> Any:
    files = [SimpleUploadedFile(f"part-{n}.csv", text.encode()) for n, text in enumerate(texts)]
    return client.post(f"{url}/upload", {"roster": files, **more})


def running(cast: Cast, **more: Any) -> SisImport:
    now = timezone.now()
    fields = {
        "state": "importing", "run": "r", "runs": 1, "started_at": now, "seen_at": now,
        "upload": "none", "files": ["users.csv"], "user": cast.root_admin,
        "real_user": cast.root_admin,
    }  # fmt: skip
    return SisImport.objects.create(root_account=cast.root, **fields | more)


def left() -> list[Path]:
    return [path for path in Path(settings.SIS_UPLOADS).rglob("*") if path.is_file()]


def test_several_files_are_one_import(admin: Client, url: str) -> None:
    answer = send(admin, url, COURSES, USERS + ",x,X,active\n")
    one = SisImport.objects.get()
    assert answer.url == f"{url}/{one.pk}"
    page = admin.get(answer.url).content.decode()
    assert "done, with messages" in page
    assert "No user_id given for a user" in page
    assert "part-0.csv, part-1.csv" in page
    assert 'http-equiv="refresh"' not in page
    assert one.kinds == ["courses", "users"]
    assert left() == []
    history = admin.get(url).content.decode()
    assert "root@northfield.example" in history


def test_what_is_wrong_with_the_form_stands_at_its_field(admin: Client, url: str) -> None:
    for answer in (admin.post(f"{url}/upload"), send(admin, url, USERS, "")):
        assert answer.status_code == 422
    assert "Choose at least one file." in admin.post(f"{url}/upload").content.decode()
    assert "One of the files is empty." in answer.content.decode()
    assert not SisImport.objects.exists()
    assert left() == []


def test_too_many_bytes_are_refused_before_they_are_read(
    admin: Client, url: str, settings: Any
) -> None:
    settings.SIS_UPLOAD_MOST_BYTES = 50
    answer = send(admin, url, USERS)
    assert answer.status_code == 413
    assert "too large" in answer.content.decode()
    assert left() == []


def test_a_forged_upload_is_refused(cast: Cast, url: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.root_admin, backend="accounts.signin.TenantBackend")
    assert send(client, url, USERS).status_code == 403
    assert not SisImport.objects.exists()
    assert left() == []


def test_rows_that_delete_are_left_out_when_ticked(cast: Cast, admin: Client, url: str) -> None:
    send(admin, url, USERS + "s-ada,ada.okafor,Ada,deleted\n", skip_deletes="on")
    cast.student.refresh_from_db()
    assert cast.student.state == "active"


def test_the_bar_moves_and_the_page_comes_anew_at_the_end(
    cast: Cast, admin: Client, url: str
) -> None:
    one = running(cast, lines=1000, lines_done=250)
    page = admin.get(f"{url}/{one.pk}").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert '<progress id="import-bar" max="100" value="25">' in page
    part = admin.get(
        f"{url}/{one.pk}", headers={"HX-Request": "true", "HX-Target": "import-progress"}
    )
    assert "25 %: 250 of 1000 lines, less than a minute left" in " ".join(
        part.content.decode().split()
    )
    assert b"<html" not in part.content
    SisImport.objects.update(state="imported", ended_at=timezone.now())
    part = admin.get(
        f"{url}/{one.pk}", headers={"HX-Request": "true", "HX-Target": "import-progress"}
    )
    assert part.headers["HX-Refresh"] == "true"


def test_stopping(cast: Cast, admin: Client, url: str) -> None:
    one = running(cast)
    page = admin.post(f"{url}/{one.pk}/abort", follow=True).content.decode()
    assert "The import is stopped. What it had imported stays." in page
    one.refresh_from_db()
    assert (one.state, one.ended_at is None) == ("aborted", False)
    done = running(cast, state="imported", ended_at=timezone.now())
    assert b"come to its end already" in admin.post(f"{url}/{done.pk}/abort", follow=True).content


def test_messages_are_searched_and_come_in_pages(
    cast: Cast, admin: Client, url: str, django_assert_max_num_queries: Any
) -> None:
    one = running(cast, state="imported_with_messages", ended_at=timezone.now())
    ImportProblem.objects.bulk_create(
        ImportProblem(sis_import=one, is_error=n % 2 == 0, number=n, file="users.csv", line=n,
                      reason=f"Reason no {n}.")
        for n in range(2, 132)
    )  # fmt: skip
    with django_assert_max_num_queries(12):
        page = admin.get(f"{url}/{one.pk}?page=3").content.decode()
    assert "101–130 of 130" in page
    found = admin.get(f"{url}/{one.pk}?q=no+77.&show=warnings").content.decode()
    assert ("Reason no 77." in found, "Reason no 76." in found) == (True, False)
    assert "No message fits" in admin.get(f"{url}/{one.pk}?q=no+77.&show=errors").content.decode()


def test_messages_as_a_file_hold_no_formula(cast: Cast, admin: Client, url: str) -> None:
    one = running(cast, state="imported_with_messages", ended_at=timezone.now())
    ImportProblem.objects.create(
        sis_import=one, is_error=True, number=1, file="=cmd.csv", line=3, reason='@SUM("x")'
    )
    answer = admin.get(f"{url}/{one.pk}/messages.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["File", "Line", "Kind", "What is wrong"], ["'=cmd.csv", "3", "error", "'@SUM(\"x\")"],
    ]  # fmt: skip
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_begins_a_formula_is_made_text(start: str) -> None:
    assert (safe(f"{start}1"), safe(-1)) == (f"'{start}1", -1)


def test_who_it_was_is_told(cast: Cast, admin: Client, url: str) -> None:
    assert "Nothing has been imported yet." in admin.get(url).content.decode()
    running(cast, real_user=cast.teacher)
    SisImport.objects.create(root_account=cast.root)
    page = admin.get(url).content.decode()
    assert "Tomas Varga, acting as root@northfield.example" in page
    assert "command line" in page


def test_the_rail_leads_here_from_the_root_account_only(
    cast: Cast, admin: Client, url: str, signed_in: Any
) -> None:
    link = f'href="{url}"'
    assert link in admin.get(f"/accounts/{cast.root.pk}").content.decode()
    below = f"/accounts/{cast.accounts.high.pk}"
    assert link not in admin.get(below).content.decode()
    assert admin.get(f"{below}/sis_imports").url == url
    assert send(admin, f"{below}/sis_imports", USERS).url == url
    make_admin(cast, cast.teacher, cast.root, make_account_role(cast, "Ids", "manage_sis"))
    teacher = signed_in(cast.teacher)
    assert "sis_imports" not in teacher.get(f"/accounts/{cast.root.pk}").content.decode()
    for path in (url, f"{url}/1"):
        assert teacher.get(path).status_code == 403


def test_imports_of_another_tenant_are_not_there(cast: Cast, admin: Client, url: str) -> None:
    foreign = SisImport.objects.create(root_account=cast.stranger.root_account)
    for path in ("", "/messages.csv"):
        assert admin.get(f"{url}/{foreign.pk}{path}").status_code == 404
    assert admin.post(f"{url}/{foreign.pk}/abort").status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "created"
