"""Real processes of the product on the database under test.

Those that are started by the dozen are forked from one that has the product loaded already: its
imports take longer than what most of them do.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import connection

from pairing_service.statements import every

ROOT = Path(__file__).parent.parent
SLOWED = "tests.load.slowed_settings"


def database_url() -> str:
    now = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{now['NAME']}"
    person = f"{now['USER']}:{now['PASSWORD']}"
    return f"postgres://{person}@{now['HOST']}:{now['PORT'] or 5432}/{now['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """What makes a process of the product use this test's database and uploads."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pairing_service.settings",
        "DATABASE_URL": database_url(),
        "SIS_UPLOADS": str(settings.SIS_UPLOADS),
        "LOG_LEVEL": "CRITICAL",
        **more,
    }


def until(asked: Any, wrong: str) -> Any:
    """What `asked` answers, once it is something."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if answer := asked():
            return answer
        time.sleep(0.02)
    pytest.fail(wrong)


class Process:
    """`python -m MODULE ARGUMENTS` in a process group of its own, on the slowed settings.

    Nothing is slowed down unless `KILL_JOURNAL` is in its environment (`more`).
    """

    def __init__(self, module: str, *arguments: str, **more: str) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["pairing_service.wsgi"])
        with mock.patch.dict(os.environ, environment(DJANGO_SETTINGS_MODULE=SLOWED)):
            forkserver.ensure_running()
        self._name = f"tests-{secrets.token_hex(8)}"
        more = {**more, "PGAPPNAME": self._name}
        self._process = context.Process(target=_run, args=(module, arguments, more))
        self._process.start()

    def kill(self) -> None:
        """-9, and what it has started with it; what it has asked for is done, or not, by then."""
        if self._process.exitcode is None:
            os.killpg(os.getpgid(self._process.pid or 0), signal.SIGKILL)
        self._process.join()
        if connection.vendor == "postgresql":
            self._wait_for_the_server()

    def _wait_for_the_server(self) -> None:
        """Until PostgreSQL has done what was sent to it before the kill, a COMMIT maybe."""
        sessions = "SELECT 1 FROM pg_stat_activity WHERE application_name = %(name)s"
        until(lambda: not every(sessions, name=self._name), "a killed process still has sessions")

    def wait(self, seconds: float) -> int | None:
        """Its exit status; None when it still runs then."""
        self._process.join(seconds)
        return self._process.exitcode


def _run(module: str, arguments: tuple[str, ...], more: dict[str, str]) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.update(more)
    multiprocessing.set_start_method("fork", force=True)  # the server's own workers, too
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@contextmanager
def running(module: str, *arguments: str, **more: str) -> Iterator[Process]:
    """Such a process, which is gone at the end."""
    process = Process(module, *arguments, **more)
    try:
        yield process
    finally:
        process.kill()
