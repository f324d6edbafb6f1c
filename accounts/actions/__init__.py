"""Writes to the account tree, a tenant's settings, users and acting as."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Max, Model, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat, Length, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.sessions import end_applications
from accounts.actor import Actor
from accounts.look_alikes import DECEIVES, may_deceive
from accounts.models import (
    Account,
    AccountQuerySet,
    RootAccountSettings,
    User,
    login_key,
    sorted_by_last_word,
)
from accounts.rules import (
    ACT_AS,
    CHANGE_ACCOUNTS_SIS_ID,
    EDIT_OWN_SETTINGS,
    MANAGE_ACCOUNT_SETTINGS,
    REPLACE_PASSWORD,
    SET_UP_SIGN_IN,
)
from audit.actions import event, record
from audit.models import Event
from courses.models import Course
from oauth.actions.qr import end_qr_sign_ins
from pairing.mail import tell_after_commit
from pairing_service.naming import as_kept, one_line
from permissions.administrators import lock_administrators
from permissions.policy import Denied, Rule, ask_anew, permitted, require
from permissions.rules import CHANGE_ANY_OVERRIDE
from permissions.table import bump, newest_table

# Long enough for a slip of paper to reach a child, short enough that a lost one does not matter.
ONE_TIME_PASSWORD_LIFETIME = timedelta(days=14)
# Events of one-time passwords: for a person who had none of their own, for one who forgot theirs.
HAND_OUTS = ("first_sign_in_given", "password_replaced")
# No look-alikes: it is typed from paper. 12 of 31 characters are 59 bits.
_PAPER_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


# Room for one more id in the path, whatever it will be.
_DEEPEST = 255 - len("9223372036854775807/")


class WouldCircle(Exception):
    """An account can't hang below itself."""


class TooDeep(Exception):
    """The path of ids from the root account down would be too long."""


class AccountOccupied(Exception):
    """Courses or other accounts are still in the account."""


def hold_tree(actor: Actor) -> None:
    """Hold the tenant's root account: one at a time changes the tree, or what must fit into it.

    What was known of anybody's rights may be over when it is one's turn.
    """
    Account.objects.select_for_update(no_key=True).get(pk=actor.root_account.pk)
    newest_table(actor.root_account)
    actor.memo.clear()


def place(account: Account, parent: Account | None) -> None:
    """Hang a saved account under `parent` (None: it is a root) and write its path and root.

    The one place that writes paths. The account must not have children yet.
    """
    account.parent = parent
    account.path = f"{parent.path if parent else ''}{account.pk}/"
    account.root_account_id = parent.root_account_id if parent else account.pk
    account.save(update_fields=["parent", "path", "root_account"])


def place_all(accounts: AccountQuerySet) -> None:
    """Write the paths of new accounts below parents that have theirs: one statement for all."""
    parent = Account.objects.filter(pk=OuterRef("parent")).values("path")
    accounts.update(path=Concat(Subquery(parent), Cast("pk", CharField()), Value("/")))


def move(actor: Actor, account: Account, parent: Account) -> None:
    """Hang an account, with all below it, under another parent of its tenant, and record it.

    Raises WouldCircle. The caller has asked whether the actor may, holds the root account's row and
    bumps the override version: what is inherited changes.
    """
    if parent.path.startswith(account.path):
        raise WouldCircle
    above, before, path = account.parent_id, account.path, f"{parent.path}{account.pk}/"
    Account.objects.within(account).update(
        path=Concat(Value(path), Substr("path", len(before) + 1))
    )
    Account.objects.filter(pk=account.pk).update(parent=parent, updated_at=timezone.now())
    account.parent, account.path = parent, path
    record(actor, "account_moved", account=account, before=above, after=parent.pk)


def names(name: str, *, sortable: str = "", short: str = "") -> dict[str, str]:
    """The three names of a person; what is not given follows from the full name."""
    name, sortable, short = map(one_line, (name, sortable, short))
    return {
        "name": name,
        "sortable_name": sortable or sorted_by_last_word(name),
        "short_name": short or name,
    }


