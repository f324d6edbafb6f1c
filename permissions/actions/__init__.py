"""Every write to tenants, roles, overrides and administrators."""

from permissions.actions.administrators import (
    AdministratorRefused,
    LastAdministrator,
    add_administrator,
    change_administrator,
    remove_administrator,
)
from permissions.actions.overrides import (
    OverrideChanged,
    RowChange,
    dangers_of,
    undo_overrides,
    update_overrides,
)
from permissions.actions.roles import (
    RoleRefused,
    activate_role,
    create_role,
    deactivate_role,
    rename_role,
    update_role,
)
from permissions.actions.tenants import TenantRefused, create_root_account

__all__ = [
    "AdministratorRefused",
    "LastAdministrator",
    "OverrideChanged",
    "RoleRefused",
    "RowChange",
    "TenantRefused",
    "activate_role",
    "add_administrator",
    "change_administrator",
    "create_role",
    "create_root_account",
    "dangers_of",
    "deactivate_role",
    "remove_administrator",
    "rename_role",
    "undo_overrides",
    "update_overrides",
    "update_role",
]
