"""What somebody may not do by an import, although they may import.

`import_sis` is the roster: accounts, courses, people, their places. It is no way around the rules
for who makes administrators, hangs a school below other administrators, attaches observers to
students, touches an administrator's sign-in or gives themself anybody else's
(spec/permissions.md "Who may change", spec/pairing.md "The link").
The command line has no limits.
"""

from __future__ import annotations

from dataclasses import replace

from accounts.actor import Actor
from accounts.models import Account, User
from permissions.grants import grants_of, held_keys
from permissions.models import AccountMembership
from permissions.rules import is_within_own_rights

NOT_TO_MOVE = "Whoever imports must be Account Admin where it is and where it goes"


def as_they_are_now(actor: Actor, root: Account) -> Actor:
    """The same people with what they hold at this moment: an import takes longer than a request."""
    if actor.is_operator or actor.person is None or actor.real is None:
        return replace(actor, root_account=root)
    people = User.objects.in_bulk({actor.person.pk, actor.real.pk})
    return replace(
        actor,
        root_account=root,
        person=people[actor.person.pk],
        real=people[actor.real.pk],
        memo={},
    )


def _holds(actor: Actor, key: str) -> bool:
    """In the root account."""
    return actor.is_operator or bool(held_keys(actor, {key}, actor.root_account.path))


def may_attach_observers(actor: Actor) -> bool:
    """Whether they may link observers to students without a code."""
    return _holds(actor, "manage_user_observers")


def may_give_role(actor: Actor, role_id: int, path: str) -> bool:
    """Whether they may make administrators in the account at `path`, and of this role."""
    if actor.is_operator:
        return True
    manages = bool(held_keys(actor, {"manage_account_memberships"}, path))
    return manages and is_within_own_rights(actor, role_id, path)


def may_move(actor: Actor, *paths: str) -> bool:
    """Whether they may move what is in the account at one of the paths to the other: roles set or
    held there begin or end to count, so only an Account Admin of both lacks nothing
    (`accounts.actions.move_sub_account`)."""
    return actor.is_operator or all(_governs(actor, path) for path in paths)


def may_give_ways_in(actor: Actor) -> bool:
    """Whether they may change how people come in who have a way in of their own: the address to
    which a new password is mailed, or what a sign-on provider knows them by
    (`accounts.rules.CHANGE_EMAIL`)."""
    return not actor.is_acting and _holds(actor, "become_user")


def may_set_up_sign_in(actor: Actor) -> bool:
    """Whether they may give a first way in to who has none (`accounts.rules.SET_UP_SIGN_IN`)."""
    return not actor.is_acting and _holds(actor, "manage_user_logins")


def out_of_reach(actor: Actor) -> set[int]:
    """Administrators who hold, somewhere, what the actor does not: their rows are refused."""
    if actor.is_operator or _governs(actor, actor.root_account.path):
        return set()
    memberships = AccountMembership.objects.active().filter(root_account=actor.root_account)
    held = set(memberships.values_list("user_id", "role_id", "account__path"))
    beyond = {
        (role_id, path)
        for role_id, path in {(role_id, path) for _, role_id, path in held}
        if not is_within_own_rights(actor, role_id, path)
    }
    return {user_id for user_id, role_id, path in held if (role_id, path) in beyond}


def _governs(actor: Actor, path: str) -> bool:
    """Whether they are Account Admins, each of the two, of the account at `path`."""
    people = {user for user in (actor.person, actor.real) if user is not None}
    return bool(people) and all(grants_of(actor, user).governs.has_account(path) for user in people)