def checked_login(login_id: str) -> str:
    """The login as it is kept. Raises ValidationError (`login_id`)."""
    text = login_id.strip()
    if not text:
        raise ValidationError({"login_id": ValidationError(_("Type in a login."), code="blank")})
    if max(len(text), len(login_key(text))) > 255:  # some letters are compared as several
        wrong = ValidationError(_("This login is too long."), code="too_long")
        raise ValidationError({"login_id": wrong})
    if may_deceive(text):
        wrong = ValidationError(DECEIVES, code="invalid")
        raise ValidationError({"login_id": wrong})
    return text


def check_password(password: str, user: User) -> None:
    """Raise ValidationError when the password is too weak for this user (settings)."""
    validate_password(password, user)


def hashed_password(user: User, password: str | None) -> str:
    """What is kept of a password; without one, what nobody signs in with.

    For before the transaction: hashing takes long, and would hold everyone up. Raises
    ValidationError (`password`).
    """
    if password is not None:
        try:
            check_password(password, user)
        except ValidationError as error:
            raise ValidationError({"password": error.error_list}) from error
    return make_password(password)


def update_account(
    *, actor: Actor, account: Account, fields: dict[str, Any], settings: dict[str, Any]
) -> None:
    """Change an account's name, time zone or SIS id, and (root only) the tenant's settings.

    `settings` names fields of RootAccountSettings. Raises Denied, each field having its own right;
    ValidationError with every wrong field. Then nothing is written.
    """
    with transaction.atomic():
        hold_tree(actor)  # of two who take one SIS id, the second is told
        if settings or fields.keys() != {"sis_id"}:
            require(actor, MANAGE_ACCOUNT_SETTINGS, account)
        if "sis_id" in fields:
            require(actor, CHANGE_ACCOUNTS_SIS_ID, account)
            _check_sis_id_is_free(account, fields["sis_id"])
        rows: list[tuple[Model, dict[str, Any]]] = [(account, fields)]
        if settings:
            held = RootAccountSettings.objects.select_for_update().get(account=account)
            rows.append((held, settings))
            if settings.get("qr_sign_in") is False:
                end_qr_sign_ins(actor.root_account)
        _update(actor, account, *rows)
        bump(actor.root_account)


@transaction.atomic
def create_sub_account(
    *, actor: Actor, parent: Account, name: str, sis_id: str | None = None
) -> Account:
    """A new account below `parent`. Raises Denied, TooDeep, ValidationError (`name`, `sis_id`)."""
    hold_tree(actor)
    _require_now(actor, parent)
    _refuse_deeper(parent.path)
    if sis_id:
        require(actor, CHANGE_ACCOUNTS_SIS_ID, parent)
    account = Account(root_account=actor.root_account, parent=parent, time_zone=parent.time_zone)
    if errors := set_fields(account, {"name": name.strip(), "sis_id": sis_id or None}):
        raise ValidationError(errors)
    _check_sis_id_is_free(account, account.sis_id)
    account.save()
    place(account, parent)
    record(actor, "account_created", account=account, parent=parent.pk, name=account.name)
    bump(actor.root_account)
    return account


@transaction.atomic
def move_sub_account(*, actor: Actor, account: Account, parent: Account) -> None:
    """Hang an account, with all below it, under another parent; what it inherits changes.

    It needs the right where it is, where it was and where it goes, and to be Account Admin of
    both parents: what is set and who administers there begins or ends to count for everyone below,
    and so for the mover. Raises Denied, WouldCircle, TooDeep.
    """
    hold_tree(actor)
    before = _parent_of(actor, account)
    _require_now(actor, account)
    _require_now(actor, parent)
    for above in (before, parent):
        require(actor, CHANGE_ANY_OVERRIDE, above)
    if before == parent:
        return
    deepest = Account.objects.within(account).aggregate(most=Max(Length("path")))["most"]
    _refuse_deeper(parent.path, deepest - len(account.path))
    move(actor, account, parent)
    bump(actor.root_account)


