"""A course's settings: who opens them, names and dates, publishing, concluding, deleting."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from courses.models import Course, Enrolment
from tests.cast import Cast, make_account_role, make_admin


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def _page(course: Course) -> str:
    return f"/courses/{course.pk}/settings"


@pytest.fixture
def biology(cast: Cast) -> Course:
    return cast.courses.biology


@pytest.fixture
def admin(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.root_admin)


def _given(course: Course, **changes: Any) -> dict[str, Any]:
    return {
        "name": course.name,
        "course_code": course.course_code,
        "start_at": "",
        "end_at": "",
    } | changes


def test_who_may_do_something_there_finds_the_way(cast: Cast, signed_in: Any, biology: Course):
    link = f'href="{_page(biology)}"'
    people = f"/courses/{biology.pk}/users"
    seen = {who: link in _text(signed_in(getattr(cast, who)).get(people))
            for who in ("root_admin", "teacher", "ta", "student")}  # fmt: skip
    assert seen == {"root_admin": True, "teacher": True, "ta": False, "student": False}
    assert link in _text(signed_in(cast.root_admin).get(f"/accounts/{cast.root.pk}/courses"))
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Clerk", "read_course_list"))
    assert link not in _text(signed_in(cast.observer).get(f"/accounts/{cast.root.pk}/courses"))


def test_a_course_is_renamed_and_its_dates_set(cast: Cast, admin: Any, biology: Course):
    data = _given(
        biology,
        name="Life",
        course_code="",
        start_at="2030-01-01T08:00",
        end_at="2030-06-01T12:30:00",
    )
    assert admin.post(_page(biology), data).headers["Location"] == _page(biology)
    biology.refresh_from_db()
    assert (biology.name, biology.course_code) == ("Life", "Life")
    assert (biology.start_at.minute, biology.end_at.minute) == (0, 30)
    assert 'value="2030-01-01T08:00"' in _text(admin.get(_page(biology)))
    assert biology.sections.get().name == "Life"


def test_only_what_was_changed_is_written(cast: Cast, admin: Any, biology: Course):
    moment = timezone.now().replace(second=42, microsecond=7) + timedelta(days=1)
    Course.objects.filter(pk=biology.pk).update(end_at=moment)
    shown = timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")
    admin.post(_page(biology), _given(biology, course_code="B", end_at=shown))
    biology.refresh_from_db()
    assert (biology.course_code, biology.end_at) == ("B", moment)
    assert list(Event.objects.get(action="course_changed").data["after"]) == ["course_code"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "A course needs a name."),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"end_at": "soon"}, "Choose a day and a time."),
        (
            {"start_at": "2030-02-01T00:00", "end_at": "2030-01-01T00:00"},
            "The course would end before it begins.",
        ),
    ],
)
def test_what_is_wrong_is_said(
    cast: Cast, admin: Any, biology: Course, changes: dict[str, Any], said: str
):
    response = admin.post(_page(biology), _given(biology, course_code="NEW") | changes)
    assert response.status_code == 422
    assert said in _text(response)
    biology.refresh_from_db()
    assert biology.course_code == "BIO"


def test_a_teacher_who_concludes_is_led_to_its_people(cast: Cast, signed_in: Any, biology: Course):
    teacher = signed_in(cast.teacher)
    response = teacher.post(f"{_page(biology)}/conclude", follow=True)
    assert response.redirect_chain == [(f"/courses/{biology.pk}/users", 302)]
    assert response.status_code == 200
    assert "Biology is concluded." in _text(response)


def test_one_who_sees_no_people_is_led_to_the_courses(cast: Cast, signed_in: Any, biology: Course):
    cast.override("TeacherEnrollment", "read_roster", enabled=False)
    response = signed_in(cast.teacher).post(f"{_page(biology)}/conclude", follow=True)
    assert (response.redirect_chain, response.status_code) == ([("/courses", 302)], 200)


def test_a_teacher_changes_the_state_and_no_names(cast: Cast, signed_in: Any, biology: Course):
    teacher = signed_in(cast.teacher)
    page = _text(teacher.get(_page(biology)))
    assert ('name="course_code"' in page, "Conclude" in page, "Delete" in page) == (
        False,
        True,
        False,
    )
    assert teacher.post(_page(biology), _given(biology, name="Mine")).status_code == 403
    assert teacher.post(f"{_page(biology)}/delete").status_code == 403
    biology.refresh_from_db()
    assert (biology.name, biology.state) == ("Biology", "available")


@pytest.mark.parametrize("step", ["publish", "unpublish"])
def test_who_may_publish_and_not_conclude_reopens_nothing(
    cast: Cast, signed_in: Any, biology: Course, step: str
):
    role = make_account_role(cast, "Publisher", "manage_courses_publish")
    make_admin(cast, cast.observer, cast.root, role)
    publisher = signed_in(cast.observer)
    for before, status in (("available", 302), ("completed", 403)):
        Course.objects.filter(pk=biology.pk).update(state=before)
        assert publisher.post(f"{_page(biology)}/{step}").status_code == status
    biology.refresh_from_db()
    assert biology.state == "completed"


@pytest.mark.parametrize(
    ("before", "step", "after", "said"),
    [
        ("unpublished", "publish", "available", "Biology is published."),
        ("available", "unpublish", "unpublished", "Biology is no longer published."),
        ("available", "conclude", "completed", "Biology is concluded."),
        ("completed", "publish", "available", "Biology is published."),
        ("available", "delete", "deleted", "Biology is deleted."),
        ("deleted", "restore", "unpublished", "Biology is back, with everyone who was in it."),
        ("deleted", "conclude", "deleted", "Somebody else has changed the course"),
    ],
)
def test_steps(
    cast: Cast, admin: Any, biology: Course, before: str, step: str, after: str, said: str
):
    Course.objects.filter(pk=biology.pk).update(state=before)
    response = admin.post(f"{_page(biology)}/{step}")
    biology.refresh_from_db()
    assert biology.state == after
    assert said in _text(admin.get(response.headers["Location"]))


def test_an_unknown_step_is_404(cast: Cast, admin: Any, biology: Course):
    assert admin.post(f"{_page(biology)}/explode").status_code == 404


def test_the_page_offers_what_can_be_done(cast: Cast, admin: Any, biology: Course):
    def offers() -> set[str]:
        page = admin.get(_page(biology)).content.decode()
        steps = ("publish", "unpublish", "conclude", "delete", "restore")
        return {step for step in steps if f'action="{_page(biology)}/{step}"' in page}

    assert offers() == {"unpublish", "conclude", "delete"}
    for state, expected in (
        ("unpublished", {"publish", "conclude", "delete"}),
        ("completed", {"publish", "delete"}),
        ("deleted", {"restore"}),
    ):
        Course.objects.filter(pk=biology.pk).update(state=state)
        assert offers() == expected
    past = timezone.now() - timedelta(days=1)
    Course.objects.filter(pk=biology.pk).update(state="available", end_at=past)
    assert offers() == {"delete"}
    assert "A later end opens it again." in _text(admin.get(_page(biology)))


def test_a_deleted_course_is_found_by_who_may_bring_it_back(
    cast: Cast, admin: Any, signed_in: Any, biology: Course
):
    courses = f"/accounts/{cast.root.pk}/courses"
    assert "Deleted" not in _text(admin.get(courses))
    Course.objects.filter(pk=biology.pk).update(state="deleted")
    assert "Deleted" in _text(admin.get(courses))
    page = _text(admin.get(courses, {"show": "deleted"})).split("<tbody>")[1]
    assert "Biology" in page
    assert "History" not in page
    assert f'href="{_page(biology)}"' in page
    assert f'href="/courses/{biology.pk}/users"' not in page
    for person in (cast.teacher, cast.student, cast.neighbour_admin):
        assert signed_in(person).get(_page(biology)).status_code == 404
    clerk = make_account_role(cast, "Clerk", "read_course_list")
    make_admin(cast, cast.observer, cast.root, clerk)
    assert "Biology" not in _text(signed_in(cast.observer).get(courses, {"show": "deleted"}))


def test_how_many_it_takes_along_is_told(cast: Cast, admin: Any, biology: Course):
    assert "with the places of 5 people in it" in _text(admin.get(_page(biology)))
    Enrolment.objects.filter(course=biology).delete()
    assert "Biology is gone for everyone then. This is recorded." in _text(
        admin.get(_page(biology))
    )
