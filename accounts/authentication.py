"""Who calls the REST API: a token to an actor, with `as_user_id` (contract §1.1, §1.3, §1.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.hosts import address_of
from accounts.ids import find_user
from accounts.middleware import TenantRequest
from accounts.models import AccessToken, User
from accounts.rules import ACT_AS
from accounts.tokens import digest_of
from pairing_service.http.errors import CHALLENGE, Refusal, Unauthenticated
from pairing_service.http.params import params_of
from pairing_service.http.rendering import wire_time
from permissions.policy import may

# How old `last_used_at` may grow before a request writes it.
_USE_NOTED_EVERY = timedelta(minutes=10)


class ApiRequest(Request):
    """A request as API views get it; a visitor's actor is nobody.

    Only the type: DRF's request hands on what it does not know itself.
    """

    actor: Actor


def _bad_token(message: str = "Invalid access token.", **more: Any) -> Unauthenticated:
    return Unauthenticated({"errors": [{"message": message} | more]})


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, else the parameter `access_token`. Sessions do not count here."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        http = cast(TenantRequest, request._request)
        http.actor = Actor(http.root_account, address=address_of(http))
        text = _token_text(request)
        if not text:
            return None
        token = _live_token(http.root_account.pk, text)
        _note_use(token)
        # The tenant's row was read by the middleware, with what belongs to it.
        token.user.root_account = http.root_account
        http.actor = _acting(
            request, Actor(http.root_account, token.user, token.user, http.actor.address)
        )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _token_text(request: Request) -> str | None:
    return token_in_header(request) or params_of(request).text("access_token")


def token_in_header(request: Request) -> str | None:
    """The text after `Bearer` (in just this spelling); None when there is none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme == "Bearer" else None


def _live_token(root_account_id: int, text: str) -> AccessToken:
    token = (
        AccessToken.objects.select_related("user")
        .filter(digest=digest_of(text), root_account_id=root_account_id)
        .first()
    )
    if token is None or not token.user.is_active:
        raise _bad_token()
    if token.revoked_at:
        raise _bad_token("Revoked access token.")
    if token.expires_at and token.expires_at <= timezone.now():
        raise _bad_token("Expired access token.", expired_at=wire_time(token.expires_at))
    return token


def _note_use(token: AccessToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _USE_NOTED_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _acting(request: Request, actor: Actor) -> Actor:
    """The actor, as the person that `as_user_id` names when it is given."""
    text = params_of(request).text("as_user_id")
    if not text:
        return actor
    target = find_user(actor, text)
    if target == actor.real:
        return actor
    if target is None or not may(actor, ACT_AS, target):
        raise Refusal(401, {"errors": "Invalid as_user_id"})
    return actor.acting_as(target)
