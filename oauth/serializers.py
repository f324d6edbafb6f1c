"""Answers of the token endpoint, developer keys, mobile_verify (contract §9)."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from django.conf import settings

from oauth.actions.granting import TOKEN_LIFETIME, Issued
from oauth.digests import mobile_secret
from oauth.models import DeveloperKey


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