@transaction.atomic
def delete_sub_account(*, actor: Actor, account: Account) -> None:
    """Remove an empty account. It needs the right in the account above.

    Raises Denied, AccountOccupied.
    """
    hold_tree(actor)
    _parent_of(actor, account)
    accounts = Account.objects.live().filter(parent=account)
    courses = Course.objects.existing().filter(account=account)
    if accounts.exists() or courses.exists():
        raise AccountOccupied
    account.state = Account.State.DELETED
    account.save(update_fields=["state", "updated_at"])
    record(actor, "account_deleted", account=account, parent=account.parent_id, name=account.name)
    bump(actor.root_account)


def _require_now(actor: Actor, account: Account) -> None:
    """Raise Denied unless the account is still there, where it is now, and the actor manages it."""
    account.refresh_from_db(fields=["path", "parent", "state"])
    require(actor, MANAGE_ACCOUNT_SETTINGS, account)
    if account.state != Account.State.ACTIVE:
        raise Denied(MANAGE_ACCOUNT_SETTINGS)


def _parent_of(actor: Actor, account: Account) -> Account:
    """The account above, which the actor must manage. A root account has none: Denied."""
    account.refresh_from_db(fields=["path", "parent", "state"])
    if account.parent is None or account.state != Account.State.ACTIVE:
        raise Denied(MANAGE_ACCOUNT_SETTINGS)
    _require_now(actor, account.parent)
    return account.parent


def _refuse_deeper(path: str, below: int = 0) -> None:
    if len(path) + below > _DEEPEST:
        raise TooDeep


def _check_sis_id_is_free(account: Account, sis_id: str | None) -> None:
    others = Account.objects.filter(root_account=account.root_account_id).exclude(pk=account.pk)
    if sis_id is not None and others.filter(sis_id=sis_id).exists():
        raise ValidationError({"sis_id": ValidationError(_("is already in use"), code="taken")})


def _update(actor: Actor, account: Account, *rows: tuple[Model, dict[str, Any]]) -> None:
    """Write what differs in each row, all or (ValidationError) nothing; record old and new."""
    errors: dict[str, Any] = {}
    for row, values in rows:
        kept = as_kept(row, values)
        changed = {name: value for name, value in kept.items() if getattr(row, name) != value}
        before = {name: getattr(row, name) for name in changed}
        errors |= set_fields(row, changed)
        if changed and not errors:
            row.save(update_fields=[*changed])
            record(actor, "settings_changed", account=account, before=before, after=changed)
    if errors:
        raise ValidationError(errors)


def set_fields(row: Model, values: dict[str, Any]) -> dict[str, Any]:
    """Put the values into the row, and what is wrong with them. None is right where null is."""
    for name, value in values.items():
        setattr(row, name, value)
    given = {name for name, value in values.items() if value is not None}
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields} - given)
    except ValidationError as error:
        return error.error_dict
    return {}


def update_own_settings(*, actor: Actor, user: User, fields: dict[str, Any]) -> None:
    """Change one's own names, e-mail, language, time zone. Raises Denied, ValidationError."""
    with transaction.atomic():
        require(actor, EDIT_OWN_SETTINGS, user)
        _update(actor, actor.root_account, (user, fields))


# What a user keeps of a password that staff handed out.
_HANDED_OUT = ("one_time_password_until", "one_time_password_replaces")


def choose_password(*, actor: Actor, user: User, password: str) -> None:
    """Set one's own password; a handed-out one is over, and what applications do for them.

    Raises Denied, ValidationError.
    """
    with transaction.atomic():
        require(actor, EDIT_OWN_SETTINGS, user)
        check_password(password, user)
        user.set_password(password)
        save_password(user)
        end_applications([user.pk])
        record(actor, "password_changed", subject=user)


