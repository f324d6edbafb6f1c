"""Rows that are put back as they were, which takes a fraction of making them again."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model


class Kept:
    """All that the product's tables hold when it is made."""

    def __init__(self, row: Model) -> None:
        """`row` is one of them: as long as it is there, all are."""
        table = connection.ops.quote_name(row._meta.db_table)
        self._look = f"SELECT 1 FROM {table} WHERE id = {row.pk}"
        self._tables = {
            model._meta.db_table: (model, rows)
            for model in apps.get_models()
            if (rows := _rows(model._meta.db_table))
        }

    def is_there(self) -> bool:
        with connection.cursor() as cursor:
            return cursor.execute(self._look).fetchone() is not None

    @transaction.atomic
    def put_back(self) -> None:
        """Into tables that are empty. References are looked at when all of it is there; what the
        database makes by itself, as the login of a person, makes way for what was there."""
        with connection.cursor() as cursor:
            for table, (_, rows) in self._tables.items():
                names = ", ".join(connection.ops.quote_name(name) for name in rows[0])
                places = ", ".join("%s" for _ in rows[0])
                into = f"INSERT INTO {connection.ops.quote_name(table)} ({names})"
                values = [tuple(row.values()) for row in rows]
                if _rows(table):
                    cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
                cursor.executemany(f"{into} VALUES ({places})", values)
            models = [model for model, _ in self._tables.values()]
            for statement in connection.ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)


def _rows(table: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    return [dict(zip(names, map(_as_sent, row), strict=True)) for row in rows]


def _as_sent(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
