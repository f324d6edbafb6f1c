"""kill -9 of the server between two statements of a redemption leaves all or nothing.

A real server process on the database under test; a client redeems over HTTP; the process dies at a
random moment that the journal shows to lie between the redemption's first and last statement.
A kill that missed is repeated.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from accounts.models import PERSON
from audit.models import Event
from courses.models import Enrolment
from pairing.models import ObservationLink, PairingCode
from tests.cast import Cast
from tests.effort import KILLS
from tests.load.slowed import DELAY
from tests.processes import Process

# A redemption's statements, from the one that opens its transaction or takes its first locks.
FIRST = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": f"SELECT {PERSON} FROM accounts_rootaccountsettings",
}
LAST = "INSERT INTO audit_event"
# About as long as all of them take: eight on SQLite, seven on PostgreSQL.
SPAN = 15 * DELAY

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


class Server:
    """The production server with one slowed worker, in a process group of its own."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._process = Process(
            "granian", "--interface", "wsgi", "--port", str(port), "--log-level", "critical",
            "pairing_service.wsgi:application", KILL_JOURNAL=str(journal),
        )  # fmt: skip

    def wait(self) -> None:
        """Until it answers."""
        for _ in range(600):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{self.url}/api/v1/nothing", timeout=10)
                return
            time.sleep(0.05)
        pytest.fail("the server did not start")

    def kill(self) -> None:
        self._process.kill()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Iterator[Server]]:
    """One server after the other, the next already starting while one is in use."""
    started: list[Server] = []

    def one_after_the_other() -> Iterator[Server]:
        for number in itertools.count():
            started.append(Server(tmp_path / f"journal-{number}"))
            if number:
                started[-2].wait()
                yield started[-2]

    yield one_after_the_other()
    for server in started:
        server.kill()


def lines(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


def has(journal: Path, line: str) -> bool:
    return any(found.startswith(line) for found in lines(journal))


def redeem(url: str, token: str, text: str) -> None:
    with contextlib.suppress(requests.RequestException):
        requests.post(
            f"{url}/api/v1/users/self/observees",
            data={"pairing_code": text},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )


def kill_while_redeeming(server: Server, token: str, text: str) -> bool:
    """Whether the kill fell between the first and the last statement."""
    first = FIRST[connection.vendor]
    server.journal.unlink(missing_ok=True)
    client = threading.Thread(target=redeem, args=(server.url, token, text))
    client.start()
    deadline = time.monotonic() + 20
    while not has(server.journal, f"start {first}") and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(random.uniform(0, SPAN))
    server.kill()
    client.join()
    return has(server.journal, f"done {first}") and not has(server.journal, f"done {LAST}")


def state(cast: Cast, code_id: int) -> tuple[str, int, int, int]:
    """The code's state, and how many links, observer enrolments and events there are."""
    return (
        PairingCode.objects.get(pk=code_id).state,
        ObservationLink.objects.filter(observer=cast.observer).count(),
        Enrolment.objects.filter(user=cast.observer).count(),
        Event.objects.filter(action="link_created").count(),
    )


def test_a_killed_redemption_leaves_all_or_nothing(cast: Cast, servers: Iterator[Server]) -> None:
    token = cast.token(cast.observer)
    hits = misses = told = 0
    while hits < KILLS:
        issued = cast.code()
        code_id = PairingCode.objects.latest("pk").pk
        hit = kill_while_redeeming(next(servers), token, issued.text)
        *rest, events = state(cast, code_id)
        after = (*rest, events - told)
        if hit:
            assert after == ("active", 0, 0, 0)
            hits += 1
        else:
            assert after in [("active", 0, 0, 0), ("redeemed", 1, 2, 1)]
            misses += 1
            ObservationLink.objects.all().delete()
            Enrolment.objects.filter(user=cast.observer).delete()
            told = events
        assert misses <= 3 * KILLS, "the kills keep missing: is the span right?"
    print(f"{hits} kills hit, {misses} missed")
