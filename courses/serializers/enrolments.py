"""JSON of enrolments, out and in (contract §7.2, §7.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Literal, NotRequired, Required, TypedDict, cast

from accounts.models import User
from accounts.serializers import UserJson, user_json
from courses.actions import Wanted
from courses.listing import is_not_past
from courses.models import Course, Enrolment, Section
from pairing_service.http.errors import Field, invalid
from pairing_service.http.params import Params, Reader, read_fields, read_moment
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time

# --- Out ---

# What of a student's enrolments stands below `observed_user`: those that have not ended.
_NOT_ENDED = [Enrolment.State.ACTIVE, Enrolment.State.INVITED, Enrolment.State.CREATION_PENDING]


class Grades(TypedDict):
    html_url: str


class SisIds(TypedDict, total=False):
    """For who may see SIS ids in the course."""

    sis_account_id: str | None
    sis_course_id: str | None
    course_integration_id: str | None
    sis_section_id: str | None
    section_integration_id: str | None
    sis_user_id: str | None
    sis_import_id: int | None


class EnrolmentJson(SisIds):
    """A place in a course; `associated_user_id` is the student whom an observer follows there."""

    id: int
    user_id: int
    course_id: int
    type: str
    created_at: Time
    updated_at: Time
    associated_user_id: int | None
    start_at: Time | None
    end_at: Time | None
    course_section_id: int
    root_account_id: int
    limit_privileges_to_course_section: bool
    enrollment_state: str
    role: str
    role_id: int
    html_url: str
    grades: NotRequired[Grades]


class ObservedUserJson(UserJson):
    """A student whom the person observes, with the student's own enrolments in the course."""

    enrollments: list[EnrolmentJson]


class Activity(TypedDict, total=False):
    """For oneself alone."""

    last_activity_at: None
    last_attended_at: None
    total_activity_time: int


class Observed(TypedDict, total=False):
    observed_user: ObservedUserJson


class ListedEnrolmentJson(EnrolmentJson, Activity, Observed):
    """An enrolment in a list, with its person."""

    user: UserJson
    can_be_removed: NotRequired[bool]


def enrolments_json(
    enrolments: Iterable[Enrolment], *, reader: User | None, base: str, include: Collection[str]
) -> list[ListedEnrolmentJson]:
    """One page of enrolments with their people; at most one statement more, for students observed.

    `base` is the scheme and host for addresses of pages; `reader` is told what is for oneself.
    """
    enrolments = list(enrolments)
    of_students = _of_students(enrolments) if "observed_users" in include else {}
    rows: list[ListedEnrolmentJson] = []
    for enrolment in enrolments:
        row = cast(ListedEnrolmentJson, enrolment_json(enrolment, base=base))
        row["user"] = user_json(enrolment.user, include)
        if enrolment.user == reader:
            row |= {"last_activity_at": None, "last_attended_at": None, "total_activity_time": 0}
        student = enrolment.associated_user
        if "observed_users" in include and student and student.state != User.State.DELETED:
            beside = of_students.get((student.pk, enrolment.course_id), [])
            row["observed_user"] = {
                **user_json(student, include),
                "enrollments": [enrolment_json(one, base=base) for one in beside],
            }
        if "can_be_removed" in include:
            row["can_be_removed"] = getattr(enrolment, "can_be_removed", False)
        rows.append(row)
    return rows


def _of_students(enrolments: Iterable[Enrolment]) -> dict[tuple[int, int], list[Enrolment]]:
    """The observed students' own enrolments, by student and course."""
    pairs = {(e.associated_user_id, e.course_id) for e in enrolments if e.associated_user_id}
    if not pairs:
        return {}
    found = Enrolment.objects.students().filter(
        is_not_past(),
        user__in={student for student, _ in pairs},
        course__in={course for _, course in pairs},
        state__in=_NOT_ENDED,
    )
    by_pair = defaultdict(list)
    for enrolment in found.select_related("role", "course__account", "section").order_by("pk"):
        by_pair[enrolment.user_id, enrolment.course_id].append(enrolment)
    return by_pair


