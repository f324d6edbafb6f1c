"""Many rows in one statement, written by hand: for a hundred thousand rows the ORM's model
instances and its lists of parameters would cost more than all else together.

PostgreSQL gets rows as one JSON text, SQLite by `executemany` (its statements are prepared once and
need no round trip).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

Rows = Iterable[Sequence[Any]]


def insert_rows(
    model: type[models.Model], names: tuple[str, ...], rows: Rows, constants: Mapping[str, Any]
) -> None:
    """Insert rows of `names`; other columns get what `constants` says, or the model's defaults."""
    fields = _fields(model)
    rest = [n for n, field in fields.items() if n not in names and not field.primary_key]
    made = [n for n in rest if n not in constants and callable(fields[n].default)]
    same = [n for n in rest if n not in made]
    make = [fields[name].get_default for name in made]
    tail = tuple(_constant(fields[name], constants) for name in same)
    columns = [fields[name] for name in (*names, *made, *same)]
    listed = ", ".join(_quote(field.column) for field in columns)
    into = f"INSERT INTO {_quote(model._meta.db_table)} ({listed})"
    _run(
        columns,
        [(*row, *[one() for one in make], *tail) for row in rows],
        sqlite=f"{into} VALUES ({', '.join(['%s'] * len(columns))})",
        postgresql=f"{into} SELECT {listed} FROM ",
    )


def update_rows(model: type[models.Model], names: tuple[str, ...], rows: Rows) -> None:
    """Update rows; each is the new values of `names`, then the id."""
    fields = _fields(model)
    columns = [fields[name] for name in (*names, "id")]
    quoted = [_quote(field.column) for field in columns[:-1]]
    # The table is `old`, the given rows are `new`.
    table = f"{_quote(model._meta.db_table)} AS old"
    _run(
        columns,
        list(rows),
        sqlite=f"UPDATE {table} SET {', '.join(f'{n} = %s' for n in quoted)} WHERE id = %s",
        postgresql=f"UPDATE {table} SET {', '.join(f'{n} = new.{n}' for n in quoted)} FROM ",
        matching=" WHERE old.id = new.id",
    )


def _fields(model: type[models.Model]) -> dict[str, Any]:
    return {field.attname: field for field in model._meta.concrete_fields}


def _constant(field: Any, constants: Mapping[str, Any]) -> Any:
    if field.attname in constants:
        return constants[field.attname]
    if field.default is NOT_PROVIDED:
        return None if field.null else ""
    return field.default


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)


def _run(
    columns: list[Any],
    rows: list[Sequence[Any]],
    *,
    sqlite: str,
    postgresql: str,
    matching: str = "",
) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(sqlite, _for_sqlite(columns, rows))
        else:
            text = json.dumps([dict(enumerate(row)) for row in rows], default=str)
            cursor.execute(f"{postgresql}{_recordset(columns)}{matching}", [text])


def _recordset(columns: list[Any]) -> str:
    """The parameter, read as a table called `new` of these columns."""
    types = [
        field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
        for field in columns
    ]
    numbered = ", ".join(f'"{number}" {type_}' for number, type_ in enumerate(types))
    named = ", ".join(f'"{number}" AS {_quote(f.column)}' for number, f in enumerate(columns))
    return f"(SELECT {named} FROM json_to_recordset(%s::json) AS given ({numbered})) AS new"


def _for_sqlite(columns: list[Any], rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows as SQLite keeps them: times, UUIDs and JSON are text there."""
    by_column = zip(columns, zip(*rows, strict=True), strict=True)
    prepared = (_text(field, cells) for field, cells in by_column)
    return list(zip(*prepared, strict=True))


def _text(field: Any, cells: tuple[Any, ...]) -> Sequence[Any]:
    if isinstance(field, models.DateTimeField):
        known = {cell: connection.ops.adapt_datetimefield_value(cell) for cell in set(cells)}
        return [known[cell] for cell in cells]
    if isinstance(field, models.UUIDField):
        return [field.get_db_prep_value(cell, connection) for cell in cells]
    if isinstance(field, models.JSONField):
        return [json.dumps(cell) for cell in cells]
    return cells
