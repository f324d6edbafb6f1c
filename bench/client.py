"""A small HTTP client that is cheaper than the servers it measures: keep-alive, fixed requests."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def serving(application: str, workers: int = 2) -> Iterator[int]:
    """The production server with this application; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "1", "--no-ws",
        "--log-level", "critical", application,
    ]  # fmt: skip
    process = subprocess.Popen(command, start_new_session=True)
    try:
        _wait_for(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            time.sleep(1)  # the second worker
            return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def request(path: str, token: str, body: str = "") -> bytes:
    """A POST of a form, as bytes."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def send_all(port: int, requests: list[bytes], connections: int = 8) -> float:
    """Send everything over so many connections at once; seconds. Every answer must be a 200."""
    shares = [requests[n::connections] for n in range(connections)]
    failures: list[bytes] = []
    threads = [threading.Thread(target=_send, args=(port, s, failures)) for s in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if failures:
        raise SystemExit(f"{len(failures)} answers were not 200, the first: {failures[0][:300]!r}")
    return seconds


def _send(port: int, requests: list[bytes], failures: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for one in requests:
            connection.sendall(one)
            answer = _answer(connection)
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer)


def _answer(connection: socket.socket) -> bytes:
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        if end:
            at = head.lower().index(b"content-length:") + 15
            if len(body) >= int(head[at:].split(b"\r\n", 1)[0]):
                return data
        received = connection.recv(65536)
        if not received:
            return data or b"closed"
        data += received
