"""The production server and its worker on the database under test, with all that they say kept."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import requests

from tests.processes import ROOT, environment, until

SETTINGS = "tests.trust.served_settings"


class Service:
    """Server and worker in process groups of their own; `log` is everything that both print."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.log, self.mails, self.drawn = folder / "log", folder / "mails", folder / "drawn"
        self.mails.mkdir()
        self.drawn.touch()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._environment = environment(
            DJANGO_SETTINGS_MODULE=SETTINGS, DEBUG="False", HTTPS="False", ALLOWED_HOSTS="*",
            EMAIL_URL=f"filemail:///{self.mails}", DRAWN=str(self.drawn), LOG_LEVEL="DEBUG",
            GRANIAN_LOG_ACCESS_ENABLED="true", PYTHONUNBUFFERED="1", **more,
        )  # fmt: skip
        self._processes = [
            self._start("-m", "granian", "--interface", "wsgi", "--port", str(port),
                        "--log-level", "debug", "pairing_service.wsgi:application"),
            self._start("manage.py", "worker", "--interval", "0.1"),
        ]  # fmt: skip

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self._environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Until it answers."""
        until(lambda: _answers(self.url), "the server does not answer")

    def stop(self) -> None:
        """End both as an operator does, so that they say what they have left to say."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def key_in_mail(self, path: str) -> str:
        """What opens the page at `path`, from the link in the mail to it, which is thrown away."""
        link = re.compile(rf"{re.escape(self.url + path)}\?key=(\S+)")

        def sent() -> str | None:
            for file in self.mails.iterdir():
                if match := link.search(file.read_text()):
                    file.unlink()
                    return unquote(match[1])
            return None

        return str(until(sent, f"no mail with a link to {path}"))


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{url}/login", timeout=10).status_code == 200
    return False


class Browser:
    """Somebody's browser: cookies, and forms with their token. Each answer must be as expected."""

    def __init__(self, url: str, agent: str) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.headers["User-Agent"] = agent
        self.get("/login")

    def get(self, path: str, status: int = 200, **more: Any) -> requests.Response:
        return self._checked(self._http.get(self._url + path, timeout=30, **more), status)

    def post(self, path: str, status: int = 302, **form: Any) -> requests.Response:
        """Without following where it leads."""
        sent = self._http.post(
            self._url + path, form, headers={"X-CSRFToken": self.cookie("csrftoken")},
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        return self._checked(sent, status)

    def _checked(self, answer: requests.Response, status: int) -> requests.Response:
        said = answer.text[-2000:]
        assert answer.status_code == status, f"{answer.url}: {answer.status_code}\n{said}"
        return answer

    def sign_in(self, login: str, password: str, status: int = 302) -> None:
        self.post("/login", status, login=login, password=password)

    def cookie(self, name: str) -> str:
        return str(self._http.cookies.get(name, ""))

    @property
    def cookies(self) -> dict[str, str]:
        return {name: value for name, value in self._http.cookies.items() if value}
