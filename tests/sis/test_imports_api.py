"""Imports over REST: what is taken, refused and told. Without a worker they run at once."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import Event
from sis import uploads
from sis.actions import request_import
from sis.models import ImportProblem, SisImport
from tests.cast import Cast, make_account_role, make_admin

HEAD = "user_id,login_id,full_name,status\n"
USERS = HEAD + "u1,mei,Mei Lin,active\n"


@pytest.fixture
def url(cast: Cast) -> str:
    return f"/api/v1/accounts/{cast.root.pk}/sis_imports"


@pytest.fixture
def admin(cast: Cast, rest: Callable[[User], APIClient]) -> APIClient:
    return rest(cast.root_admin)


def upload(client: APIClient, url: str, text: str = USERS, **params: Any) -> Any:
    file = SimpleUploadedFile("users.csv", text.encode(), content_type="text/csv")
    return client.post(url, {"attachment": file, **params}, format="multipart")


def left() -> list[Path]:
    """Uploaded files that are still there."""
    return [path for path in Path(settings.SIS_UPLOADS).rglob("*") if path.is_file()]


def said(response: Any) -> str:
    return response.json()["errors"][0]["message"]


def test_an_import_is_told_as_the_contract_has_it(cast: Cast, admin: APIClient, url: str) -> None:
    body = upload(admin, url, USERS + ",x,X,active\n").json()
    times = [body.pop(name) for name in ("created_at", "started_at", "ended_at", "updated_at")]
    assert all(times)
    assert body.pop("id") == SisImport.objects.get().pk
    counts = body["data"].pop("counts")
    assert {kind: n for kind, n in counts.items() if n} == {"users": 1, "error_count": 1}
    assert set(counts) == {
        "accounts", "terms", "courses", "sections", "xlists", "users", "logins", "enrollments",
        "admins", "user_observers", "change_sis_ids", "error_count", "warning_count",
    }  # fmt: skip
    assert body["data"].pop("statistics")["users"] == {"created": 1, "updated": 0, "deleted": 0}
    assert body == {
        "account_id": cast.root.pk, "progress": 100, "workflow_state": "imported_with_messages",
        "data": {"import_type": "instructure_csv", "supplied_batches": ["user"]},
        "statistics": {"total_state_changes": 1}, "batch_mode": False, "batch_mode_term_id": None,
        "multi_term_batch_mode": None, "skip_deletes": False, "override_sis_stickiness": True,
        "add_sis_stickiness": False, "clear_sis_stickiness": False,
        "diffing_data_set_identifier": None, "diffed_against_import_id": None,
        "errors_attachment": None, "user": {"id": cast.root_admin.pk}, "processing_warnings": [],
        "processing_errors": [["users.csv", "Line 3: No user_id given for a user"]],
    }  # fmt: skip
    assert User.objects.filter(sis_id="u1").exists()
    assert left() == []
    told = Event.objects.get(action="sis_imported")
    assert (told.actor, told.real_actor, told.data["sis_import"]) == (
        cast.root_admin, cast.root_admin, SisImport.objects.get().pk,
    )  # fmt: skip
    assert Event.objects.get(action="sis_import_requested").data["files"] == 1


@pytest.mark.parametrize(
    "kind", ["text/csv", "Text/CSV", "application/octet-stream", "text/csv; charset=utf-8"]
)
def test_a_bare_body_is_the_file(admin: APIClient, url: str, kind: str) -> None:
    response = admin.generic("POST", f"{url}?import_type=instructure_csv", USERS, kind)
    assert (response.status_code, response.json()["workflow_state"]) == (200, "imported")
    assert User.objects.filter(sis_id="u1").exists()
    assert left() == []


def test_a_bare_zip_is_told_by_the_files_in_it(admin: APIClient, url: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("b.csv", "course_id,short_name,long_name,status\nalg,ALG,Algebra,active")
        archive.writestr("a.csv", HEAD + "u1,mei,Mei,whatever")
    body = admin.generic("POST", url, packed.getvalue(), "application/zip").json()
    assert body["data"]["supplied_batches"] == ["course", "user"]
    assert body["processing_errors"] == [
        ["roster.zip/a.csv", 'Line 2: Improper status "whatever" for a user']
    ]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"import_type": "banner"}, "import_type must be instructure_csv"),
        ({"extension": "xlsx"}, "extension must be csv or zip"),
        ({"batch_mode": "1"}, "batch_mode would delete"),
        ({"batch_mode": "perhaps"}, "batch_mode must be true or false"),
        ({"multi_term_batch_mode": "true"}, "multi_term_batch_mode is not done here"),
        ({"add_sis_stickiness": "on"}, "add_sis_stickiness is not done here"),
        ({"diffing_data_set_identifier": "district"}, "send whole files"),
        ({"update_sis_id_if_login_claimed": "yes"}, "a login stays with"),
    ],
)  # fmt: skip
def test_what_is_not_done_here_is_refused(
    admin: APIClient, url: str, params: dict[str, str], words: str
) -> None:
    response = upload(admin, url, **params)
    assert response.status_code == 400
    assert words in said(response)
    assert not SisImport.objects.exists()
    assert left() == []


def test_what_has_no_effect_is_passed_over(admin: APIClient, url: str) -> None:
    response = upload(
        admin, url, batch_mode="0", batch_mode_term_id="7", clear_sis_stickiness="1",
        override_sis_stickiness="1", diffing_remaster_data_set="0", whatever="x",
    )  # fmt: skip
    assert response.json()["workflow_state"] == "imported"


def test_hand_made_changes_are_not_kept_and_that_is_told(admin: APIClient, url: str) -> None:
    body = upload(admin, url, override_sis_stickiness="false").json()
    assert body["workflow_state"] == "imported_with_messages"
    assert "changes made by hand are not kept" in body["processing_warnings"][0][1]


def test_rows_that_delete_are_left_out_when_asked(cast: Cast, admin: APIClient, url: str) -> None:
    rows = f"{HEAD}s-ada,ada.okafor,Ada Okafor,Deleted\nu1,mei,Mei Lin,active\n"
    body = upload(admin, url, rows, skip_deletes="1").json()
    assert (body["skip_deletes"], body["data"]["counts"]["users"]) == (True, 1)
    cast.student.refresh_from_db()
    assert cast.student.state == "active"
    upload(admin, url, rows)
    cast.student.refresh_from_db()
    assert cast.student.state == "deleted"


@pytest.mark.parametrize(
    ("send", "status", "words"),
    [
        (lambda c, url: c.post(url, {"x": "y"}, format="multipart"), 400, "attachment is missing"),
        (lambda c, url: c.post(url, {"attachment": "text"}, format="json"), 400, "is missing"),
        (lambda c, url: c.post(url), 400, "is missing"),
        (lambda c, url: c.generic("POST", url, "", "text/csv"), 400, "the body is empty"),
        (lambda c, url: c.generic("POST", url, "[", "application/json"), 400, "JSON parse error"),
        (lambda c, url: c.generic("POST", url, "x", "image/png"), 415, "Unsupported media type"),
    ],
)  # fmt: skip
def test_bad_bodies(admin: APIClient, url: str, send: Any, status: int, words: str) -> None:
    response = send(admin, url)
    assert response.status_code == status
    assert words in said(response)
    assert not SisImport.objects.exists()
    assert left() == []


def test_too_large_a_body_is_refused_before_it_is_read(
    admin: APIClient, url: str, settings: Any
) -> None:
    settings.SIS_UPLOAD_MOST_BYTES = 100
    for response in (
        upload(admin, url, USERS + "u2,b,B,active\n" * 9),
        admin.generic("POST", url, "x" * 101, "text/csv"),
    ):
        assert response.status_code == 400
        assert "larger than 100 bytes" in said(response)
    assert left() == []


def test_a_file_that_can_not_be_read_is_a_failed_import(admin: APIClient, url: str) -> None:
    body = upload(admin, url, "what,is,this\n1,2,3\n").json()
    assert (body["workflow_state"], body["progress"]) == ("failed_with_messages", 100)
    empty = admin.generic("POST", url, b"PK\x05\x06" + b"\0" * 18, "application/zip").json()
    assert empty["processing_errors"] == [["", "There is no file in it."]]
    broken = b"x" * 46 + b"PK\5\6" + bytes([0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0]) + b"\0" * 6
    body = admin.generic("POST", url, broken, "application/zip").json()
    assert body["workflow_state"] == "failed_with_messages"
    assert "roster.zip can't be opened" in body["processing_errors"][0][1]
    assert str(settings.SIS_UPLOADS) not in json.dumps(body)
    assert left() == []


def test_a_body_that_is_cut_off_is_not_imported(cast: Cast) -> None:
    body = io.BytesIO(USERS.encode())
    files = [("users.csv", uploads.streamed(body.read, len(USERS) + 1))]
    with pytest.raises(uploads.UploadRefused, match="ended before all of it had come"):
        request_import(actor=cast.actor(cast.root_admin), account=cast.root, files=files)
    assert left() == []
    assert not SisImport.objects.exists()


def test_a_name_leads_nowhere(admin: APIClient, url: str) -> None:
    file = SimpleUploadedFile("x", USERS.encode())
    for name in ("../../etc/passwd", "...csv", "a\\b\\users.csv", "=cmd|x.csv", "é" * 300):
        file.seek(0)
        file._name = name
        body = admin.post(url, {"attachment": file}, format="multipart").json()
        assert body["workflow_state"] == "imported"
    assert left() == []


def test_errors_by_import_and_of_all(cast: Cast, admin: APIClient, url: str) -> None:
    bad = "".join(f",x{n},X,active\n" for n in range(30))
    first = upload(admin, url, USERS.replace("status", "status,odd").replace("e\n", "e,1\n")).json()
    body = upload(admin, url, HEAD + bad).json()
    assert (len(body["processing_errors"]), body["data"]["counts"]["error_count"]) == (25, 30)
    page = admin.get(f"{url}/{body['id']}/errors?per_page=20&page=2")
    assert 'rel="prev"' in page.headers["Link"]
    assert page.json()["sis_import_errors"][0] == {
        "sis_import_id": body["id"], "file": "users.csv", "message": "No user_id given for a user",
        "row": 22, "row_info": None, "failure": True,
    }  # fmt: skip
    everything = f"/api/v1/accounts/{cast.root.pk}/sis_import_errors?per_page=100"
    ids = [one["sis_import_id"] for one in admin.get(everything).json()["sis_import_errors"]]
    assert ids == [body["id"]] * 30 + [first["id"]]
    failures = admin.get(f"{everything}&failure=true").json()["sis_import_errors"]
    assert {one["sis_import_id"] for one in failures} == {body["id"]}


def test_the_list_is_newest_first_narrowed_and_takes_as_many_statements(
    cast: Cast, admin: APIClient, url: str, django_assert_max_num_queries: Any
) -> None:
    ids = [upload(admin, url, HEAD + f",x{n},X,active\n").json()["id"] for n in range(12)]
    upload(admin, url)
    for per_page in (2, 12):
        with django_assert_max_num_queries(9):
            found = admin.get(f"{url}?per_page={per_page}&workflow_state[]=imported_with_messages")
        assert [one["id"] for one in found.json()["sis_imports"]] == ids[::-1][:per_page]
    assert admin.get(f"{url}?created_before=2001-01-01T00:00:00Z").json()["sis_imports"] == []
    assert len(admin.get(f"{url}?created_since=2001-01-01T00:00:00").json()["sis_imports"]) == 10
    assert admin.get(f"{url}?created_since=yesterday").status_code == 400
    assert admin.get(f"{url}/importing").json() == {"sis_imports": []}


def test_stopping(cast: Cast, admin: APIClient, url: str) -> None:
    done = upload(admin, url).json()["id"]
    assert "has ended already" in said(admin.put(f"{url}/{done}/abort"))
    waiting = [SisImport.objects.create(root_account=cast.root, upload="none") for _ in range(3)]
    body = admin.put(f"{url}/{waiting[0].pk}/abort").json()
    assert (body["workflow_state"], body["progress"]) == ("aborted", 0)
    assert admin.put(f"{url}/{waiting[0].pk}/abort").status_code == 200
    assert admin.put(f"{url}/abort_all_pending").json() == {"aborted": True}
    assert not SisImport.objects.pending().exists()
    assert Event.objects.filter(action="sis_import_aborted", actor=cast.root_admin).count() == 3
    assert "can't be restored" in said(admin.put(f"{url}/{done}/restore_states"))


def test_only_the_root_account_has_imports(cast: Cast, admin: APIClient, rest: Any) -> None:
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/sis_imports"
    assert str(cast.root.pk) in said(upload(admin, url))
    assert upload(rest(cast.sub_admin), url).status_code == 403
    assert left() == []


def test_imports_of_another_tenant_are_not_there(cast: Cast, admin: APIClient, url: str) -> None:
    foreign = SisImport.objects.create(root_account=cast.stranger.root_account, upload="none")
    ImportProblem.objects.create(sis_import=foreign, is_error=True, number=1, file="", reason="x")
    for id_ in (foreign.pk, 0, 10**30, "x"):
        assert admin.get(f"{url}/{id_}").status_code == 404
        assert admin.get(f"{url}/{id_}/errors").status_code == 404
        assert admin.put(f"{url}/{id_}/abort").status_code == 404
    admin.put(f"{url}/abort_all_pending")
    foreign.refresh_from_db()
    assert foreign.state == "created"
    errors = admin.get(f"/api/v1/accounts/{cast.root.pk}/sis_import_errors").json()
    assert errors == {"sis_import_errors": []}


def test_managing_sis_data_is_not_importing(cast: Cast, rest: Any, url: str) -> None:
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Ids", "manage_sis"))
    assert upload(rest(cast.observer), url).status_code == 403
    make_admin(cast, cast.teacher, cast.root, make_account_role(cast, "Sync", "import_sis"))
    assert upload(rest(cast.teacher), url).json()["workflow_state"] == "imported"


def test_files_come_to_the_disk_only_here_and_only_with_a_token(
    cast: Cast, admin: APIClient, url: str
) -> None:
    assert upload(APIClient(), url).status_code == 401
    body = {"attachment": SimpleUploadedFile("u.csv", USERS.encode())}
    body["access_token"] = cast.token(cast.root_admin)
    late = APIClient().post(url, body, format="multipart")
    assert "attachment is missing" in said(late)
    elsewhere = upload(admin, f"/api/v1/accounts/{cast.root.pk}/roles", label="Aide")
    assert elsewhere.status_code == 200
    assert left() == []
