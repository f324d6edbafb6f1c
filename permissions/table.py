"""The compiled table: what every role gives where, per process, until its tenant's version moves.

Overrides are few beside people and courses, so all of a tenant's are kept in memory and the merge
(`permissions.inheritance`) runs over them without a query. Whoever writes roles, overrides or the
account tree bumps the tenant's `OverrideVersion`; every request reads that number together with its
root account, and a table with another number is read anew (spec/permissions.md "Cost").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import Q

from accounts.models import Account
from pairing_service.statements import among, below_any, every
from permissions.catalogue import permission
from permissions.filters import EVERYTHING, any_of
from permissions.inheritance import Decision, GridCell, Row, cell, resolve
from permissions.models import OverrideVersion, Role, new_version

# Stands for "any account below that has no row"; no account has this id.
_BELOW = 0

# Up to so many pieces are asked for one by one, which lets PostgreSQL use its index of the paths.
FEW = 20


@dataclass(frozen=True)
class Piece:
    """A part of the account tree: one account, all below it, or both."""

    path: str
    here: bool = True
    below: bool = True

    def as_q(self, field: str) -> Q:
        """The accounts in it, by the path `field`; the target is known to be of the tenant."""
        if self.is_everything:
            return EVERYTHING
        if not self.below:
            return Q(**{field: self.path})
        inside = Q(**{f"{field}__startswith": self.path})
        return inside if self.here else inside & ~Q(**{field: self.path})

    @property
    def is_everything(self) -> bool:
        """Whether it is the root account and all below it."""
        return self.here and self.below and self.path.count("/") == 1

    @property
    def chain(self) -> tuple[int, ...]:
        """Account ids from the root down to its account, or to a place below that has no row."""
        return (*_ids(self.path), *(() if self.here else (_BELOW,)))

    def covers(self, other: Piece) -> bool:
        if other.path == self.path:
            return (self.here or not other.here) and (self.below or not other.below)
        return self.below and other.path.startswith(self.path)


def any_piece(pieces: Collection[Piece], field: str) -> Q:
    """The accounts in one of the pieces, like `Piece.as_q`: however many pieces, a short filter."""
    if len(pieces) <= FEW:
        return any_of(piece.as_q(field) for piece in pieces)
    if any(piece.is_everything for piece in pieces):
        return EVERYTHING
    here = [piece.path for piece in pieces if piece.here]
    below = [_ids(piece.path)[-1] for piece in pieces if piece.below]
    return among(field, here) | below_any(field, below)


NO_ROWS: Mapping[int, Row] = MappingProxyType({})


class Table:
    """One tenant's roles and overrides, and answers about them, each worked out once."""

    def __init__(self, number: int, root_account_id: int) -> None:
        self.number = number
        self._root_id = root_account_id
        self._base_roles: dict[int, str] = dict(
            Role.objects.filter(root_account_id=root_account_id).values_list("pk", "base_role")
        )
        self._paths: dict[int, str] = {}
        self._rows: dict[str, dict[int, dict[int, Row]]] = {}
        self._read_accounts()
        self._enrolments: dict[tuple[int, str, str], bool] = {}
        self._memberships: dict[tuple[int, str, str], tuple[Piece, ...]] = {}

    def _read_accounts(self) -> None:
        """Every account's path, and its overrides. There are twelve different rows at most."""
        known: dict[tuple[bool, ...], Row] = {}
        for account_id, path, role_id, key, *values in every(_ACCOUNTS, root=self._root_id):
            self._paths[account_id] = path
            if role_id is not None:
                row = tuple(values)
                if row not in known:
                    known[row] = Row(*map(bool, row))
                of_key = self._rows.setdefault(key, {})
                of_key.setdefault(role_id, {})[account_id] = known[row]

    def path_of(self, account_id: int) -> str | None:
        """The path of an account of the tenant; None for one that is newer than the table."""
        return self._paths.get(account_id)

    def enrolment(self, role_id: int, key: str, path: str) -> bool:
        """Whether a course role gives `key` in a course of the account at `path`."""
        asked = (role_id, key, path)
        if asked not in self._enrolments:
            self._enrolments[asked] = self._allowed(role_id, key, path, held_at=None)
        return self._enrolments[asked]

    def membership(self, role_id: int, key: str, path: str) -> tuple[Piece, ...]:
        """Where an account role gives `key` to whoever holds it in the account at `path`."""
        asked = (role_id, key, path)
        if asked not in self._memberships:
            self._memberships[asked] = tuple(self._pieces(role_id, key, path))
        return self._memberships[asked]

    def rows(self, role_id: int, key: str) -> Mapping[int, Row]:
        """The role's overrides of one permission, by account."""
        return self.rows_by_role(key).get(role_id, NO_ROWS)

    def rows_by_role(self, key: str) -> Mapping[int, Mapping[int, Row]]:
        """The overrides of one permission of the roles that have any, by account."""
        return self._rows.get(key, {})

    def base_role(self, role_id: int) -> str:
        return self._base_roles[role_id]

    def cell(self, role_id: int, key: str, path: str) -> GridCell:
        """What the grid and the Roles API show for the role in the account at `path`."""
        rows = self.rows(role_id, key)
        return cell(permission(key), self._base_roles[role_id], _ids(path), rows)

    def decision(
        self,
        role_id: int,
        key: str,
        path: str,
        held_at: int | None,
        instead: Mapping[int, Row] = NO_ROWS,
    ) -> Decision[int]:
        """The answer for the role in the account at `path`, with its trail.

        `held_at`: the account of the membership, None for an enrolment. `instead`: rows to try in
        place of those that stand, by account.
        """
        rows = self.rows(role_id, key)
        rows = {**rows, **instead} if instead else rows
        return resolve(permission(key), self._base_roles[role_id], _ids(path), rows, held_at)

    def _pieces(self, role_id: int, key: str, held: str) -> list[Piece]:
        pieces: list[Piece] = []
        for path in [held, *self._paths_with_rows_below(role_id, key, held)]:
            # What is below a piece comes right after it: no piece before the last covers the path.
            if not pieces or not pieces[-1].covers(Piece(path)):
                piece = self._piece(role_id, key, path, held_at=_ids(held)[-1])
                if piece.here or piece.below:
                    pieces.append(piece)
        return pieces

    def _paths_with_rows_below(self, role_id: int, key: str, held: str) -> list[str]:
        """From the top down. Accounts without a row only pass on what they inherit."""
        paths = (self._paths[account_id] for account_id in self.rows(role_id, key))
        return sorted(path for path in paths if path.startswith(held) and path != held)

    def _piece(self, role_id: int, key: str, path: str, held_at: int) -> Piece:
        here = self._allowed(role_id, key, path, held_at)
        return Piece(path, here, self._allowed(role_id, key, f"{path}{_BELOW}/", held_at))

    def _allowed(self, role_id: int, key: str, path: str, held_at: int | None) -> bool:
        return self.decision(role_id, key, path, held_at).allowed


_ACCOUNTS = """
SELECT a.id, a.path, o.role_id, o.permission, o.enabled, o.locked, o.applies_to_self,
       o.applies_to_descendants
  FROM accounts_account a LEFT JOIN permissions_override o ON o.account_id = a.id
 WHERE a.root_account_id = %(root)s
"""


def _ids(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


_tables: dict[int, Table] = {}


def table_of(root_account: Account) -> Table:
    """The tenant's table as of the version that was read with `root_account`."""
    number: int = root_account.override_version.number
    table = _tables.get(root_account.pk)
    if table is None or table.number != number:
        table = _tables[root_account.pk] = Table(number, root_account.pk)
    return table


def newest_table(root_account: Account) -> Table:
    """The table as it is now, for who has just written; the version is read again."""
    versions = OverrideVersion.objects
    root_account.override_version = versions.get(root_account=root_account)
    return table_of(root_account)


def bump(root_account: Account) -> None:
    """Make every process read the tenant's table and settings anew, from the commit on."""
    OverrideVersion.objects.filter(root_account=root_account).update(number=new_version())
