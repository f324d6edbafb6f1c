"""JSON of courses, out and in (contract §7.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NotRequired, TypedDict

from django.core.exceptions import ValidationError

from accounts.actor import Actor
from accounts.ids import find_account, may_hear_of
from accounts.rules import SEE_ACCOUNT
from accounts.serializers import AccountJson, account_json
from accounts.serializers.people import Calendar
from courses.actions import (
    Step,
    conclude_course,
    delete_course,
    publish_course,
    restore_course,
    unpublish_course,
)
from courses.models import Course, Enrolment
from courses.rules import WORDS
from pairing_service.http.errors import Field, Refusal, invalid, invalid_fields, refusal
from pairing_service.http.params import Params, Reader, read_fields, read_moment
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time

# --- Out ---


class PlaceJson(TypedDict):
    """What a person is in a course, in few words; for an observer, of which student."""

    type: str
    role: str
    role_id: int
    user_id: int
    enrollment_state: str
    limit_privileges_to_course_section: bool
    associated_user_id: NotRequired[int]


class CoursePermissions(TypedDict):
    """There are neither announcements nor discussions here."""

    create_announcement: Literal[False]
    create_discussion_topic: Literal[False]


class SisOfCourse(TypedDict, total=False):
    """For who may see SIS ids in the course."""

    sis_course_id: str | None
    integration_id: str | None
    sis_import_id: int | None


class CourseJson(SisOfCourse):
    """A course. What another product has of it and this one has not is null or off."""

    id: int
    name: str
    account_id: int
    uuid: str
    start_at: Time | None
    grading_standard_id: None
    is_public: Literal[False]
    created_at: Time
    course_code: str
    default_view: Literal["modules"]
    root_account_id: int
    enrollment_term_id: None
    license: Literal["private"]
    end_at: Time | None
    public_syllabus: Literal[False]
    storage_quota_mb: int
    is_public_to_auth_users: Literal[False]
    apply_assignment_group_weights: Literal[False]
    calendar: Calendar
    time_zone: str
    blueprint: Literal[False]
    hide_final_grades: Literal[False]
    workflow_state: Literal["unpublished", "available", "completed", "deleted"]
    restrict_enrollments_to_course_dates: Literal[False]
    enrollments: NotRequired[list[PlaceJson]]
    permissions: NotRequired[CoursePermissions]
    concluded: NotRequired[bool]
    total_students: NotRequired[int]
    account: NotRequired[AccountJson]


class ClosedCourseJson(TypedDict):
    """A course that the caller may hear of, and not enter."""

    id: int
    access_restricted_by_date: Literal[True]


class DeletedCourse(TypedDict):
    delete: Literal[True]


class ConcludedCourse(TypedDict):
    conclude: Literal[True]


def courses_json(
    courses: Iterable[Any],
    include: Collection[str],
    places: Mapping[int, list[Enrolment]] | None = None,
) -> list[CourseJson | ClosedCourseJson]:
    """Courses of `finding.told`. `places`: whose enrolments are told with them, by course."""
    return [
        course_json(course, include, places)
        if course.is_open
        else {"id": course.pk, "access_restricted_by_date": True}
        for course in courses
    ]


def course_json(
    course: Any, include: Collection[str], places: Mapping[int, list[Enrolment]] | None = None
) -> CourseJson:
    """One that the caller may enter; its account is at hand.

    `include`: permissions, concluded, total_students, account.
    """
    body: CourseJson = {
        "id": course.pk,
        "name": course.name,
        "account_id": course.account_id,
        "uuid": str(course.uuid),
        "start_at": wire_time(course.start_at),
        "grading_standard_id": None,
        "is_public": False,
        "created_at": wire_time(course.created_at),
        "course_code": course.course_code,
        "default_view": "modules",
        "root_account_id": course.root_account_id,
        "enrollment_term_id": None,
        "license": "private",
        "end_at": wire_time(course.end_at),
        "public_syllabus": False,
        "storage_quota_mb": 500,
        "is_public_to_auth_users": False,
        "apply_assignment_group_weights": False,
        "calendar": {"ics": None},
        "time_zone": course.account.time_zone,
        "blueprint": False,
        "hide_final_grades": False,
        "workflow_state": course.state,
        "restrict_enrollments_to_course_dates": False,
    }
    if course.shows_sis:
        body["sis_course_id"] = course.sis_id
        body["integration_id"] = course.integration_id
    if course.shows_sis_import:
        body["sis_import_id"] = None
    if places is not None:
        body["enrollments"] = [_place_json(place) for place in places.get(course.pk, [])]
    return body | _included(course, include)  # type: ignore[return-value]


def _included(course: Any, include: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "permissions" in include:
        found["permissions"] = {"create_announcement": False, "create_discussion_topic": False}
    if "concluded" in include:
        found["concluded"] = course.is_concluded
    if "total_students" in include:
        found["total_students"] = course.students
    if "account" in include:
        found["account"] = account_json(course.account)
    return found


def _place_json(place: Enrolment) -> PlaceJson:
    body: PlaceJson = {
        "type": WORDS[place.type],
        "role": place.role.name,
        "role_id": place.role_id,
        "user_id": place.user_id,
        "enrollment_state": place.state,
        "limit_privileges_to_course_section": place.limited_to_section,
    }
    if place.associated_user_id:
        body["associated_user_id"] = place.associated_user_id
    return body


# --- In ---


class NewCourse(TypedDict, total=False):
    """`name` when it is not given: Unnamed Course. `course_code` when it is not: the name."""

    name: str
    course_code: str
    sis_course_id: str
    integration_id: str
    start_at: Time
    end_at: Time


class NewCourseParams(TypedDict):
    """`offer`: publish it; `enroll_me`: the caller teaches it."""

    course: NewCourse
    offer: NotRequired[bool]
    enroll_me: NotRequired[bool]
    include: NotRequired[list[str]]


class ChangedCourse(TypedDict, total=False):
    name: str
    course_code: str
    sis_course_id: str
    integration_id: str
    start_at: Time
    end_at: Time
    account_id: str
    event: Literal["offer", "claim", "conclude", "delete", "undelete"]


class ChangedCourseParams(TypedDict):
    """`offer` is the same as the event of that name."""

    course: ChangedCourse
    offer: NotRequired[bool]
    include: NotRequired[list[str]]


# The wire's name, ours, and how it is read.
_FIELDS: dict[str, tuple[str, Reader]] = {
    "name": ("name", str),
    "course_code": ("course_code", str),
    "sis_course_id": ("sis_id", lambda text: text or None),
    "integration_id": ("integration_id", lambda text: text or None),
    "start_at": ("start_at", read_moment),
    "end_at": ("end_at", read_moment),
}
_WIRE_NAMES = {name: wire for wire, (name, _) in _FIELDS.items()}
UNDELETE = "undelete"
EVENTS: dict[str, Step] = {
    "offer": publish_course,
    "claim": unpublish_course,
    "conclude": conclude_course,
    "delete": delete_course,
    UNDELETE: restore_course,
}


def new_course(params: Params) -> dict[str, Any]:
    """What is said of a new course, for `create_course`. Raises the 400 with every wrong value."""
    given, wrong = params.group("course"), dict[str, Field]()
    if not given:
        raise refusal(400, "course is missing")
    fields = {"name": "Unnamed Course"} | read_fields(given, _FIELDS, wrong)
    if wrong:
        raise invalid(**wrong)
    if params.boolean("offer"):
        fields["state"] = Course.State.AVAILABLE
    return fields | {"teaches": params.boolean("enroll_me") or False}


def course_changes(actor: Actor, params: Params) -> tuple[dict[str, Any], Step | None]:
    """New values under our names, and the step that the event names. Raises the 400."""
    given = params.group("course")
    wrong: dict[str, Field] = {}
    fields = read_fields(given, _FIELDS, wrong)
    if "account_id" in given:
        text = given.text("account_id") or ""
        account = fields["account"] = find_account(actor, text)
        if account is None or not may_hear_of(actor, text, account, SEE_ACCOUNT):
            wrong["account_id"] = ("invalid", "is no account here")
    event = given.text("event") or ("offer" if params.boolean("offer") else None)
    if event and event not in EVENTS:
        wrong["event"] = ("invalid", f"must be one of {', '.join(EVENTS)}")
    if wrong:
        raise invalid(**wrong)
    return fields, EVENTS[event] if event else None


def course_refused(error: ValidationError) -> Refusal:
    """The 400 for what the action found wrong, under the wire's names."""
    return invalid_fields(error, _WIRE_NAMES)
