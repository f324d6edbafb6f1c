"""User Details: one person in one course."""

from __future__ import annotations

import html
from typing import Any

import pytest

from accounts.models import User
from pairing.actions import link
from tests.cast import Cast, enrol


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def _page(cast: Cast, user: User | None = None) -> str:
    return f"/courses/{cast.courses.biology.pk}/users/{(user or cast.student).pk}"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("root_admin", 200),
        ("sub_admin", 200),
        ("teacher", 200),
        ("ta", 403),
        ("designer", 403),
        ("student", 403),
        ("classmate", 403),
        ("neighbour_admin", 404),
        ("elsewhere", 404),
        ("observer", 404),
    ],
)
def test_it_is_for_course_administration(cast: Cast, signed_in: Any, who: str, status: int):
    assert signed_in(getattr(cast, who)).get(_page(cast)).status_code == status


def test_who_is_not_in_the_course_is_not_found_there(cast: Cast, signed_in: Any):
    gone = enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "deleted")
    client = signed_in(cast.root_admin)
    assert client.get(_page(cast, gone.user)).status_code == 404
    assert client.get(_page(cast, cast.stranger)).status_code == 404


def test_it_shows_names_enrolments_and_observers(cast: Cast, signed_in: Any):
    User.objects.filter(pk=cast.student.pk).update(email="ada@home.example")
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    page = _text(signed_in(cast.teacher).get(_page(cast)))
    for shown in ("Okafor, Ada", "ada.okafor", "ada@home.example", "s-ada", "Joy Okafor"):
        assert shown in page
    assert "Section Biology, since" in page


@pytest.mark.parametrize(
    ("permission", "shown"),
    [
        ("view_user_logins", "ada.okafor"),
        ("read_email_addresses", "ada@home.example"),
        ("read_sis", "s-ada"),
    ],
)
def test_each_fact_needs_its_permission(cast: Cast, signed_in: Any, permission: str, shown: str):
    User.objects.filter(pk=cast.student.pk).update(email="ada@home.example")
    cast.override("TeacherEnrollment", permission, enabled=False)
    assert shown not in _text(signed_in(cast.teacher).get(_page(cast)))


def test_who_is_no_student_has_no_pairing_there(cast: Cast, signed_in: Any):
    page = _text(signed_in(cast.root_admin).get(_page(cast, cast.ta)))
    assert "Pair with observer" not in page
    assert "observes" not in page


def test_someone_invited_has_to_accept_first(cast: Cast, signed_in: Any):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    page = _text(signed_in(cast.teacher).get(_page(cast, cast.elsewhere)))
    assert "A code can be made once Cora Lind has accepted the invitation to Biology." in page


def test_it_takes_a_fixed_number_of_queries(
    cast: Cast, signed_in: Any, django_assert_max_num_queries: Any
):
    client = signed_in(cast.root_admin)
    client.get(_page(cast))
    with django_assert_max_num_queries(24):
        client.get(_page(cast))
