"""Writes to roles: made, renamed, switched off and on again (spec/permissions.md "Roles")."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actions import hold_tree
from accounts.actor import Actor
from accounts.models import Account
from audit.actions import record
from pairing_service.naming import UNREADABLE, is_readable, one_line
from permissions.actions.overrides import (
    RowChange,
    hold_rights,
    require_held,
    rows_of,
    update_overrides,
    write_rows,
)
from permissions.catalogue import (
    BASE_ROLE_LABELS,
    COURSE_BASE_ROLES,
    CUSTOM_BASE_ROLES,
    PERMISSIONS,
    BaseRole,
)
from permissions.inheritance import Row, resolve
from permissions.models import Role
from permissions.overrides import OverrideChange
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES
from permissions.table import bump

State = Role.State
_RESERVED = {name.casefold() for name in (*BaseRole, *BASE_ROLE_LABELS.values())}


class RoleRefused(Exception):
    """Why nobody can do this to the role, in the contract's words."""


@transaction.atomic
def create_role(
    *,
    actor: Actor,
    account: Account,
    label: str,
    base_role: str = BaseRole.ACCOUNT_MEMBERSHIP,
    copy_of: Role | None = None,
    changes: Mapping[str, OverrideChange] | None = None,
) -> Role:
    """A new role of the account, usable there and below.

    With `copy_of` it has that role's base (a custom account role's for AccountAdmin) and may do
    what that one may do in the account and below. `changes` are as for `update_overrides`. Raises
    ValidationError (`label`: required, max_length, reserved, taken; `base_role`: invalid), Denied
    also for a role that would hold what neither the built-in role of its base nor the actor holds
    there, and what `update_overrides` raises; then nothing is written.
    """
    hold_tree(actor)
    hold_rights(actor, account)
    require(actor, MANAGE_OVERRIDES, account)
    if copy_of is not None:
        base_role = _base_of_copy(copy_of, account)
    if base_role not in CUSTOM_BASE_ROLES:
        raise ValidationError({"base_role": ValidationError(_("is invalid"), code="invalid")})
    role = Role(root_account=actor.root_account, account=account, base_role=base_role)
    role.label = _checked(label, role)
    role.save()
    record(
        actor, "role_created", account=account, role=role.pk, label=role.label,
        base_role=base_role, copy_of=copy_of.pk if copy_of else None,
    )  # fmt: skip
    _give(actor, role, _rows_like(copy_of, role) if copy_of else _no_rows())
    if changes:
        update_overrides(actor=actor, account=account, role=role, changes=changes)
    return role


@transaction.atomic
def update_role(
    *,
    actor: Actor,
    account: Account,
    role: Role,
    label: str | None = None,
    changes: Mapping[str, OverrideChange],
) -> None:
    """Rename a role of the account (None: leave it so) and change what it may do there, at once.

    Raises what `rename_role` and `update_overrides` raise; then nothing is written.
    """
    if label is not None:
        _refuse_built_in(role, "cannot update the 'label' for a built-in role")
        if role.account_id != account.pk:
            raise RoleRefused("cannot update the 'label' for an inherited role")
        rename_role(actor=actor, role=role, label=label)
    update_overrides(actor=actor, account=account, role=role, changes=changes)


@transaction.atomic
def rename_role(*, actor: Actor, role: Role, label: str) -> None:
    """Another label. Raises Denied, RoleRefused, ValidationError (`label`, as for a new role)."""
    _refuse_built_in(role, "cannot update the 'label' for a built-in role")
    _take(actor, role)
    before, role.label = role.label, _checked(label, role)
    if role.label != before:
        role.save(update_fields=["label", "updated_at"])
        record(
            actor, "role_renamed", account=role.account, role=role.pk,
            before=before, after=role.label,
        )  # fmt: skip
        bump(actor.root_account)


@transaction.atomic
def deactivate_role(*, actor: Actor, role: Role) -> None:
    """No longer to be given; whoever has it keeps it, and what it grants.

    Raises Denied, RoleRefused.
    """
    _refuse_built_in(role, "Cannot remove a built-in role")
    _take(actor, role)
    if role.state == State.INACTIVE:
        raise RoleRefused("Cannot deactivate an already inactive role")
    _set_state(actor, role, State.INACTIVE, "role_deactivated")


@transaction.atomic
def activate_role(*, actor: Actor, role: Role) -> None:
    """To be given again. Raises Denied, RoleRefused."""
    _refuse_built_in(role, "Role not found")
    _take(actor, role)
    if role.state != State.INACTIVE:
        raise RoleRefused("Role not found")
    if _of_that_label(role.label, role).exists():
        raise RoleRefused("An active role already exists with that name")
    _set_state(actor, role, State.ACTIVE, "role_activated")


