"""The worker, or `./serve`, is told to end, at whatever moment: it ends, and nothing is printed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sis import running, working
from sis.working import Worker
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> Iterator[Worker]:
    signals = [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT]
    before = [signal.getsignal(one) for one in signals]
    worker = Worker(interval=60, until_idle=False)
    worker.configure_signals()
    yield worker
    running.stopping.clear()
    for one, handler in zip(signals, before, strict=True):
        signal.signal(one, handler)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_its_sleep_is_cut_short(worker: Worker) -> None:
    threading.Timer(0.2, interrupt).start()
    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        worker.run()
    assert ended.value.code == 0
    assert time.monotonic() - began < 30


def test_while_it_begins_it_ends_by_itself(worker: Worker, monkeypatch: Any) -> None:
    monkeypatch.setattr(working, "look_after", interrupt)
    worker.run()
    assert running.stopping.is_set()


def test_a_further_signal_while_it_ends_changes_nothing(worker: Worker) -> None:
    for _ in range(2):
        interrupt()
    assert not worker.running


def test_serve_ends_in_silence_while_it_loads(tmp_path: Path) -> None:
    (tmp_path / "django.py").write_text("import time; print('loads', flush=True); time.sleep(60)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        ["./serve"], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(tmp_path), "PORT": port},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "loads\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == ("", None)
