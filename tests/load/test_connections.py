"""When a kept PostgreSQL connection is asked whether it still stands."""

from __future__ import annotations

import pytest

from pairing_service.postgresql import base


class Connection(base.DatabaseWrapper):
    """One that stands, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__({"NAME": "x", "OPTIONS": {}, "CONN_HEALTH_CHECKS": True})
        self.connection = object()
        self.asked = 0

    def is_usable(self) -> bool:
        self.asked += 1
        return True

    def next_request(self) -> None:
        self.health_check_enabled, self.health_check_done = True, False
        self.close_if_health_check_failed()


def test_only_a_pause_makes_it_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(base.time, "monotonic", lambda: now)
    connection = Connection()
    connection.next_request()
    assert connection.asked == 1
    for _ in range(3):
        now += 4
        connection.next_request()
    assert connection.asked == 1
    now += 6
    connection.next_request()
    assert connection.asked == 2


class Opened:
    """A connection that PostgreSQL has just opened."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def execute(self, sql: str) -> None:
        self.told.append(sql)


def test_a_new_one_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.base.DatabaseWrapper, "_configure_connection", lambda *_: False)
    opened = Opened()
    # True: what was told is committed, else it would be forgotten with the first rollback.
    assert Connection()._configure_connection(opened)
    assert opened.told == ["SET jit = off"]
