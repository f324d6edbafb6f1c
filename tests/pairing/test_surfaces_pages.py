"""Every page on which a code is made: who gets the control, and who gets a code by its request.

spec/pairing.md "Who may issue a code". The cases are those that REST is tried with, too.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from pairing.models import PairingCode
from tests.cast import Cast, enrol, make_user
from tests.pairing.surfaces import DETAILS_PAIR, SETTINGS_PAIR, Case

pytestmark = pytest.mark.whole

OWN_PAGE = "/profile/settings"
OWN_DOOR = "/profile/settings/pair"


def _door(client: Client, page: str, door: str) -> tuple[bool, bool, int]:
    """Whether the page shows the control; whether the dialog does; what its request answers."""
    shown = f'href="{door}"' in client.get(page).content.decode()
    offered = f'action="{door}"' in client.get(door).content.decode()
    return shown, offered, client.post(door).status_code


def _codes_of(student: User) -> list[str]:
    return list(PairingCode.objects.filter(student=student).values_list("surface", flat=True))


# --- One's own settings ---


def _of_the_student(cast: Cast) -> User:
    return cast.student


def _of_the_invited(cast: Cast) -> User:
    user = make_user(cast.root, "Ines Baro")
    enrol(cast, user, cast.courses.biology, "StudentEnrollment", "invited")
    return user


def _of_the_student_while_off(cast: Cast) -> User:
    cast.set(self_registration="none")
    return cast.student


def _of_the_teacher(cast: Cast) -> User:
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    return cast.teacher


def _of_the_removed(cast: Cast) -> User:
    user = make_user(cast.root, "Ines Baro")
    enrol(cast, user, cast.courses.biology, "StudentEnrollment", "deleted")
    return user


@pytest.mark.parametrize(
    "case",
    [
        Case("a student", _of_the_student, allowed=True),
        Case("an invited student", _of_the_invited, allowed=True),
        Case("a student, self registration off", _of_the_student_while_off, allowed=False),
        Case("a teacher", _of_the_teacher, allowed=False),
        Case("no student any more", _of_the_removed, allowed=False),
    ],
    ids=str,
)
def test_own_settings(case: Case, cast: Cast, signed_in: Any):
    person = case.arrange(cast)
    door = _door(signed_in(person), OWN_PAGE, OWN_DOOR)
    assert door == (case.allowed, case.allowed, 200 if case.allowed else 403)
    assert _codes_of(person) == (["own_settings"] if case.allowed else [])


# --- The student's settings, acting as the student ---


@pytest.mark.parametrize("case", SETTINGS_PAIR, ids=str)
def test_settings_while_acting_as_the_student(case: Case, cast: Cast, signed_in: Any):
    client = signed_in(case.arrange(cast))
    client.post(reverse("accounts:act-as", args=[cast.student.pk]))
    door = _door(client, OWN_PAGE, OWN_DOOR)
    assert door == (case.allowed, case.allowed, 200 if case.allowed else 403)
    assert _codes_of(cast.student) == (["settings_acting"] if case.allowed else [])


# --- User Details in a course ---


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_user_details_in_a_course(case: Case, cast: Cast, signed_in: Any):
    client = signed_in(case.arrange(cast))
    page = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    door = _door(client, page, f"{page}/pair")
    assert door == (case.allowed, case.allowed, 200 if case.allowed else 403)
    assert _codes_of(cast.student) == (["user_details"] if case.allowed else [])


def test_details_while_acting_as_a_teacher_asks_both_people(cast: Cast, signed_in: Any):
    client = signed_in(cast.root_admin)
    client.post(reverse("accounts:act-as", args=[cast.teacher.pk]))
    page = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    assert _door(client, page, f"{page}/pair") == (False, False, 403)
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    assert _door(client, page, f"{page}/pair") == (True, True, 200)


def test_what_counts_is_the_students_place_in_this_course(cast: Cast, signed_in: Any):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    enrol(cast, cast.classmate, cast.courses.history, "StudentEnrollment", "invited")
    client = signed_in(cast.teacher)
    history = f"/courses/{cast.courses.history.pk}/users/{cast.classmate.pk}"
    assert _door(client, history, f"{history}/pair") == (False, False, 403)
    biology = f"/courses/{cast.courses.biology.pk}/users/{cast.classmate.pk}"
    assert _door(client, biology, f"{biology}/pair") == (True, True, 200)


@pytest.mark.parametrize("who", ["neighbour_admin", "observer", "stranger", "deactivated_admin"])
def test_who_may_not_see_the_student_finds_nothing(cast: Cast, signed_in: Any, who: str):
    client = signed_in(getattr(cast, who))
    host = "southfield.localhost" if who == "stranger" else "testserver"
    door = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}/pair"
    answers = {client.get(door, headers={"host": host}).status_code}
    answers |= {client.post(door, headers={"host": host}).status_code}
    assert answers == ({302} if who == "deactivated_admin" else {404})
    assert _codes_of(cast.student) == []
