"""JSON of roles, the catalogue and administrators, out and in (contract §4, §5.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NotRequired, TypedDict

from django.core.exceptions import ValidationError

from accounts.models import Account, User
from accounts.serializers import AccountJson, UserJson, account_json, user_json
from pairing_service.http.errors import Refusal, invalid
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time
from permissions.catalogue import (
    COURSE_BASE_ROLES,
    GROUPS,
    PERMISSIONS,
    BaseRole,
    Group,
    Level,
    Permission,
)
from permissions.help import HELP, Help, Line
from permissions.inheritance import GridCell
from permissions.models import AccountMembership, Role
from permissions.overrides import OverrideChange
from permissions.table import Table


class RolePermissionJson(TypedDict):
    """What a role may do: on or off, locked, and where it comes from."""

    enabled: bool
    locked: bool
    readonly: bool
    explicit: bool
    applies_to_self: NotRequired[bool]
    applies_to_descendants: NotRequired[bool]
    prior_default: NotRequired[bool]
    group: NotRequired[str]


class RoleJson(TypedDict):
    """A role, and what it may do in an account; custom roles have the account that they are of."""

    id: int
    role: str
    label: str
    last_updated_at: Time
    base_role_type: str
    workflow_state: str
    created_at: Time
    is_account_role: bool
    permissions: dict[str, RolePermissionJson]
    account: NotRequired[AccountJson]
    base_role_type_label: NotRequired[str]


class OverrideParams(TypedDict, total=False):
    """How a permission is set; an entry that was read as `readonly` is left alone."""

    enabled: bool
    locked: bool
    explicit: bool
    applies_to_self: bool
    applies_to_descendants: bool
    readonly: bool


def role_json(role: Role, account: Account, table: Table) -> RoleJson:
    """The role, and what it may do in `account`. Custom roles say to which account they belong."""
    body: RoleJson = {
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


def _entry(permission: Permission, cell: GridCell) -> RolePermissionJson:
    entry: RolePermissionJson = {
        "enabled": cell.enabled,
        "locked": cell.locked,
        "readonly": cell.readonly,
        "explicit": cell.explicit,
    }
    if cell.enabled:
        entry["applies_to_self"] = cell.applies_to_self
        entry["applies_to_descendants"] = cell.applies_to_descendants
    if cell.prior_default is not None:
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


def label_refused(error: ValidationError, label: str) -> Refusal:
    """The 400 for a label or base that a role can't have (contract §4.2)."""
    [(field, [found])] = error.error_dict.items()
    if found.code == "taken":
        return Refusal(400, {"message": f"role name {label} already in use"})
    wire_name = {"label": "name", "base_role": "base_role_type"}[field]
    return invalid(**{wire_name: (str(found.code), found.messages[0])})


# --- The catalogue (contract §4.2) ---


class PermissionJson(TypedDict):
    """A permission; the base roles that can have it, and that have it by default."""

    key: str
    label: str
    available_to: list[str]
    true_for: list[str]
    group: NotRequired[str]
    group_label: NotRequired[str]


class GroupJson(TypedDict):
    label: str
    subtitle: str
    course_subtitle: NotRequired[str]


class HelpLine(TypedDict):
    title: str
    description: str


class HelpJson(TypedDict):
    """What a permission allows, and what else is needed."""

    details: list[HelpLine]
    considerations: list[HelpLine]


def permission_json(permission: Permission) -> PermissionJson:
    body: PermissionJson = {
        "key": permission.key,
        "label": permission.label,
        "available_to": _bases(permission.available_to),
        "true_for": _bases(permission.true_for),
    }
    if permission.group:
        group = GROUPS[permission.group]
        body |= {"group": group.key, "group_label": group.label}
    return body


def _bases(names: Collection[str]) -> list[str]:
    return [base.value for base in BaseRole if base in names]


def group_json(group: Group) -> GroupJson:
    """Label and what its members are about; for course roles, when that is less, apart."""
    members = [PERMISSIONS[key] for key in group.members]
    in_courses = [one for one in members if one.available_to & COURSE_BASE_ROLES]
    body: GroupJson = {"label": group.label, "subtitle": _about(members)}
    if in_courses and in_courses != members:
        body["course_subtitle"] = _about(in_courses)
    return body


def _about(members: Iterable[Permission]) -> str:
    """What follows the dash in labels such as “Courses - add”."""
    return ", ".join(member.label.rpartition(" - ")[2] for member in members)


def help_json(key: str) -> HelpJson:
    """What a permission allows and what else is needed; nothing for one without effect here."""
    found = HELP.get(key, Help((), ()))
    return {
        "details": [_line(line) for line in found.details],
        "considerations": [_line(line) for line in found.considerations],
    }


def _line(line: Line) -> HelpLine:
    return {"title": line.title, "description": line.description}


# --- Administrators (contract §5.5) ---


class AdministratorJson(TypedDict):
    """Somebody's role in an account."""

    id: int
    role: str
    role_id: int
    user: UserJson
    workflow_state: str
    status: NotRequired[str]


def administrator_json(membership: AccountMembership, user: User) -> AdministratorJson:
    """`user` as `accounts.disclosure.told` has it for the caller."""
    body: AdministratorJson = {
        "id": membership.pk,
        "role": membership.role.name,
        "role_id": membership.role_id,
        "user": user_json(user),
        "workflow_state": membership.state,
    }
    if membership.state == AccountMembership.State.DELETED:
        body["status"] = membership.state
    return body
