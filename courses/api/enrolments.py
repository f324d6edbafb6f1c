"""REST: enrolments (contract §7.2 to §7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict

from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_account, get_user, heard_of, id_condition, require_user
from accounts.models import User
from accounts.rules import SEE_PEOPLE_OF_ACCOUNT
from courses.actions import (
    EnrolmentRefused,
    WrongState,
    accept_invitation,
    conclude,
    decline_invitation,
    enrol,
    inactivate,
    reactivate,
    remove,
)
from courses.ids import find_section, get_course, get_section
from courses.models import Course, Enrolment, Section
from courses.people import sight_through_roster
from courses.places import (
    asked_for,
    not_ended,
    of_person,
    places_in,
    places_told_of,
    role_asked_for,
    shown,
)
from courses.rules import (
    ENROL_AS_ADMINISTRATOR,
    SEE_COURSE,
    SEE_COURSE_PEOPLE,
    SEE_ENDED_ENROLMENT,
    SEE_ENROLLED,
    SEE_ENROLMENTS_OF,
)
from courses.serializers.enrolments import (
    EnrolmentJson,
    ListedEnrolmentJson,
    NewEnrolmentParams,
    enrolment_json,
    enrolments_json,
    wanted_place,
)
from pairing.actions import enrol_observer
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, Message, PlainError, Refusal, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.models import Role
from permissions.policy import Denied, may, permitted, require

State = Enrolment.State


def base_of(request: ApiRequest) -> str:
    """The scheme and host that the client used, for addresses of pages."""
    return request.build_absolute_uri("/").rstrip("/")


# --- Lists ---


class EnrolmentsParams(TypedDict, total=False):
    state: list[str]
    type: list[str]
    role: list[str]
    role_id: list[str]
    sis_account_id: list[str]
    sis_course_id: list[str]
    sis_section_id: list[str]
    sis_user_id: list[str]
    include: list[str]


class CoursesEnrolmentsParams(EnrolmentsParams, total=False):
    user_id: str


class EnrolmentsOfUser(APIView):
    @described(Paged[ListedEnrolmentJson], takes=EnrolmentsParams, refuses={400: PlainError})
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person's enrolments: for themself, their observers, and who reads the whole roster."""
        actor, params = request.actor, params_of(request)
        user = require_user(actor, SEE_ENROLMENTS_OF, user_id, annotate=told)
        own, include = user == actor.person, params.texts("include")
        base = base_of(request)
        rows = asked_for(places_told_of(actor, user), actor, params, own=own)
        if not params.texts("state"):
            rows = rows.filter(not_ended())

        def listed(page: list[Enrolment]) -> list[ListedEnrolmentJson]:
            for enrolment in page:
                enrolment.user = user
            return enrolments_json(page, reader=actor.person, base=base, include=include)

        return page_of(request, shown(rows, actor, include).order_by("pk"), listed)


class EnrolmentsOfCourse(APIView):
    @described(Paged[ListedEnrolmentJson], takes=CoursesEnrolmentsParams, refuses={400: PlainError})
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """Who is in a course: for its roster; an observer gets their own and their students'."""
        course = get_course(request.actor, course_id, required=SEE_COURSE)
        return _listed(request, course)

    @described(EnrolmentJson, takes=NewEnrolmentParams, refuses={400: FieldErrors | Message})
    def post(self, request: ApiRequest, course_id: str) -> Response:
        """Put a person into a course. A course role invites, an administrator adds at once."""
        course = get_course(request.actor, course_id, required=SEE_COURSE)
        return _added(request, course)


class EnrolmentsOfSection(APIView):
    @described(Paged[ListedEnrolmentJson], takes=CoursesEnrolmentsParams, refuses={400: PlainError})
    def get(self, request: ApiRequest, section_id: str) -> Response:
        """Who is in a section: as those of its course are listed."""
        section = get_section(request.actor, section_id, required=SEE_COURSE)
        return _listed(request, section.course, section)

    @described(EnrolmentJson, takes=NewEnrolmentParams, refuses={400: FieldErrors | Message})
    def post(self, request: ApiRequest, section_id: str) -> Response:
        """Put a person into a section, as into a course."""
        section = get_section(request.actor, section_id, required=SEE_COURSE)
        return _added(request, section.course, section)


