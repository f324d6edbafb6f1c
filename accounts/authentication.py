"""Who calls the REST API: a token to an actor, with `as_user_id` (contract §1.1, §1.3, §1.7)."""

from __future__ import annotations

import json
from typing import cast

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.credentials import USE_NOTED_EVERY, Credential, bad_token, expired_token
from accounts.hosts import address_of
from accounts.ids import find_user
from accounts.middleware import TenantRequest
from accounts.models import PERSON, AccessToken, User
from accounts.rules import ACT_AS
from accounts.tokens import digest_of
from oauth import bearer
from pairing_service.http.errors import CHALLENGE, Refusal
from pairing_service.http.limits import enter
from pairing_service.http.params import params_of
from permissions.policy import permitted


class ApiRequest(Request):
    """A request as API views get it; a visitor's actor is nobody.

    Only the type: DRF's request hands on what it does not know itself.
    """

    actor: Actor
    auth: Credential


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, else the parameter `access_token`. Sessions do not count here."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        http = cast(TenantRequest, request._request)
        http.actor = Actor(http.root_account, address=address_of(http))
        text = _token_text(request)
        if not text:
            return None
        digest = digest_of(text)
        caller_of = bearer.caller_of if bearer.is_ours(text) else _caller
        user, credential = caller_of(http.root_account.pk, digest)
        enter(http, digest)
        _require_scope(http, credential)
        # The tenant's row was read by the middleware, with what belongs to it.
        user.root_account = http.root_account
        http.actor = _acting(request, Actor(http.root_account, user, user, http.actor.address))
        return user, credential

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _token_text(request: Request) -> str | None:
    return token_in_header(request) or params_of(request).text("access_token")


def token_in_header(request: Request) -> str | None:
    """The text after `Bearer` (in just this spelling); None when there is none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme == "Bearer" else None


def _require_scope(http: TenantRequest, credential: Credential) -> None:
    """Scopes name routes of the API; what lies beside it decides for itself."""
    route = http.resolver_match.route if http.resolver_match else ""
    if route.startswith("api/"):
        credential.require_scope(http.method or "GET", route)


def _caller(root_account_id: int, digest: str) -> tuple[User, Credential]:
    """Whose personal token it is: one statement, by hand because every request asks it.

    Raises Unauthenticated for a token that is unknown, revoked, expired, or of someone who is not
    active, in the words of the contract (§1.3).
    """
    now = timezone.now()
    found = User.objects.by_hand(
        _CALLER,
        digest=digest,
        root=root_account_id,
        now=now,
        noted=now - USE_NOTED_EVERY,
    )
    if not found or not found[0][0].is_active:
        raise bad_token()
    user, (token_id, is_revoked, is_expired, use_is_old, scopes) = found[0]
    if is_revoked:
        raise bad_token("Revoked access token.")
    if is_expired:
        raise expired_token(AccessToken.objects.get(pk=token_id).expires_at)
    if use_is_old:
        since = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        AccessToken.objects.filter(since, pk=token_id).update(last_used_at=now)
    return user, Credential(token_id=token_id, limits=(json.loads(scopes),))


_CALLER = f"""
SELECT {PERSON}, t.id, t.revoked_at IS NOT NULL, t.expires_at <= %(now)s,
       t.last_used_at IS NULL OR t.last_used_at < %(noted)s, t.scopes
  FROM accounts_accesstoken t JOIN accounts_user u ON u.id = t.user_id
 WHERE t.digest = %(digest)s AND t.root_account_id = %(root)s AND NOT t.is_pending
"""


def _acting(request: Request, actor: Actor) -> Actor:
    """The actor, as the person that `as_user_id` names when it is given."""
    text = params_of(request).text("as_user_id")
    if not text:
        return actor
    target = find_user(actor, text, among=permitted(actor, ACT_AS))
    if target is not None:
        return actor.acting_as(target)
    if find_user(actor, text) == actor.real:
        return actor
    raise Refusal(401, {"errors": "Invalid as_user_id"})
