"""Real processes of the product on the database under test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).parent.parent


def database_url() -> str:
    now = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{now['NAME']}"
    person = f"{now['USER']}:{now['PASSWORD']}"
    return f"postgres://{person}@{now['HOST']}:{now['PORT'] or 5432}/{now['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """What makes a process of the product use this test's database and uploads."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pairing_service.settings",
        "DATABASE_URL": database_url(),
        "SIS_UPLOADS": str(settings.SIS_UPLOADS),
        "LOG_LEVEL": "CRITICAL",
        **more,
    }


def manage(*arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """`manage.py` in a process group of its own; `more` goes into its environment."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment(**more), start_new_session=True)


@contextmanager
def running(*arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The same, and at the end it is gone."""
    process = manage(*arguments, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
