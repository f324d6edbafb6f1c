"""What a role may do in an account, from the default and the overrides on the way down.

Pure: ids and rows in, a decision with its trail out; no ORM, no clock. The rules are in the spec,
"Overrides"; numbers in comments are its steps. There is one walk, `_walk`. The answer, the grid and
the explanation all read its steps, so they cannot disagree.

An account without a row counts only by its place above or below the rows. So a caller may leave it
out of the chain, unless it is the root, where the role is held, or the account asked about.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from permissions.catalogue import Level, Permission

Account = TypeVar("Account", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Row:
    """An override of one (role, permission) in one account; at least one `applies_to_…` is true."""

    enabled: bool
    locked: bool
    applies_to_self: bool
    applies_to_descendants: bool

    @property
    def reach(self) -> "Reach":
        """The value that this row sets."""
        return Reach(self.applies_to_self, self.applies_to_descendants) if self.enabled else OFF


class Reach(NamedTuple):
    """Where a value is on, seen from the account that decided it: there itself, and below it."""

    here: bool
    below: bool

    def __bool__(self) -> bool:
        """On somewhere. (A tuple of two would be true even when both are off.)"""
        return self.here or self.below


ON = Reach(here=True, below=True)
OFF = Reach(here=False, below=False)


class Note(StrEnum):
    """What happened at a step, for explanations."""

    DEFAULT = "default"  # the start: the base role's default
    NOT_AVAILABLE = "not available"  # the start and the end: nobody can change it
    NOT_HELD_IN_ROOT = "not held in root"  # the start and the end: a root-level permission
    ROW = "row"  # the account's row decides
    INHERITED = "inherited"  # no row: the value stays as it came
    BELOW_ONLY_ARRIVES = "below only arrives"  # no row: "below only" from above becomes on
    SELF_ONLY_STAYS_ABOVE = "self only stays above"  # no row: "self only" from above becomes off
    IGNORED_NOT_CHANGEABLE = "ignored: not changeable"  # a row against one of the two ends above
    IGNORED_LOCKED_ABOVE = "ignored: locked above"  # a row below a locked one
    IGNORED_ALREADY_ON = "ignored: already on"  # a row below where the membership is held


class Step(NamedTuple, Generic[Account]):
    """One step of the walk. `reach` is in force after it, set by `decided_by` (None: the default).

    The first step, about the default, has no account. An ignored row carries the value that stays.
    """

    account: Account | None
    row: Row | None
    note: Note
    reach: Reach
    decided_by: Account | None


@dataclass(frozen=True, slots=True)
class Decision(Generic[Account]):
    """The answer for `account` and the `trail` that led to it, from the default down to it."""

    account: Account
    trail: tuple[Step[Account], ...]

    @property
    def allowed(self) -> bool:
        """On at the account: by its own row when it applies to self, else to descendants (5)."""
        end = self.trail[-1]
        return end.reach.here if end.decided_by == self.account else end.reach.below

    @property
    def reach(self) -> Reach:
        """The value in force, seen from `decided_by`."""
        return self.trail[-1].reach

    @property
    def decided_by(self) -> Account | None:
        """The account whose row decided; None when it is the default."""
        return self.trail[-1].decided_by

    @property
    def changeable(self) -> bool:
        """Whether a row could change it: not when unavailable, or root-level and not held there."""
        return self.trail[0].note is Note.DEFAULT

    @property
    def locked_by(self) -> Account | None:
        """The account whose locked row ended the walk."""
        return next((s.account for s in self.trail if s.note is Note.ROW and _locks(s.row)), None)

    def __bool__(self) -> bool:
        return self.allowed


def resolve(
    permission: Permission,
    base_role: str,
    chain: Sequence[Account],
    rows: Mapping[Account, Row],
    held_at: Account | None,
) -> Decision[Account]:
    """Whether a role holds a permission at the end of the chain (spec "Overrides").

    `chain`: account ids from the root down to the account asked about. `rows`: the role's overrides
    of this permission by account; others than the chain's don't matter. `held_at`: where the
    membership is; None for an enrolment, which is judged all the way down.
    ValueError: the chain is empty, or `held_at` is not in it.
    """
    if not chain or (held_at is not None and held_at not in chain):
        raise ValueError(f"The role is held at {held_at!r}, which is not in the chain {chain!r}.")
    return Decision(chain[-1], tuple(_walk(permission, base_role, chain, rows, held_at)))


@dataclass(frozen=True, slots=True)
class GridCell:
    """One permission of one role as the grid and the Roles API show it (spec "Overrides").

    Not an answer: under a lock it shows the reach of the locked row above, which may be "self only"
    and so on there and off here. `resolve` answers.
    """

    enabled: bool
    locked: bool
    readonly: bool
    explicit: bool
    prior_default: bool | None
    applies_to_self: bool
    applies_to_descendants: bool


def cell(
    permission: Permission, base_role: str, chain: Sequence[Account], rows: Mapping[Account, Row]
) -> GridCell:
    """What the grid shows for a role at the end of the chain: as if it were held right there.

    Takes the same as `resolve`. `prior_default` is None when the cell is not explicit. A root-level
    permission below the root cannot be set there: it is off, locked and readonly.
    """
    account = chain[-1]
    decision = resolve(permission, base_role, chain, rows, held_at=account)
    explicit = decision.decided_by == account
    locked = not decision.changeable or decision.locked_by is not None
    return GridCell(
        enabled=bool(decision.reach),
        locked=locked,
        readonly=locked and not explicit,
        explicit=explicit,
        prior_default=_prior_default(permission, base_role, chain, rows) if explicit else None,
        applies_to_self=decision.reach.here,
        applies_to_descendants=decision.reach.below,
    )


def _prior_default(
    permission: Permission, base_role: str, chain: Sequence[Account], rows: Mapping[Account, Row]
) -> bool:
    """What the cell would be without this account's row."""
    others = {account: row for account, row in rows.items() if account != chain[-1]}
    return resolve(permission, base_role, chain, others, held_at=chain[-1]).allowed


