"""REST: personal access tokens (contract §9.5)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import require_user
from accounts.models import AccessToken, User
from accounts.rules import EDIT_OWN_SETTINGS, MANAGE_TOKENS
from accounts.serializers import (
    ChangedTokenParams,
    NewTokenParams,
    TokenJson,
    token_changes,
    token_json,
)
from accounts.tokens import activate_token, change_token, create_token, end_token
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from permissions.policy import Rule


def _token(request: ApiRequest, rule: Rule, user_id: str, token_id: str) -> AccessToken:
    """A person's token, by its id or by how it begins, when that tells it from their others."""
    user = require_user(request.actor, rule, user_id)
    named = Q(hint=token_id)
    if token_id.isascii() and token_id.isdecimal() and len(token_id) < 19:
        named |= Q(pk=int(token_id))
    found = AccessToken.objects.kept().select_related("user").filter(named, user=user)
    try:
        return get_object_or_404(found)
    except AccessToken.MultipleObjectsReturned as error:
        raise Http404 from error


def _token_within(request: ApiRequest, rule: Rule, user_id: str, token_id: str) -> AccessToken:
    """The same, for what makes it open something; 401 when it opens more than the caller's own."""
    token = _token(request, rule, user_id, token_id)
    request.auth.require_no_more(token.scopes)
    return token


class Tokens(APIView):
    @described(TokenJson, takes=NewTokenParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, user_id: str) -> Response:
        """Make a token; made for somebody else, it waits until they activate it.

        With a token that has scopes only one with no other scopes is made.
        """
        user = require_user(request.actor, MANAGE_TOKENS, user_id)
        given = params_of(request).group("token")
        given.required("purpose")
        fields: dict[str, Any] = token_changes(given)
        request.auth.require_no_more(fields.get("scopes", ()))
        token, text = create_token(actor=request.actor, user=user, **fields)
        return Response(token_json(token, text))


class UserGeneratedTokens(APIView):
    @described(Paged[TokenJson])
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person's tokens that have not been ended, newest first."""
        user: User = require_user(request.actor, MANAGE_TOKENS, user_id)
        tokens = user.access_tokens.kept().order_by("-pk")
        return page_of(request, tokens, lambda page: [token_json(one) for one in page])


class OneToken(APIView):
    @described(TokenJson)
    def get(self, request: ApiRequest, user_id: str, token_id: str) -> Response:
        """A token: its facts, never its text."""
        return Response(token_json(_token(request, MANAGE_TOKENS, user_id, token_id)))

    @described(TokenJson, takes=ChangedTokenParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, user_id: str, token_id: str) -> Response:
        """Change a token, or (`regenerate`) give it a new text.

        Somebody else's that then opens more, or has a new text, waits for them again.
        """
        token = _token_within(request, MANAGE_TOKENS, user_id, token_id)
        given = params_of(request).group("token")
        if not given:
            raise refusal(400, "token is missing")
        fields: dict[str, Any] = token_changes(given)
        request.auth.require_no_more(fields.get("scopes", token.scopes))
        try:
            token, text = change_token(
                actor=request.actor,
                token=token,
                fields=fields,
                regenerate=given.boolean("regenerate") or False,
            )
        except AccessToken.DoesNotExist as error:
            raise Http404 from error
        return Response(token_json(token, text))

    @described(TokenJson)
    def delete(self, request: ApiRequest, user_id: str, token_id: str) -> Response:
        """End a token."""
        token = _token(request, MANAGE_TOKENS, user_id, token_id)
        end_token(actor=request.actor, token=token)
        return Response(token_json(token))


class ActivateToken(APIView):
    @described(TokenJson)
    def post(self, request: ApiRequest, user_id: str, token_id: str) -> Response:
        """Activate a pending token: only its own person lets it open something."""
        token = _token_within(request, EDIT_OWN_SETTINGS, user_id, token_id)
        if not activate_token(actor=request.actor, token=token):
            raise refusal(400, "the token is not pending")
        return Response(token_json(token))