# --- Details ---


def _refuse_built_in(role: Role, why: str) -> None:
    """Asked before rights: it is so for everyone, also for who manages only an account below."""
    if role.state == State.BUILT_IN:
        raise RoleRefused(why)


def _take(actor: Actor, role: Role) -> None:
    """Hold the role, and with the tree the labels of all others; read it as it is now."""
    hold_tree(actor)
    hold_rights(actor, role.account)
    held = Role.objects.select_for_update(no_key=True, of=("self",)).get(pk=role.pk)
    role.label, role.state = held.label, held.state
    require(actor, MANAGE_OVERRIDES, role.account)


def _set_state(actor: Actor, role: Role, state: Role.State, action: str) -> None:
    before, role.state = role.state, state
    role.save(update_fields=["state", "updated_at"])
    record(
        actor, action, account=role.account, role=role.pk, label=role.label,
        before=before, after=state,
    )  # fmt: skip
    bump(actor.root_account)


def _checked(label: str, role: Role) -> str:
    """The label as it is kept. Raises ValidationError."""
    label = one_line(label)
    if not label:
        raise _wrong_label("required", _("can't be blank"))
    if not is_readable(label):
        raise _wrong_label("invalid", str(UNREADABLE))
    if len(label) > 255:
        raise _wrong_label("max_length", _("is too long (maximum is 255 characters)"))
    if label.casefold() in _RESERVED:
        raise _wrong_label("reserved", _("is reserved"))
    if _of_that_label(label, role).exists():
        raise _wrong_label("taken", _("is already in use"))
    return label


def _wrong_label(code: str, message: str) -> ValidationError:
    return ValidationError({"label": ValidationError(message, code=code)})


def _of_that_label(label: str, role: Role) -> QuerySet[Role]:
    """Other roles that can be given where this one can be, and would be mistaken for it: those of
    the accounts above, and those of accounts below, for which this one is from above."""
    above = Q(account__in=role.account.chain_ids)
    below = Q(account__path__startswith=role.account.path, account__state=Account.State.ACTIVE)
    others = Role.objects.usable().filter(root_account=role.root_account_id).exclude(pk=role.pk)
    return others.filter(above | below, label__iexact=label)


def _base_of_copy(source: Role, account: Account) -> str:
    if source.account_id not in account.chain_ids:
        raise RoleRefused("role not found")
    is_admin = source.base_role == BaseRole.ACCOUNT_ADMIN
    return BaseRole.ACCOUNT_MEMBERSHIP if is_admin else source.base_role


def _give(actor: Actor, role: Role, rows: dict[str, dict[int, Row]]) -> None:
    """Write a new role's rows. What the built-in role of its base may do is nothing new there."""
    built_in = Role.objects.filter(
        root_account=actor.root_account, base_role=role.base_role, state=State.BUILT_IN
    ).first()
    before = rows_of(built_in, PERMISSIONS) if built_in else _no_rows()
    require_held(actor, role.account, role.base_role, before, rows)
    write_rows(
        actor,
        role,
        [
            (account_id, key, RowChange(None, row))
            for key, by_account in rows.items()
            for account_id, row in by_account.items()
        ],
    )


def _no_rows() -> dict[str, dict[int, Row]]:
    return {key: {} for key in PERMISSIONS}


def _rows_like(source: Role, role: Role) -> dict[str, dict[int, Row]]:
    """Rows of the role's account and below with which it may do there what `source` may.

    What `source` inherits from above becomes a row, for the accounts above know nothing of the new
    role; but the locks of others are not taken over.
    """
    account = role.account
    below = set(Account.objects.within(account).values_list("pk", flat=True)) - {account.pk}
    found = rows_of(source, PERMISSIONS)
    rows = _no_rows()
    for key, permission in PERMISSIONS.items():
        chain = account.chain_ids
        held_at = None if role.base_role in COURSE_BASE_ROLES else account.pk
        decision = resolve(permission, source.base_role, chain, found[key], held_at)
        if decision.decided_by == account.pk:
            rows[key][account.pk] = found[key][account.pk]
        elif decision.allowed != (role.base_role in permission.true_for):
            rows[key][account.pk] = Row(decision.allowed, False, True, True)
        if decision.changeable and decision.locked_by is None:
            rows[key] |= {pk: row for pk, row in found[key].items() if pk in below}
    return rows
