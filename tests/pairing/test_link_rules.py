"""What links give and take, and that acting as somebody lends nothing (spec/pairing.md)."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from accounts.models import User
from accounts.rules import SEE_PERSON
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import (
    link,
    link_by_proof,
    question_link,
    redeem_code,
    revoke_code,
    settle_question,
    unlink,
)
from pairing.models import ObservationLink, PairingCode
from pairing.rules import REDEEM, SEE_CODE, UNLINK
from permissions.policy import Denied, may
from tests.cast import Cast, make_account_role, make_admin


@pytest.fixture
def linked(cast: Cast) -> ObservationLink:
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    return ObservationLink.objects.get()


def who_acts_as(cast: Cast, person: User) -> Actor:
    """Somebody who may act as people, and nothing else."""
    make_admin(cast, cast.designer, cast.root, make_account_role(cast, "Stand-in", "become_user"))
    return cast.actor(cast.designer, acting_as=person)


def test_who_acts_as_the_issuer_sees_no_code_of_theirs(cast: Cast) -> None:
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    cast.code_by(cast.teacher)
    code = PairingCode.objects.get()
    assert may(cast.actor(cast.teacher), SEE_CODE, code)
    assert not may(who_acts_as(cast, cast.teacher), SEE_CODE, code)


def test_who_acts_as_the_student_sees_no_code_of_theirs(cast: Cast) -> None:
    cast.code()
    code = PairingCode.objects.get()
    assert may(cast.actor(cast.student), SEE_CODE, code)
    assert not may(who_acts_as(cast, cast.student), SEE_CODE, code)


def test_nobody_ends_a_link_as_somebody_else(cast: Cast, linked: ObservationLink) -> None:
    cast.set(students_may_remove_observers=True)
    for person in (cast.observer, cast.student):
        assert may(cast.actor(person), UNLINK, linked)
    assert not may(who_acts_as(cast, cast.observer), UNLINK, linked)
    assert not may(cast.actor(cast.designer, acting_as=cast.student), UNLINK, linked)


def test_who_may_not_manage_observers_settles_no_question(
    cast: Cast, linked: ObservationLink
) -> None:
    question_link(actor=cast.actor(cast.student), link=linked)
    for person in (cast.observer, cast.student, cast.teacher, cast.sub_admin):
        with pytest.raises(Denied):
            settle_question(actor=cast.actor(person), link=linked)
    assert ObservationLink.objects.questioned().get() == linked
    settle_question(actor=cast.actor(cast.root_admin), link=linked)
    assert not ObservationLink.objects.questioned().exists()


def test_nobody_else_revokes_a_code(cast: Cast) -> None:
    cast.code()
    code = PairingCode.objects.get()
    with pytest.raises(Denied):
        revoke_code(actor=cast.actor(cast.classmate), code=code)
    assert PairingCode.objects.live().exists()


def test_nobody_links_who_is_of_another_tenant(cast: Cast) -> None:
    admin = cast.actor(cast.root_admin)
    with pytest.raises(Denied):
        link(actor=admin, observer=cast.stranger, student=cast.student)
    with pytest.raises(Denied):
        link(actor=admin, observer=cast.observer, student=cast.stranger)
    assert not ObservationLink.objects.exists()


def test_by_proof_nobody_links_somebody_else(cast: Cast) -> None:
    for actor in (cast.actor(cast.classmate), who_acts_as(cast, cast.observer)):
        with pytest.raises(Denied):
            link_by_proof(actor=actor, observer=cast.observer, student=cast.student, how="login")
    assert not ObservationLink.objects.exists()


def test_a_code_brings_back_a_link_that_was_removed(cast: Cast, linked: ObservationLink) -> None:
    unlink(actor=cast.actor(cast.root_admin), link=linked)
    done = redeem_code(
        actor=cast.actor(cast.observer), observer=cast.observer, text=cast.code().text
    )
    assert (done.is_new, ObservationLink.objects.get().state) == (True, "active")
    assert PairingCode.objects.get().state == "redeemed"
    assert Enrolment.objects.filter(user=cast.observer, state="active").count() == 2
    assert Event.objects.filter(action="link_restored").count() == 1


def test_while_self_registration_is_off_no_administrator_redeems(cast: Cast) -> None:
    cast.set(self_registration="none")
    assert not may(cast.actor(cast.root_admin), REDEEM, cast.observer)


def test_for_who_is_suspended_no_administrator_redeems(cast: Cast) -> None:
    admin = cast.actor(cast.root_admin)
    assert may(admin, REDEEM, cast.observer)
    User.objects.filter(pk=cast.observer.pk).update(state="suspended")
    assert not may(cast.actor(cast.root_admin), REDEEM, cast.observer)


def test_a_link_that_is_over_shows_nobody_to_anybody(cast: Cast, linked: ObservationLink) -> None:
    Enrolment.objects.filter(user=cast.observer).delete()  # nor do they meet in a course
    pair = [(cast.observer, cast.student), (cast.student, cast.observer)]
    assert all(may(cast.actor(one), SEE_PERSON, other) for one, other in pair)
    unlink(actor=cast.actor(cast.root_admin), link=linked)
    assert not any(may(cast.actor(one), SEE_PERSON, other) for one, other in pair)


@pytest.mark.parametrize("gone", ["student", "observer"])
def test_who_has_been_deleted_meanwhile_is_linked_by_nobody(cast: Cast, gone: str) -> None:
    User.objects.filter(pk=getattr(cast, gone).pk).update(state="deleted")
    people = {"observer": cast.observer, "student": cast.student}
    with pytest.raises(Denied):
        link(actor=cast.actor(cast.root_admin), **people)
    with pytest.raises(Denied):
        link_by_proof(actor=cast.actor(cast.observer), how="login", **people)
    assert not ObservationLink.objects.exists()
