"""Who calls the REST API: a token to an actor, with `as_user_id` (contract §1.1, §1.3, §1.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.hosts import address_of
from accounts.ids import find_user
from accounts.middleware import TenantRequest
from accounts.models import PERSON, AccessToken, User
from accounts.rules import ACT_AS
from accounts.tokens import digest_of
from pairing_service.http.errors import CHALLENGE, Refusal, Unauthenticated
from pairing_service.http.limits import enter
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

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        http = cast(TenantRequest, request._request)
        http.actor = Actor(http.root_account, address=address_of(http))
        text = _token_text(request)
        if not text:
            return None
        digest = digest_of(text)
        user = _caller(http.root_account.pk, digest)
        enter(http, digest)
        # The tenant's row was read by the middleware, with what belongs to it.
        user.root_account = http.root_account
        http.actor = _acting(request, Actor(http.root_account, user, user, http.actor.address))
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _token_text(request: Request) -> str | None:
    return token_in_header(request) or params_of(request).text("access_token")


def token_in_header(request: Request) -> str | None:
    """The text after `Bearer` (in just this spelling); None when there is none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme == "Bearer" else None


def _caller(root_account_id: int, digest: str) -> User:
    """Whose token it is: one statement, by hand because every request asks it.

    Raises Unauthenticated for a token that is unknown, revoked, expired, or of someone who is not
    active, in the words of the contract (§1.3).
    """
    now = timezone.now()
    found = User.objects.by_hand(
        _CALLER,
        digest=digest,
        root=root_account_id,
        now=now,
        noted=now - _USE_NOTED_EVERY,
    )
    if not found or not found[0][0].is_active:
        raise _bad_token()
    user, (token_id, is_revoked, is_expired, use_is_old) = found[0]
    if is_revoked:
        raise _bad_token("Revoked access token.")
    if is_expired:
        ended_at = AccessToken.objects.get(pk=token_id).expires_at
        raise _bad_token("Expired access token.", expired_at=wire_time(ended_at))
    if use_is_old:
        since = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
        AccessToken.objects.filter(since, pk=token_id).update(last_used_at=now)
    return user


_CALLER = f"""
SELECT {PERSON}, t.id, t.revoked_at IS NOT NULL, t.expires_at <= %(now)s,
       t.last_used_at IS NULL OR t.last_used_at < %(noted)s
  FROM accounts_accesstoken t JOIN accounts_user u ON u.id = t.user_id
 WHERE t.digest = %(digest)s AND t.root_account_id = %(root)s AND NOT t.is_pending
"""


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
