"""REST: what the caller holds in an account or a course (contract §4.3)."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account
from accounts.rules import SEE_ACCOUNT
from courses.ids import get_course
from courses.rules import SEE_COURSE
from pairing_service.http.described import described
from pairing_service.http.params import params_of
from permissions.catalogue import PERMISSIONS
from permissions.grants import held_keys
from permissions.policy import require


class HeldParams(TypedDict, total=False):
    permissions: list[str]


class HeldInAccount(APIView):
    @described(dict[str, bool], takes=HeldParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """What the caller holds in an account, for everyone who may see it.

        The apps ask about the root account after sign-in.
        """
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_ACCOUNT, account)
        return _answer(request, account.path)


class HeldInCourse(APIView):
    @described(dict[str, bool], takes=HeldParams)
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """What the caller holds in a course, for everyone who is in it or administers it."""
        course = get_course(request.actor, course_id)
        require(request.actor, SEE_COURSE, course)
        return _answer(request, course.account.path, course.pk)


def _answer(request: ApiRequest, path: str, course_id: int | None = None) -> Response:
    """True or false for each that is asked about (nobody holds what there isn't); all that are
    held when nothing is."""
    asked = params_of(request).texts("permissions")
    held = held_keys(request.actor, PERMISSIONS.keys() & (asked or PERMISSIONS), path, course_id)
    return Response({key: key in held for key in asked or sorted(held)})