def enrolment_json(enrolment: Enrolment, *, base: str) -> EnrolmentJson:
    """The enrolment alone; role, course and section are at hand. SIS ids when it says so."""
    page = f"{base}/courses/{enrolment.course_id}"
    body: EnrolmentJson = {
        "id": enrolment.pk,
        "user_id": enrolment.user_id,
        "course_id": enrolment.course_id,
        "type": enrolment.type,
        "created_at": wire_time(enrolment.created_at),
        "updated_at": wire_time(enrolment.updated_at),
        "associated_user_id": enrolment.associated_user_id,
        "start_at": wire_time(enrolment.start_at),
        "end_at": wire_time(enrolment.end_at),
        "course_section_id": enrolment.section_id,
        "root_account_id": enrolment.root_account_id,
        "limit_privileges_to_course_section": enrolment.limited_to_section,
        "enrollment_state": _state(enrolment),
        "role": enrolment.role.name,
        "role_id": enrolment.role_id,
        "html_url": f"{page}/users/{enrolment.user_id}",
    }
    if enrolment.type == Enrolment.Type.STUDENT:
        body["grades"] = {"html_url": f"{page}/grades/{enrolment.user_id}"}
    return {**body, **_sis(enrolment)}


def _state(enrolment: Enrolment) -> str:
    """An enrolment in a deleted course or section shows as deleted."""
    gone = Course.State.DELETED, Section.State.DELETED
    is_gone = enrolment.course.state == gone[0] or enrolment.section.state == gone[1]
    return Enrolment.State.DELETED if is_gone else enrolment.state


def _sis(enrolment: Enrolment) -> SisIds:
    body: SisIds = {}
    if getattr(enrolment, "shows_sis", False):
        course, section = enrolment.course, enrolment.section
        body |= {
            "sis_account_id": course.account.sis_id,
            "sis_course_id": course.sis_id,
            "course_integration_id": course.integration_id,
            "sis_section_id": section.sis_id,
            "section_integration_id": section.integration_id,
            "sis_user_id": enrolment.user.sis_id,
        }
    if getattr(enrolment, "shows_sis_import", False):
        body["sis_import_id"] = None
    return body


# --- In ---


class NewEnrolment(TypedDict, total=False):
    """Who, as what (`role_id`, or `type`; a student otherwise), and for observers of whom."""

    user_id: Required[str]
    type: str
    role_id: int
    role: str
    enrollment_state: Literal["active", "invited", "inactive"]
    course_section_id: str
    limit_privileges_to_course_section: bool
    associated_user_id: str
    start_at: Time
    end_at: Time
    notify: bool


class NewEnrolmentParams(TypedDict):
    enrollment: NewEnrolment


_MOMENTS: dict[str, tuple[str, Reader]] = {
    "start_at": ("start_at", read_moment),
    "end_at": ("end_at", read_moment),
}
_GIVEN_STATES = (Enrolment.State.ACTIVE, Enrolment.State.INVITED, Enrolment.State.INACTIVE)


def wanted_place(given: Params) -> Wanted:
    """What the new place is to be, from `enrollment[…]`. Raises the 400 with every wrong value."""
    wrong: dict[str, Field] = {}
    moments = read_fields(given, _MOMENTS, wrong)
    start, end = moments.get("start_at"), moments.get("end_at")
    if start and end and end < start:
        wrong["end_at"] = ("invalid", "is before the start")
    state = given.text("enrollment_state") or Enrolment.State.INVITED
    if state not in _GIVEN_STATES:
        wrong["enrollment_state"] = ("invalid", f"must be one of {', '.join(_GIVEN_STATES)}")
    if wrong:
        raise invalid(**wrong)
    return Wanted(
        state, given.boolean("limit_privileges_to_course_section") or False, None, start, end
    )
