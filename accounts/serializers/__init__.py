"""JSON of users and accounts, out and in (contract §5.1, §5.2, §5.4, §6.1, §6.2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NotRequired, Required, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AccessToken, Account, RootAccountSettings, User
from accounts.time_zones import time_zones
from pairing_service.http.errors import Field, Refusal, invalid, invalid_fields
from pairing_service.http.params import (
    Params,
    Reader,
    read_boolean,
    read_fields,
    read_moment,
)
from pairing_service.http.rendering import wire_offset_time, wire_time
from pairing_service.http.shapes import Time

# --- Users ---


class UserJson(TypedDict):
    """A person, as far as the caller may know them."""

    id: int
    name: str
    created_at: Time
    sortable_name: str
    short_name: str
    sis_user_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    sis_import_id: NotRequired[int | None]
    login_id: NotRequired[str]
    email: NotRequired[str | None]
    avatar_url: NotRequired[None]
    uuid: NotRequired[str]
    last_login: NotRequired[Time | None]


class OwnPermissions(TypedDict):
    """What people may do to themselves."""

    can_update_name: bool
    can_update_avatar: bool
    limit_parent_app_web_access: bool


class UserDetailsJson(UserJson):
    first_name: str
    last_name: str
    locale: str | None
    effective_locale: str
    permissions: OwnPermissions


def user_json(user: User, include: Collection[str] = ()) -> UserJson:
    """The user as lists show them. A user from `accounts.disclosure.told` shows what it allows.

    `include`: avatar_url (nobody has one), email, uuid.
    """
    body: UserJson = {
        "id": user.pk,
        "name": user.name,
        "created_at": wire_offset_time(user.created_at),
        "sortable_name": user.sortable_name,
        "short_name": user.short_name,
    }
    if getattr(user, "shows_sis_id", False):
        body["sis_user_id"] = user.sis_id
        body["integration_id"] = user.integration_id
    if getattr(user, "shows_sis_import", False):
        body["sis_import_id"] = None
    if getattr(user, "shows_login", False):
        body["login_id"] = user.login_id
    if "email" in include and getattr(user, "shows_email", False):
        body["email"] = user.email or None
    if "avatar_url" in include:
        body["avatar_url"] = None
    if "uuid" in include:
        body["uuid"] = str(user.uuid)
    return body


def user_details_json(user: User, include: Collection[str] = ()) -> UserDetailsJson:
    """The user as their own address shows them; `include` also knows last_login."""
    body: UserDetailsJson = {
        **user_json(user, {*include, "avatar_url", "email"}),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "locale": user.locale or None,
        "effective_locale": user.locale or settings.LANGUAGE_CODE,
        "permissions": {
            "can_update_name": getattr(user, "may_change_name", False),
            "can_update_avatar": False,
            "limit_parent_app_web_access": False,
        },
    }
    if "last_login" in include and getattr(user, "shows_login", False):
        body["last_login"] = wire_offset_time(user.last_login)
    return body


# --- Accounts ---


class RegistrationJson(TypedDict, total=False):
    """What `includes[]=registration_settings` adds; the last four to the root account alone."""

    login_handle_name: None
    require_email: bool
    terms_required: bool
    terms_of_use_url: None
    privacy_policy_url: None
    recaptcha_key: None


class AccountJson(RegistrationJson):
    """An account; quotas and SIS ids are for those who manage it."""

    id: int
    name: str
    workflow_state: str
    parent_account_id: int | None
    root_account_id: int | None
    uuid: str
    default_time_zone: str
    default_storage_quota_mb: NotRequired[int]
    default_user_storage_quota_mb: NotRequired[int]
    default_group_storage_quota_mb: NotRequired[int]
    sis_account_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    sis_import_id: NotRequired[int | None]


class TermsJson(TypedDict):
    """The terms that a visitor must accept, and who may register; `passive`: nobody has to."""

    id: int
    terms_type: Literal["custom", "no_terms"]
    passive: bool
    account_id: int
    content: str | None
    self_registration_type: str


def account_json(account: Account) -> AccountJson:
    """The read-only form: what everyone who may see the account sees of it."""
    above = None if account.is_root else account.root_account_id
    return {
        "id": account.pk,
        "name": account.name,
        "workflow_state": account.state,
        "parent_account_id": account.parent_id,
        "root_account_id": above,
        "uuid": str(account.uuid),
        "default_time_zone": account.time_zone,
    }


def managed_account_json(account: Account, *, sis: bool, sis_import: bool) -> AccountJson:
    """The full form. There are no files here, so the quotas are the wire's defaults."""
    body: AccountJson = {
        **account_json(account),
        "default_storage_quota_mb": 500,
        "default_user_storage_quota_mb": 50,
        "default_group_storage_quota_mb": 50,
    }
    if sis and not account.is_root:
        body["sis_account_id"] = account.sis_id
        body["integration_id"] = account.integration_id
    if sis_import and not account.is_root:
        body["sis_import_id"] = None
    return body


