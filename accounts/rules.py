"""Who may do what to accounts and people, as far as this app knows; others add rows."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q

from accounts.actor import Actor
from accounts.models import Account, SignOnProvider, User
from permissions.filters import EVERYTHING, NOTHING, any_pair
from permissions.grants import grants_of
from permissions.models import AccountMembership
from permissions.policy import (
    LOOKED_UP,
    Condition,
    Rule,
    Whose,
    holds_in_account,
    holds_in_root,
    is_in,
    rule,
)

# --- Conditions about people ---


def _is_person(actor: Actor) -> Q:
    return Q(pk=actor.person.pk) if actor.person else NOTHING


def _is_real_person(actor: Actor) -> Q:
    return NOTHING if actor.is_acting else _is_person(actor)


def _is_acted_as(actor: Actor) -> Q:
    return _is_person(actor) if actor.is_acting else NOTHING


def _is_another(actor: Actor) -> Q:
    return ~Q(pk=actor.real.pk) if actor.real else NOTHING


def _outranks_nobody(actor: Actor) -> Q:
    """Not an administrator who holds anything that the real person lacks (spec "Acting as")."""
    if actor.real is None:
        return NOTHING
    key = (LOOKED_UP, "outranks nobody")
    if key not in actor.memo:
        beyond = AccountMembership.objects.active().filter(
            _beyond(actor, actor.real), user=OuterRef("pk"), root_account=actor.root_account
        )
        actor.memo[key] = ~Q(Exists(beyond))
    outranked: Q = actor.memo[key]
    return outranked


def _beyond(actor: Actor, real: User) -> Q:
    """Memberships whose role gives, somewhere, what the real person does not hold there."""
    held = grants_of(actor, real)
    pairs = (
        AccountMembership.objects.active()
        .filter(root_account=actor.root_account)
        .values_list("role_id", "account_id", "account__path")
        .distinct()
    )
    return any_pair(
        (role_id, account_id)
        for role_id, account_id, path in pairs
        if not held.covers_role(role_id, path)
    )


IS_THEMSELF = Condition("is the person themself", _is_person)
IS_THEMSELF_NOT_ACTING = Condition("is the person themself, not acting as anyone", _is_real_person)
IS_ACTED_AS = Condition("is the person acted as", _is_acted_as)
IS_SOMEONE_ELSE = Condition("is somebody else", _is_another)
ACTS_AS_NOBODY_YET = Condition(
    "acts as nobody yet",
    lambda actor: NOTHING if actor.is_acting else EVERYTHING,
    known=lambda actor, target: not actor.is_acting,
)
IS_NOBODY_ASKING = Condition(
    "is neither the caller nor the person acted as",
    lambda actor: ~Q(pk__in=[user.pk for user in (actor.real, actor.person) if user]),
)
IS_ACTIVE = Condition("is active", lambda actor: Q(state=User.State.ACTIVE))
OUTRANKS_NOBODY = Condition(
    "is not an administrator who holds a permission that the caller lacks", _outranks_nobody
)


def no_password_of_their_own(actor: Actor | None = None) -> Q:
    """Nor had one that was replaced, nor comes in by single sign-on alone: who has done so has a
    way in that is theirs."""
    unusable = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    on = SignOnProvider.objects.filter(root_account=OuterRef("root_account"), is_on=True)
    never_in = Q(last_login=None) | ~Q(Exists(on))
    handed_out = Q(one_time_password_until__isnull=False, one_time_password_replaces=False)
    return unusable & never_in | handed_out


# --- People ---

SEE_PERSON = rule("see_person", User, "see a person").row("themself", IS_THEMSELF)

ACT_AS = rule("act_as", User, "act as a person").row(
    "administrator",
    ACTS_AS_NOBODY_YET,
    holds_in_root("become_user", whose=Whose.REAL),
    IS_SOMEONE_ELSE,
    IS_ACTIVE,
    OUTRANKS_NOBODY,
)

EDIT_OWN_SETTINGS = rule("edit_own_settings", User, "change one's own settings").row(
    "themself", IS_THEMSELF_NOT_ACTING
)

# While somebody acts as another nobody's password or e-mail address is changed: these are ways in,
# and whoever gives them to others does it as themself.
SET_UP_SIGN_IN = rule("set_up_sign_in", User, "give a person their first sign-in").row(
    "administrator",
    ACTS_AS_NOBODY_YET,
    holds_in_root("manage_user_logins", whose=Whose.REAL),
    Condition("has no way of their own to sign in yet", no_password_of_their_own),
    IS_ACTIVE,
    OUTRANKS_NOBODY,
)

# The limits of acting as them: whoever signs in with it does everything in their name.
REPLACE_PASSWORD = rule(
    "replace_password", User, "give a person who forgot their password a new one"
).row(
    "administrator",
    ACTS_AS_NOBODY_YET,
    holds_in_root("manage_user_logins", whose=Whose.REAL),
    holds_in_root("become_user", whose=Whose.REAL),
    IS_SOMEONE_ELSE,
    Condition("has a way of their own to sign in", lambda actor: ~no_password_of_their_own(actor)),
    IS_ACTIVE,
    OUTRANKS_NOBODY,
)

_MANAGES_LOGINS = holds_in_root("manage_user_logins", whose=Whose.EACH)

# Whoever says which provider is believed can come in as anybody.
_SETS_SIGN_ON_UP = (
    ACTS_AS_NOBODY_YET,
    holds_in_root("manage_account_settings", whose=Whose.REAL),
    is_in(
        "is an Account Admin of the root account",
        lambda grants: grants.governs,
        "root_account",
    ),
)

EDIT_DETAILS = (
    rule("edit_details", User, "change a person's names, language and time zone")
    .row("themself", IS_THEMSELF_NOT_ACTING)
    .row("administrator", _MANAGES_LOGINS, OUTRANKS_NOBODY)
)

# To one's e-mail address goes the link with which a new password is chosen: whoever changes it may
# sign in as the person. One's own is changed in the settings, which ask for the password.
CHANGE_EMAIL = (
    rule("change_email", User, "change a person's e-mail address")
    .row(
        "before the first sign-in",
        ACTS_AS_NOBODY_YET,
        _MANAGES_LOGINS,
        Condition("has no way of their own to sign in yet", no_password_of_their_own),
        OUTRANKS_NOBODY,
    )
    .row(
        "administrator",
        ACTS_AS_NOBODY_YET,
        holds_in_root("manage_user_logins", whose=Whose.REAL),
        holds_in_root("become_user", whose=Whose.REAL),
        IS_SOMEONE_ELSE,
        OUTRANKS_NOBODY,
    )
)

_MANAGES_SIS_IDS = (
    _MANAGES_LOGINS,
    holds_in_root("manage_sis", whose=Whose.EACH),
    OUTRANKS_NOBODY,
)


def _gives_a_way_in(rule: Rule, *conditions: Condition, match: str, word: str) -> Rule:
    """Where single sign-on lets people in by their `match`, whoever gives somebody another one may
    come in as them, like by their e-mail address: the limits of changing that hold as well. Who
    sets single sign-on up gives themself one, too.
    """
    on = SignOnProvider.objects.on_by(match).filter(root_account=OuterRef("root_account"))
    leads_nowhere = Condition(
        f"comes in by no {word} with single sign-on", lambda _: ~Q(Exists(on))
    )
    rule.row("administrator", *conditions, leads_nowhere)
    for row in CHANGE_EMAIL.rows:
        rule.row(f"{row.name}, a way in", *conditions, *row.conditions)
    return rule.row(
        "who sets single sign-on up, to themself", *conditions, IS_THEMSELF, *_SETS_SIGN_ON_UP
    )


CHANGE_INTEGRATION_ID = rule("change_integration_id", User, "change a person's integration id").row(
    "administrator", *_MANAGES_SIS_IDS
)

CHANGE_PERSONS_SIS_ID = _gives_a_way_in(
    rule("change_persons_sis_id", User, "change a person's SIS id"),
    *_MANAGES_SIS_IDS,
    match=SignOnProvider.Match.SIS_ID,
    word="SIS id",
)

MANAGE_LOGINS = rule("manage_logins", User, "see and remove a person's logins").row(
    "administrator", _MANAGES_LOGINS, OUTRANKS_NOBODY
)

GIVE_LOGIN = _gives_a_way_in(
    rule("give_login", User, "add and change a person's logins"),
    _MANAGES_LOGINS,
    OUTRANKS_NOBODY,
    match=SignOnProvider.Match.LOGIN,
    word="login",
)

SUSPEND = rule("suspend", User, "suspend a person, and let them in again").row(
    "administrator", _MANAGES_LOGINS, IS_NOBODY_ASKING, OUTRANKS_NOBODY
)

DELETE_PERSON = rule("delete_person", User, "delete a person").row(
    "administrator", _MANAGES_LOGINS, IS_NOBODY_ASKING, OUTRANKS_NOBODY
)

# A token does everything in a person's name, like acting as them; the keys that the catalogue has
# for tokens are gated, and enforce nothing.
MANAGE_TOKENS = (
    rule("manage_tokens", User, "see, make and end a person's access tokens")
    .row("themself", IS_THEMSELF_NOT_ACTING)
    .row(
        "administrator",
        ACTS_AS_NOBODY_YET,
        holds_in_root("manage_user_logins", whose=Whose.REAL),
        holds_in_root("become_user", whose=Whose.REAL),
        IS_SOMEONE_ELSE,
        OUTRANKS_NOBODY,
    )
)

# It is part of suspending somebody, and lets them back in at once.
SIGN_OUT = (
    rule("sign_out", User, "see where a person is signed in, and sign them out everywhere")
    .row("themself", IS_THEMSELF_NOT_ACTING)
    .row("administrator", _MANAGES_LOGINS, OUTRANKS_NOBODY)
)

SEE_SIS_IMPORT = rule("see_sis_import", User, "see which import a person came from").row(
    "administrator", holds_in_root("manage_sis")
)

# --- Accounts ---

IS_ROOT_ACCOUNT = Condition(
    "is the root account",
    lambda actor: Q(parent=None),
    known=lambda actor, account: account.is_root,
)

SEE_ACCOUNT = rule("see_account", Account, "see an account's name").row("everyone", IS_ROOT_ACCOUNT)

SEE_PEOPLE_OF_ACCOUNT = rule("see_people_of_account", Account, "see the people of an account").row(
    "administrator", holds_in_account("read_roster")
)

MANAGE_ACCOUNT_SETTINGS = rule(
    "manage_account_settings", Account, "change an account's settings"
).row("administrator", holds_in_account("manage_account_settings"))

MANAGE_SIGN_ON = rule("manage_sign_on", Account, "set up single sign-on").row(
    "account admin",
    IS_ROOT_ACCOUNT,
    *_SETS_SIGN_ON_UP,
)

SEE_ACCOUNTS_OWN_SIS_ID = (
    rule("see_accounts_own_sis_id", Account, "see the SIS id of an account itself")
    .row("reads SIS data", holds_in_root("read_sis"))
    .row("manages SIS data", holds_in_root("manage_sis"))
)

CHANGE_ACCOUNTS_SIS_ID = rule(
    "change_accounts_sis_id", Account, "change the SIS id of an account itself"
).row("administrator", holds_in_root("manage_sis"))

ADD_PERSON = rule("add_person", Account, "add a person").row(
    "administrator", holds_in_root("manage_user_logins")
)

GIVE_SIS_IDS = rule("give_sis_ids", Account, "give new people their SIS ids").row(
    "administrator", holds_in_root("manage_sis")
)

SET_UP_SIGN_INS = rule(
    "set_up_sign_ins", Account, "give people of an account their first sign-in"
).row("administrator", ACTS_AS_NOBODY_YET, holds_in_root("manage_user_logins"))
