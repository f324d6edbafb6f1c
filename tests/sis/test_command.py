"""`manage.py import_sis` and `manage.py load_demo`."""

from __future__ import annotations

import errno
import json
import runpy
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import management
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, User
from audit.models import Event
from courses.models import Enrolment
from pairing.models import ObservationLink
from pairing.rules import ISSUE_ON_DETAILS
from pairing_service import statements
from permissions.policy import may
from sis import running
from sis.management.commands import import_sis
from sis.management.commands.import_sis import _Showing
from sis.management.commands.load_demo import PASSWORD, SIGN_INS
from sis.models import SILENCE, SisImport
from tests.cast import Cast
from tests.processes import ROOT
from tests.sis.conftest import everything

USERS = "user_id,login_id,full_name,status\nu1,mei,Mei Lin,active\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(USERS + ",x,X,active\n")
    return path


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def test_json_is_one_object(cast: Cast, file: Path) -> None:
    told = json.loads(run("import_sis", file, account=str(cast.root.pk), json=True))
    assert told["account_id"] == cast.root.pk
    assert told["changes"]["users"] == {"created": 1, "updated": 0, "deleted": 0}
    assert set(told["changes"]) == {
        "accounts", "courses", "sections", "users", "enrollments", "admins", "user_observers",
    }  # fmt: skip
    assert told["errors"] == [
        {"file": "users.csv", "line": 3, "reason": "No user_id given for a user"}
    ]
    assert (told["unchanged"], told["warnings"]) == (0, [])


def test_people_read_a_table_and_the_errors(cast: Cast, file: Path) -> None:
    told = run("import_sis", file, account=str(cast.root.pk))
    assert "users                   1        0        0" in told
    assert "1 change, 0 rows as they were, 1 not imported." in told
    assert "users.csv, line 3: No user_id given for a user" in told


def test_a_second_run_says_that_nothing_changed(cast: Cast, file: Path) -> None:
    run("import_sis", file, account=str(cast.root.pk))
    told = run("import_sis", file, account=str(cast.root.pk))
    assert told.startswith("0 changes, 1 row as it was, 1 not imported.")


def analysed(statements: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in statements if one["sql"].startswith("ANALYZE")]


