"""Some rows of one kind, on their way through one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from accounts.actor import Actor
from accounts.models import Account
from sis.report import Outcome, Place, problem_at


class Row(Protocol):
    """A row of a kind: a named tuple of its place and its cells.

    A cell is stripped text; None when the file does not have the column.
    """

    @property
    def place(self) -> Place: ...


R = TypeVar("R", bound=Row)
# For the parts that carry rows of every kind about and look at nothing but their place.
AnyRow = Any


class RowRefused(Exception):
    """Why a row is not taken, in a sentence."""


class TryLater(Exception):
    """Why a row can't be taken yet; what comes after it may make it good, else it is refused."""


@dataclass
class Batch(Generic[R]):
    """What a kind's `put` gets: for whom, the rows, and where to tell what came of them."""

    actor: Actor
    now: datetime
    rows: Sequence[R]
    prepared: Any = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    later: list[tuple[R, str]] = field(default_factory=list)

    @property
    def root(self) -> Account:
        return self.actor.root_account

    @property
    def stamps(self) -> dict[str, Any]:
        """The columns that are the same in all new rows of the batch."""
        return {
            "root_account_id": self.root.pk,
            "created_at": self.now,
            "updated_at": self.now,
        }

    def each(self, take: Callable[[R], None]) -> None:
        """Call `take` with every row; one that it refuses does not stop the others."""
        for row in self.rows:
            try:
                take(row)
            except RowRefused as refused:
                self.outcome.errors.append(problem_at(row.place, str(refused)))
            except TryLater as not_yet:
                self.later.append((row, str(not_yet)))

    def put_off(self, rows: Iterable[R], reason: str) -> None:
        """Rows that were taken, and can't be yet."""
        waiting = {row.place for row, _ in self.later}
        self.later += [(row, reason) for row in rows if row.place not in waiting]

    def warn(self, row: R, reason: str) -> None:
        self.outcome.warnings.append(problem_at(row.place, reason))

    def count_unchanged(self) -> None:
        """Every row that is neither refused nor put off nor made a change."""
        told = self.outcome.changes.total() + len(self.outcome.errors) + len(self.later)
        self.outcome.unchanged = max(0, len(self.rows) - told)


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A kind of file: its columns, and what its rows do.

    `row` is the named tuple whose fields, after the place, are the columns; the `required` ones
    must be in the header, and of each group in `one_of` at least one. `prepare` does slow work
    before the transaction; what it returns is the batch's `prepared`.
    """

    name: str
    row: type[R]
    required: tuple[str, ...]
    put: Callable[[Batch[R]], None]
    one_of: tuple[tuple[str, ...], ...] = ()
    not_taken: tuple[str, ...] = ()
    prepare: Callable[[Account, Sequence[R]], Any] | None = None
    slow_column: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        fields: tuple[str, ...] = self.row._fields  # type: ignore[attr-defined]
        return fields[1:]
