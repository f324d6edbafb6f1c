"""Writes to the account tree, a tenant's settings, users and acting as."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from accounts.rules import (
    ACT_AS,
    EDIT_OWN_SETTINGS,
    MANAGE_ACCOUNT_SETTINGS,
    SET_UP_SIGN_IN,
)
from accounts.tokens import make_token
from audit.actions import record
from permissions.policy import require

# Long enough for a slip of paper to reach a child, short enough that a lost one does not matter.
ONE_TIME_PASSWORD_LIFETIME = timedelta(days=14)
# No look-alikes: it is typed from paper. 12 of 31 characters are 59 bits.
_PAPER_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def place(account: Account, parent: Account | None) -> None:
    """Hang a saved account under `parent` (None: it is a root) and write its path and root.

    The one place that writes paths. The account must not have children yet.
    """
    account.parent = parent
    account.path = f"{parent.path if parent else ''}{account.pk}/"
    account.root_account_id = parent.root_account_id if parent else account.pk
    account.save(update_fields=["parent", "path", "root_account"])


def names(name: str, *, sortable: str = "", short: str = "") -> dict[str, str]:
    """The three names of a person; what is not given follows from the full name."""
    first, _, last = name.rpartition(" ")
    return {
        "name": name,
        "sortable_name": sortable or (f"{last}, {first}" if first else name),
        "short_name": short or name,
    }


def check_password(password: str, user: User) -> None:
    """Raise ValidationError when the password is too weak for this user."""
    validate_password(password, user)


def update_account(
    *, actor: Actor, account: Account, fields: dict[str, Any], settings: dict[str, Any]
) -> None:
    """Change an account's name or time zone, and (root only) the tenant's settings.

    `settings` names fields of RootAccountSettings. Raises Denied; ValidationError with every
    wrong field, and nothing is written.
    """
    with transaction.atomic():
        require(actor, MANAGE_ACCOUNT_SETTINGS, account)
        _update(actor, account, account, fields)
        if settings:
            held = RootAccountSettings.objects.select_for_update().get(account=account)
            _update(actor, account, held, settings)


def _update(actor: Actor, account: Account, row: Any, values: dict[str, Any]) -> None:
    """Write what differs and record old and new."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    row.full_clean(validate_unique=False, validate_constraints=False)
    row.save(update_fields=[*changed])
    record(actor, "settings_changed", account=account, before=before, after=changed)


def update_own_settings(*, actor: Actor, user: User, fields: dict[str, Any]) -> None:
    """Change one's own names, e-mail, language, time zone. Raises Denied, ValidationError."""
    with transaction.atomic():
        require(actor, EDIT_OWN_SETTINGS, user)
        _update(actor, actor.root_account, user, fields)


def choose_password(*, actor: Actor, user: User, password: str) -> None:
    """Set one's own password; a handed-out one is over. Raises Denied, ValidationError."""
    with transaction.atomic():
        require(actor, EDIT_OWN_SETTINGS, user)
        check_password(password, user)
        user.set_password(password)
        user.one_time_password_until = None
        user.save(update_fields=["password", "one_time_password_until"])
        record(actor, "password_changed", subject=user)


def hand_out_passwords(*, actor: Actor, users: Iterable[User]) -> dict[User, str]:
    """New one-time passwords for people without one of their own; shown here and never again.

    Raises Denied when it is refused for one of them; then nobody gets one.
    """
    with transaction.atomic():
        return {user: _hand_out(actor, user) for user in users}


def _hand_out(actor: Actor, user: User) -> str:
    require(actor, SET_UP_SIGN_IN, user)
    password = "-".join(
        "".join(secrets.choice(_PAPER_ALPHABET) for _ in range(4)) for _ in range(3)
    )
    user.set_password(password)
    user.one_time_password_until = timezone.now() + ONE_TIME_PASSWORD_LIFETIME
    user.save(update_fields=["password", "one_time_password_until"])
    record(actor, "first_sign_in_given", subject=user)
    return password


def create_token(*, actor: Actor, user: User, purpose: str) -> str:
    """A new access token of the user, its text: shown here and never again.

    Only the command line so far, whose operator owns the database anyway.
    """
    with transaction.atomic():
        text = make_token(user, purpose)
        record(actor, "token_created", subject=user, purpose=purpose)
    return text


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
