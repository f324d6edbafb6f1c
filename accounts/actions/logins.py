"""Writes to logins: a person's own one and further ones, all with the one password (§8.1)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions import checked_login, hashed_password, save_password
from accounts.actions.people import change_person, taken
from accounts.actions.sessions import end_applications
from accounts.actor import Actor
from accounts.models import Login, User, login_key
from accounts.rules import GIVE_LOGIN, MANAGE_LOGINS, REPLACE_PASSWORD, SET_UP_SIGN_IN
from audit.actions import record
from permissions.actions.overrides import hold_rights
from permissions.administrators import lock_administrators
from permissions.policy import Denied, may, require


class LastLogin(Exception):
    """A person keeps at least one login."""


def add_login(*, actor: Actor, user: User, login_id: str, password: str | None = None) -> Login:
    """A further login of someone; `password` becomes their one password.

    Raises Denied, ValidationError (`login_id`, `password`).
    """
    hashed = hashed_password(user, password)
    with transaction.atomic():
        held, is_last = _hold(actor, user)
        require(actor, GIVE_LOGIN, held)
        text = checked_login(login_id)
        login = Login(root_account=actor.root_account, user=user, login_id=text)
        _write(login.save)
        record(actor, "login_added", subject=user, login=text)
        if password is not None:
            _set_password(actor, held, hashed, is_last=is_last)
    return login


def change_login(
    *,
    actor: Actor,
    login: Login,
    login_id: str | None = None,
    password: str | None = None,
    ids: dict[str, Any] | None = None,
    suspended: bool | None = None,
) -> None:
    """Another text for a login, another password or other ids (`sis_id`, `integration_id`) for its
    person; suspend them or let them in again.

    Raises Denied, LastAdministrator, ValidationError (`login_id`, `password`, `sis_id`).
    """
    user = login.user
    hashed = hashed_password(user, password)
    with transaction.atomic():
        held, is_last = _hold(actor, user)
        if login_id is not None and login_id != login.login_id:
            _rename(actor, held, login, checked_login(login_id))
        if password is not None:
            _set_password(actor, held, hashed, is_last=is_last)
        if ids or suspended is not None:
            change_person(actor=actor, person=user, fields=ids or {}, suspended=suspended)


@transaction.atomic
def remove_login(*, actor: Actor, login: Login) -> None:
    """Take a login away. When it was the person's own, their oldest other one becomes that.

    Raises Denied, LastLogin, Login.DoesNotExist when it is gone already.
    """
    held, _is_last = _hold(actor, login.user)
    logins = list(held.logins.order_by("pk"))
    if login not in logins:
        raise Login.DoesNotExist
    rest = [one for one in logins if one != login]
    if not rest:
        raise LastLogin
    if login.login_key == held.login_key:
        held.login_id = rest[0].login_id
        held.save(update_fields=["login_id", "updated_at"])  # which removes the old one
    else:
        Login.objects.filter(pk=login.pk).delete()
    record(actor, "login_removed", subject=held, login=login.login_id)


def _hold(actor: Actor, user: User) -> tuple[User, bool]:
    """Everyone's rights and the person, as they are now, and whether they are the last Account
    Admin. Raises Denied."""
    hold_rights(actor, actor.root_account)
    is_last = lock_administrators(actor.root_account) == {user.pk}
    held: User = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
    require(actor, MANAGE_LOGINS, user)
    if held.state == User.State.DELETED:
        raise Denied(MANAGE_LOGINS)
    return held, is_last


def _write(save: Any, **how: Any) -> None:
    """The constraint decides, so that of two who take one login at once the second is told."""
    try:
        with transaction.atomic():
            save(**how)
    except IntegrityError as error:
        raise taken("login_id", _("Somebody here has this login already.")) from error


def _rename(actor: Actor, held: User, login: Login, login_id: str) -> None:
    require(actor, GIVE_LOGIN, held)
    before = login.login_id
    if held.logins.exclude(pk=login.pk).filter(login_key=login_key(login_id)).exists():
        raise taken("login_id", _("They have this login already."))
    if login.login_key == held.login_key:
        held.login_id = login_id
        _write(held.save, update_fields=["login_id", "updated_at"])
    else:
        login.login_id = login_id
        _write(login.save)
    record(actor, "login_changed", subject=held, before=before, after=login_id)


def _set_password(actor: Actor, held: User, hashed: str, *, is_last: bool) -> None:
    """The limits of handing out one: a first sign-in, or those of acting as the person."""
    rule = SET_UP_SIGN_IN if may(actor, SET_UP_SIGN_IN, held) else REPLACE_PASSWORD
    require(actor, rule, held)
    if is_last and rule is REPLACE_PASSWORD:
        raise Denied(rule)
    held.password = hashed
    save_password(held, "updated_at")
    if rule is REPLACE_PASSWORD:
        end_applications([held.pk])
    record(actor, "password_set", subject=held)
