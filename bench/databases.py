"""A fresh database for one benchmark: a SQLite file, or one in the PostgreSQL of DATABASE_URL."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def fresh_database() -> Iterator[str]:
    """Migrated, named by DATABASE_URL in this process's environment while the block runs."""
    given = os.environ.get("DATABASE_URL", "")
    make = _on_postgresql(given) if given.startswith("postgres") else _on_sqlite()
    with make as url:
        os.environ["DATABASE_URL"] = url
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        subprocess.run([sys.executable, "manage.py", "createcachetable"], check=True)
        yield url


@contextlib.contextmanager
def _on_sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


@contextlib.contextmanager
def _on_postgresql(server: str) -> Iterator[str]:
    import psycopg

    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.rsplit("/", 1)[0] + f"/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
