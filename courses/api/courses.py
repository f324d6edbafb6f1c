"""REST: courses (contract §7.1)."""

from __future__ import annotations

from typing import Literal, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest
from accounts.ids import get_account, require_user
from accounts.models import User
from courses.actions import (
    EnrolmentRefused,
    WrongState,
    change_course,
    conclude_course,
    create_course,
    delete_course,
)
from courses.finding import by_course, courses_asked_for, courses_in_which, places_of, told
from courses.ids import find_course, get_course
from courses.models import Course, Enrolment
from courses.rules import (
    ADD_COURSE,
    OF_SOMEONE_THERE,
    RESTORE_COURSE,
    SEE_COURSE,
    SEE_COURSES_OF_ACCOUNT,
    SEE_ENROLMENTS_OF,
)
from courses.serializers.courses import (
    UNDELETE,
    ChangedCourseParams,
    ClosedCourseJson,
    ConcludedCourse,
    CourseJson,
    DeletedCourse,
    NewCourseParams,
    course_changes,
    course_json,
    course_refused,
    courses_json,
    new_course,
)
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.policy import permitted, require

AnyCourseJson = CourseJson | ClosedCourseJson


class OwnCoursesParams(TypedDict, total=False):
    enrollment_type: Literal["student", "teacher", "ta", "observer", "designer"]
    enrollment_role_id: int
    enrollment_state: Literal["active", "invited_or_pending", "completed"]
    state: list[str]
    include: list[str]


class Courses(APIView):
    @described(Paged[AnyCourseJson], takes=OwnCoursesParams)
    def get(self, request: ApiRequest) -> Response:
        """The caller's own courses; `include[]=observed_users` tells of their students' places."""
        assert request.actor.person is not None
        return _courses_of(request, request.actor.person)


class CoursesOfUser(APIView):
    @described(Paged[AnyCourseJson], takes=OwnCoursesParams)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person's courses: for themself, their observers, and who reads the whole roster."""
        return _courses_of(request, require_user(request.actor, SEE_ENROLMENTS_OF, user_id))


def _courses_of(request: ApiRequest, user: User) -> Response:
    actor, params = request.actor, params_of(request)
    places, include = places_of(actor, user, params), params.texts("include")
    # Whom somebody else observes is not the caller's to know.
    observed = "observed_users" in include and user == actor.person
    return page_of(
        request,
        told(courses_in_which(places), actor, include),
        lambda page: courses_json(page, include, by_course(actor, places, page, observed=observed)),
    )


class CoursesParams(TypedDict, total=False):
    with_enrollments: bool
    enrollment_type: list[str]
    published: bool
    completed: bool
    state: list[str]
    by_subaccounts: list[str]
    search_term: str
    sort: str
    order: str
    include: list[str]


class CoursesOfAccount(APIView):
    @described(Paged[AnyCourseJson], takes=CoursesParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The courses of an account and of all below it."""
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_COURSES_OF_ACCOUNT, account)
        params = params_of(request)
        include = params.texts("include")
        found = courses_asked_for(request.actor, account, params)
        return page_of(
            request,
            told(found, request.actor, include),
            lambda page: courses_json(page, include),
        )

    @described(CourseJson, takes=NewCourseParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Add a course to an account."""
        account = get_account(request.actor, account_id)
        require(request.actor, ADD_COURSE, account)
        fields = new_course(params_of(request))
        try:
            course = create_course(actor=request.actor, account=account, **fields)
        except ValidationError as error:
            raise course_refused(error) from error
        except EnrolmentRefused as error:
            raise refusal(400, str(error)) from error
        return _changed(request, course)


class OneCourseParams(TypedDict, total=False):
    include: list[str]


class DeletionParams(TypedDict):
    event: Literal["delete", "conclude"]


class OneCourse(APIView):
    @described(AnyCourseJson, takes=OneCourseParams)
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """A course; with `include[]=all_courses` a deleted one, too, for who may restore it."""
        return _shown(request, _course_to_show(request, course_id))

    @described(CourseJson, takes=ChangedCourseParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, course_id: str) -> Response:
        """Change a course's names, dates, account, and (`event`) its state: all or nothing."""
        actor, params = request.actor, params_of(request)
        course = _course_to_change(actor, course_id, params)
        if not params.group("course") and "offer" not in params:
            raise refusal(400, "course is missing")
        fields, step = course_changes(actor, params)
        try:
            change_course(actor=actor, course=course, fields=fields, step=step)
        except ValidationError as error:
            raise course_refused(error) from error
        except WrongState as error:
            raise refusal(400, str(error)) from error
        return _changed(request, course)

    @described(DeletedCourse | ConcludedCourse, takes=DeletionParams)
    def delete(self, request: ApiRequest, course_id: str) -> Response:
        """Delete or conclude a course, as `event` says."""
        course = get_course(request.actor, course_id, required=SEE_COURSE)
        event = params_of(request).required("event")
        steps = {"delete": delete_course, "conclude": conclude_course}
        if event not in steps:
            raise refusal(400, "event must be delete or conclude")
        try:
            steps[event](actor=request.actor, course=course)
        except WrongState as error:
            raise refusal(400, str(error)) from error
        return Response({event: True})


class OneCourseOfAccount(APIView):
    @described(AnyCourseJson, takes=OneCourseParams)
    def get(self, request: ApiRequest, account_id: str, course_id: str) -> Response:
        """A course of the account, or of one below it."""
        account = get_account(request.actor, account_id)
        course = _course_to_show(request, course_id)
        if account.pk not in course.account.chain_ids:
            raise Http404
        return _shown(request, course)


def _course_to_show(request: ApiRequest, text: str) -> Course:
    if "all_courses" in params_of(request).texts("include"):
        restorable = permitted(request.actor, RESTORE_COURSE)
        if course := find_course(request.actor, text, among=restorable):
            return course
    return get_course(request.actor, text, required=SEE_COURSE)


def _course_to_change(actor: Actor, text: str, params: Params) -> Course:
    if params.group("course").text("event") == UNDELETE:
        restorable = permitted(actor, RESTORE_COURSE).filter(state=Course.State.DELETED)
        if course := find_course(actor, text, among=restorable):
            return course
        return get_course(actor, text, required=RESTORE_COURSE)
    return get_course(actor, text, required=SEE_COURSE)


def _shown(request: ApiRequest, course: Course) -> Response:
    """One course, with the caller's own places in it."""
    [body] = courses_json(*_with_places(request, course))
    return Response(body)


def _changed(request: ApiRequest, course: Course) -> Response:
    """The same for who has just made, changed or deleted it, and may not even enter any more."""
    [course], include, places = _with_places(request, course)
    return Response(course_json(course, include, places))


def _with_places(
    request: ApiRequest, course: Course
) -> tuple[QuerySet[Course], list[str], dict[int, list[Enrolment]]]:
    actor, include = request.actor, params_of(request).texts("include")
    own = Enrolment.objects.filter(OF_SOMEONE_THERE, user=actor.person)
    places = by_course(actor, own, [course], observed="observed_users" in include)
    return told(Course.objects.filter(pk=course.pk), actor, include), include, places
