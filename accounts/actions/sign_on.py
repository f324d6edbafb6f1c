"""Writes about single sign-on: the provider of a root account, and people whom it names."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions import checked_login, drop_handed_out_password, names, set_fields
from accounts.actor import Actor
from accounts.models import Login, SignOnProvider, User, login_key
from accounts.rules import MANAGE_SIGN_ON
from accounts.sealing import CannotUnseal, seal, unseal
from audit.actions import record
from permissions.policy import require

Match = SignOnProvider.Match


class NobodyHere(Exception):
    """The provider has signed in somebody who may not come in here; `came_as`: as what, if any."""

    def __init__(self, came_as: str = "") -> None:
        super().__init__("nobody here")
        self.came_as = came_as


# --- The provider ---


@transaction.atomic
def set_provider(*, actor: Actor, fields: dict[str, Any], secret: str = "") -> SignOnProvider:
    """Set up, or change, the root account's provider; without a secret the one that is kept stays.

    `fields`: label, issuer, client_id, match, claim, creates_people, is_on. Raises Denied, and
    ValidationError, also for a first one without a secret.
    """
    root = actor.root_account
    require(actor, MANAGE_SIGN_ON, root)
    held = SignOnProvider.objects.select_for_update().filter(root_account=root).first()
    provider = held or SignOnProvider(root_account=root)
    before = {name: getattr(provider, name) for name in fields} if held else {}
    errors = set_fields(provider, fields)
    try:
        provider.sealed_secret = seal(secret or unseal(provider.sealed_secret))
    except CannotUnseal:  # there is none, or only under a key that is gone
        errors["secret"] = [ValidationError(_("Type in the secret."), code="blank")]
    if errors:
        raise ValidationError(errors)
    provider.save()
    changed = {name: value for name, value in fields.items() if before.get(name) != value}
    told = {name: before[name] for name in changed if name in before}
    record(
        actor, "sign_on_changed", account=root, before=told, after=changed, new_secret=bool(secret)
    )
    return provider


@transaction.atomic
def remove_provider(*, actor: Actor) -> bool:
    """Nobody signs in through it any more; False when there was none. Raises Denied."""
    root = actor.root_account
    require(actor, MANAGE_SIGN_ON, root)
    held = SignOnProvider.objects.select_for_update().filter(root_account=root).first()
    if held is None:
        return False
    issuer = held.issuer
    held.delete()
    record(actor, "sign_on_removed", account=root, issuer=issuer)
    return True


# --- Whom it names ---


def find_or_make_person(
    *, actor: Actor, provider: SignOnProvider, claims: Mapping[str, Any]
) -> User:
    """Whom of the root account the claims name, made if it wants that. Raises NobodyHere.

    The caller has these claims from the provider itself. `actor` is the visitor.
    """
    came_as = _named(provider, claims)
    if not came_as:
        raise NobodyHere
    user = _people_named(provider, came_as).first()
    if user is None and provider.creates_people:
        return _make(actor, provider, came_as, claims)
    if user is None or user.state not in (User.State.ACTIVE, User.State.UNPROVEN):
        raise NobodyHere(came_as)
    drop_handed_out_password(user)
    return user


def _named(provider: SignOnProvider, claims: Mapping[str, Any]) -> str:
    """The text by which people are known; none for an e-mail that nobody has verified."""
    value = claims.get(provider.claim)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if provider.claim == "email" and not _is_verified(claims):
        return ""
    text = str(value)
    return text if len(text) <= 255 and text.isprintable() and _is_plain(text) else ""


def _is_plain(text: str) -> bool:
    """Not one of the spellings that are the same login here (`login_key`), and may be somebody
    else's at the provider: `ａda`, ` ada`."""
    return unicodedata.is_normalized("NFKC", text) and text == text.strip()


def _is_verified(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true")


def _people_named(provider: SignOnProvider, text: str) -> Any:
    if provider.match == Match.SIS_ID:
        return User.objects.existing().filter(root_account=provider.root_account_id, sis_id=text)
    named = User.objects.with_login(provider.root_account_id, text)
    # Capital or small, and no more: `strauß` and `strauss` are two people there.
    spelt = [login for login in Login.objects.filter(user__in=named) if _spelt_as(login, text)]
    return named.filter(pk__in=[login.user_id for login in spelt])


def _spelt_as(login: Login, text: str) -> bool:
    return unicodedata.normalize("NFKC", login.login_id).lower().strip() == text.lower()


def _make(actor: Actor, provider: SignOnProvider, came_as: str, claims: Mapping[str, Any]) -> User:
    """A new person without a password. Who was deleted here does not come back by this door."""
    by_sis_id = provider.match == Match.SIS_ID
    email = _text(claims, "email") if _is_verified(claims) else ""
    login_id = (_text(claims, "preferred_username") or email or came_as) if by_sis_id else came_as
    gone = User.objects.filter(root_account=actor.root_account, state=User.State.DELETED)
    # Nor does anybody get the e-mail address with which somebody else signs in as a login.
    addressed = User.objects.with_email(provider.root_account_id, login_id)
    if gone.filter(login_key=login_key(login_id)).exists() or addressed.exists():
        raise NobodyHere(came_as)
    user = User(root_account=actor.root_account)
    values = names(_text(claims, "name") or login_id) | {"email": email}
    values |= {"sis_id": came_as} if by_sis_id else {}
    user.set_unusable_password()
    try:
        errors = set_fields(user, values | {"login_id": checked_login(login_id)})
        with transaction.atomic():
            if errors:
                raise ValidationError(errors)
            user.save(force_insert=True)
            record(actor, "person_made_by_sign_on", subject=user)
    except (ValidationError, IntegrityError) as error:
        raise NobodyHere(came_as) from error
    return user


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""
