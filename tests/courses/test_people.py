"""The People of a course: who sees whom, search, filter, pages, menus."""

from __future__ import annotations

import html
from typing import Any

import pytest

from accounts.models import User
from courses.models import Course, Enrolment
from pairing.actions import link
from tests.cast import Cast, enrol, make_user


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def _page(cast: Cast) -> str:
    return f"/courses/{cast.courses.biology.pk}/users"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("root_admin", 200),
        ("sub_admin", 200),
        ("neighbour_admin", 404),
        ("teacher", 200),
        ("ta", 200),
        ("designer", 200),
        ("student", 200),
        ("elsewhere", 404),
        ("observer", 404),
    ],
)
def test_whoever_holds_read_roster_there_sees_it(cast: Cast, signed_in: Any, who: str, status: int):
    assert signed_in(getattr(cast, who)).get(_page(cast)).status_code == status


def test_the_way_back_of_an_administrator_is_the_account(cast: Cast, signed_in: Any):
    ways = {
        who: _text(signed_in(getattr(cast, who)).get(_page(cast))).split('class="breadcrumbs"')[1]
        for who in ("sub_admin", "teacher")
    }
    account = f'href="/accounts/{cast.accounts.science.pk}"'
    assert (account in ways["sub_admin"], account in ways["teacher"]) == (True, False)
    assert 'href="/courses"' in ways["teacher"]


def test_people_come_by_sortable_name_and_backwards(cast: Cast, signed_in: Any):
    client = signed_in(cast.teacher)
    names = ["Ito, Ben", "Kim, Dana", "Moreno, Tia", "Okafor, Ada", "Varga, Tomas"]
    page = _text(client.get(_page(cast)))
    assert sorted(names, key=page.index) == names
    page = _text(client.get(_page(cast), {"sort": "-name"}))
    assert sorted(names, key=page.index) == names[::-1]


def test_search_and_role_narrow_it_down(cast: Cast, signed_in: Any):
    client, ta = signed_in(cast.teacher), cast.roles["TaEnrollment"].pk
    found = _text(client.get(_page(cast), {"q": "OKAF"}))
    assert "Okafor, Ada" in found
    assert "Ito, Ben" not in found
    found = _text(client.get(_page(cast), {"role": ta}))
    assert "Moreno, Tia" in found
    assert "Okafor, Ada" not in found
    assert "Nobody here matches." in _text(client.get(_page(cast), {"q": "ada", "role": ta}))


@pytest.mark.parametrize("role", ["", "x", "999999", "-1"])
def test_a_role_that_is_not_there_is_no_filter(cast: Cast, signed_in: Any, role: str):
    assert "Okafor, Ada" in _text(signed_in(cast.teacher).get(_page(cast), {"role": role}))


def test_logins_and_sis_ids_are_for_those_who_may_see_them(cast: Cast, signed_in: Any):
    teachers, students = (
        _text(signed_in(user).get(_page(cast))) for user in (cast.teacher, cast.student)
    )
    assert "ada.okafor" in teachers
    assert "s-ada" in teachers
    assert "ada.okafor" not in students.split("<tbody>")[1]
    assert "s-ada" not in students


@pytest.mark.parametrize("text", ["ada.okafor", "s-ada", "ada@home.example"])
def test_a_search_finds_only_in_what_one_sees(cast: Cast, signed_in: Any, text: str):
    User.objects.filter(pk=cast.student.pk).update(email="ada@home.example")
    teachers, students = (
        _text(signed_in(user).get(_page(cast), {"q": text}))
        for user in (cast.teacher, cast.student)
    )
    assert "Okafor, Ada" in teachers
    assert "Okafor, Ada" not in students


def test_classmates_see_no_observers_and_nobody_who_is_only_invited(cast: Cast, signed_in: Any):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    teachers, bens, adas = (
        _text(signed_in(user).get(_page(cast)))
        for user in (cast.teacher, cast.classmate, cast.student)
    )
    assert "Observer of Ada Okafor" in teachers
    assert "Lind, Cora" in teachers
    assert "Okafor, Joy" not in bens
    assert "Lind, Cora" not in bens
    assert "Okafor, Joy" in adas


def test_in_a_course_that_is_over_its_teacher_still_sees_the_class(cast: Cast, signed_in: Any):
    biology = cast.courses.biology
    Enrolment.objects.filter(course=biology, type="StudentEnrollment").update(state="completed")
    enrol(cast, cast.elsewhere, biology, "StudentEnrollment", state="inactive")
    teacher = signed_in(cast.teacher)
    url = f"/courses/{biology.pk}/users"
    assert cast.student.sortable_name in teacher.get(url).content.decode()
    Course.objects.filter(pk=biology.pk).update(state="completed")
    page = teacher.get(url).content.decode()
    assert cast.student.sortable_name in page
    assert cast.elsewhere.sortable_name not in page


def test_the_row_menu_is_for_those_who_may_see_details(cast: Cast, signed_in: Any):
    details = f'href="{_page(cast)}/{cast.student.pk}"'
    seen = {who: details in _text(signed_in(getattr(cast, who)).get(_page(cast)))
            for who in ("teacher", "root_admin", "ta", "student")}  # fmt: skip
    assert seen == {"teacher": True, "root_admin": True, "ta": False, "student": False}


def test_the_page_menu_has_first_sign_ins_for_those_who_manage_logins(cast: Cast, signed_in: Any):
    User.objects.filter(pk=cast.classmate.pk).update(password="!")
    url = f"/courses/{cast.courses.biology.pk}/first_sign_ins"
    assert f'href="{url}"' in _text(signed_in(cast.root_admin).get(_page(cast)))
    assert signed_in(cast.root_admin).get(url).status_code == 200
    page = _text(signed_in(cast.teacher).get(_page(cast)))
    assert url not in page
    assert "More" not in page.split("<main")[1].split("<table")[0]
    assert "airing code" not in page


def test_a_crowd_comes_in_pages_with_a_fixed_number_of_queries(
    cast: Cast, signed_in: Any, django_assert_max_num_queries: Any
):
    for n in range(60):
        child = make_user(cast.root, f"Child Number{n:02}")
        enrol(cast, child, cast.courses.biology, "StudentEnrollment")
    client = signed_in(cast.teacher)
    client.get(_page(cast))
    with django_assert_max_num_queries(18):
        first = _text(client.get(_page(cast)))
    assert "1–50 of 65" in first
    assert "Okafor, Ada" in _text(client.get(_page(cast), {"page": 2}))
    assert "Page 2 of 2" in _text(client.get(_page(cast), {"page": 99}))
