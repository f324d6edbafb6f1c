"""REST: people (contract §6)."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_user
from accounts.rules import SEE_PERSON
from accounts.serializers import UserDetailsJson, user_details_json
from pairing_service.http.described import described
from pairing_service.http.params import params_of
from permissions.policy import permitted


class UserParams(TypedDict, total=False):
    include: list[str]


class OneUser(APIView):
    @described(UserDetailsJson, takes=UserParams)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person; whoever may not see them gets 404, as for nobody."""
        people = told(permitted(request.actor, SEE_PERSON), request.actor)
        user = get_user(request.actor, user_id, among=people)
        return Response(user_details_json(user, params_of(request).texts("include")))
