"""Rosters with the real `canvasapi` and a real worker (contract §8.2)."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from canvasapi import Canvas
from canvasapi.account import Account
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist

from accounts.models import User
from audit.models import Event
from tests.cast import Cast
from tests.processes import running

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")
HEAD = "user_id,login_id,full_name,status\n"


@pytest.fixture
def account(cast: Cast, canvas: Callable[[User], Canvas]) -> Any:
    return canvas(cast.root_admin).get_account(cast.root.pk)


@pytest.fixture
def in_background(settings: Any) -> None:
    """As it is served: what is asked for waits for a worker."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(f"{HEAD}u1,mei,Mei Lin,active\n,x,X,active\n")
    return path


def ended(account: Any, sis_import: Any) -> Any:
    """What a client does: ask until it has come to an end."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = account.get_sis_import(sis_import)
        if told.workflow_state not in ("created", "importing"):
            return told
        time.sleep(0.2)
    return pytest.fail("the import did not end")


@pytest.mark.usefixtures("in_background")
def test_a_worker_imports_what_waits_and_leaves_what_was_stopped(
    cast: Cast, account: Any, roster: Path, tmp_path: Path
) -> None:
    stopped = account.create_sis_import(str(roster))
    assert (stopped.workflow_state, stopped.progress) == ("created", 0)
    assert stopped.abort().workflow_state == "aborted"
    account.create_sis_import(str(roster))
    assert account.abort_sis_imports_pending() is True
    with zipfile.ZipFile(tmp_path / "roster.zip", "w") as archive:
        archive.write(roster, "users.csv")
        archive.writestr("c.csv", "course_id,short_name,long_name,status\nalg,ALG,Algebra,active")
    with (tmp_path / "roster.zip").open("rb") as file:
        sis_import = account.create_sis_import(file, skip_deletes=True)
    assert account.get_sis_imports(per_page=2)[0].id == sis_import.id
    assert list(account.get_sis_imports_running()) == []
    assert not User.objects.filter(sis_id="u1").exists()
    with running("manage", "worker", "--interval", "0.1"):
        told = ended(account, sis_import)
    assert (told.workflow_state, told.progress, told.account_id, told.skip_deletes) == (
        "imported_with_messages", 100, cast.root.pk, True,
    )  # fmt: skip
    assert told.data["counts"]["users"] == told.data["counts"]["courses"] == 1
    assert told.processing_errors == [
        ["roster.zip/users.csv", "Line 3: No user_id given for a user"]
    ]
    states = {one.workflow_state for one in account.get_sis_imports(workflow_state=["aborted"])}
    assert states == {"aborted"}
    assert User.objects.filter(sis_id="u1").exists()
    with pytest.raises(BadRequest, match="ended already"):
        told.abort()
    with pytest.raises(BadRequest, match="can't be restored"):
        told.restore_states()
    assert Event.objects.filter(action="sis_imported", actor=cast.root_admin).count() == 1


def test_who_may_not_and_what_is_no_roster(
    cast: Cast, account: Any, canvas: Callable[[User], Canvas], roster: Path, tmp_path: Path
) -> None:
    for person in (cast.sub_admin, cast.teacher):
        root = Account(canvas(person)._Canvas__requester, {"id": cast.root.pk})
        with pytest.raises(Forbidden):
            root.create_sis_import(str(roster))
    with pytest.raises(ResourceDoesNotExist):
        account.get_sis_import(0)
    with pytest.raises(BadRequest, match="batch_mode would delete"):
        account.create_sis_import(str(roster), batch_mode=True)
    (bad := tmp_path / "bad.csv").write_bytes(b"\xff\xfeu\x00")
    told = account.create_sis_import(str(bad))
    assert told.workflow_state == "failed_with_messages"
    assert "is not UTF-8" in told.processing_errors[0][1]
    (empty := tmp_path / "empty.csv").touch()
    told = account.create_sis_import(str(empty))
    assert told.processing_errors[0][1].startswith("The file has no header")
    assert not User.objects.filter(sis_id="u1").exists()
