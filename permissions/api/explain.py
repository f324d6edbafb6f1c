"""REST: why somebody may, or may not, do something (ours, beyond the contract)."""

from __future__ import annotations

from typing import Required, TypedDict

from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account
from accounts.models import Account
from courses.ids import get_course
from pairing_service.http.described import described
from pairing_service.http.errors import refusal
from pairing_service.http.params import params_of
from permissions.explaining.as_json import ExplanationJson, explanation_json
from permissions.explaining.changes import Change
from permissions.explaining.explain import explain
from permissions.explaining.links import link_of
from permissions.explaining.questions import Unclear, Unknown, find_person, find_place, question_of
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES


class QuestionParams(TypedDict, total=False):
    """Either an action on the target, or a permission in the context."""

    actor: Required[str]
    action: str
    permission: str
    target: str


class QuestionInAccountParams(QuestionParams, total=False):
    context: str


class ExplainInAccount(APIView):
    @described(ExplanationJson, takes=QuestionInAccountParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """Why somebody may, or may not, do something.

        `actor` and `target` are people; `action` or `permission` is asked about in the `context`,
        `course:ID` or `account:ID` (the account itself, when left out).
        """
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        context = params_of(request).text("context") or f"account:{account.pk}"
        return _explained(request, account, context)


class ExplainInCourse(APIView):
    @described(ExplanationJson, takes=QuestionParams)
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """Why somebody may, or may not, do something in a course."""
        course = get_course(request.actor, course_id)
        require(request.actor, MANAGE_OVERRIDES, course.account)
        return _explained(request, course.account, f"course:{course.pk}")


def _explained(request: ApiRequest, account: Account, context: str) -> Response:
    asker, params = request.actor, params_of(request)
    target = params.text("target")
    try:
        question = question_of(
            asker,
            person=find_person(asker, "actor", params.required("actor")),
            action=params.text("action") or "",
            permission=params.text("permission") or "",
            target=find_person(asker, "target", target) if target else None,
            place=find_place(asker, context, within=account),
        )
    except Unknown as error:
        raise Http404 from error
    except Unclear as error:
        raise refusal(400, f"{error.field}: {error}") from error
    link = link_of(asker)

    def url_of(change: Change) -> str | None:
        path = link(change)
        return request.build_absolute_uri(path) if path else None

    return Response(explanation_json(explain(asker, question), url_of))
