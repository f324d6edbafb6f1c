"""Errors of OAuth2 in the contract's words (§9.1, §9.2)."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pairing_service.http.errors import Refusal


class OAuthError(TypedDict):
    """What is wrong, as RFC 6749 names it."""

    error: str
    error_description: str
    message: NotRequired[str]


def oauth_refusal(
    error: str, description: str, message: str | None = None, status: int = 400
) -> Refusal:
    """{"error": …, "error_description": …, "message": …}, the last where clients know it."""
    body = {"error": error, "error_description": description}
    return Refusal(status, body | ({"message": message} if message else {}))


def unknown_client() -> Refusal:
    return oauth_refusal("invalid_client", "unknown client", "invalid client_id")


def key_is_off() -> Refusal:
    return oauth_refusal("invalid_scope", "the developer key is not enabled here", status=401)


def wrong_secret() -> Refusal:
    return oauth_refusal("invalid_client", "invalid client", "invalid client_secret")


def wrong_address() -> Refusal:
    return oauth_refusal("invalid_request", "redirect_uri does not match client settings")
