"""REST: codes and refresh tokens against access tokens, and ending them (contract §9.2, §9.3)."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.sessions import end_sessions
from accounts.actor import Actor
from accounts.authentication import ApiRequest, TokenAuthentication
from accounts.credentials import Credential
from accounts.hosts import address_of
from accounts.models import AccessToken, Account, User
from accounts.tokens import end_token
from oauth.actions.granting import (
    AddressDiffers,
    CodeRefused,
    Issued,
    RefreshRefused,
    VerifierDiffers,
    end_integration,
    exchange,
    refresh,
)
from oauth.actions.qr import exchange_qr, is_for_qr
from oauth.clients import check_client, client_named, from_header
from oauth.models import DeveloperKey
from oauth.refusals import OAuthError, oauth_refusal, wrong_address
from oauth.serializers import EndParams, ExchangeParams, IssuedJson, issued_json
from pairing_service.http.described import described
from pairing_service.http.errors import Errors, Nothing
from pairing_service.http.params import Params, params_of

_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OnlyToEnd(TokenAuthentication):
    """A client that refreshes may still send the old token along; it is no matter."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        return super().authenticate(request) if request.method == "DELETE" else None


class OAuthTokens(APIView):
    authentication_classes = (OnlyToEnd,)
    permission_classes = (AllowAny,)

    @described(
        IssuedJson, takes=ExchangeParams, refuses={400: OAuthError | Errors, 401: OAuthError}
    )
    def post(self, request: ApiRequest) -> Response:
        """Exchange a code, or a refresh token, for an access token that lives an hour.

        A refresh token stays good, and is answered only to a code. `replace_tokens` ends what the
        person has approved for the key before.
        """
        root_account: Account = request._request.root_account  # type: ignore[attr-defined]
        visitor = Actor(root_account, address=address_of(request._request))
        params = params_of(request)
        key = _client(request, root_account, params)
        issued = _grant(params)(visitor, key, params)
        return Response(issued_json(issued), headers=_NEVER_KEPT)

    @described(Nothing, takes=EndParams)
    def delete(self, request: ApiRequest) -> Response:
        """End the token that the request comes with, and with `expire_sessions` all sessions."""
        if request.auth is None:
            raise NotAuthenticated
        actor = Actor.themself(cast(User, request.user), address=request.actor.address)
        match request.auth:
            case Credential(integration_id=int(integration_id)):
                end_integration(actor=actor, integration_id=integration_id)
            case Credential(token_id=int(token_id)):
                own = AccessToken.objects.select_related("user").get(pk=token_id)
                end_token(actor=actor, token=own)
        if params_of(request).boolean("expire_sessions"):
            end_sessions(actor=actor)
        return Response({})


def _client(request: ApiRequest, root_account: Account, params: Params) -> DeveloperKey:
    """The client, which has proved itself. Raises Refusal."""
    given = from_header(request.headers.get("Authorization", ""))
    client_id, secret = given or (params.text("client_id"), params.text("client_secret"))
    key = client_named(root_account, client_id)
    check_client(key, secret)
    return key


def _grant(params: Params) -> Any:
    """What is to be done. Old apps leave out the type of a code (contract §9.2)."""
    match params.text("grant_type") or "authorization_code":
        case "authorization_code":
            return _exchange
        case "refresh_token":
            return _refresh
    raise oauth_refusal("unsupported_grant_type", "this grant_type is not supported")


def _exchange(visitor: Actor, key: DeveloperKey, params: Params) -> Issued:
    text = params.text("code")
    if not text:
        raise oauth_refusal("invalid_request", "code is missing")
    try:
        if is_for_qr(text):
            return exchange_qr(actor=visitor, key=key, text=text)
        return exchange(
            actor=visitor,
            key=key,
            text=text,
            redirect_uri=params.text("redirect_uri"),
            verifier=params.text("code_verifier") or "",
            replace=bool(params.boolean("replace_tokens")),
        )
    except AddressDiffers as error:
        raise wrong_address() from error
    except VerifierDiffers as error:
        raise oauth_refusal("invalid_grant", "incorrect code_verifier", "invalid code") from error
    except CodeRefused as error:
        raise oauth_refusal("invalid_grant", "code not found", "invalid code") from error


def _refresh(visitor: Actor, key: DeveloperKey, params: Params) -> Issued:
    try:
        return refresh(actor=visitor, key=key, text=params.text("refresh_token") or "")
    except RefreshRefused as error:
        raise oauth_refusal("invalid_request", "refresh_token not found") from error