def _listed(request: ApiRequest, course: Course, section: Section | None = None) -> Response:
    actor, params = request.actor, params_of(request)
    sight = sight_through_roster(actor, course)
    there = places_in(actor, course, sight)
    if not may(actor, SEE_COURSE_PEOPLE, course) and not there.exists():
        raise Denied(SEE_COURSE_PEOPLE)
    if section is not None:
        there = there.filter(section=section)
    rows, include = asked_for(there, actor, params), params.texts("include")
    if text := params.text("user_id"):
        rows = of_person(rows, actor, text)

    def listed(page: list[Enrolment]) -> list[ListedEnrolmentJson]:
        for enrolment in page:
            sight.tell(enrolment.user)
        return enrolments_json(page, reader=actor.person, base=base_of(request), include=include)

    return page_of(request, shown(rows, actor, include).order_by("user__name_key", "pk"), listed)


# --- New ones ---


def _added(request: ApiRequest, course: Course, section: Section | None = None) -> Response:
    actor, given = request.actor, params_of(request).group("enrollment")
    role = _role(course, given)
    wanted = wanted_place(given)
    user = _person(actor, given.required("user_id"), role, course)
    section = section or _section(actor, course, given)
    section.course = course
    try:
        if role.base_role == Enrolment.Type.OBSERVER and given.text("associated_user_id"):
            student = _person(actor, given.required("associated_user_id"))
            enrolment = enrol_observer(
                actor=actor, user=user, student=student, section=section, role=role, wanted=wanted
            )
        else:
            enrolment = enrol(actor=actor, user=user, section=section, role=role, wanted=wanted)
    except EnrolmentRefused as error:
        raise Refusal(400, {"message": str(error)}) from error
    return _one(request, enrolment)


def _role(course: Course, given: Params) -> Role:
    """The role of the new place; the 400 with everything that is wrong, or a user missing."""
    if not given:
        raise Refusal(400, {"message": "No parameters given"})
    role, wrong = role_asked_for(course, given)
    if not given.text("user_id"):
        wrong.insert(
            0,
            "Can't create an enrollment without a user. "
            "Include enrollment[user_id] to create an enrollment",
        )
    if role is None or wrong:
        raise Refusal(400, {"message": ", ".join(wrong)})
    return role


def _person(
    actor: Actor, text: str, role: Role | None = None, course: Course | None = None
) -> User:
    """Whom `text` names. A login may name anybody to who adds people without asking them."""
    adds_anyone = (
        role is not None
        and course is not None
        and text.startswith("sis_login_id:")
        and may(actor, ENROL_AS_ADMINISTRATOR[role.base_role], course)
    )
    return get_user(actor, text) if adds_anyone else heard_of(actor, text)


def _section(actor: Actor, course: Course, given: Params) -> Section:
    text = given.text("course_section_id")
    if not text:
        return Section.objects.get(course=course, is_default=True)
    section = find_section(actor, text, course)
    if section is None:
        raise Http404
    return section


def _one(request: ApiRequest, enrolment: Enrolment) -> Response:
    row = shown(Enrolment.objects.filter(pk=enrolment.pk), request.actor).get()
    return Response(enrolment_json(row, base=base_of(request)))


# --- One ---


class EnrolmentOfAccount(APIView):
    @described(EnrolmentJson)
    def get(self, request: ApiRequest, account_id: str, enrollment_id: str) -> Response:
        """An enrolment in a course of the account, or of one below it."""
        actor, account = request.actor, get_account(request.actor, account_id)
        require(actor, SEE_PEOPLE_OF_ACCOUNT, account)
        there = permitted(actor, SEE_ENROLLED) | permitted(actor, SEE_ENDED_ENROLMENT)
        condition = id_condition(enrollment_id, {})
        below = there.filter(course__account__path__startswith=account.path)
        below = below.select_related("course__account")
        enrolment = below.filter(condition).first() if condition else None
        if enrolment is None or not _is_listed(actor, enrolment):
            raise Http404
        return _one(request, enrolment)


