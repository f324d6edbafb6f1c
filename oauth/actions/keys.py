"""Developer keys: adding, changing, switching, another secret, deleting."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from audit.actions import record
from oauth.addresses import MOST_ADDRESSES, is_address
from oauth.digests import SECRET, new_text
from oauth.models import AuthorizationCode, DeveloperKey, Integration, OAuthToken
from oauth.rules import CHANGE_DEVELOPER_KEY, MANAGE_DEVELOPER_KEYS, TRUST_DEVELOPER_KEYS
from pairing_service.http.scopes import unknown_scopes
from permissions.policy import require


class Kind(StrEnum):
    """How a client proves itself; it never changes."""

    SERVER = "server"  # by a secret that only it knows
    PUBLIC = "public"  # by PKCE: whatever it holds is in everybody's hands
    MOBILE = "mobile"  # the mobile apps, to which mobile_verify tells their secret


class Fields(TypedDict, total=False):
    """What can be said of a key, and changed."""

    name: str
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    requires_scopes: bool
    is_trusted: bool


class HasNoSecret(Exception):
    """A client of this kind has none that could be replaced."""


def kind_of(key: DeveloperKey) -> Kind:
    if key.for_mobile:
        return Kind.MOBILE
    return Kind.PUBLIC if key.is_public else Kind.SERVER


def create_key(*, actor: Actor, kind: Kind, fields: Fields) -> tuple[DeveloperKey, str | None]:
    """A new key of the tenant, on; and its secret, which can never be read again.

    Only a server has one. Raises Denied; ValidationError with every wrong field, `kind` for a
    second key of the mobile apps.
    """
    text, digest = new_text(SECRET) if kind is Kind.SERVER else (None, "")
    key = DeveloperKey(
        root_account=actor.root_account,
        client_id=secrets.token_hex(10),
        secret_digest=digest,
        is_public=kind is Kind.PUBLIC,
        for_mobile=kind is Kind.MOBILE,
    )
    with transaction.atomic():
        require(actor, MANAGE_DEVELOPER_KEYS, actor.root_account)
        changes = _put(key, {"name": "", "redirect_uris": [], **fields})
        _require_trust(actor, key)
        try:
            with transaction.atomic():
                key.save(force_insert=True)
        except IntegrityError as error:
            if kind is not Kind.MOBILE:
                raise
            raise ValidationError({"kind": _("The mobile apps have a key already.")}) from error
        _tell(actor, "developer_key_created", key, kind=kind, after=changes)
    return key, text


@transaction.atomic
def change_key(*, actor: Actor, key: DeveloperKey, fields: Fields) -> DeveloperKey:
    """Change what is said of a key. Tokens that it has narrower scopes than follow at once.

    Raises Denied; ValidationError with every wrong field; DeveloperKey.DoesNotExist.
    """
    key = _held(actor, key)
    _require_trust(actor, key)
    before = {name: getattr(key, name) for name in fields}
    after = _put(key, fields)
    _require_trust(actor, key)
    changed = [name for name in after if before[name] != after[name]]
    if changed:
        key.save(update_fields=[*changed, "updated_at"])
        then, now = ({name: row[name] for name in changed} for row in (before, after))
        _tell(actor, "developer_key_changed", key, before=then, after=now)
    return key


@transaction.atomic
def switch_key(*, actor: Actor, key: DeveloperKey, on: bool) -> DeveloperKey:
    """Switch a key off, or on again. Off, its codes and tokens are over at once, for good.

    What people approved stays: once it is on again, its client gets new tokens without asking
    them. Raises Denied, DeveloperKey.DoesNotExist.
    """
    key = _held(actor, key)
    if on:
        _require_trust(actor, key)
    state = DeveloperKey.State.ACTIVE if on else DeveloperKey.State.INACTIVE
    if key.state == state:
        return key
    key.state = state
    key.save(update_fields=["state", "updated_at"])
    if not on:
        _end_tokens(key)
    _tell(actor, "developer_key_switched_on" if on else "developer_key_switched_off", key)
    return key


@transaction.atomic
def renew_secret(*, actor: Actor, key: DeveloperKey) -> tuple[DeveloperKey, str]:
    """Another secret, told here and never again; the old one proves nothing any more.

    Raises Denied, HasNoSecret, DeveloperKey.DoesNotExist.
    """
    key = _held(actor, key)
    _require_trust(actor, key)
    if kind_of(key) is not Kind.SERVER:
        raise HasNoSecret
    text, key.secret_digest = new_text(SECRET)
    key.save(update_fields=["secret_digest", "updated_at"])
    _tell(actor, "developer_key_secret_renewed", key)
    return key, text


@transaction.atomic
def update_key(
    *, actor: Actor, key: DeveloperKey, fields: Fields, on: bool | None, renew: bool
) -> str | None:
    """Change, switch and give another secret, all or nothing: the secret, if there is another.

    Raises what these raise.
    """
    change_key(actor=actor, key=key, fields=fields)
    if on is not None:
        switch_key(actor=actor, key=key, on=on)
    return renew_secret(actor=actor, key=key)[1] if renew else None


@transaction.atomic
def delete_key(*, actor: Actor, key: DeveloperKey) -> DeveloperKey:
    """Delete a key, and with it all that people have approved for it. Raises Denied,
    DeveloperKey.DoesNotExist."""
    key = _held(actor, key)
    key.state = DeveloperKey.State.DELETED
    key.save(update_fields=["state", "updated_at"])
    _end_tokens(key)
    ended = Integration.objects.active().filter(key=key).update(ended_at=timezone.now())
    _tell(actor, "developer_key_deleted", key, integrations=ended)
    return key


def _held(actor: Actor, key: DeveloperKey) -> DeveloperKey:
    """The key as it is now, its row held, once the actor may change it."""
    require(actor, CHANGE_DEVELOPER_KEY, key)
    return DeveloperKey.objects.existing().select_for_update(no_key=True).get(pk=key.pk)


def _require_trust(actor: Actor, key: DeveloperKey) -> None:
    """Whoever says where a trusted application's codes are sent could get everybody's."""
    if key.is_trusted:
        require(actor, TRUST_DEVELOPER_KEYS, actor.root_account)


def _end_tokens(key: DeveloperKey) -> None:
    codes = AuthorizationCode.objects.filter(key=key, used_at=None)
    codes.update(used_at=timezone.now())
    OAuthToken.objects.filter(integration__key=key).delete()


def _put(key: DeveloperKey, fields: Fields) -> dict[str, Any]:
    """Put what is said of a key into it: what was put. ValidationError with every wrong field."""
    values: dict[str, Any] = {**fields}
    errors = {name: found for name in values if (found := _wrong_with(name, values[name], key))}
    if errors:
        raise ValidationError(errors)
    for name, separator in (("redirect_uris", "\n"), ("scopes", " ")):
        if name in values:
            values[name] = separator.join(dict.fromkeys(values[name]))
    for name, value in values.items():
        setattr(key, name, value)
    return values


def _wrong_with(name: str, value: Any, key: DeveloperKey) -> str | None:
    match name:
        case "name":
            return None if 0 < len(value) <= 255 else _("Say what the application is called.")
        case "redirect_uris":
            return _wrong_addresses(value)
        case "scopes":
            unknown = unknown_scopes(value)
            said = _("“%s” is nothing that a token can be limited to here.")
            return said % unknown[0][:100] if unknown else None
        case "is_trusted" if value and kind_of(key) is not Kind.SERVER:
            return _("Only a server that keeps a secret can be trusted.")
    return None


def _wrong_addresses(addresses: Sequence[str]) -> str | None:
    if not addresses:
        return _("Say where people are sent back to.")
    if len(addresses) > MOST_ADDRESSES:
        return _("That is more than %d.") % MOST_ADDRESSES
    wrong = next((one for one in addresses if not is_address(one)), None)
    said = _(
        "“%s” can't be one: it begins with https://, or with an app's own name with a dot,"
        " like org.example.app:/done."
    )
    return said % wrong[:100] if wrong is not None else None


def _tell(actor: Actor, action: str, key: DeveloperKey, **more: Any) -> None:
    account = actor.root_account
    record(actor, action, account=account, key=key.pk, name=key.name, **more)
