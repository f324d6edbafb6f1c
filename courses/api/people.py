"""REST: the people of a course (contract §7.1)."""

from __future__ import annotations

from collections import defaultdict
from typing import TypedDict

from django.db.models import QuerySet
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest
from accounts.ids import get_user
from accounts.listing import found_by_term, in_order_asked_for
from accounts.models import User
from accounts.people import Disclosed
from courses.api.enrolments import base_of
from courses.ids import get_course
from courses.models import Course, Enrolment
from courses.people import Sight, enrolments_seen, people_found, sight_of
from courses.places import in_course_states, of_types, shown, with_declined
from courses.rules import SEE_COURSE_PEOPLE
from courses.serializers.people import CourseUserJson, course_user_json
from pairing_service.http.described import Paged, described
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of, read_number


class CoursePeopleParams(TypedDict, total=False):
    search_term: str
    sort: str
    order: str
    enrollment_type: list[str]
    enrollment_role_id: int
    enrollment_state: list[str]
    user_ids: list[int]
    include: list[str]


class PersonOfCourseParams(TypedDict, total=False):
    include: list[str]


class UsersOfCourse(APIView):
    @described(Paged[CourseUserJson], takes=CoursePeopleParams)
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """The people of a course, as far as its People page shows them to the caller."""
        actor, params = request.actor, params_of(request)
        course = get_course(actor, course_id, required=SEE_COURSE_PEOPLE)
        sight, include = sight_of(actor, course), params.texts("include")
        there = _asked_for(actor, course, sight, params)
        disclosed = Disclosed(login=sight.login, email=sight.email, sis_id=sight.sis)
        people = people_found(there, sight, "")
        if ids := params.texts("user_ids"):
            people = people.filter(pk__in=[read_number("user_ids", text) for text in ids])
        people = in_order_asked_for(found_by_term(people, params, disclosed), params, disclosed)
        return page_of(
            request, people, lambda page: _told(request, page, course, there, sight, include)
        )


class SearchUsersOfCourse(UsersOfCourse):
    """The people of a course, under its older address."""


class OneUserOfCourse(APIView):
    @described(CourseUserJson, takes=PersonOfCourseParams)
    def get(self, request: ApiRequest, course_id: str, user_id: str) -> Response:
        """One person of a course."""
        actor, include = request.actor, params_of(request).texts("include")
        course = get_course(actor, course_id, required=SEE_COURSE_PEOPLE)
        sight = sight_of(actor, course)
        there = enrolments_seen(actor, course, sight)
        user = get_user(actor, user_id, among=people_found(there, sight, ""))
        [body] = _told(request, [user], course, there, sight, include)
        return Response(body)


def _asked_for(actor: Actor, course: Course, sight: Sight, params: Params) -> QuerySet[Enrolment]:
    """The enrolments whose people are listed: active and invited ones, unless it is said."""
    there = with_declined(actor, course, enrolments_seen(actor, course, sight))
    there = there.filter(in_course_states(params.texts("enrollment_state")))
    there = there.filter(of_types(params.texts("enrollment_type")))
    if text := params.text("enrollment_role_id"):
        there = there.filter(role=read_number("enrollment_role_id", text))
    return there


def _told(
    request: ApiRequest,
    page: list[User],
    course: Course,
    there: QuerySet[Enrolment],
    sight: Sight,
    include: list[str],
) -> list[CourseUserJson]:
    """With their enrolments it takes one statement more."""
    places: dict[int, list[Enrolment]] = defaultdict(list)
    if "enrollments" in include:
        of_page = there.filter(user__in=[user.pk for user in page])
        for place in shown(of_page, request.actor).order_by("pk"):
            places[place.user_id].append(place)
    base = base_of(request)
    return [
        course_user_json(sight.tell(user), places[user.pk], base=base, include=include)
        for user in page
    ]