def save_password(user: User, *more: str) -> None:
    """Save the password that the user has been given for good, and `more` fields with it: one that
    staff handed out before is over."""
    user.one_time_password_until, user.one_time_password_replaces = None, False
    user.save(update_fields=["password", *_HANDED_OUT, *more])


def drop_handed_out_password(user: User) -> None:
    """Who came in by a way of their own needs no password from paper, and chooses none for it."""
    if user.one_time_password_until is None:
        return
    user.set_unusable_password()
    save_password(user)


def hand_out_passwords(*, actor: Actor, users: Iterable[User]) -> dict[User, str]:
    """New one-time passwords for people without one of their own; shown here and never again.

    Raises Denied when it is refused for one of them; then nobody gets one.
    """
    return _hand_out(actor, SET_UP_SIGN_IN, users, told_as=HAND_OUTS[0])


def replace_password(*, actor: Actor, user: User) -> dict[User, str]:
    """The same for a person who forgot their own, which ends with all their sessions and approved
    applications.

    Raises Denied, also for the last Account Admin who has a password of their own (of two who do
    this to each other at once, the second is refused), and when the password is not the one that
    `user` was read with: somebody else has just done the same.
    """
    with transaction.atomic():
        if lock_administrators(actor.root_account) == {user.pk}:
            raise Denied(REPLACE_PASSWORD)
        held = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
        if held.password != user.password:
            raise Denied(REPLACE_PASSWORD)
        end_applications([user.pk])
        return _hand_out(actor, REPLACE_PASSWORD, [user], told_as=HAND_OUTS[1])


def _hand_out(actor: Actor, rule: Rule, users: Iterable[User], *, told_as: str) -> dict[User, str]:
    passwords = {user: _paper_password() for user in users}
    for user, password in passwords.items():
        # Sessions carry a digest of the password: those from before are over.
        user.password = _hash_of_random(password)
        user.one_time_password_until = timezone.now() + ONE_TIME_PASSWORD_LIFETIME
        user.one_time_password_replaces = rule is REPLACE_PASSWORD
    with transaction.atomic():
        _require_for_all(actor, rule, passwords)
        User.objects.bulk_update(passwords, ["password", *_HANDED_OUT], 500)
        Event.objects.bulk_create(event(actor, told_as, subject=user) for user in passwords)
    return passwords


def _paper_password() -> str:
    groups = ("".join(secrets.choice(_PAPER_ALPHABET) for _ in range(4)) for _ in range(3))
    return "-".join(groups)


def _hash_of_random(password: str) -> str:
    """59 random bits need no slow hash, and those of a whole course must not take minutes."""
    hasher = get_hasher()
    quick = {"iterations": 20_000} if isinstance(hasher, PBKDF2PasswordHasher) else {}
    return hasher.encode(password, hasher.salt(), **quick)


def _require_for_all(actor: Actor, rule: Rule, users: Collection[User]) -> None:
    """Hold the rows of all and raise Denied unless it is permitted for each."""
    ask_anew(actor)
    held = permitted(actor, rule).filter(pk__in=[user.pk for user in users])
    if len(held.select_for_update(of=("self",), no_key=True).values_list("pk")) != len(users):
        raise Denied(rule)


def mail_first_sign_in(*, actor: Actor, user: User, link: str) -> None:
    """Mail a person without a password a link with which they choose one. Raises Denied."""
    with transaction.atomic():
        require(actor, SET_UP_SIGN_IN, user)
        record(actor, "first_sign_in_mailed", subject=user)
        tell_after_commit(actor.root_account, [user], "first_sign_in", link=link)


def start_acting(*, actor: Actor, user: User) -> None:
    """Check and record that `actor` acts as `user` from now on. Raises Denied.

    The session is the caller's to change; REST has none and asks the rule on each request.
    """
    with transaction.atomic():
        require(actor, ACT_AS, user)
        record(actor.acting_as(user), "acting_started", subject=user)


def stop_acting(*, actor: Actor) -> None:
    """Record that acting has ended; nothing when it had not begun."""
    if actor.is_acting:
        record(actor, "acting_stopped", subject=actor.person)
