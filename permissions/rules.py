"""Who may change roles and overrides, and administrators."""

from __future__ import annotations

from django.db.models import Q

from accounts.actor import Actor
from accounts.models import Account
from permissions.grants import grants_of
from permissions.policy import Condition, holds_in_account, rule

MANAGE_OVERRIDES = rule(
    "manage_overrides", Account, "see and change what roles may do in an account"
).row("administrator", holds_in_account("manage_role_overrides"))


def _governs(actor: Actor) -> Q:
    every = Q()
    for user in {actor.person, actor.real} - {None}:
        assert user is not None
        some = Q(pk__in=[])
        for path in grants_of(actor, user).governs:
            some |= Q(path__startswith=path)
        every &= some
    return every


# Nothing may become unchangeable: what nobody holds can still be switched on by these.
CHANGE_ANY_OVERRIDE = rule(
    "change_any_override", Account, "switch on what one does not hold oneself"
).row("account admin", Condition("is an Account Admin of the account", _governs))
