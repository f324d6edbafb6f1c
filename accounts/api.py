"""REST: users and accounts (contract §5, §6.2)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import update_account
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_account, get_user
from accounts.models import Account
from accounts.rules import (
    CHANGE_ACCOUNTS_SIS_ID,
    MANAGE_ACCOUNT_SETTINGS,
    SEE_ACCOUNT,
    SEE_ACCOUNTS_OWN_SIS_ID,
    SEE_PERSON,
)
from accounts.serializers import (
    account_changes,
    account_json,
    account_refused,
    managed_account_json,
    registration_json,
    terms_json,
    user_details_json,
)
from pairing_service.http.errors import refusal
from pairing_service.http.params import params_of
from permissions.policy import may, permitted, require

# --- Users ---


class OneUser(APIView):
    """A person; whoever may not see them gets 404, as for nobody."""

    def get(self, request: ApiRequest, user_id: str) -> Response:
        people = told(permitted(request.actor, SEE_PERSON), request.actor)
        user = get_user(request.actor, user_id, among=people)
        return Response(user_details_json(user, params_of(request).texts("include")))


# --- Accounts ---


class OneAccount(APIView):
    """An account, and changing its name, time zone, SIS id and (the root's) settings."""

    def get(self, request: ApiRequest, account_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_ACCOUNT, account)
        return Response(_shown(request, account))

    def put(self, request: ApiRequest, account_id: str) -> Response:
        account = get_account(request.actor, account_id)
        given = params_of(request).group("account")
        if not given:
            raise refusal(400, "account is missing")
        fields, settings = account_changes(account, given)
        try:
            update_account(actor=request.actor, account=account, fields=fields, settings=settings)
        except ValidationError as error:
            raise account_refused(error) from error
        return Response(_shown(request, account))


def _shown(request: ApiRequest, account: Account) -> dict[str, Any]:
    """The full form for who manages the account, the read-only one for everybody else."""
    actor = request.actor
    body = account_json(account)
    if may(actor, MANAGE_ACCOUNT_SETTINGS, account):
        sis = may(actor, SEE_ACCOUNTS_OWN_SIS_ID, account)
        sis_import = may(actor, CHANGE_ACCOUNTS_SIS_ID, account)
        body = managed_account_json(account, sis=sis, sis_import=sis_import)
    if "registration_settings" in params_of(request).texts("includes"):
        body |= registration_json(account, actor.root_account.settings)
    return body


class TermsOfService(APIView):
    """Of the account's root, for visitors: the apps ask before anyone can have signed in."""

    permission_classes = (AllowAny,)

    def get(self, request: ApiRequest, account_id: str) -> Response:
        get_account(request.actor, account_id)
        return Response(terms_json(request.actor.root_account))
