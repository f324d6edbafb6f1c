"""kill -9 of the server between two statements of a redemption leaves all or nothing.

A real server process on the database under test; a client redeems over HTTP; the process dies at a
random moment that the journal shows to lie between the redemption's first and last statement.
A kill that missed is repeated.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from audit.models import Event
from courses.models import Enrolment
from pairing.actions import issue_code
from pairing.models import ObservationLink, PairingCode
from pairing.rules import ISSUE_OVER_REST
from tests.cast import Cast
from tests.load.slowed import DELAY

KILLS = int(os.environ.get("KILLS", "10"))
# The redemption's own statements, from the first inside its transaction to the last.
FIRST, LAST = "UPDATE pairing_pairingcode SET", 'INSERT INTO "audit_event"'
# About as long as the statements between the two take.
SPAN = 12 * DELAY

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


def database_url() -> str:
    now = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{now['NAME']}"
    return f"postgres://{now['USER']}:{now['PASSWORD']}@{now['HOST']}:{now['PORT'] or 5432}/{now['NAME']}"


@contextlib.contextmanager
def server(journal: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The production server with one slowed worker, in a process group of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.load.slowed_settings",
        "DATABASE_URL": database_url(),
        "KILL_JOURNAL": str(journal),
    }
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port),
        "--log-level", "critical", "pairing_service.wsgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield process, url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(url: str) -> None:
    for _ in range(400):
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{url}/api/v1/nothing", timeout=10)
            return
        time.sleep(0.05)
    pytest.fail("the server did not start")


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


def kill_while_redeeming(journal: Path, token: str, text: str) -> bool:
    """Whether the kill fell between the first and the last statement."""
    with server(journal) as (process, url):
        journal.unlink(missing_ok=True)
        client = threading.Thread(target=redeem, args=(url, token, text))
        client.start()
        deadline = time.monotonic() + 20
        while not has(journal, f"start {FIRST}") and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(random.uniform(0, SPAN))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        client.join()
    return has(journal, f"done {FIRST}") and not has(journal, f"done {LAST}")


def state(cast: Cast, code_id: int) -> tuple[str, int, int, int]:
    """The code's state, and how many links, observer enrolments and events there are."""
    return (
        PairingCode.objects.get(pk=code_id).state,
        ObservationLink.objects.filter(observer=cast.observer).count(),
        Enrolment.objects.filter(user=cast.observer).count(),
        Event.objects.filter(action="link_created").count(),
    )


def test_a_killed_redemption_leaves_all_or_nothing(cast: Cast, tmp_path: Path) -> None:
    token = cast.token(cast.observer)
    hits = misses = 0
    while hits < KILLS:
        issued = issue_code(
            actor=cast.actor(cast.student), action=ISSUE_OVER_REST, target=cast.student,
            surface=PairingCode.Surface.REST,
        )  # fmt: skip
        code_id = PairingCode.objects.latest("pk").pk
        hit = kill_while_redeeming(tmp_path / "journal", token, issued.text)
        after = state(cast, code_id)
        if hit:
            assert after == ("active", 0, 0, 0)
            hits += 1
        else:
            assert after in [("active", 0, 0, 0), ("redeemed", 1, 2, 1)]
            misses += 1
            ObservationLink.objects.all().delete()
            Enrolment.objects.filter(user=cast.observer).delete()
            Event.objects.filter(action="link_created").delete()
        assert misses <= 3 * KILLS, "the kills keep missing: is the span right?"
    print(f"{hits} kills hit, {misses} missed")
