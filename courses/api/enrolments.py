"""REST: enrolments (contract §7.3)."""

from __future__ import annotations

import re
from typing import TypedDict

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import require_user
from accounts.models import User
from courses.models import Course, Enrolment, Section
from courses.rules import (
    SEE_ENROLMENTS_OF,
    SEE_SIS_IMPORT_OF_ENROLMENT,
    SEE_SIS_OF_ENROLMENT,
)
from courses.serializers.enrolments import UsersEnrolmentJson, enrolments_json
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import PlainError, Refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.models import Role
from permissions.policy import answered

State = Enrolment.State
_ID = re.compile("[0-9]{1,18}")

_CURRENT = [State.ACTIVE, State.INVITED]
# What `state[]` may say, and the states that it means. Nothing here is ever pending otherwise.
_STATES: dict[str, list[str]] = {
    **{str(state): [state] for state in State.values if state != State.DELETED},
    "pending_active": [],
    "pending_invited": [],
    "current_and_invited": [*_CURRENT],
    "current_and_future": [*_CURRENT, State.CREATION_PENDING],
    "current_and_concluded": [State.ACTIVE, State.COMPLETED],
}


class EnrolmentsParams(TypedDict, total=False):
    state: list[str]
    type: list[str]
    role: list[str]
    role_id: list[str]
    include: list[str]


class EnrolmentsOfUser(APIView):
    @described(Paged[UsersEnrolmentJson], takes=EnrolmentsParams, refuses={400: PlainError})
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person's enrolments: for themself, their observers, and who reads the whole roster."""
        actor, params = request.actor, params_of(request)
        user = require_user(actor, SEE_ENROLMENTS_OF, user_id, annotate=told)
        own = user == actor.person
        include = params.texts("include")
        base = request.build_absolute_uri("/").rstrip("/")
        rows = _wanted(actor, user, params, own=own)
        return page_of(
            request,
            rows,
            lambda page: enrolments_json(page, user, base=base, own=own, include=include),
        )


def _wanted(actor: Actor, user: User, params: Params, *, own: bool) -> QuerySet[Enrolment]:
    """The user's enrolments that the parameters ask for, with all that is shown of them."""
    rows = Enrolment.objects.filter(user=user, root_account=actor.root_account)
    rows = rows.filter(_in_states(params.texts("state"), own=own))
    if types := params.texts("type"):
        rows = rows.filter(type__in=types)
    if names := params.texts("role"):
        rows = rows.filter(role__in=_roles(actor, names))
    if ids := params.texts("role_id"):
        rows = rows.filter(role__in=[int(text) for text in ids if _ID.fullmatch(text)])
    rows = rows.select_related("role", "course__account", "section", "associated_user", "user")
    return answered(
        rows.order_by("pk"),
        actor,
        shows_sis=SEE_SIS_OF_ENROLMENT,
        shows_sis_import=SEE_SIS_IMPORT_OF_ENROLMENT,
    )


def _in_states(asked: list[str], *, own: bool) -> Q:
    """Those in the states asked for; by default active and invited ones that have not ended."""
    exists = ~Q(course__state=Course.State.DELETED) & ~Q(section__state=Section.State.DELETED)
    if not asked:
        ended = Q(course__state=Course.State.COMPLETED) | Q(course__end_at__lt=timezone.now())
        return exists & Q(state__in=_CURRENT) & ~ended
    known = _STATES if own else _STATES | {"deleted": [State.DELETED]}
    for text in asked:
        if text not in known:
            raise Refusal(400, {"error": f"Invalid state {text}"})
    wanted = exists & Q(state__in={state for text in asked for state in known[text]})
    return wanted | ~exists if "deleted" in asked else wanted


def _roles(actor: Actor, names: list[str]) -> list[int]:
    """The tenant's roles of these names (contract §4.1); 400 when there is none of one name."""
    by_name: dict[str, list[int]] = {}
    for role in Role.objects.filter(root_account=actor.root_account):
        by_name.setdefault(role.name, []).append(role.pk)
    for name in names:
        if name not in by_name:
            raise Refusal(400, {"error": f"Invalid role {name}"})
    return [pk for name in names for pk in by_name[name]]
