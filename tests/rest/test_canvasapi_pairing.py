"""Pairing with the real `canvasapi`: codes, observees, observers (contract §2, §3)."""

from __future__ import annotations

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import (
    Forbidden,
    InvalidAccessToken,
    RateLimitExceeded,
    ResourceDoesNotExist,
    Unauthorized,
    UnprocessableEntity,
)

from accounts.models import User
from courses.models import Enrolment
from pairing.models import ObservationLink, PairingCode
from tests.cast import PASSWORD, Cast, make_user

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")


def _link(cast: Cast, observer: User, student: User) -> None:
    ObservationLink.objects.create(root_account=cast.root, observer=observer, student=student)


def _observees(cast: Cast, number: int) -> list[User]:
    """So many students whom Joy observes."""
    students = [make_user(cast.root, f"Kid {n:03}", password="!") for n in range(number)]
    ObservationLink.objects.bulk_create(
        ObservationLink(root_account=cast.root, observer=cast.observer, student=student)
        for student in students
    )
    return students


def test_a_students_code_links_the_parent_who_sees_the_student_at_once(cast: Cast, canvas):
    code = canvas(cast.student).get_current_user().create_pairing_code()
    assert (code.user_id, code.workflow_state, len(code.code)) == (
        cast.student.pk, "active", 10,
    )  # fmt: skip

    parent = canvas(cast.observer).get_current_user()
    student = parent.add_observee_with_credentials(pairing_code=code.code.lower())
    assert (student.id, student.name) == (cast.student.pk, "Ada Okafor")
    assert student.observation_link_root_account_ids == [cast.root.pk]
    assert [one.id for one in parent.get_observees()] == [cast.student.pk]
    observed = [e.observed_user for e in parent.get_enrollments(include=["observed_users"])]
    assert {one["id"] for one in observed} == {cast.student.pk}
    assert len(observed) == 2


def test_a_teacher_with_the_pair_makes_a_code_for_a_student_named_by_sis_id(cast: Cast, canvas):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    student = canvas(cast.teacher).get_user("s-ada", "sis_user_id")
    assert student.create_pairing_code().user_id == cast.student.pk
    assert PairingCode.objects.get().issued_by == cast.teacher


def test_a_teacher_without_the_pair_is_forbidden(cast: Cast, canvas):
    student = canvas(cast.teacher).get_user(cast.student.pk)
    with pytest.raises(Forbidden):
        student.create_pairing_code()


def test_a_wrong_code_is_unprocessable_and_too_many_are_a_limit(cast: Cast, canvas):
    parent = canvas(cast.observer).get_current_user()
    for _ in range(10):
        with pytest.raises(UnprocessableEntity):
            parent.add_observee_with_credentials(pairing_code="0000000000")
    with pytest.raises(RateLimitExceeded):
        parent.add_observee_with_credentials(pairing_code="0000000000")


def test_linking_with_login_and_password(cast: Cast, canvas):
    parent = canvas(cast.observer).get_current_user()
    proof = {"unique_id": "ada.okafor", "password": PASSWORD}
    assert parent.add_observee_with_credentials(observee=proof).id == cast.student.pk
    with pytest.raises(Unauthorized):
        parent.add_observee_with_credentials(observee=proof | {"password": "wrong"})


def test_linking_with_the_students_token(cast: Cast, canvas):
    parent = canvas(cast.observer).get_current_user()
    token = cast.token(cast.student)
    assert parent.add_observee_with_credentials(access_token=token).id == cast.student.pk


def test_a_manager_links_shows_and_removes(cast: Cast, canvas):
    parent = canvas(cast.root_admin).get_user(cast.observer.pk)
    assert parent.add_observee(cast.student.pk).sis_user_id == "s-ada"
    assert parent.show_observee(cast.student.pk).login_id == "ada.okafor"
    observers = canvas(cast.student).get_current_user().get_observers()
    assert [one.id for one in observers] == [cast.observer.pk]
    assert parent.remove_observee(cast.student.pk).observation_link_root_account_ids == []
    with pytest.raises(ResourceDoesNotExist):
        parent.show_observee(cast.student.pk)
    assert not Enrolment.objects.filter(user=cast.observer, state="active").exists()


def test_an_observer_cannot_link_themself_by_id_but_can_leave(cast: Cast, canvas):
    parent = canvas(cast.observer).get_current_user()
    with pytest.raises(Forbidden):
        parent.add_observee(cast.student.pk)
    _link(cast, cast.observer, cast.student)
    parent.remove_observee(cast.student.pk)
    assert list(parent.get_observees()) == []


def test_many_observees_come_in_pages(cast: Cast, canvas):
    students = _observees(cast, 157)
    found = list(canvas(cast.observer).get_current_user().get_observees())
    assert [one.id for one in found] == [one.pk for one in students]


def test_a_bad_token_is_told_apart_from_a_lack_of_rights(cast: Cast, canvas, live_server):
    with pytest.raises(InvalidAccessToken):
        Canvas(live_server.url, "nonsense").get_current_user()
    with pytest.raises(Forbidden):
        list(canvas(cast.teacher).get_user(cast.student.pk).get_observers())


def test_acting_as_someone(cast: Cast, canvas):
    _link(cast, cast.observer, cast.student)
    me = canvas(cast.root_admin).get_user("self", as_user_id=cast.observer.pk)
    assert me.id == cast.observer.pk
    with pytest.raises(Unauthorized):
        canvas(cast.teacher).get_user("self", as_user_id=cast.student.pk)
