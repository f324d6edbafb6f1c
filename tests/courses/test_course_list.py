"""The person's courses and invitations."""

from __future__ import annotations

import html
from typing import Any

import pytest

from courses.models import Course, Enrolment
from pairing.actions import link
from tests.cast import Cast, enrol, make_course

PAGE = "/courses"


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.mark.parametrize(
    ("who", "there", "role"),
    [
        ("teacher", ["Biology", "History"], "Teacher"),
        ("ta", ["Biology"], "Teaching assistant"),
        ("student", ["Biology", "History"], "Student"),
        ("designer", ["Biology"], "Designer"),
    ],
)
def test_everyone_finds_their_own_courses(
    cast: Cast, signed_in: Any, who: str, there: list[str], role: str
):
    page = _text(signed_in(getattr(cast, who)).get(PAGE))
    every = ["Biology", "Chemistry", "History", "Reading"]
    assert [name for name in every if f">{name}</a>" in page] == there
    assert role in page


def test_an_observer_finds_the_courses_of_whom_they_observe(cast: Cast, signed_in: Any):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    page = _text(signed_in(cast.observer).get(PAGE))
    assert "Observer of Ada Okafor" in page
    assert f"/courses/{cast.courses.biology.pk}/users" not in page  # no read_roster by default


def test_past_and_removed_courses(cast: Cast, signed_in: Any):
    Enrolment.objects.filter(user=cast.student, course=cast.courses.biology).update(
        state="completed"
    )
    Course.objects.filter(pk=cast.courses.history.pk).update(state="deleted")
    page = _text(signed_in(cast.student).get(PAGE))
    assert ">concluded<" in page
    assert ">History<" not in page


def test_no_course_says_what_to_expect(cast: Cast, signed_in: Any):
    assert "You are in no course yet." in _text(signed_in(cast.observer).get(PAGE))


@pytest.mark.parametrize(("verb", "state"), [("accept", "active"), ("decline", "rejected")])
def test_an_invitation_is_answered(cast: Cast, signed_in: Any, verb: str, state: str):
    invited = enrol(cast, cast.student, cast.courses.chemistry, "StudentEnrollment", "invited")
    client, url = signed_in(cast.student), f"/courses/invitations/{invited.pk}/{verb}"
    assert f'action="{url}"' in _text(client.get(PAGE))
    assert "Chemistry" in _text(client.post(url, follow=True))
    invited.refresh_from_db()
    assert (invited.state, invited.activated_at is not None) == (state, state == "active")
    assert "The invitation to Chemistry is over." in _text(client.post(url, follow=True))


def test_nobody_else_answers_not_even_acting_as_them(cast: Cast, signed_in: Any):
    invited = enrol(cast, cast.student, cast.courses.chemistry, "StudentEnrollment", "invited")
    client, url = signed_in(cast.root_admin), f"/courses/invitations/{invited.pk}/accept"
    assert client.post(url).status_code == 404
    client.post(f"/users/{cast.student.pk}/masquerade")
    page = _text(client.get(PAGE))
    assert "Only the invited person can answer." in page
    assert f'action="{url}"' not in page
    assert client.post(url).status_code == 404


def test_many_courses_can_be_searched_with_a_fixed_number_of_queries(
    cast: Cast, signed_in: Any, django_assert_max_num_queries: Any
):
    for n in range(30):
        course = make_course(cast.accounts.high, f"Course number {n:02}")
        enrol(cast, cast.teacher, course, "TeacherEnrollment")
    client = signed_in(cast.teacher)
    client.get(PAGE)
    with django_assert_max_num_queries(14):
        assert "Course number 29" in _text(client.get(PAGE))
    found = _text(client.get(PAGE, {"q": "NUMBER 07"}))
    assert "Course number 07" in found
    assert "Course number 08" not in found
    assert "No course of yours" in _text(client.get(PAGE, {"q": "alchemy"}))
