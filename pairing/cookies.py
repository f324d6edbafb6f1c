"""What a visitor's browser keeps for us: a typed code between two steps, and an id for its guesses.

The code is kept there and not in the session, because sessions are rows of the database, which
must not give codes away (spec/pairing.md "The code"). Both are signed, and no script can read them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.middleware import TenantRequest
from accounts.models import Account

_CODE = f"{settings.COOKIE_PREFIX}pairing_code"
_BROWSER = f"{settings.COOKIE_PREFIX}pairing_browser"
# Long enough to find the password of an account that one had forgotten about.
_CODE_SECONDS = 3600
_BROWSER_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class KeptCode:
    """A code that was live when it was typed, and whom it is for: first name and last initial."""

    text: str
    student_name: str


def keep_code(response: HttpResponse, root_account: Account, kept: KeptCode) -> None:
    value = signing.dumps([kept.text, kept.student_name], salt=_salt(root_account))
    put_cookie(response, _CODE, value, _CODE_SECONDS)


def kept_code(request: TenantRequest) -> KeptCode | None:
    """The code that this browser keeps; None when there is none, it is not this tenant's, or no
    codes are redeemed there now."""
    if not request.root_account.settings.is_open:
        return None
    try:
        value = signing.loads(
            request.COOKIES.get(_CODE, ""),
            salt=_salt(request.root_account),
            max_age=_CODE_SECONDS,
        )
        return KeptCode(*value)
    except signing.BadSignature:
        return None


def _salt(root_account: Account) -> str:
    return f"pairing_code-{root_account.pk}"


def drop_code(response: HttpResponseBase) -> None:
    response.delete_cookie(_CODE, samesite="Lax")


def browser_of(request: HttpRequest) -> str | None:
    """The id of this browser; None on its first visit."""
    try:
        browser: str = signing.loads(
            request.COOKIES.get(_BROWSER, ""), salt="pairing_browser", max_age=_BROWSER_SECONDS
        )
    except signing.BadSignature:
        return None
    return browser


def know_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the browser its id, unless it has one."""
    if browser_of(request) is None:
        value = signing.dumps(secrets.token_urlsafe(16), salt="pairing_browser")
        put_cookie(response, _BROWSER, value, _BROWSER_SECONDS)


def put_cookie(response: HttpResponseBase, name: str, value: str, seconds: int) -> None:
    """One that no script reads, no form of another site sends, and no wire without TLS carries."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
