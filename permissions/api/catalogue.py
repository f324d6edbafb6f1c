"""REST: which permissions there are, and what each is for (contract §4.2)."""

from __future__ import annotations

from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account
from pairing_service.http.params import params_of
from permissions.catalogue import GROUPS, PERMISSIONS
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES
from permissions.serializers import group_json, help_json, manageable, permission_json


class Permissions(APIView):
    """What can be set in the account; `search_term` looks into labels and keys."""

    def get(self, request: ApiRequest, account_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        text = (params_of(request).text("search_term") or "").casefold()
        found = (p for p in manageable(account) if text in f"{p.key} {p.label}".casefold())
        return Response([permission_json(permission) for permission in found])


class Groups(APIView):
    def get(self, request: ApiRequest) -> Response:
        return Response({group.key: group_json(group) for group in GROUPS.values()})


class PermissionHelp(APIView):
    """The same text for account and course."""

    def get(self, request: ApiRequest, context_type: str, permission: str) -> Response:
        if context_type not in ("account", "course") or permission not in PERMISSIONS:
            raise Http404
        return Response(help_json(permission))
