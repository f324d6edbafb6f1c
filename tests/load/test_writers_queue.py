"""The queue of SQLite's writers: each in turn, and of one process's threads only one looks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection

from pairing_service.sqlite import base

THREADS = 8
WRITES = 20

pytestmark = pytest.mark.django_db  # lets connections open; the one under test is not used


class Writer:
    """A connection of its own to a file with one number in it."""

    def __init__(self, file: Path, timeout: float = 20) -> None:
        self._wrapper = base.DatabaseWrapper(
            connection.settings_dict
            | {
                "ENGINE": "pairing_service.sqlite",
                "NAME": str(file),
                "OPTIONS": {"timeout": timeout, "transaction_mode": "IMMEDIATE"},
            }
        )

    def begin(self) -> None:
        self._wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)

    def end(self) -> None:
        self._wrapper.commit()
        self._wrapper.set_autocommit(True)

    def run(self, sql: str) -> list[tuple[int]]:
        with self._wrapper.cursor() as cursor:
            rows: list[tuple[int]] = cursor.execute(sql).fetchall()
            return rows

    def close(self) -> None:
        self._wrapper.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "numbers.sqlite3"
    writer = Writer(path)
    writer.run("CREATE TABLE numbers (n integer)")
    writer.run("INSERT INTO numbers VALUES (0)")
    writer.close()
    yield path
    base._turns.pop(str(path), None)


def test_threads_write_in_turn_and_none_of_them_polls(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError("looked again at the queue")

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
    monkeypatch.setattr(base, "time", clock)

    def write(_: int) -> None:
        writer = Writer(file)
        for _ in range(WRITES):
            writer.begin()
            [(n,)] = writer.run("SELECT n FROM numbers")
            writer.run(f"UPDATE numbers SET n = {n + 1}")
            writer.end()
        writer.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    reader = Writer(file)
    assert reader.run("SELECT n FROM numbers") == [(THREADS * WRITES,)]
    reader.close()


def test_who_waited_long_enough_is_told_that_it_is_busy(file: Path) -> None:
    first, second = Writer(file), Writer(file, timeout=0.01)
    first.begin()
    with pytest.raises(OperationalError, match="locked"):
        second.begin()
    first.end()
    second.begin()  # and it is not for ever
    second.end()
    first.close()
    second.close()


def test_who_goes_away_lets_the_next_one_in(file: Path) -> None:
    first, second = Writer(file), Writer(file, timeout=0.01)
    first.begin()
    first.close()
    second.begin()
    second.end()
    second.close()


def test_who_fails_in_the_queue_leaves_it(file: Path) -> None:
    queue = Path(f"{file}-queue")
    queue.mkdir()
    first = Writer(file)
    with pytest.raises(IsADirectoryError):
        first.begin()
    queue.rmdir()
    second = Writer(file)
    begun = time.monotonic()
    second.begin()
    assert time.monotonic() - begun < 10
    second.end()
    first.close()
    second.close()


def test_a_forked_process_waits_for_none_of_its_parents_threads(file: Path) -> None:
    writer = Writer(file)
    writer.begin()
    child = os.fork()
    if not child:
        os._exit(bool(base._turns))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert base._turns[str(file)].locked()
    writer.end()
    writer.close()