def _walk(
    permission: Permission,
    base_role: str,
    chain: Sequence[Account],
    rows: Mapping[Account, Row],
    held_at: Account | None,
) -> Iterator[Step[Account]]:
    """The default, then a step per account from the root down; after the end only ignored rows."""
    step: Step[Account] = _start(permission, base_role, held_in_root=held_at == chain[0])
    ignored = None if step.note is Note.DEFAULT else Note.IGNORED_NOT_CHANGEABLE
    yield step
    held = False
    for account in chain:
        row = rows.get(account)
        held = held or account == held_at
        if ignored is None:
            step = _at(account, row, step, last=account == chain[-1])
            ignored = _end(step, held=held)
            yield step
        elif row is not None:
            yield Step(account, row, ignored, step.reach, step.decided_by)


def _start(permission: Permission, base_role: str, *, held_in_root: bool) -> Step[Account]:
    """The default (1), and the two cases where it is the answer (2, 3)."""
    default = ON if base_role in permission.true_for else OFF
    if base_role not in permission.available_to:
        return Step(None, None, Note.NOT_AVAILABLE, default, None)
    if permission.level is Level.ROOT and not held_in_root:
        return Step(None, None, Note.NOT_HELD_IN_ROOT, OFF, None)
    return Step(None, None, Note.DEFAULT, default, None)


def _at(account: Account, row: Row | None, above: Step[Account], *, last: bool) -> Step[Account]:
    """The value at one account (4): its row, else what comes from above."""
    if row is not None:
        return Step(account, row, Note.ROW, row.reach, account)
    if last and above.reach == Reach(here=False, below=True):
        return Step(account, None, Note.BELOW_ONLY_ARRIVES, ON, above.decided_by)
    if last and above.reach == Reach(here=True, below=False):
        return Step(account, None, Note.SELF_ONLY_STAYS_ABOVE, OFF, above.decided_by)
    return Step(account, None, Note.INHERITED, above.reach, above.decided_by)


def _end(step: Step[Account], *, held: bool) -> Note | None:
    """Why rows below this step are ignored; None while the walk goes on (4, and "held")."""
    if _locks(step.row):
        return Note.IGNORED_LOCKED_ABOVE
    # Where the membership is held, and below, rows add where it is wholly off and never take away.
    return Note.IGNORED_ALREADY_ON if held and step.reach else None


def _locks(row: Row | None) -> bool:
    return row is not None and row.locked