def registration_json(account: Account, held: RootAccountSettings) -> RegistrationJson:
    """`includes[]=registration_settings`; the last four are the root account's alone."""
    body: RegistrationJson = {"login_handle_name": None, "require_email": True}
    if account.is_root:
        body |= {
            "terms_required": bool(held.terms),
            "terms_of_use_url": None,
            "privacy_policy_url": None,
            "recaptcha_key": None,
        }
    return body


def terms_json(root_account: Account) -> TermsJson:
    """What a visitor must know before registering; `passive`: nobody has to accept anything."""
    held = root_account.settings
    return {
        "id": root_account.pk,
        "terms_type": "custom" if held.terms else "no_terms",
        "passive": not held.terms,
        "account_id": root_account.pk,
        "content": held.terms or None,
        "self_registration_type": held.self_registration,
    }


# --- Access tokens ---


class TokenJson(TypedDict):
    """A personal token; `visible_token` is all of it only where it has just been made."""

    id: int
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None
    workflow_state: Literal["active", "pending", "deleted"]
    remember_access: bool
    user_id: int
    real_user_id: int | None
    app_name: str | None
    token_hint: str
    visible_token: str
    purpose: str
    can_manually_regenerate: bool
    scopes: list[str]


class ChangedToken(TypedDict, total=False):
    purpose: str
    expires_at: Time
    scopes: list[str]
    regenerate: bool


class NewToken(TypedDict, total=False):
    purpose: Required[str]
    expires_at: Time
    scopes: list[str]


class NewTokenParams(TypedDict):
    token: NewToken


class ChangedTokenParams(TypedDict):
    token: ChangedToken


def token_json(token: AccessToken, text: str | None = None) -> TokenJson:
    """A personal token (§9.5); `text` is in the one answer that makes or remakes it."""
    state: Literal["pending", "active"] = "pending" if token.is_pending else "active"
    return {
        "id": token.pk,
        "created_at": wire_time(token.created_at),
        "last_used_at": wire_time(token.last_used_at),
        "expires_at": wire_time(token.expires_at),
        "workflow_state": "deleted" if token.revoked_at else state,
        "remember_access": False,
        "user_id": token.user_id,
        "real_user_id": None,
        "app_name": None,
        "token_hint": token.hint,
        "visible_token": text or f"{token.hint}...",
        "purpose": token.purpose,
        "can_manually_regenerate": token.revoked_at is None,
        "scopes": token.scopes,
    }


def token_changes(given: Params) -> dict[str, Any]:
    """`token[…]` under our names; the 400 with every wrong value when there is one."""
    wrong: dict[str, Field] = {}
    fields = read_fields(given, _TOKEN_FIELDS, wrong)
    if "scopes" in given:
        fields["scopes"] = given.texts("scopes")
        if not all(_SCOPE.fullmatch(scope) for scope in fields["scopes"]):
            wrong["scopes"] = ("invalid", "must be like url:GET|/api/v1/users/:id")
    if wrong:
        raise invalid(**wrong)
    return fields


