"""JSON of roles, out and in (contract §4.1, §4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.models import Account
from accounts.serializers import account_json
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from permissions.catalogue import PERMISSIONS, BaseRole, Level, Permission
from permissions.inheritance import GridCell
from permissions.models import Role
from permissions.overrides import OverrideChange
from permissions.table import Table


def role_json(role: Role, account: Account, table: Table) -> dict[str, Any]:
    """The role, and what it may do in `account`. Custom roles say to which account they belong."""
    body = {
        "id": role.pk,
        "role": role.name,
        "label": role.label,
        "last_updated_at": wire_time(role.updated_at),
        "base_role_type": _base_role(role),
        "workflow_state": role.state,
        "created_at": wire_time(role.created_at),
        "is_account_role": role.is_account_role,
        "permissions": {
            permission.key: _entry(permission, table.cell(role.pk, permission.key, account.path))
            for permission in manageable(account)
        },
    }
    if role.state != Role.State.BUILT_IN:
        body["account"] = account_json(role.account)
    return body


def manageable(account: Account) -> Iterator[Permission]:
    """What can be set in the account: root-level permissions in a root account only."""
    return (p for p in PERMISSIONS.values() if account.is_root or p.level is not Level.ROOT)


def _base_role(role: Role) -> str:
    is_admin = role.base_role == BaseRole.ACCOUNT_ADMIN
    return BaseRole.ACCOUNT_MEMBERSHIP.value if is_admin else role.base_role


def _entry(permission: Permission, cell: GridCell) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "enabled": cell.enabled,
        "locked": cell.locked,
        "readonly": cell.readonly,
        "explicit": cell.explicit,
    }
    if cell.enabled:
        entry["applies_to_self"] = cell.applies_to_self
        entry["applies_to_descendants"] = cell.applies_to_descendants
    if cell.explicit:
        entry["prior_default"] = cell.prior_default
    if permission.group:
        entry["group"] = permission.group
    return entry


def override_changes(given: Params) -> dict[str, OverrideChange]:
    """`permissions[<key>][…]`; an entry that was read as `readonly` and sent back is left out."""
    entries = {key: given.group(key) for key in given}
    return {key: _change(e) for key, e in entries.items() if not e.boolean("readonly")}


def _change(entry: Params) -> OverrideChange:
    return OverrideChange(
        enabled=entry.boolean("enabled") if entry.boolean("explicit") else None,
        locked=entry.boolean("locked"),
        applies_to_self=entry.boolean("applies_to_self"),
        applies_to_descendants=entry.boolean("applies_to_descendants"),
    )
