"""Django's SQLite engine, with a queue in front of BEGIN IMMEDIATE.

SQLite lets a writer that finds the database busy sleep and try again, longer each time: with two
processes half of the time goes into that, and with thirty-two nearly all. A lock on a file beside
the database wakes the next writer at once, and the system gives it back when a process is killed.
SQLite's own lock still decides; this only says who tries next.
"""

from __future__ import annotations

import fcntl
import os
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    _queue: int | None = None
    _is_first = False

    def _start_transaction_under_autocommit(self) -> None:
        self._wait_in_queue()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave_queue()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._leave_queue()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave_queue()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._leave_queue()
            if self._queue is not None:
                os.close(self._queue)
                self._queue = None

    def _wait_in_queue(self) -> None:
        if self.is_in_memory_db():
            return
        if self._queue is None:
            self._queue = os.open(
                f"{self.settings_dict['NAME']}-queue", os.O_CREAT | os.O_RDWR, 0o600
            )
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        self._is_first = True

    def _leave_queue(self) -> None:
        if self._is_first and self._queue is not None:
            self._is_first = False
            fcntl.flock(self._queue, fcntl.LOCK_UN)
