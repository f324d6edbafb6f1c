"""Writes to overrides: what a role may do in an account (contract §4.2, spec "Overrides")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account
from audit.actions import event
from audit.models import Event
from permissions.catalogue import Permission, permission
from permissions.filters import any_of
from permissions.grants import grants_of
from permissions.inheritance import GridCell, Row, cell
from permissions.models import Override, OverrideVersion, Role
from permissions.overrides import (
    DANGEROUS,
    OverrideChange,
    by_permission,
    check,
    row_after,
    switched_on,
)
from permissions.policy import Denied, may, require
from permissions.rules import CHANGE_ANY_OVERRIDE, MANAGE_OVERRIDES
from permissions.table import Piece, bump

# A role's rows of some permissions: by key, then by account.
Rows = Mapping[str, Mapping[int, Row]]


class OverrideChanged(Exception):
    """Somebody else has changed the `permission` since the caller looked."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class RowChange(NamedTuple):
    """An account's row for one permission of a role, before and after; None: there is none."""

    before: Row | None
    after: Row | None


@transaction.atomic
def update_overrides(
    *,
    actor: Actor,
    account: Account,
    role: Role,
    changes: Mapping[str, OverrideChange],
    expected: Mapping[str, Row | None] | None = None,
) -> dict[str, RowChange]:
    """Change what a role may do in an account, by permission or group; what has changed is told.

    What is unknown, not available to the role or locked above is left as it is. `expected` has the
    account's rows, as the caller saw them, of all that it could decide: of what is no longer so (or
    meanwhile locked above, or no longer) OverrideChanged is raised; without it the last writer
    wins. Raises OverrideRefused, and Denied also for switching on what the actor does not hold
    there; then nothing is written. The actor's root account has the old version afterwards.
    """
    _begin(actor, account, role)
    asked = by_permission(changes)
    rows = rows_of(role, asked)
    cells = _cells(role, account, rows)
    if expected is not None:
        _expect(expected, account, rows, cells)
    check(changes, cells)
    decided = {
        key: row_after(change, rows[key].get(account.pk), cells[key])
        for key, change in asked.items()
        if not cells[key].readonly
    }
    return _put(actor, account, role, rows, decided)


@transaction.atomic
def undo_overrides(
    *, actor: Actor, account: Account, role: Role, changed: Mapping[str, RowChange]
) -> dict[str, RowChange]:
    """Put back the rows that a change has changed, as `update_overrides` told; tells the same.

    Raises OverrideChanged when somebody has changed one since, and Denied like a change does.
    """
    _begin(actor, account, role)
    rows = rows_of(role, changed)
    after = {key: change.after for key, change in changed.items()}
    _expect(after, account, rows, _cells(role, account, rows))
    before = {key: change.before for key, change in changed.items()}
    return _put(actor, account, role, rows, before)


def dangers_of(
    *, account: Account, role: Role, changes: Mapping[str, OverrideChange]
) -> list[Permission]:
    """What the change would newly let the role do, of what an administrator is asked about once.

    That is acting as others, changing permissions and managing administrators, in the account or
    anywhere below it. Writes nothing. Raises OverrideRefused as the change would.
    """
    asked = {key: one for key, one in by_permission(changes).items() if key in DANGEROUS}
    rows = rows_of(role, asked)
    cells = _cells(role, account, rows)
    found = []
    for key, change in asked.items():
        row = row_after(change, rows[key].get(account.pk), cells[key])
        after = _with_row(rows[key], account, row)
        pieces = _pieces(account, [rows[key], after])
        if _newly_on(key, role.base_role, pieces, rows[key], after):
            found.append(permission(key))
    return found


# --- What other actions on roles share ---


def hold_rights(actor: Actor, account: Account) -> None:
    """Writers queue here. What was known of anybody's rights, and of where the account is in the
    tree, may be over when it is one's turn."""
    versions = OverrideVersion.objects.select_for_update()
    actor.root_account.override_version = versions.get(root_account=actor.root_account)
    actor.memo.clear()
    account.refresh_from_db(fields=["path"])


def rows_of(role: Role, keys: Iterable[str]) -> dict[str, dict[int, Row]]:
    """The role's rows by permission and account, as they are under the lock."""
    rows: dict[str, dict[int, Row]] = {key: {} for key in keys}
    found = Override.objects.filter(role=role, permission__in=rows).values_list(
        "permission", "account_id", "enabled", "locked", "applies_to_self", "applies_to_descendants"
    )
    for key, account_id, *values in found:
        rows[key][account_id] = Row(*values)
    return rows


