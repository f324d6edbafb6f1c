"""An app for killed processes only: it slows every statement down and writes what it does into the
file that `KILL_JOURNAL` names. Without one it does nothing.

The delay is the test's, not the product's: it makes a redemption long enough to be hit in between.
"""

from __future__ import annotations

import os
import time
from typing import Any

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.backends.signals import connection_created

DELAY = 0.006


def note(line: str) -> None:
    """One line, written at once: it survives a kill."""
    descriptor = os.open(os.environ["KILL_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (line + "\n").encode())
    os.close(descriptor)


def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    in_one_line = " ".join(sql.split())
    note(f"start {in_one_line}")
    time.sleep(DELAY)
    result = execute(sql, params, many, context)
    note(f"done {in_one_line}")
    time.sleep(DELAY)
    return result


class SlowedConfig(AppConfig):
    name = "tests.load"
    label = "slowed"

    def ready(self) -> None:
        connection_created.connect(self._slow_down, weak=False)
        request_finished.connect(self._finished, weak=False)

    def _slow_down(self, connection: Any, **_: Any) -> None:
        if "KILL_JOURNAL" in os.environ:
            connection.execute_wrappers.append(slowly)

    def _finished(self, **_: Any) -> None:
        if "KILL_JOURNAL" in os.environ:
            note("finished")
