"""Working out a change of overrides before anything is written (contract §4.2). No ORM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from permissions.catalogue import (
    COURSE_BASE_ROLES,
    GROUPS,
    PERMISSIONS,
    Permission,
)
from permissions.inheritance import GridCell, Row, resolve

# An administrator is asked once before a role gets these: to act as others, to change what roles
# may do, to make administrators.
DANGEROUS = frozenset({"become_user", "manage_role_overrides", "manage_account_memberships"})


class OverrideRefused(Exception):
    """Why nobody can make this change, in the contract's words."""


@dataclass(frozen=True)
class OverrideChange:
    """What is asked for one permission of a role in an account, or for a group of them.

    `enabled` None: inherit, so that no row stands unless it is `locked`. The others None: as it is.
    """

    enabled: bool | None = None
    locked: bool | None = None
    applies_to_self: bool | None = None
    applies_to_descendants: bool | None = None

    @property
    def applies_nowhere(self) -> bool:
        return self.applies_to_self is False and self.applies_to_descendants is False


def by_permission(changes: Mapping[str, OverrideChange]) -> dict[str, OverrideChange]:
    """The changes per permission: a group's for each member, unless the member has its own.

    Unknown keys are left out.
    """
    asked = {
        member: change
        for key, change in changes.items()
        if key in GROUPS
        for member in GROUPS[key].members
    }
    for key, change in changes.items():
        if key in PERMISSIONS:
            of_group = asked.get(key)
            asked[key] = replace(change, locked=of_group.locked) if of_group else change
    return asked


def check(changes: Mapping[str, OverrideChange], cells: Mapping[str, GridCell]) -> None:
    """Raise OverrideRefused for a change that makes no sense, and for a lock on part of a group.

    `cells` has what is shown now: saying that a lock stays as it is does no harm, and what can't be
    set here is passed over.
    """
    for key, change in changes.items():
        if change.applies_nowhere:
            raise OverrideRefused("Permission must be enabled for someone")
        group = PERMISSIONS[key].group if key in PERMISSIONS and not cells[key].readonly else ""
        if group and _changes_lock(change, cells[key], alone=group not in changes):
            raise OverrideRefused("Cannot change locked status on granular permission")


def _changes_lock(change: OverrideChange, shown: GridCell, *, alone: bool) -> bool:
    """Whether it says another lock, or (without the group) takes the locked row away."""
    if change.locked is not None and change.locked != shown.locked:
        return True
    ends_row = change.enabled is None and not change.locked
    return alone and ends_row and shown.explicit and shown.locked


def row_after(change: OverrideChange, row: Row | None, shown: GridCell) -> Row | None:
    """The row that stands after the change of what was `shown`; None: there is none.

    A lock without a value keeps the value in force, with its reach. Raises OverrideRefused.
    """
    if change.enabled is None and not change.locked:
        return None
    before = row or _in_force(shown, keep_reach=change.enabled is None)
    after = Row(
        enabled=before.enabled if change.enabled is None else change.enabled,
        locked=_or(change.locked, before.locked),
        applies_to_self=_or(change.applies_to_self, before.applies_to_self),
        applies_to_descendants=_or(change.applies_to_descendants, before.applies_to_descendants),
    )
    if not after.applies_to_self and not after.applies_to_descendants:
        raise OverrideRefused("Permission must be enabled for someone")
    return after


def _in_force(shown: GridCell, *, keep_reach: bool) -> Row:
    if not shown.enabled or not keep_reach:
        return Row(shown.enabled, False, True, True)
    return Row(True, False, shown.applies_to_self, shown.applies_to_descendants)


def _or(value: bool | None, default: bool) -> bool:
    return default if value is None else value


def switched_on(
    permission: Permission,
    base_role: str,
    chains: Sequence[Sequence[int]],
    before: Mapping[int, Row],
    after: Mapping[int, Row],
) -> list[Sequence[int]]:
    """At the ends of which chains of accounts the role holds the permission only after the change.

    An account role is asked about as held in any account of the chain: off in one can let a row
    below it count for who holds the role further up. A course role is judged all the way down.
    """
    in_course = base_role in COURSE_BASE_ROLES

    def is_newly_on(chain: Sequence[int], held_at: int | None) -> bool:
        was, is_ = (
            resolve(permission, base_role, chain, rows, held_at) for rows in (before, after)
        )
        return is_.allowed and not was.allowed

    return [
        chain
        for chain in chains
        if any(is_newly_on(chain, held_at) for held_at in ([None] if in_course else chain))
    ]