def require_held(actor: Actor, account: Account, base_role: str, before: Rows, after: Rows) -> None:
    """Raise Denied when going from `before` to `after` switches on, in the account or anywhere
    below it, what the actor does not hold there (spec "Overrides", "Who may change")."""
    if may(actor, CHANGE_ANY_OVERRIDE, account):
        return
    pieces = _pieces(account, [*before.values(), *after.values()])
    held = [grants_of(actor, user) for user in {actor.person, actor.real} if user is not None]
    for key in after:
        areas = [grants.area(key, as_administrator=True) for grants in held]
        for piece in _newly_on(key, base_role, pieces, before[key], after[key]):
            if not all(area.covers(piece) for area in areas):
                raise Denied(CHANGE_ANY_OVERRIDE)


def write_rows(actor: Actor, role: Role, changes: Iterable[tuple[int, str, RowChange]]) -> None:
    """Write rows by account and permission, record each, and make every process read anew."""
    changes = list(changes)
    gone = any_of(
        Q(account=account_id, permission=key)
        for account_id, key, change in changes
        if change.after is None
    )
    Override.objects.filter(gone, role=role).delete()
    Override.objects.bulk_create(
        (
            Override(
                root_account=actor.root_account,
                account_id=account_id,
                role=role,
                permission=key,
                updated_at=timezone.now(),
                **asdict(change.after),
            )
            for account_id, key, change in changes
            if change.after is not None
        ),
        update_conflicts=True,
        unique_fields=["account", "role", "permission"],
        update_fields=[
            "enabled", "locked", "applies_to_self", "applies_to_descendants", "updated_at"
        ],
    )  # fmt: skip
    Event.objects.bulk_create(
        event(
            actor,
            "override_changed",
            account=Account(pk=account_id),
            role=role.pk,
            permission=key,
            before=_told(change.before),
            after=_told(change.after),
        )
        for account_id, key, change in changes
    )
    bump(actor.root_account)


# --- Details ---


def _begin(actor: Actor, account: Account, role: Role) -> None:
    hold_rights(actor, account)
    require(actor, MANAGE_OVERRIDES, account)
    if role.account_id not in account.chain_ids:  # another tenant's, or of no use here
        raise Denied(MANAGE_OVERRIDES)


def _cells(role: Role, account: Account, rows: Rows) -> dict[str, GridCell]:
    return {
        key: cell(permission(key), role.base_role, account.chain_ids, rows[key]) for key in rows
    }


def _expect(
    expected: Mapping[str, Row | None], account: Account, rows: Rows, cells: Mapping[str, GridCell]
) -> None:
    for key, one in cells.items():
        could_be_decided = key in expected
        if could_be_decided == one.readonly:
            raise OverrideChanged(key)
        if could_be_decided and rows[key].get(account.pk) != expected[key]:
            raise OverrideChanged(key)


def _put(
    actor: Actor, account: Account, role: Role, rows: Rows, decided: Mapping[str, Row | None]
) -> dict[str, RowChange]:
    changed = {
        key: RowChange(rows[key].get(account.pk), row)
        for key, row in decided.items()
        if row != rows[key].get(account.pk)
    }
    if not changed:
        return {}
    after = {key: _with_row(rows[key], account, change.after) for key, change in changed.items()}
    require_held(actor, account, role.base_role, rows, after)
    write_rows(actor, role, ((account.pk, key, change) for key, change in changed.items()))
    return changed


def _with_row(rows: Mapping[int, Row], account: Account, row: Row | None) -> dict[int, Row]:
    others = {pk: other for pk, other in rows.items() if pk != account.pk}
    return others if row is None else others | {account.pk: row}


def _pieces(account: Account, rows: Iterable[Mapping[int, Row]]) -> list[Piece]:
    """Where an answer may differ from that of the account above: it, what has rows below, and
    (each) all that is below and has none."""
    with_rows = {pk for by_account in rows for pk in by_account}
    below = Account.objects.within(account).filter(pk__in=with_rows).exclude(pk=account.pk)
    paths = [account.path, *below.values_list("path", flat=True)]
    return [Piece(path, here, not here) for path in paths for here in (True, False)]


def _newly_on(
    key: str,
    base_role: str,
    pieces: Iterable[Piece],
    before: Mapping[int, Row],
    after: Mapping[int, Row],
) -> list[Piece]:
    by_chain = {piece.chain: piece for piece in pieces}
    on = switched_on(permission(key), base_role, list(by_chain), before, after)
    return [by_chain[tuple(chain)] for chain in on]


def _told(row: Row | None) -> dict[str, bool] | None:
    return asdict(row) if row else None
