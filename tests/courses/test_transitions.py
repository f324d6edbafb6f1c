"""What makes an enrolment count: the student's own yes, an import, an administrator; nothing else.

Every action is tried in every state, so whatever way leads through them is covered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from courses import actions
from courses.actions import EnrolmentRefused, Wanted, WrongState
from courses.models import Enrolment
from pairing.actions import issue_code
from pairing.rules import ISSUE_ON_DETAILS
from permissions.policy import Denied, may
from tests.cast import Cast, enrol

pytestmark = pytest.mark.whole

State = Enrolment.State


def _enrol_again(*, actor: Actor, enrolment: Enrolment) -> None:
    actions.enrol(
        actor=actor,
        user=enrolment.user,
        section=enrolment.section,
        role=enrolment.role,
        wanted=Wanted(State.ACTIVE),
    )


STAFF_ACTIONS: dict[str, Callable[..., Any]] = {
    "conclude": actions.conclude,
    "inactivate": actions.inactivate,
    "reactivate": actions.reactivate,
    "bring back": actions.bring_back,
    "remove": actions.remove,
    "enrol again": _enrol_again,
    "accept": actions.accept_invitation,
    "decline": actions.decline_invitation,
}
EVERY_STATE = [state.value for state in State]
NEVER_ACTIVATE = ["conclude", "inactivate", "reactivate", "bring back", "remove"]


def _try(action: Callable[..., Any], actor: Actor, enrolment: Enrolment) -> Enrolment:
    with suppress(Denied, WrongState, EnrolmentRefused):
        action(actor=actor, enrolment=enrolment)
    return Enrolment.objects.get(pk=enrolment.pk)


@pytest.fixture
def pulled_in(cast: Cast) -> Enrolment:
    """Ben, a child whom the teacher sees in Biology, was never in History."""
    return enrol(cast, cast.classmate, cast.courses.history, "StudentEnrollment", "invited")


@pytest.mark.parametrize(("state", "action"), [*itertools.product(EVERY_STATE, STAFF_ACTIONS)])
def test_nothing_that_a_teacher_does_makes_an_enrolment_count(
    cast: Cast, pulled_in: Enrolment, state: str, action: str
):
    Enrolment.objects.filter(pk=pulled_in.pk).update(state=state)
    pulled_in.refresh_from_db()
    after = _try(STAFF_ACTIONS[action], cast.actor(cast.teacher), pulled_in)
    assert after.activated_at is None


@pytest.mark.parametrize(("state", "action"), [*itertools.product(EVERY_STATE, NEVER_ACTIVATE)])
def test_ending_and_bringing_back_never_makes_it_count_whoever_does_it(
    cast: Cast, pulled_in: Enrolment, state: str, action: str
):
    Enrolment.objects.filter(pk=pulled_in.pk).update(state=state)
    pulled_in.refresh_from_db()
    after = _try(STAFF_ACTIONS[action], cast.actor(cast.root_admin), pulled_in)
    assert after.activated_at is None


@pytest.mark.parametrize("state", EVERY_STATE)
def test_the_students_own_yes_counts_where_there_is_an_invitation(
    cast: Cast, pulled_in: Enrolment, state: str
):
    Enrolment.objects.filter(pk=pulled_in.pk).update(state=state)
    pulled_in.refresh_from_db()
    after = _try(actions.accept_invitation, cast.actor(cast.classmate), pulled_in)
    invited = state in (State.INVITED, State.CREATION_PENDING)
    assert (after.activated_at is not None) is invited
    assert (after.state == State.ACTIVE) is (invited or state == State.ACTIVE)


@pytest.mark.parametrize("state", EVERY_STATE)
def test_an_administrator_who_enrols_makes_it_count(cast: Cast, pulled_in: Enrolment, state: str):
    Enrolment.objects.filter(pk=pulled_in.pk).update(state=state)
    pulled_in.refresh_from_db()
    after = _try(_enrol_again, cast.actor(cast.root_admin), pulled_in)
    assert (after.state, after.activated_at is not None) == (State.ACTIVE, True)


def test_nobody_answers_an_invitation_for_a_student(cast: Cast, pulled_in: Enrolment):
    for actor in (
        cast.actor(cast.teacher),
        cast.actor(cast.root_admin),
        cast.actor(cast.root_admin, acting_as=cast.classmate),
    ):
        with pytest.raises(Denied):
            actions.accept_invitation(actor=actor, enrolment=pulled_in)


def test_declining_ends_the_invitation(cast: Cast, pulled_in: Enrolment):
    actions.decline_invitation(actor=cast.actor(cast.classmate), enrolment=pulled_in)
    assert (pulled_in.state, pulled_in.activated_at) == (State.REJECTED, None)


@pytest.mark.parametrize("ended", [State.REJECTED, State.DELETED])
def test_a_teacher_who_invites_anew_starts_over(cast: Cast, pulled_in: Enrolment, ended: str):
    Enrolment.objects.filter(pk=pulled_in.pk).update(state=ended, activated_at=timezone.now())
    after = _try(_enrol_again, cast.actor(cast.teacher), pulled_in)
    assert (after.state, after.activated_at) == (State.INVITED, None)


def test_what_counted_still_counts_after_a_break(cast: Cast):
    enrolment = cast.enrolment(cast.student, cast.courses.biology)
    actor = cast.actor(cast.teacher)
    actions.inactivate(actor=actor, enrolment=enrolment)
    actions.reactivate(actor=actor, enrolment=enrolment)
    assert enrolment.activated_at is not None


def test_a_teacher_cannot_pull_in_a_child_whom_they_do_not_see(cast: Cast):
    history = cast.courses.history
    with pytest.raises(Denied):
        actions.enrol(
            actor=cast.actor(cast.teacher),
            user=cast.elsewhere,
            section=history.sections.get(),
            role=cast.roles["StudentEnrollment"],
        )


def test_a_teacher_who_invites_a_child_cannot_issue_for_them(cast: Cast):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    enrolment = actions.enrol(
        actor=cast.actor(cast.teacher),
        user=cast.classmate,
        section=cast.courses.history.sections.get(),
        role=cast.roles["StudentEnrollment"],
        wanted=Wanted(State.ACTIVE),
    )
    for step in (None, actions.inactivate, actions.reactivate, actions.conclude):
        if step:
            step(actor=cast.actor(cast.teacher), enrolment=enrolment)
        with pytest.raises(Denied):
            _issue(cast, enrolment)


def test_the_teacher_can_issue_once_the_child_has_accepted(cast: Cast, pulled_in: Enrolment):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    actions.accept_invitation(actor=cast.actor(cast.classmate), enrolment=pulled_in)
    assert may(cast.actor(cast.teacher), ISSUE_ON_DETAILS, pulled_in)
    assert _issue(cast, pulled_in).student == cast.classmate


def _issue(cast: Cast, enrolment: Enrolment) -> Any:
    return issue_code(
        actor=cast.actor(cast.teacher),
        action=ISSUE_ON_DETAILS,
        target=enrolment,
        surface="user_details",
    )


@pytest.mark.parametrize("end", [actions.inactivate, actions.conclude])
def test_what_was_never_accepted_comes_back_as_an_invitation(
    cast: Cast, pulled_in: Enrolment, end: Callable[..., Any]
) -> None:
    """Else nobody could accept it any more; the student's own yes makes it count, as ever."""
    teacher = cast.actor(cast.teacher)
    end(actor=teacher, enrolment=pulled_in)
    actions.bring_back(actor=teacher, enrolment=pulled_in)
    assert pulled_in.state == State.INVITED
    actions.accept_invitation(actor=cast.actor(pulled_in.user), enrolment=pulled_in)
    end(actor=teacher, enrolment=pulled_in)
    actions.bring_back(actor=teacher, enrolment=pulled_in)
    assert pulled_in.state == State.ACTIVE


def test_an_observer_comes_back_without_an_invitation(cast: Cast) -> None:
    beside = enrol(cast, cast.observer, cast.courses.biology, "ObserverEnrollment")
    Enrolment.objects.filter(pk=beside.pk).update(state=State.INACTIVE, activated_at=None)
    actions.reactivate(actor=cast.actor(cast.root_admin), enrolment=beside)
    assert beside.state == State.ACTIVE


def test_who_has_been_deleted_meanwhile_is_enrolled_by_nobody(cast: Cast) -> None:
    User.objects.filter(pk=cast.elsewhere.pk).update(state="deleted")
    with pytest.raises(Denied):
        actions.enrol(
            actor=cast.actor(cast.root_admin),
            user=cast.elsewhere,
            section=cast.courses.history.sections.get(),
            role=cast.roles["StudentEnrollment"],
        )
