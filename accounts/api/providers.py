"""REST: the built-in authentication provider, where self registration lives, and the service's
own settings (contract §5.2, §5.3)."""

from __future__ import annotations

from typing import TypedDict

from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import update_account
from accounts.authentication import ApiRequest
from accounts.ids import get_account
from accounts.models import Account
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from accounts.serializers import account_refused, settings_changes
from accounts.serializers.logins import (
    PROVIDER_TYPE,
    ChangedProviderParams,
    NewProviderParams,
    ProviderJson,
    provider_json,
)
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, invalid, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from permissions.policy import require


class Providers(APIView):
    @described(Paged[ProviderJson])
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The built-in one. Single sign-on is set up on a page of its own."""
        root = _root(request, account_id)
        rows = Account.objects.filter(pk=root.pk).select_related("settings")
        return page_of(request, rows, lambda page: [provider_json(one) for one in page])

    @described(ProviderJson, takes=NewProviderParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Always refused: over REST there is the built-in one, and no other kind."""
        _root(request, account_id)
        if params_of(request).required("auth_type") == PROVIDER_TYPE:
            raise invalid(auth_type=("taken", "the account has this provider already"))
        message = f"only {PROVIDER_TYPE}, which is built in, is supported"
        raise invalid(auth_type=("inclusion", message))


class OneProvider(APIView):
    @described(ProviderJson)
    def get(self, request: ApiRequest, account_id: str, provider_id: str) -> Response:
        """The provider, by its id or its type."""
        return Response(provider_json(_provider(request, account_id, provider_id)))

    @described(ProviderJson, takes=ChangedProviderParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, account_id: str, provider_id: str) -> Response:
        """Say who may make an account for themself: none, observer or all."""
        root = _provider(request, account_id, provider_id)
        settings = settings_changes(params_of(request), only={"self_registration"})
        try:
            update_account(actor=request.actor, account=root, fields={}, settings=settings)
        except ValidationError as error:
            raise account_refused(error) from error
        root.settings.refresh_from_db()
        return Response(provider_json(root))

    @described(ProviderJson)
    def delete(self, request: ApiRequest, account_id: str, provider_id: str) -> Response:
        """Always refused: people must be able to sign in."""
        _provider(request, account_id, provider_id)
        raise refusal(400, "The built-in authentication provider can't be removed.")


def _root(request: ApiRequest, account_id: str) -> Account:
    """The root account, to whose manager alone the provider is shown."""
    account = get_account(request.actor, account_id)
    require(request.actor, MANAGE_ACCOUNT_SETTINGS, account)
    if not account.is_root:
        raise Http404
    return request.actor.root_account


def _provider(request: ApiRequest, account_id: str, provider_id: str) -> Account:
    root = _root(request, account_id)
    if provider_id not in (str(root.pk), PROVIDER_TYPE):
        raise Http404
    return root


class EnvironmentJson(TypedDict):
    """What is the same for the whole service."""

    open_registration: bool


class Environment(APIView):
    @described(EnvironmentJson)
    def get(self, request: ApiRequest) -> Response:
        """Settings of the service. Nobody can be invited by an unknown address."""
        return Response({"open_registration": False})