def _is_listed(actor: Actor, enrolment: Enrolment) -> bool:
    """Whether the lists of its course show it: observers are not for all who read the roster."""
    course = enrolment.course
    seen = places_in(actor, course, sight_through_roster(actor, course))
    return seen.filter(pk=enrolment.pk).exists()


class EndingParams(TypedDict, total=False):
    """`deactivate` is the same as `inactivate`; `conclude` when nothing is given."""

    task: Literal["conclude", "delete", "inactivate", "deactivate"]


# What is done, and the state that it leads to.
_TASKS = {
    "conclude": (conclude, State.COMPLETED),
    "delete": (remove, State.DELETED),
    "inactivate": (inactivate, State.INACTIVE),
    "deactivate": (inactivate, State.INACTIVE),
}


class OneEnrolment(APIView):
    @described(EnrolmentJson, takes=EndingParams, refuses={400: PlainError})
    def delete(self, request: ApiRequest, course_id: str, enrollment_id: str) -> Response:
        """Conclude, suspend or delete a place in a course, as `task` says."""
        enrolment = _get(request.actor, course_id, enrollment_id)
        task = params_of(request).text("task") or "conclude"
        if task not in _TASKS:
            raise refusal(400, f"task must be one of {', '.join(_TASKS)}")
        act, state = _TASKS[task]
        try:
            act(actor=request.actor, enrolment=enrolment)
        except WrongState as error:
            enrolment.refresh_from_db()
            if enrolment.state != state:
                raise Refusal(400, {"error": str(error)}) from error
        return _one(request, enrolment)


class Reactivation(APIView):
    @described(EnrolmentJson, refuses={400: PlainError})
    def put(self, request: ApiRequest, course_id: str, enrollment_id: str) -> Response:
        """Make a suspended place active again."""
        enrolment = _get(request.actor, course_id, enrollment_id)
        try:
            reactivate(actor=request.actor, enrolment=enrolment)
        except WrongState as error:
            raise Refusal(400, {"error": "enrollment not inactive"}) from error
        return _one(request, enrolment)


class Success(TypedDict):
    success: Literal[True]


class Acceptance(APIView):
    @described(Success, refuses={400: PlainError})
    def post(self, request: ApiRequest, course_id: str, enrollment_id: str) -> Response:
        """Accept an invitation, as the person who is invited."""
        return _answered(request, course_id, enrollment_id, accept_invitation)


class Rejection(APIView):
    @described(Success, refuses={400: PlainError})
    def post(self, request: ApiRequest, course_id: str, enrollment_id: str) -> Response:
        """Decline an invitation, as the person who is invited."""
        return _answered(request, course_id, enrollment_id, decline_invitation)


def _answered(
    request: ApiRequest, course_id: str, enrollment_id: str, answer: Callable[..., None]
) -> Response:
    enrolment = _get(request.actor, course_id, enrollment_id)
    try:
        answer(actor=request.actor, enrolment=enrolment)
    except WrongState as error:
        raise Refusal(400, {"error": "no current invitation"}) from error
    return Response({"success": True})


def _get(actor: Actor, course_id: str, enrollment_id: str) -> Enrolment:
    """An enrolment in the course of which the actor may hear, or their own. Http404, Denied."""
    course = get_course(actor, course_id, required=SEE_COURSE)
    condition = id_condition(enrollment_id, {})
    if condition is None:
        raise Http404
    seen = places_in(actor, course, sight_through_roster(actor, course))
    own = Enrolment.objects.filter(course=course, user=actor.person)
    there = (seen | own).filter(condition)
    enrolment = there.select_related("user", "course__account").first()
    if enrolment is None:
        raise Http404
    return enrolment
