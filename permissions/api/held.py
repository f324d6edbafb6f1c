"""REST: what the caller holds in an account or a course (contract §4.3)."""

from __future__ import annotations

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account
from accounts.rules import SEE_ACCOUNT
from courses.ids import get_course
from courses.rules import SEE_COURSE
from pairing_service.http.params import params_of
from permissions.catalogue import PERMISSIONS
from permissions.grants import held_keys
from permissions.policy import require


class HeldInAccount(APIView):
    """For everyone who may see the account: the apps ask about the root account after sign-in."""

    def get(self, request: ApiRequest, account_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_ACCOUNT, account)
        return _answer(request, account.path)


class HeldInCourse(APIView):
    """For everyone who is in the course or administers it."""

    def get(self, request: ApiRequest, course_id: str) -> Response:
        course = get_course(request.actor, course_id)
        require(request.actor, SEE_COURSE, course)
        return _answer(request, course.account.path, course.pk)


def _answer(request: ApiRequest, path: str, course_id: int | None = None) -> Response:
    """True or false for each that is asked about (nobody holds what there isn't); all that are
    held when nothing is."""
    asked = params_of(request).texts("permissions")
    held = held_keys(request.actor, PERMISSIONS.keys() & (asked or PERMISSIONS), path, course_id)
    return Response({key: key in held for key in asked or sorted(held)})
