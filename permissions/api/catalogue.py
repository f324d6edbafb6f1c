"""REST: which permissions there are, and what each is for (contract §4.2)."""

from __future__ import annotations

from typing import TypedDict

from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account
from pairing_service.http.described import described
from pairing_service.http.params import params_of
from permissions.catalogue import GROUPS, PERMISSIONS
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES
from permissions.serializers import (
    GroupJson,
    HelpJson,
    PermissionJson,
    group_json,
    help_json,
    manageable,
    permission_json,
)


class SearchParams(TypedDict, total=False):
    search_term: str


class Permissions(APIView):
    @described(list[PermissionJson], takes=SearchParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """What can be set in the account; `search_term` looks into labels and keys."""
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        text = (params_of(request).text("search_term") or "").casefold()
        found = (p for p in manageable(account) if text in f"{p.key} {p.label}".casefold())
        return Response([permission_json(permission) for permission in found])


class Groups(APIView):
    @described(dict[str, GroupJson])
    def get(self, request: ApiRequest) -> Response:
        """The groups of permissions."""
        return Response({group.key: group_json(group) for group in GROUPS.values()})


class PermissionHelp(APIView):
    @described(HelpJson)
    def get(self, request: ApiRequest, context_type: str, permission: str) -> Response:
        """What a permission is for; the same for `account` and `course`."""
        if context_type not in ("account", "course") or permission not in PERMISSIONS:
            raise Http404
        return Response(help_json(permission))
