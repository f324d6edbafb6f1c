"""kill -9 of a worker in the middle of an import: whenever it falls, what is said is what is there.

A real worker process, slowed down, on the database under test. After each kill the record must
count exactly what is committed, batches are there wholly or not at all, and the next worker takes
the import up and ends it. That half a minute of silence passes is written into the record.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import Event
from courses.models import Enrolment
from sis import uploads
from sis.actions import request_import
from sis.importing import BATCH
from sis.models import SILENCE, ImportProblem, SisImport
from sis.running import MOST_RUNS
from tests.cast import Cast
from tests.effort import IMPORT_KILLS
from tests.processes import Process, until

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]
PEOPLE = 2 * BATCH
BAD = 40
ALL = {"users": PEOPLE, "enrollments": 2 * PEOPLE}


@pytest.fixture(autouse=True)
def in_background(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def ask(cast: Cast, tmp_path: Path) -> Callable[[], SisImport]:
    """An import of some seven batches that waits for a worker."""
    people = (f"u{n},login{n},Person No {n},active" for n in range(PEOPLE))
    bad = (f",bad{n},Nobody,active" for n in range(BAD))
    places = (f"{c},u{n},student,active" for c in ("bio", "his") for n in range(PEOPLE))
    files = {
        "users.csv": "\n".join(["user_id,login_id,full_name,status", *bad, *people]),
        "places.csv": "\n".join(["course_id,user_id,role,status", *places]),
        "courses.csv": "course_id,short_name,long_name,status\nbio,B,B,active\nhis,H,H,active",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def ask() -> SisImport:
        actor = cast.actor(cast.root_admin)
        given = [(name, _copy(tmp_path / name)) for name in files]
        return request_import(actor=actor, account=actor.root_account, files=given)

    return ask


def _copy(source: Path) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(source.read_bytes()) and None


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*, slowed: bool) -> Process:
        more = {"KILL_JOURNAL": str(tmp_path / "journal")} if slowed else {}
        process = Process("manage", "worker", "--interval", "0.1", "--until-idle", **more)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def there(cast: Cast) -> dict[str, int]:
    """What is committed of the roster."""
    places = Enrolment.objects.filter(root_account=cast.root, course__sis_id__in=["bio", "his"])
    people = User.objects.filter(sis_id__startswith="u", login_id__startswith="login")
    return {"users": people.count(), "enrollments": places.count()}


def counted(record: SisImport) -> dict[str, int]:
    return {kind: record.changes.get(kind, {}).get("created", 0) for kind in ALL}


def let_silence_pass(record: SisImport) -> None:
    heard = timezone.now() - SILENCE - timedelta(seconds=1)
    SisImport.objects.filter(pk=record.pk).running().update(seen_at=heard)


def test_whenever_the_worker_is_killed_the_next_one_ends_the_import(
    cast: Cast, ask: Callable[[], SisImport], worker: Callable[..., Process], rest: Any
) -> None:
    record = ask()
    kept = uploads.folder() / record.upload
    admin: APIClient = rest(cast.root_admin)
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports/{record.pk}"
    kills = 0
    while kills < min(IMPORT_KILLS, MOST_RUNS - 1):
        process = worker(slowed=True)
        until(SisImport.objects.running().exists, "no worker takes it")
        time.sleep(random.uniform(0.1, 1.3))
        process.kill()
        record = record_now(record)
        if not record.is_running:
            break  # It was quicker than the kill.
        kills += 1
        assert counted(record) == there(cast)
        # A batch is there wholly or not at all: in users.csv the bad rows come first.
        assert there(cast)["users"] in {0, PEOPLE, *(n * BATCH - BAD for n in (1, 2))}
        told = admin.get(url).json()
        assert (told["workflow_state"], told["progress"] < 100) == ("importing", True)
        errors = ImportProblem.objects.filter(sis_import=record, is_error=True).count()
        assert told["data"]["counts"]["error_count"] == errors
        # Nobody takes it as long as it may still be alive.
        assert worker(slowed=False).wait(60) == 0
        assert record_now(record).run == record.run
        let_silence_pass(record)
        told = admin.get(url).json()
        assert (told["workflow_state"], told["started_at"] is None) == ("created", False)
    assert kills
    # Two at once: one of them runs it.
    last = [worker(slowed=False), worker(slowed=False)]
    for process in last:
        assert process.wait(120) == 0
    told = admin.get(url).json()
    assert (told["workflow_state"], told["progress"]) == ("imported_with_messages", 100)
    assert there(cast) == ALL
    assert {kind: told["data"]["statistics"][kind]["created"] for kind in ALL} == ALL
    assert {kind: told["data"]["counts"][kind] for kind in ALL} == ALL
    assert told["data"]["counts"]["error_count"] == BAD
    assert ImportProblem.objects.filter(sis_import=record).count() == BAD
    assert record_now(record).runs == kills + 1
    events = Event.objects.filter(data__sis_import=record.pk)
    assert events.filter(action="sis_import_cut_off").count() == kills
    assert events.filter(action="sis_imported").count() == 1
    assert not kept.exists()


def record_now(record: SisImport) -> SisImport:
    return SisImport.objects.get(pk=record.pk)


def test_an_upload_that_kills_every_worker_fails(
    cast: Cast, ask: Callable[[], SisImport], worker: Callable[..., Process], rest: Any
) -> None:
    record = ask()
    kept = uploads.folder() / record.upload
    assert kept.is_dir()
    SisImport.objects.filter(pk=record.pk).update(runs=F("runs") + MOST_RUNS - 1)
    process = worker(slowed=True)
    until(lambda: there(cast)["users"] > 0, "no batch is kept")
    process.kill()
    let_silence_pass(record)
    # No worker is left; who polls hears of the end all the same.
    url = f"/api/v1/accounts/{cast.root.pk}/sis_imports/{record.pk}"
    told = rest(cast.root_admin).get(url).json()
    assert (told["workflow_state"], told["progress"]) == ("failed_with_messages", 100)
    assert told["processing_errors"][-1][1].startswith(f"It was cut off {MOST_RUNS} times")
    assert told["data"]["counts"]["error_count"] == len(told["processing_errors"])
    assert counted(record_now(record)) == there(cast)
    assert not kept.exists()
