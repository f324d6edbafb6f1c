"""Which roles administrators may be given; and the last AccountAdmin of a root account stays
(spec/permissions.md "Overrides")."""

from __future__ import annotations

from accounts.actor import Actor
from accounts.models import Account, User
from permissions.catalogue import ACCOUNT_BASE_ROLES, BaseRole
from permissions.models import AccountMembership, Role
from permissions.rules import is_within_own_rights


def roles_to_give(actor: Actor, account: Account) -> list[Role]:
    """The account roles that can be given in the account, and that the actor may give there:
    who adds administrators gives only what they hold themself. Built-in ones first."""
    roles = Role.objects.usable().filter(
        account__in=account.chain_ids, base_role__in=ACCOUNT_BASE_ROLES
    )
    return [
        role
        for role in roles.order_by("base_role", "label", "pk")
        if is_within_own_rights(actor, role.pk, account.path)
    ]


def lock_administrators(root_account: Account) -> set[int]:
    """Who is AccountAdmin of the root account itself and able to sign in, by id.

    When nobody has a password of their own (all came with an import), everyone active counts.
    Held until the transaction ends, so that of two who each remove the last but one, the second
    sees what the first did. Whoever suspends, deletes or removes asks this first.
    """
    memberships = AccountMembership.objects.active().filter(
        account=root_account, role__base_role=BaseRole.ACCOUNT_ADMIN
    )
    held = memberships.order_by("pk").select_for_update(of=("self",))
    people = set(held.values_list("user_id", flat=True))
    active = User.objects.active().filter(pk__in=people).order_by("pk")
    passwords = active.only("password", "one_time_password_until")
    everyone = list(passwords.select_for_update(no_key=True))
    able = {user.pk for user in everyone if user.has_own_password}
    return able or {user.pk for user in everyone}
