"""What a client asks a person for, read from the address that it sent them to (contract §9.1)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponseRedirect, QueryDict
from django.urls import reverse

from accounts.models import Account
from oauth.actions.granting import Approval
from oauth.clients import client_named
from oauth.models import OUT_OF_BAND, DeveloperKey
from oauth.refusals import wrong_address
from pairing_service.http.scopes import are_within, unknown_scopes

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256


class AskedWrongly(Exception):
    """The client is told so at its own address: `error` as RFC 6749 names it."""

    def __init__(self, error: str, description: str, redirect_uri: str, state: str | None) -> None:
        super().__init__(description)
        self.error, self.description = error, description
        self.redirect_uri, self.state = redirect_uri, state


def read_approval(root_account: Account, asked: QueryDict) -> Approval:
    """What is asked for.

    Raises Refusal when the client, or the address that it wants the answer at, is not known: then
    nobody is sent anywhere. AskedWrongly for everything else.
    """
    key = client_named(root_account, asked.get("client_id"))
    redirect_uri = asked.get("redirect_uri", "")
    if redirect_uri not in key.addresses:
        raise wrong_address()
    try:
        _check_type(asked)
        return Approval(
            key=key,
            redirect_uri=redirect_uri,
            scopes=_scopes(key, asked.get("scope", "").split()),
            purpose=asked.get("purpose", "").replace("\0", "").strip()[:255],
            challenge=_challenge(key, asked),
        )
    except _Wrong as wrong:
        error, description = wrong.args
        raise AskedWrongly(error, description, redirect_uri, asked.get("state")) from wrong


class _Wrong(Exception):
    """An error and its description."""


def _check_type(asked: QueryDict) -> None:
    if asked.get("response_type") != "code":
        raise _Wrong("unsupported_response_type", "only response_type=code is supported")


def _scopes(key: DeveloperKey, asked: list[str]) -> list[str]:
    """Those that are asked for; all that the key allows when none are. None: no limit."""
    allowed = key.scopes.split()
    if not asked and key.requires_scopes:
        raise _Wrong("invalid_scope", "scopes are required")
    unknown = unknown_scopes(asked)
    if unknown or (allowed and not are_within(asked, allowed)):
        raise _Wrong("invalid_scope", "a requested scope is invalid, unknown or not allowed")
    return list(dict.fromkeys(asked)) or allowed


def _challenge(key: DeveloperKey, asked: QueryDict) -> str:
    challenge, method = asked.get("code_challenge", ""), asked.get("code_challenge_method", "")
    if not challenge and not method:
        if key.is_public:
            raise _Wrong("invalid_request", "code_challenge is missing")
        return ""
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise _Wrong("invalid_request", "code_challenge must be one of the method S256")
    return challenge


class ToClient(HttpResponseRedirect):
    """To an address that a developer key has, whatever its scheme: apps have their own."""

    def __init__(self, redirect_uri: str, **answer: str | None) -> None:
        given = urlencode({name: value for name, value in answer.items() if value is not None})
        address = reverse("oauth:auth") if redirect_uri == OUT_OF_BAND else redirect_uri
        scheme = urlsplit(address).scheme
        self.allowed_schemes = [scheme] if scheme else []
        super().__init__(f"{address}{'&' if '?' in address else '?'}{given}")


def form_target(redirect_uri: str) -> dict[str, list[str]]:
    """What a page's form must be able to lead to, as an addition to its security policy."""
    if redirect_uri == OUT_OF_BAND:
        return {}
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https"):
        return {"form-action": [f"{parts.scheme}:"]}
    path = parts.path.replace(";", "%3B").replace(",", "%2C")
    return {"form-action": [f"{parts.scheme}://{parts.netloc}{path}"]}


def shown_host(redirect_uri: str) -> str | None:
    """Where a person goes on to, as far as it means something to them."""
    return urlsplit(redirect_uri).hostname if redirect_uri != OUT_OF_BAND else None


def in_words(scopes: Any) -> dict[str, list[str]]:
    """Paths by what may be done with them: see, change, remove."""
    sorts: dict[str, list[str]] = {}
    for scope in scopes:
        method, _, path = scope.removeprefix("url:").partition("|")
        kind = {"GET": "see", "DELETE": "remove"}.get(method, "change")
        sorts.setdefault(kind, []).append(path.removeprefix("/api/v1/"))
    return sorts
