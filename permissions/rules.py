"""Who may change roles and overrides, and who may make administrators."""

from __future__ import annotations

from django.db.models import Q

from accounts.actor import Actor
from accounts.models import Account
from permissions.filters import any_pair
from permissions.grants import grants_of
from permissions.models import AccountMembership
from permissions.policy import Condition, holds_in_account, is_in, rule

MANAGE_OVERRIDES = rule(
    "manage_overrides", Account, "see and change what roles may do in an account"
).row("administrator", holds_in_account("manage_role_overrides"))

# Nothing may become unchangeable: what nobody holds can still be switched on by these.
CHANGE_ANY_OVERRIDE = rule(
    "change_any_override", Account, "switch on what one does not hold oneself"
).row("account admin", is_in("is an Account Admin of the account", lambda grants: grants.governs))

# --- Administrators ---

MANAGE_ADMINISTRATORS = rule(
    "manage_administrators", Account, "see and add the administrators of an account"
).row("administrator", holds_in_account("manage_account_memberships"))


def is_within_own_rights(actor: Actor, role_id: int, path: str) -> bool:
    """Whether the role gives, held in the account at `path`, nothing that the actor lacks.

    An Account Admin of the account lacks nothing there: they may switch it all on.
    """
    people = [grants_of(actor, user) for user in {actor.person, actor.real} if user is not None]
    return bool(people) and all(
        grants.governs.has_account(path) or grants.covers_role(role_id, path) for grants in people
    )


def _within_own_rights(actor: Actor) -> Q:
    """Memberships whose role is, where it is held; asked per role and account, not per person."""
    pairs = (
        AccountMembership.objects.filter(_MANAGED.q(actor), root_account=actor.root_account)
        .values_list("role_id", "account_id", "account__path")
        .distinct()
    )
    return any_pair(
        (role_id, account_id)
        for role_id, account_id, path in pairs
        if is_within_own_rights(actor, role_id, path)
    )


_MANAGED = holds_in_account("manage_account_memberships", "account")

REMOVE_ADMINISTRATOR = rule(
    "remove_administrator", AccountMembership, "take an administrator's role away"
).row(
    "administrator",
    _MANAGED,
    Condition("has a role that gives nothing which the caller lacks", _within_own_rights),
)
