"""Django's SQLite engine, with a queue in front of BEGIN IMMEDIATE.

SQLite lets a writer that finds the database busy sleep and try again, longer each time: with two
processes half of the time goes into that, and with thirty-two nearly all. A lock on a file beside
the database is looked at much more often, and the system gives it back when a process is killed.
Of one process's threads only one looks there; the others wait for it without looking. SQLite's own
lock still decides; this only says who tries next.
"""

from __future__ import annotations

import fcntl
import os
import time
from threading import Lock
from typing import IO, Any

from django.db.backends.sqlite3 import base

# Seconds between two looks at the queue: short beside a transaction, long beside a look.
_LOOK_AGAIN = 0.0003

# By the database's file: which thread of this process looks at the queue, and has its turn.
_turns: dict[str, Lock] = {}
os.register_at_fork(after_in_child=_turns.clear)  # the parent's threads are not the child's


class DatabaseWrapper(base.DatabaseWrapper):
    # A file object and not a number: it is closed, and the lock given back, with the connection.
    _queue: IO[bytes] | None = None
    _is_first = False
    _turn: Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        try:
            self._wait_in_queue()
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
                self._queue.close()
                self._queue = None

    def _wait_in_queue(self) -> None:
        """Until it is our turn, or as long as SQLite itself would wait; then it decides alone."""
        if self.is_in_memory_db():
            return
        name = str(self.settings_dict["NAME"])
        patience = self.settings_dict["OPTIONS"].get("timeout", 5)
        give_up = time.monotonic() + patience
        if self._turn is None:
            turn = _turns.setdefault(name, Lock())
            if not turn.acquire(timeout=patience):
                return
            self._turn = turn
        if self._queue is None:
            self._queue = open(f"{name}-queue", "ab")  # noqa: SIM115
        while not self._is_first and time.monotonic() < give_up:
            try:
                fcntl.flock(self._queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._is_first = True
            except BlockingIOError:
                time.sleep(_LOOK_AGAIN)

    def _leave_queue(self) -> None:
        if self._is_first and self._queue is not None:
            self._is_first = False
            fcntl.flock(self._queue, fcntl.LOCK_UN)
        if self._turn is not None:
            turn, self._turn = self._turn, None
            turn.release()
