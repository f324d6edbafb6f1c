"""JSON of the people of a course (contract §6.1, §7.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NotRequired, cast

from accounts.models import User
from accounts.serializers import UserJson, user_json
from courses.models import Enrolment
from courses.serializers.enrolments import EnrolmentJson, enrolment_json
from pairing_service.http.rendering import wire_offset_time
from pairing_service.http.shapes import Time


class CourseUserJson(UserJson):
    """A person of a course, with their enrolments there when they are asked for."""

    enrollments: NotRequired[list[EnrolmentJson]]
    last_login: NotRequired[Time | None]
    bio: NotRequired[None]
    locked: NotRequired[bool]


def course_user_json(
    user: User, places: list[Enrolment], *, base: str, include: Collection[str]
) -> CourseUserJson:
    """`include`: enrollments (`places`), avatar_url, email, uuid, bio, locked, last_login."""
    body = cast(CourseUserJson, user_json(user, include))
    if "enrollments" in include:
        body["enrollments"] = [enrolment_json(place, base=base) for place in places]
    if "bio" in include:
        body["bio"] = None
    if "locked" in include:
        body["locked"] = False
    if "last_login" in include and getattr(user, "shows_login", False):
        body["last_login"] = wire_offset_time(user.last_login)
    return body
