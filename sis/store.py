"""The things that a batch is about: as the database has them, as the rows want them, written.

Reading goes through the ORM; what is new is written in one statement, and what has changed in one
per set of changed columns.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import IntegrityError, connection, models

from pairing_service.rows import insert_rows, update_rows
from pairing_service.statements import among

K = TypeVar("K", bound=Hashable)
# A named tuple whose fields are the model's columns that rows decide.
V = TypeVar("V", bound=Any)

DELETED = "deleted"


class Changed(NamedTuple, Generic[K, V]):
    """One thing before (None: it is new) and after."""

    key: K
    before: V | None
    after: V


class Store(Generic[K, V]):
    """Rows of one model by key, and what is to become of them.

    `keys` are the columns that make the key (one column: the key is its bare value), `values` the
    named tuple of columns that may change, `fixed` the columns that are given once, for new rows.
    `constants` are the same for all new rows; other columns get the model's defaults.
    """

    def __init__(
        self,
        model: type[models.Model],
        values: type[V],
        *,
        keys: tuple[str, ...],
        fixed: tuple[str, ...] = (),
        constants: Mapping[str, Any],
    ) -> None:
        self.model = model
        self._values = values
        self._names: tuple[str, ...] = values._fields
        self._keys = keys
        self._fixed = fixed
        self._constants = constants
        self._stamps = {n: now for n, now in constants.items() if n == "updated_at"}
        self._found: dict[K, tuple[int, V]] = {}
        self._wanted: dict[K, V] = {}
        self._given: dict[K, tuple[Any, ...]] = {}

    def read(self, rows: models.QuerySet[Any]) -> None:
        """Take in what is there of these."""
        count = len(self._keys)
        make = self._values._make
        for pk, *cells in rows.values_list("pk", *self._keys, *self._names):
            key: Any = cells[0] if count == 1 else tuple(cells[:count])
            self._found[key] = pk, make(cells[count:])

    def get(self, key: K) -> V | None:
        """The thing as it will be after what has been put so far; None when there is none."""
        if key in self._wanted:
            return self._wanted[key]
        return self._found[key][1] if key in self._found else None

    def before(self, key: K) -> V | None:
        """The thing as it was read; None when it was not there."""
        return self._found[key][1] if key in self._found else None

    def pk(self, key: K) -> int | None:
        """The id of one that was there before."""
        return self._found[key][0] if key in self._found else None

    def put(self, key: K, values: V, fixed: tuple[Any, ...] = ()) -> None:
        """Want it so. `fixed` is for a new one; without it what an earlier row gave stays."""
        self._wanted[key] = values
        if key not in self._found and (fixed or key not in self._given):
            self._given[key] = fixed

    def leave(self, key: K) -> None:
        """Want nothing of it."""
        self._wanted.pop(key, None)
        self._given.pop(key, None)

    def changes(self) -> Iterator[Changed[K, V]]:
        """What will differ from what was read."""
        for key, values in self._wanted.items():
            before = self.before(key)
            if before != values:
                yield Changed(key, before, values)

    def write(self) -> list[Changed[K, V]]:
        """Write what differs. IntegrityError when somebody else got in between."""
        changes = list(self.changes())
        there = [change for change in changes if change.before is not None]
        self._hold(there)
        self.make_way(there)
        self._update(there)
        self._insert([change for change in changes if change.before is None])
        return changes

    def make_way(self, changes: list[Changed[K, V]]) -> None:
        """Called when what will be overwritten is held: for values that change hands."""

    def _update(self, changes: list[Changed[K, V]]) -> None:
        alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for key, before, after in changes:
            names = [n for n in self._names if getattr(before, n) != getattr(after, n)]
            pk = self._found[key][0]
            cells = (getattr(after, name) for name in names)
            alike[tuple(names)].append((*cells, *self._stamps.values(), pk))
        for changed, rows in alike.items():
            update_rows(self.model, (*changed, *self._stamps), rows)

    def _hold(self, changes: list[Changed[K, V]]) -> None:
        """Lock what will be overwritten, and make sure that it still is what was read."""
        if not changes or not connection.features.has_select_for_update:
            return
        read = {self._found[change.key][0]: change.before for change in changes}
        rows = self.model._default_manager.filter(among("pk", read)).order_by("pk")
        held = rows.select_for_update(no_key=True).values_list("pk", *self._names)
        if {pk: self._values._make(cells) for pk, *cells in held} != read:
            raise IntegrityError("a row was changed by somebody else meanwhile")

    def _insert(self, changes: list[Changed[K, V]]) -> None:
        names = (*self._keys, *self._fixed, *self._names)
        rows = ((*_cells(key), *self._given[key], *values) for key, _, values in changes)
        insert_rows(self.model, names, rows, self._constants)


def _cells(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def count(changes: Iterable[Changed[Any, Any]]) -> Counter[str]:
    """How many were created, updated, deleted."""
    return Counter(_verb(change) for change in changes)


def _verb(change: Changed[Any, Any]) -> str:
    if change.before is None:
        return "created"
    return "deleted" if change.after.state == DELETED != change.before.state else "updated"
