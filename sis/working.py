"""The worker process: django-tasks' own, which can be told to end and looks after dead imports."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import DatabaseError, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from sis import running, uploads
from sis.models import SisImport
from sis.tasks import run_imports

log = logging.getLogger(__name__)
# Seconds between two looks at what nobody looks after.
LOOK_EVERY = 15
# Where it sleeps between two looks for work.
_LOOP = db_worker.Worker.run.__code__


class Worker(db_worker.Worker):
    """Runs tasks until it is told to end. An import under way ends after its batch and is handed
    back; further signals change nothing.

    Only its sleep is cut short: whatever else a signal falls into soon ends by itself, and an
    exception there (while a process begins or ends, say) would be printed or lost."""

    def __init__(self, *, interval: float, until_idle: bool) -> None:
        super().__init__(
            queue_names=["*"], excluded_queue_names=[], interval=interval, batch=until_idle,
            backend_name="default", startup_delay=False, max_tasks=None,
            worker_id=get_random_string(32),
        )  # fmt: skip

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        self.running = False
        running.stopping.set()
        if frame is not None and frame.f_code is _LOOP:
            sys.exit(0)

    def run(self) -> None:
        """As the parent, and beside it somebody who looks after imports."""
        look_after()
        watch = threading.Thread(target=_watch, args=(running.stopping,), daemon=True)
        watch.start()
        super().run()


def _watch(stopping: threading.Event, look: Callable[[], None] | None = None) -> None:
    while not stopping.wait(LOOK_EVERY):
        try:
            (look or look_after)()
        except DatabaseError as error:
            log.warning("Could not look after imports: %s", type(error).__name__)
        finally:
            connection.close()


def look_after() -> None:
    """Let imports whose worker is dead wait again, see that every one that waits is run, and throw
    away files that no import waits for."""
    running.give_back_silent()
    waiting = SisImport.objects.waiting().values_list("root_account_id", flat=True)
    for root_account_id in set(waiting) - _asked_for():
        run_imports.enqueue(root_account_id)
    throw_away_forgotten()


def _asked_for() -> set[Any]:
    """Tenants for whom a task waits already."""
    tasks = DBTaskResult.objects.ready().filter(task_path=run_imports.module_path)
    return {given["args"][0] for given in tasks.values_list("args_kwargs", flat=True)}


def throw_away_forgotten() -> None:
    """Files of requests that died in between, and of imports that have ended."""
    wanted = set(SisImport.objects.pending().exclude(upload="").values_list("upload", flat=True))
    for path in uploads.forgotten():
        if path.name in wanted:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