def test_after_many_changes_the_database_looks_how_much_there_is(
    cast: Cast, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(connection) as few:
        run("import_sis", file, account=str(cast.root.pk))
    file.write_text(USERS.replace("mei,", "ling,"))
    monkeypatch.setattr(running, "_MANY", 1)
    with CaptureQueriesContext(connection) as many:
        run("import_sis", file, account=str(cast.root.pk))
    assert not analysed(few)
    assert 'ANALYZE "courses_enrolment"' in analysed(many)


def test_an_import_does_not_fail_where_it_can_not_look(
    cast: Cast, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(running, "_MANY", 1)
    monkeypatch.setattr(statements, "run", refused)
    assert "1 change" in run("import_sis", file, account=str(cast.root.pk))
    assert SisImport.objects.get().state == SisImport.State.IMPORTED_WITH_MESSAGES
    assert "did not look how much it holds" in caplog.text


def refused(sql: str, **values: Any) -> None:
    if "ANALYZE" in sql:
        raise OperationalError("database is locked")


def test_the_root_account_may_be_named_by_its_sis_id(cast: Cast, file: Path) -> None:
    Account.objects.filter(pk=cast.root.pk).update(sis_id="north")
    told = json.loads(run("import_sis", file, account="sis_account_id:north", json=True))
    assert told["account_id"] == cast.root.pk


@pytest.mark.parametrize("which", ["sub-account", "nothing", "text"])
def test_only_a_root_account_will_do(cast: Cast, file: Path, which: str) -> None:
    account = {"sub-account": str(cast.accounts.high.pk), "nothing": "0", "text": "Northfield"}
    with pytest.raises(CommandError) as refused:
        run("import_sis", file, account=account[which])
    assert refused.value.returncode == 1
    assert not User.objects.filter(sis_id="u1").exists()
    if which == "sub-account":
        assert "is not a root account" in str(refused.value)


def test_a_missing_file_ends_with_2(cast: Cast, file: Path) -> None:
    with pytest.raises(CommandError) as refused:
        run("import_sis", file, file.with_name("none.csv"), account=str(cast.root.pk))
    assert refused.value.returncode == 2


def test_a_refused_file_ends_with_2_after_the_others(cast: Cast, file: Path) -> None:
    (bad := file.with_name("bad.csv")).write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit) as ended:
        run("import_sis", bad, file, account=str(cast.root.pk))
    assert ended.value.code == 2
    assert User.objects.filter(sis_id="u1").exists()


@pytest.mark.parametrize("names", [[], ["__MACOSX/._users.csv"]])
def test_a_zip_without_a_file_ends_with_1(cast: Cast, tmp_path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path := tmp_path / "roster.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("import_sis", path, account=str(cast.root.pk), stdout=out)
    assert ended.value.code == 1
    assert out.getvalue().splitlines()[-1] == "There is no file in it."
    assert SisImport.objects.get().state == "failed_with_messages"


@pytest.mark.parametrize(
    ("what", "said", "status"),
    [
        (KeyboardInterrupt(),
         "The import was stopped. What it had imported stays; run it again.", 130),
        (OperationalError("database or disk is full\nDETAIL: u1"),
         "The database failed: database or disk is full. What was imported stays.", 1),
        (
            OSError(errno.EIO, "Input/output error"),
            "A file can't be read or written: Input/output error. What was imported stays.",
            1,
        ),
    ],
)  # fmt: skip
def test_what_cuts_it_off_is_told_in_a_sentence(
    cast: Cast, file: Path, monkeypatch: Any, what: BaseException, said: str, status: int
) -> None:
    monkeypatch.setattr(_Showing, "begin", Mock(side_effect=what))
    with pytest.raises(CommandError) as ended:
        run("import_sis", file, account=str(cast.root.pk))
    assert (str(ended.value), ended.value.returncode) == (said, status)
    assert SisImport.objects.get().state == "aborted"


@pytest.mark.parametrize("what", [KeyboardInterrupt(), OperationalError("unable to open")])
def test_so_is_what_keeps_it_from_beginning(
    cast: Cast, file: Path, monkeypatch: Any, what: BaseException
) -> None:
    monkeypatch.setattr(import_sis, "root_account", Mock(side_effect=what))
    with pytest.raises(CommandError):
        run("import_sis", file, account=str(cast.root.pk))


def test_while_the_product_is_loaded_it_ends_in_silence(monkeypatch: Any) -> None:
    monkeypatch.setattr(
        management, "execute_from_command_line", Mock(side_effect=KeyboardInterrupt)
    )
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    assert ended.value.code == 130


def test_it_is_in_the_history_with_its_event(cast: Cast, file: Path) -> None:
    run("import_sis", file, account=str(cast.root.pk))
    one = SisImport.objects.get()
    assert (one.state, one.user, one.files, one.progress) == (
        "imported_with_messages", None, ["users.csv"], 100,
    )  # fmt: skip
    assert (one.changes["users"]["created"], one.error_count, one.problems.count()) == (1, 1, 1)
    told = Event.objects.get(action="sis_imported")
    assert (told.data["sis_import"], told.actor, told.account) == (one.pk, None, cast.root)


def test_files_that_can_not_be_opened_are_in_the_history_too(cast: Cast, file: Path) -> None:
    with pytest.raises(CommandError):
        run("import_sis", file.with_name("none.csv"), account=str(cast.root.pk))
    one = SisImport.objects.get()
    assert (one.state, one.problems.get().file) == ("failed_with_messages", "")


def test_one_that_was_killed_is_told_to_have_failed_and_stops_no_other(
    cast: Cast, file: Path
) -> None:
    long_ago = timezone.now() - SILENCE * 2
    dead = SisImport.objects.create(
        root_account=cast.root, state="importing", run="r", runs=1, started_at=long_ago,
        seen_at=long_ago, changes={"users": {"created": 2, "updated": 0, "deleted": 0}},
    )  # fmt: skip
    run("import_sis", file, account=str(cast.root.pk))
    dead.refresh_from_db()
    assert (dead.state, dead.error_count) == ("failed_with_messages", 1)
    assert dead.problems.get().reason.startswith("The command was cut off.")
    told = Event.objects.get(action="sis_import_cut_off")
    assert told.data == {"sis_import": dead.pk, "changes": dead.changes}


# --- The demonstration ---


@pytest.mark.usefixtures("empty")
def test_the_demonstration_is_whole_and_its_people_can_sign_in() -> None:
    told = run("load_demo")
    for person in SIGN_INS:
        assert person.login in told
        assert User.objects.get(login_id=person.login).check_password(PASSWORD)
    assert PASSWORD in told
    assert Enrolment.objects.filter(type="StudentEnrollment").count() > 300
    assert ObservationLink.objects.active().count() >= 5


@pytest.mark.usefixtures("empty")
def test_the_demonstrations_teacher_may_pair_and_most_people_have_no_password() -> None:
    run("load_demo")
    teacher = User.objects.get(login_id="teacher")
    enrolment = Enrolment.objects.filter(
        course__enrolments__user=teacher, type="StudentEnrollment"
    ).first()
    assert enrolment is not None
    root = Account.objects.select_related("settings", "override_version").get(parent=None)
    assert may(Actor(root, teacher, teacher), ISSUE_ON_DETAILS, enrolment)
    assert User.objects.filter(password__startswith="!").count() > 100


@pytest.mark.usefixtures("empty")
def test_loading_the_demonstration_again_changes_nothing() -> None:
    told, before = run("load_demo"), everything()
    assert run("load_demo") == told
    assert everything() == before


def test_where_there_is_a_root_account_already_no_demonstration_is_loaded(cast: Cast) -> None:
    before = everything()
    assert run("load_demo") == ""
    assert everything() == before
