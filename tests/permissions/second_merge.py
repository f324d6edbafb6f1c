"""A second, independent statement of how overrides merge, written from the specification;
the tests compare it with the engine.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Protocol, TypeVar


class Permission(Protocol):
    """The catalogue's facts about one permission."""

    @property
    def true_for(self) -> Collection[str]: ...
    @property
    def available_to(self) -> Collection[str]: ...
    @property
    def level(self) -> str: ...


class Row(Protocol):
    """One override: what an account says about a role and a permission."""

    @property
    def enabled(self) -> bool: ...
    @property
    def locked(self) -> bool: ...
    @property
    def applies_to_self(self) -> bool: ...
    @property
    def applies_to_descendants(self) -> bool: ...


Id = TypeVar("Id", bound=Hashable)


def second_merge(
    permission: Permission,
    base_role: str,
    chain: Sequence[Id],
    rows: Mapping[Id, Row],
    held_at: Id | None,
) -> bool:
    """Whether the permission is on at the last account of `chain` (root first)."""
    here = below = base_role in permission.true_for
    if base_role not in permission.available_to:
        return here
    held = len(chain) - 1 if held_at is None else chain.index(held_at)
    if permission.level == "root" and held != 0:
        return False
    source: Id | None = None
    for depth, account in enumerate(chain):
        row = rows.get(account)
        if row is not None:
            here = row.enabled and row.applies_to_self
            below = row.enabled and row.applies_to_descendants
            source = account
        if row is not None and row.locked:
            break  # nothing below can change it
        if depth >= held and (here or below):
            break  # from where it is held on, rows can only add
    return here if source == chain[-1] else below
