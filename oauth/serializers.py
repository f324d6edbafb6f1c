"""Answers of the token endpoint, developer keys, mobile_verify (contract §9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NotRequired, Required, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError

from oauth.actions.granting import TOKEN_LIFETIME, Issued
from oauth.actions.keys import Fields, Kind, kind_of
from oauth.digests import mobile_secret
from oauth.models import DeveloperKey
from pairing_service.http.errors import Refusal, invalid, refusal
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time


class ExchangeParams(TypedDict, total=False):
    grant_type: str
    client_id: str
    client_secret: str
    redirect_uri: str
    code: str
    code_verifier: str
    replace_tokens: bool
    refresh_token: str


class EndParams(TypedDict, total=False):
    expire_sessions: bool


class IssuedUser(TypedDict):
    """Whose token it is."""

    id: int
    name: str
    global_id: str
    effective_locale: str


class IssuedJson(TypedDict):
    """An access token; with the refresh token where it is new."""

    access_token: str
    token_type: str
    user: IssuedUser
    refresh_token: NotRequired[str]
    expires_in: int
    canvas_region: str


class VerifyParams(TypedDict, total=False):
    domain: str
    user_agent: str


class VerifiedJson(TypedDict):
    """The client of the mobile apps, or why there is none."""

    authorized: bool
    result: int
    client_id: str | None
    client_secret: str | None
    api_key: str | None
    base_url: str | None


class SessionUrlParams(TypedDict, total=False):
    return_to: str


class SessionUrlJson(TypedDict):
    session_url: str


def issued_json(issued: Issued) -> IssuedJson:
    """The iOS apps need every field of `user`, `effective_locale` above all (contract §9.2)."""
    user = issued.user
    body: IssuedJson = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "user": {
            "id": user.pk,
            "name": user.name,
            "global_id": str(user.pk),
            "effective_locale": user.locale or settings.LANGUAGE_CODE,
        },
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "canvas_region": "unknown",
    }
    if issued.refresh_token:
        body["refresh_token"] = issued.refresh_token
    return body


def verified_json(key: DeveloperKey | None, base_url: str, *, result: int) -> VerifiedJson:
    """What the apps read before any sign-in (contract §9.6)."""
    secret = mobile_secret(key) if key else None
    return {
        "authorized": key is not None,
        "result": result,
        "client_id": key.client_id if key else None,
        "client_secret": secret,
        "api_key": secret,
        "base_url": base_url if key else None,
    }


# --- Developer keys (ours: the contract has none) ---


class KeyLimits(TypedDict, total=False):
    scopes: list[str]
    require_scopes: bool
    trusted: bool


class NewKey(KeyLimits, total=False):
    name: Required[str]
    redirect_uris: Required[list[str]]
    kind: str


class ChangedKey(KeyLimits, total=False):
    name: str
    redirect_uris: list[str]
    workflow_state: str
    regenerate_secret: bool


class NewKeyParams(TypedDict):
    developer_key: NewKey


class ChangedKeyParams(TypedDict):
    developer_key: ChangedKey


class KeyJson(TypedDict):
    """A developer key; its secret, `api_key`, only where it is new."""

    id: int
    client_id: str
    api_key: str | None
    name: str
    kind: Literal["server", "public", "mobile"]
    redirect_uris: list[str]
    scopes: list[str]
    require_scopes: bool
    trusted: bool
    workflow_state: Literal["active", "inactive", "deleted"]
    created_at: Time | None
    updated_at: Time | None
    user_count: int
    last_used_at: Time | None


def _words(given: Params, key: str) -> list[str]:
    """A list, or one text with a word per line."""
    return [word for text in given.texts(key) for word in text.split()]


_KEY_FIELDS: dict[str, tuple[str, Callable[[Params, str], Any]]] = {
    "name": ("name", Params.text),
    "redirect_uris": ("redirect_uris", _words),
    "scopes": ("scopes", _words),
    "require_scopes": ("requires_scopes", Params.boolean),
    "trusted": ("is_trusted", Params.boolean),
}
_KEY_WIRE_NAMES = {ours: wire for wire, (ours, _) in _KEY_FIELDS.items()}


def key_json(key: Any, secret: str | None = None) -> KeyJson:
    """`key`: of `oauth.panels.keys_with_use`."""
    return {
        "id": key.pk,
        "client_id": key.client_id,
        "api_key": secret,
        "name": key.name,
        "kind": kind_of(key).value,
        "redirect_uris": key.addresses,
        "scopes": key.scopes.split(),
        "require_scopes": key.requires_scopes,
        "trusted": key.is_trusted,
        "workflow_state": key.state,
        "created_at": wire_time(key.created_at),
        "updated_at": wire_time(key.updated_at),
        "user_count": key.people,
        "last_used_at": wire_time(key.last_used_at),
    }


def key_fields(given: Params) -> Fields:
    """`developer_key[…]` under our names; what is null is left as it is. Raises Refusal."""
    read = {ours: read(given, wire) for wire, (ours, read) in _KEY_FIELDS.items() if wire in given}
    return Fields(**{name: value for name, value in read.items() if value is not None})  # type: ignore[typeddict-item]


def new_kind(given: Params) -> Kind:
    """`developer_key[kind]`, a server's without one. Raises Refusal."""
    try:
        return Kind(given.text("kind") or Kind.SERVER)
    except ValueError as error:
        raise invalid(kind=("invalid", "must be server, public or mobile")) from error


def new_state(given: Params) -> bool | None:
    """Whether `developer_key[workflow_state]` switches on or off; None without. Raises Refusal."""
    text = given.text("workflow_state")
    if text in ("active", "inactive"):
        return text == "active"
    if text:
        raise invalid(workflow_state=("invalid", "must be active or inactive"))
    return None


def key_refused(error: ValidationError) -> Refusal:
    """The 400 for what the action found wrong, under the wire's names."""
    return invalid(
        **{
            _KEY_WIRE_NAMES.get(name, name): ("invalid", found[0].messages[0])
            for name, found in error.error_dict.items()
        }
    )


def required_key(params: Params) -> Params:
    """The group `developer_key`; 400 without."""
    given = params.group("developer_key")
    if not given:
        raise refusal(400, "developer_key is missing")
    return given
