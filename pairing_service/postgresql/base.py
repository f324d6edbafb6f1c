"""Django's PostgreSQL engine, which asks whether a connection still stands only after a pause, and
compiles nothing.

Django asks with every request: one round trip more, of the five that many a request needs. A busy
connection that breaks shows it soon enough: Django looks at every connection that had an error,
and opens a new one for the next request.

PostgreSQL compiles what it expects to take long. The filters of the rules have many parts, and
mostly each looks at a few rows: compiling them took half a second, and running them 50 ms.
"""

from __future__ import annotations

import time
from typing import Any

from django.db.backends.postgresql import base

# Seconds without a statement after which the server, or what lies between, may have hung up.
_PAUSE = 5


class DatabaseWrapper(base.DatabaseWrapper):
    _asked_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        now = time.monotonic()
        if now - self._asked_at > _PAUSE:
            super().close_if_health_check_failed()
        self._asked_at = now

    def _configure_connection(self, connection: Any) -> bool:
        super()._configure_connection(connection)  # type: ignore[misc]
        # Not among the options of the connection: a pooler may not take these.
        connection.execute("SET jit = off")
        return True
