"""Triggers of the database, which are no part of any migration: there from the first one on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate

Work = Callable[[BaseDatabaseWrapper], None]


def keep_triggers(app: AppConfig, *, make: Work, drop: Work, table: str) -> None:
    """Make the app's triggers after its migrations, once `table`, which they need, is there.

    SQLite alters no table of which a trigger speaks: there they are dropped before.
    """

    def before(using: str, plan: Sequence[Any], **_: Any) -> None:
        connection = connections[using]
        if plan and connection.vendor == "sqlite":
            drop(connection)

    def after(using: str, **_: Any) -> None:
        connection = connections[using]
        if table in connection.introspection.table_names():
            make(connection)

    pre_migrate.connect(before, sender=app, weak=False)
    post_migrate.connect(after, sender=app, weak=False)
