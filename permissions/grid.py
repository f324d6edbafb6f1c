"""What the permissions page shows: its lines, and the state of each cell. Pure, like the merge.

A line is a permission or a group of them, a column a role. The states are the merge's own answers
(`permissions.inheritance`), said in the page's words; they are few, so they can be drawn once each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from permissions.catalogue import (
    ACCOUNT_BASE_ROLES,
    COURSE_BASE_ROLES,
    GROUPS,
    PERMISSIONS,
    Group,
    Level,
    Permission,
    permission,
)
from permissions.inheritance import Decision, Reach, Row, resolve
from permissions.overrides import OverrideChange

ALL_GROUPS = "all"


class Kind(StrEnum):
    """The page's two tabs."""

    COURSE = "course"
    ACCOUNT = "account"

    @property
    def base_roles(self) -> frozenset[str]:
        return COURSE_BASE_ROLES if self is Kind.COURSE else ACCOUNT_BASE_ROLES


class Value(StrEnum):
    """What a role may do in the account that is shown."""

    ON = "on"
    HERE = "here"  # on in this account only
    BELOW = "below"  # on in the accounts below only
    OFF = "off"
    SOME = "some"  # a group whose members differ
    NEVER = "never"  # not available to the base role


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of a cell. `decided_by`, `locked_by`: ids of accounts; None for the default.

    `is_set`: a row of this very account counts. `is_fixed`: nothing done here changes it.
    """

    value: Value
    is_set: bool = False
    is_locked: bool = False
    is_fixed: bool = False
    decided_by: int | None = None
    locked_by: int | None = None


NEVER = Shown(Value.NEVER, is_locked=True, is_fixed=True)


def shown(
    permission: Permission, base_role: str, chain: Sequence[int], rows: Mapping[int, Row]
) -> Shown:
    """The state of one permission of a role at the end of the chain, as if held right there.

    Where an account above has locked it, this is what that leaves here: a locked “there only” is
    off here, although the Roles API sends the locked row's own value along.
    """
    return _state(permission, base_role, resolve(permission, base_role, chain, rows, chain[-1]))


Nature = tuple[bool, bool, bool]


@cache
def nature(key: str, base_role: str) -> Nature:
    """All that the walk asks of a permission and a base role; alike ones have the same states."""
    one = permission(key)
    return base_role in one.available_to, base_role in one.true_for, one.level is Level.ROOT


def _state(permission: Permission, base_role: str, decision: Decision[int]) -> Shown:
    if not decision.changeable and not decision.allowed:
        return NEVER
    is_set = decision.decided_by == decision.account
    inherited = Value.ON if decision.allowed else Value.OFF
    is_locked = not decision.changeable or decision.locked_by is not None
    return Shown(
        _VALUES[decision.reach] if is_set else inherited,
        is_set,
        is_locked,
        is_fixed=is_locked and not is_set,
        decided_by=decision.decided_by,
        locked_by=decision.locked_by,
    )


_VALUES = {
    Reach(here=True, below=True): Value.ON,
    Reach(here=True, below=False): Value.HERE,
    Reach(here=False, below=True): Value.BELOW,
    Reach(here=False, below=False): Value.OFF,
}


def shown_together(members: Iterable[Shown]) -> Shown:
    """The state of a group: what its members have in common. Those never available don't count."""
    counted = {state for state in members if state.value is not Value.NEVER}
    if len(counted) < 2:
        return counted.pop() if counted else NEVER
    values = {state.value for state in counted}
    deciders = {state.decided_by for state in counted}
    lockers = {state.locked_by for state in counted}
    return Shown(
        values.pop() if len(values) == 1 else Value.SOME,
        is_set=any(state.is_set for state in counted),
        is_locked=all(state.is_locked for state in counted),
        is_fixed=all(state.is_fixed for state in counted),
        decided_by=deciders.pop() if len(deciders) == 1 else None,
        locked_by=lockers.pop() if len(lockers) == 1 else None,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the grid. `members` are a group's permissions that are asked for; else empty."""

    key: str
    label: str
    members: tuple[Permission, ...] = ()
    is_open: bool = False

    @property
    def is_group(self) -> bool:
        return self.key in GROUPS


def keys_of(key: str) -> tuple[str, ...]:
    """The permissions that a line is about: a group's members, or the one itself."""
    return GROUPS[key].members if key in GROUPS else (key,)


def label_of(key: str) -> str:
    """A permission's or a group's label. Raises UnknownPermission."""
    return GROUPS[key].label if key in GROUPS else permission(key).label


def available(kind: Kind, *, in_root: bool) -> list[Permission]:
    """What roles of this kind can hold, or hold always; root-level ones in a root account only."""
    return [
        one
        for one in PERMISSIONS.values()
        if (in_root or one.level is not Level.ROOT)
        and not kind.base_roles.isdisjoint(one.available_to | one.true_for)
    ]


def lines(
    permissions: Iterable[Permission],
    *,
    search: str = "",
    enforced_only: bool = False,
    opened: Collection[str] = (),
) -> list[Line]:
    """The lines for these permissions, by label; what is searched for opens its group.

    `opened`: keys of groups, or ALL_GROUPS.
    """
    words = search.casefold().split()
    wanted = [one for one in permissions if one.enforced or not enforced_only]
    found = [one for one in wanted if not words or _has(words, one)]
    alone = [Line(one.key, one.label) for one in found if not one.group]
    groups = (_group_line(GROUPS[key], found, words, opened) for key in _groups_of(found))
    return sorted([*alone, *groups], key=lambda line: line.label.casefold())


def _has(words: list[str], one: Permission) -> bool:
    group = GROUPS[one.group].label if one.group else ""
    text = f"{one.label} {one.key} {group}".casefold()
    return all(word in text for word in words)


def _groups_of(permissions: Iterable[Permission]) -> Iterator[str]:
    yield from dict.fromkeys(one.group for one in permissions if one.group)


def _group_line(
    group: Group, found: Iterable[Permission], words: list[str], opened: Collection[str]
) -> Line:
    members = tuple(one for one in found if one.group == group.key)
    is_open = bool(words) or group.key in opened or ALL_GROUPS in opened
    return Line(group.key, group.label, members, is_open)


# --- Changing a cell ---


class Choice(StrEnum):
    """What a cell's menu offers: a value, or where “on” counts."""

    ON = "on"
    ON_LOCKED = "on-locked"
    OFF = "off"
    OFF_LOCKED = "off-locked"
    DEFAULT = "default"
    EVERYWHERE = "everywhere"
    HERE = "here"
    BELOW = "below"


_REACHES = {Value.ON: Choice.EVERYWHERE, Value.HERE: Choice.HERE, Value.BELOW: Choice.BELOW}


def is_part(key: str) -> bool:
    """A permission of a group: it is locked together with the group's others only."""
    return key in PERMISSIONS and bool(PERMISSIONS[key].group)


def choices(state: Shown, *, of_part: bool) -> list[Choice]:
    """The values that the menu offers; `of_part`: for a permission of a group."""
    if state.is_fixed:
        return []
    if not of_part:
        return [Choice.ON, Choice.ON_LOCKED, Choice.OFF, Choice.OFF_LOCKED, Choice.DEFAULT]
    # Without a row it would lose the lock that it has together with the group.
    return [Choice.ON, Choice.OFF] if state.is_locked else [Choice.ON, Choice.OFF, Choice.DEFAULT]


def reaches(state: Shown) -> list[Choice]:
    """Where “on” can count, for what is on somewhere."""
    return [] if state.is_fixed or state.value not in _REACHES else list(_REACHES.values())


def chosen(state: Shown, *, of_part: bool) -> set[Choice]:
    """What the cell has now, of `choices` and of `reaches`."""
    found = {_REACHES[state.value]} if state.value in _REACHES else set()
    if not state.is_set:
        return found | {Choice.DEFAULT}
    if state.value is Value.SOME:
        return found
    is_locked = state.is_locked and not of_part
    if state.value is Value.OFF:
        return found | {Choice.OFF_LOCKED if is_locked else Choice.OFF}
    return found | {Choice.ON_LOCKED if is_locked else Choice.ON}


def change_of(choice: Choice, state: Shown, *, of_part: bool) -> OverrideChange:
    """The change that a choice asks for. Switching on what is on keeps where it counts."""
    if choice is Choice.DEFAULT:
        return OverrideChange(locked=None if of_part else False)
    if choice in _REACHES.values():
        here, below = choice is not Choice.BELOW, choice is not Choice.HERE
        return OverrideChange(True, None, applies_to_self=here, applies_to_descendants=below)
    enabled = choice in (Choice.ON, Choice.ON_LOCKED)
    locked = None if of_part else choice in (Choice.ON_LOCKED, Choice.OFF_LOCKED)
    reach = None if enabled and state.is_set and state.value in _REACHES else True
    return OverrideChange(enabled, locked, applies_to_self=reach, applies_to_descendants=reach)
