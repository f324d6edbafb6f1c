"""SQL written by hand, for both databases: where one statement must decide something at once, and
where one is asked so often that the ORM would take longer than the database."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.db.models import F, Lookup, Model, Q
from django.db.models.expressions import Col, RawSQL

M = TypeVar("M", bound=Model)
log = logging.getLogger(__name__)


def run(sql: str, **values: Any) -> None:
    """Execute one statement with named values that gives no rows.

    Times are sent as Django stores them; `%(name)s` for a list becomes `(…, …)`, for IN.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_filled_in(sql, values))


def first(sql: str, **values: Any) -> tuple[Any, ...] | None:
    """The same for a statement that gives rows: its first, if there is one."""
    rows = every(sql, **values)
    return rows[0] if rows else None


def every(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The same, and every row."""
    with connection.cursor() as cursor:
        cursor.execute(*_filled_in(sql, values))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def row_of(model: type[M], rest: str, **values: Any) -> M | None:
    """One of the model; `rest` is what follows FROM and its table. None when there is none.

    Made by hand, too: Django's `raw` finds out anew each time how a row becomes an object, which
    takes twice as long as all else here.
    """
    found = first(f"{_selecting(model)} {rest}", **values)
    if found is None:
        return None
    names, converters = _reading(model)
    row = [*found]
    for at, column, convert in converters:
        row[at] = convert(row[at], column, connection)
    return model.from_db(connection.alias, names, row)


# Of each thread, as its connection is: what converts belongs to one, and would keep it for ever.
_readings = threading.local()

Reading = tuple[list[str], list[tuple[int, Col, Callable[..., Any]]]]


def _reading(model: type[Model]) -> Reading:
    """Of what `_selecting` selects: the attributes, and how what the database gives becomes them
    (position, column and function, in their order)."""
    kept: dict[Any, Reading] = vars(_readings)
    if model not in kept:
        kept[model] = _made_out(model)
    return kept[model]


def _made_out(model: type[Model]) -> Reading:
    fields = model._meta.concrete_fields
    columns = [field.get_col(model._meta.db_table) for field in fields]
    converters = [
        (at, column, convert)
        for at, column in enumerate(columns)
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        )
    ]
    return [field.attname for field in fields], converters


@cache
def _selecting(model: type[Model]) -> str:
    """SELECT the columns that the model knows FROM its table.

    By name: where a statement with `*` is prepared, a new column makes PostgreSQL refuse it.
    """
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}"'


def _filled_in(sql: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            names = [f"{name}_{n}" for n in range(len(value))]
            params |= dict(zip(names, value, strict=True))
            sql = sql.replace(f"%({name})s", f"({', '.join(f'%({n})s' for n in names)})")
        elif isinstance(value, datetime):
            params[name] = connection.ops.adapt_datetimefield_value(value)
        else:
            params[name] = value
    return sql, params


def plan_anew() -> None:
    """Let the database think about every statement of this transaction afresh.

    PostgreSQL keeps the plans of prepared statements; one that was made while a table was empty
    would read all of it for every batch of an import that fills it.
    """
    if connection.vendor == "postgresql":
        run("SET LOCAL plan_cache_mode = force_custom_plan")


def learn_sizes(models: Iterable[type[Model]]) -> None:
    """Let the database look how much these tables hold, by which it chooses how to read them.

    For after much was written: PostgreSQL looks by itself a minute or so later, SQLite never. Where
    it can't be done now, the database goes on with what it knows.
    """
    try:
        if connection.vendor == "sqlite":
            # Some rows of each index suffice; writers wait for a moment only.
            run("PRAGMA analysis_limit = 1000")
        for model in models:
            run(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
    except DatabaseError:
        log.warning("The database did not look how much it holds.", exc_info=True)


def listed(name: str) -> str:
    """For `IN`: the numbers of the named value, a JSON list: one parameter
    instead of one for each, as `among` is for filters."""
    if connection.vendor == "postgresql":
        return f"(SELECT value::bigint FROM json_array_elements_text(%({name})s::json))"
    return f"(SELECT value FROM json_each(%({name})s))"


def among(field: str, values: Collection[Any]) -> Q:
    """`field__in=values` for thousands of values: one parameter instead of one for each.

    SQLite limits their number, and on both the list of them would cost more than the query.
    """
    if connection.vendor == "postgresql":
        return Q(_EqualsAny(F(field), list(values)))
    listed = RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(values))])
    return Q(**{f"{field}__in": listed})


class _EqualsAny(Lookup):  # type: ignore[type-arg]
    """PostgreSQL's `= ANY(array)`, which it plans like IN."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, self.rhs)


def below_any(field: str, account_ids: Collection[int]) -> Q:
    """Where the account path in `field` lies below one of thousands of accounts: one parameter.

    The accounts themselves are not in it; `field` is a path as `Account.path` is."""
    return Q(_BelowAny(F(field), [str(account_id) for account_id in account_ids]))


class _BelowAny(Lookup):  # type: ignore[type-arg]
    """Whether an id above the last one of a path ("1/17/203/": 1 or 17) is in the list.

    Each id is looked up in the list, which both databases read once; comparing every path of the
    list with every row's would take thousands of times as long.
    """

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        above = f"rtrim(rtrim({column}, '/'), '0123456789')"
        if connection.vendor == "postgresql":
            ids = f"unnest(string_to_array({above}, '/')) AS part (value)"
            return f"EXISTS (SELECT 1 FROM {ids} WHERE value = ANY(%s))", (*params, self.rhs)
        ids = f"json_each('[\"' || replace({above}, '/', '\",\"') || '\"]')"
        listed = "(SELECT value FROM json_each(%s))"
        sql = f"EXISTS (SELECT 1 FROM {ids} WHERE value IN {listed})"
        return sql, (*params, json.dumps(self.rhs))