_SCOPE = re.compile(r"url:(GET|POST|PUT|PATCH|DELETE)\|/api/v1/[\w/:.]{1,200}")


def _purpose(text: str) -> str:
    if not text or len(text) > 255:
        raise ValueError("must have 1 to 255 characters")
    return text


def _moment_to_come(text: str) -> datetime | None:
    """An ISO 8601 time, in UTC when it names no zone; nothing is no end."""
    moment = read_moment(text)
    if moment and moment <= timezone.now():
        raise ValueError("must be in the future")
    return moment


# --- Changes of an account ---


class SettingsParams(TypedDict, total=False):
    """The root account's."""

    self_registration: str
    observer_pairing_code_lifetime_hours: int
    mobile_qr_login_is_enabled: bool
    observer_email_confirmation: bool


class ChangedAccount(TypedDict, total=False):
    name: str
    default_time_zone: str
    sis_account_id: str
    settings: SettingsParams


class AccountParams(TypedDict):
    account: ChangedAccount
    includes: NotRequired[list[str]]


def _name(text: str) -> str:
    if not text:
        raise ValueError("can't be blank")
    return text


def _time_zone(text: str) -> str:
    if text not in time_zones():
        raise ValueError("is not the name of a time zone")
    return text


def _self_registration(text: str) -> str:
    """Older clients send a plain true for `all`, false for `none` (contract §5.3)."""
    kind = {"true": "all", "1": "all", "false": "none", "0": "none"}.get(text.lower(), text.lower())
    if kind not in RootAccountSettings.SelfRegistration.values:
        raise ValueError("must be none, observer or all")
    return kind


def _hours(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 4:
        raise ValueError("must be a number of hours from 1 to 720")
    return int(text)


def _switch(text: str) -> bool:
    if (value := read_boolean(text)) is None:
        raise ValueError("must be true or false")
    return value


# The wire's name, ours, and how it is read.
_FIELDS: dict[str, tuple[str, Reader]] = {
    "name": ("name", _name),
    "default_time_zone": ("time_zone", _time_zone),
    "sis_account_id": ("sis_id", lambda text: text or None),
}
_SETTINGS: dict[str, tuple[str, Reader]] = {
    "self_registration": ("self_registration", _self_registration),
    "observer_pairing_code_lifetime_hours": ("code_lifetime_hours", _hours),
    "mobile_qr_login_is_enabled": ("qr_sign_in", _switch),
    "observer_email_confirmation": ("confirms_email", _switch),
}
_TOKEN_FIELDS: dict[str, tuple[str, Reader]] = {
    "purpose": ("purpose", _purpose),
    "expires_at": ("expires_at", _moment_to_come),
}
_WIRE_NAMES = {name: wire for wire, (name, _) in (_FIELDS | _SETTINGS).items()}


def account_changes(account: Account, given: Params) -> tuple[dict[str, Any], dict[str, Any]]:
    """`account[…]` and `account[settings][…]` under our names; what we don't know is left out.

    Raises the 400 with every wrong value. Settings, and the lack of a SIS id, are the root's.
    """
    wrong: dict[str, Field] = {}
    fields = read_fields(given, _FIELDS, wrong)
    settings = read_fields(given.group("settings"), _SETTINGS, wrong)
    if account.is_root and "sis_id" in fields:
        wrong["sis_account_id"] = ("invalid", "a root account has none")
    if not account.is_root:
        wrong |= {_WIRE_NAMES[name]: ("invalid", "is the root account's") for name in settings}
    if wrong:
        raise invalid(**wrong)
    return fields, settings


def settings_changes(given: Params, *, only: Collection[str]) -> dict[str, Any]:
    """Settings of the root account that are given, under our names. Raises the 400."""
    wrong: dict[str, Field] = {}
    found = read_fields(given, {name: _SETTINGS[name] for name in only}, wrong)
    if wrong:
        raise invalid(**wrong)
    return found


def account_refused(error: ValidationError) -> Refusal:
    """The 400 for what the action found wrong, under the wire's names."""
    return invalid_fields(error, _WIRE_NAMES)
