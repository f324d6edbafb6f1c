"""REST: people (contract §6)."""

from __future__ import annotations

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_user
from accounts.rules import SEE_PERSON
from accounts.serializers import user_details_json
from pairing_service.http.params import params_of
from permissions.policy import permitted


class OneUser(APIView):
    """A person; whoever may not see them gets 404, as for nobody."""

    def get(self, request: ApiRequest, user_id: str) -> Response:
        people = told(permitted(request.actor, SEE_PERSON), request.actor)
        user = get_user(request.actor, user_id, among=people)
        return Response(user_details_json(user, params_of(request).texts("include")))
