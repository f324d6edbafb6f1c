"""Writes to administrators: who holds which role in which account."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import SEE_PERSON
from audit.actions import record
from permissions.actions.overrides import hold_rights
from permissions.administrators import lock_administrators
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership, Role
from permissions.policy import Denied, require
from permissions.rules import MANAGE_ADMINISTRATORS, REMOVE_ADMINISTRATOR, is_within_own_rights

State = AccountMembership.State


class AdministratorRefused(Exception):
    """Why nobody can be given this role here, in a sentence."""


class LastAdministrator(Exception):
    """The root account would be left without an Account Admin who can sign in."""


@transaction.atomic
def add_administrator(
    *, actor: Actor, account: Account, user: User, role: Role
) -> AccountMembership:
    """Make a person whom the actor may see an administrator of the account.

    Who is one already stays it; who was one is it again. Raises Denied also for a role that holds
    what the actor lacks there, AdministratorRefused.
    """
    hold_rights(actor, account)
    require(actor, MANAGE_ADMINISTRATORS, account)
    require(actor, SEE_PERSON, user)
    if not User.objects.are_there([user.pk]):
        raise Denied(MANAGE_ADMINISTRATORS)  # deleted meanwhile, by somebody who held the rights
    # Held, so that it can't be deactivated meanwhile.
    role = Role.objects.select_for_update(no_key=True).get(pk=role.pk)
    _refuse_impossible(account, role)
    if not is_within_own_rights(actor, role.pk, account.path):
        raise Denied(MANAGE_ADMINISTRATORS)
    membership, is_new = AccountMembership.objects.select_for_update(of=("self",)).get_or_create(
        account=account, user=user, role=role, defaults={"root_account": actor.root_account}
    )
    if is_new or membership.state != State.ACTIVE:
        _set_state(membership, State.ACTIVE)
        _tell(actor, "administrator_added", membership)
    return membership


@transaction.atomic
def remove_administrator(*, actor: Actor, membership: AccountMembership) -> None:
    """Take an administrator's role away. Raises Denied, LastAdministrator."""
    hold_rights(actor, membership.account)
    administrators = lock_administrators(actor.root_account)
    require(actor, REMOVE_ADMINISTRATOR, membership)
    in_root = membership.account_id == actor.root_account.pk
    is_admin = membership.role.base_role == BaseRole.ACCOUNT_ADMIN
    if in_root and is_admin and administrators == {membership.user_id}:
        raise LastAdministrator
    membership.refresh_from_db(fields=["state"])
    if membership.state == State.ACTIVE:
        _set_state(membership, State.DELETED)
        _tell(actor, "administrator_removed", membership)


@transaction.atomic
def change_administrator(
    *, actor: Actor, membership: AccountMembership, role: Role
) -> AccountMembership:
    """Another role for an administrator, in the same account; the new membership.

    Raises what adding and removing raise; then nothing is written.
    """
    account, user = membership.account, membership.user
    changed = add_administrator(actor=actor, account=account, user=user, role=role)
    if changed.pk != membership.pk:
        remove_administrator(actor=actor, membership=membership)
    return changed


def _refuse_impossible(account: Account, role: Role) -> None:
    if not role.is_account_role or role.account_id not in account.chain_ids:
        raise AdministratorRefused("Invalid role")
    if role.state == Role.State.INACTIVE:
        raise AdministratorRefused("Cannot add an administrator with an inactive role")


def _set_state(membership: AccountMembership, state: AccountMembership.State) -> None:
    membership.state = state
    membership.save(update_fields=["state", "updated_at"])


def _tell(actor: Actor, action: str, membership: AccountMembership) -> None:
    record(
        actor, action, subject=membership.user_id, account=membership.account,
        role=membership.role_id, label=membership.role.label,
    )  # fmt: skip
