"""The last AccountAdmin of a root account stays (spec/permissions.md "Overrides")."""

from __future__ import annotations

from accounts.models import Account, User
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership


def lock_administrators(root_account: Account) -> set[int]:
    """The active people who are AccountAdmin of the root account itself, by id.

    Held until the transaction ends, so that of two who each remove the last but one, the second
    sees what the first did. Whoever suspends, deletes or removes asks this first.
    """
    memberships = AccountMembership.objects.active().filter(
        account=root_account, role__base_role=BaseRole.ACCOUNT_ADMIN
    )
    held = memberships.order_by("pk").select_for_update(of=("self",))
    people = set(held.values_list("user_id", flat=True))
    active = User.objects.active().filter(pk__in=people).order_by("pk")
    return set(active.select_for_update(no_key=True).values_list("pk", flat=True))
