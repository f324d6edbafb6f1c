"""Days at the ends of the calendar, which some time zones have not: no door takes them in, for each
page that tells them would break for somebody. (Those of rosters: `sis/test_courses.py`.)"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import AccessToken, User
from courses.models import Course
from tests.cast import Cast

FAR = ["0001-01-01", "1000-12-31", "9999-01-01", "9999-12-31"]
ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("zone", ZONES)
def test_no_page_takes_one(cast: Cast, signed_in: Any, zone: str, day: str) -> None:
    User.objects.filter(pk=cast.root_admin.pk).update(time_zone=zone)
    admin = signed_in(cast.root_admin)
    course, events = f"/courses/{cast.courses.biology.pk}/settings", f"/accounts/{cast.root.pk}"
    for name in ("start_at", "end_at"):
        given = {"name": "B", "start_at": "", "end_at": "", name: f"{day}T23:59"}
        answer = admin.post(course, given)
        assert answer.status_code == 422
        assert "Choose a day and a time." in answer.content.decode()
    for name, label in (("since", "From"), ("until", "Until")):
        page = admin.get(f"{events}/audit", {name: day})
        assert f"“{label}” must be a day." in page.content.decode()
        assert admin.get(f"{events}/audit/events.csv", {name: day}).status_code == 200
    given = {"purpose": "x", "last_day": day}
    assert admin.post("/profile/tokens/new", given).status_code == 422


@pytest.mark.parametrize("day", FAR)
def test_nor_does_the_api(cast: Cast, rest: Any, day: str) -> None:
    admin, course = rest(cast.root_admin), f"/api/v1/courses/{cast.courses.biology.pk}"
    for path, method, group, name in (
        (course, "put", "course", "start_at"),
        (course, "put", "course", "end_at"),
        (f"{course}/sections", "post", "course_section", "start_at"),
        ("/api/v1/users/self/tokens", "post", "token", "expires_at"),
    ):
        given = {group: {"name": "B", "purpose": "x", name: f"{day}T23:59:59Z"}}
        answer = getattr(admin, method)(path, given, format="json")
        assert answer.status_code == 400
        assert "must be in a year from 1001 to 9998" in answer.content.decode()


@pytest.mark.parametrize("zone", ZONES)
def test_the_outermost_ones_that_are_taken_are_told_everywhere(
    cast: Cast, signed_in: Any, rest: Any, zone: str
) -> None:
    course = cast.courses.biology
    given = {"start_at": "1001-01-01T00:00:00+14:00", "end_at": "9998-12-31T23:59:59-11:00"}
    path = f"/api/v1/courses/{course.pk}"
    assert rest(cast.root_admin).put(path, {"course": given}, format="json").status_code == 200
    token = {"purpose": "For ever", "expires_at": given["end_at"]}
    mine = rest(cast.root_admin).post("/api/v1/users/self/tokens", {"token": token}, format="json")
    assert mine.status_code == 200
    kept = Course.objects.get(pk=course.pk)
    assert (kept.start_at, kept.end_at) == (
        datetime(1000, 12, 31, 10, tzinfo=UTC), datetime(9999, 1, 1, 10, 59, 59, tzinfo=UTC),
    )  # fmt: skip
    assert AccessToken.objects.get(purpose="For ever").expires_at == kept.end_at
    User.objects.filter(pk=cast.root_admin.pk).update(time_zone=zone)
    admin = signed_in(cast.root_admin)
    for page in (f"/courses/{course.pk}/settings", f"/courses/{course.pk}/users",
                 f"/accounts/{cast.root.pk}/courses", "/profile/settings"):  # fmt: skip
        assert admin.get(page).status_code == 200
