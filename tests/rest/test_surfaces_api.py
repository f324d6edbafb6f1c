"""Issuing over REST × how much of each pair the caller holds (spec "Who may issue a code")."""

from __future__ import annotations

import pytest

from accounts.models import User
from pairing.models import PairingCode
from tests.cast import Cast, make_account_role, make_admin
from tests.pairing.surfaces import (
    ACT_AS,
    COURSE_ADMINISTRATION,
    DETAILS_PAIR,
    GENERATE,
    SETTINGS_PAIR,
    Case,
)

pytestmark = pytest.mark.whole


def _expect(rest, cast: Cast, caller: User, allowed: bool, **params) -> None:
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes"
    answer = rest(caller).post(url, params)
    assert (answer.status_code == 200) is allowed, answer.content
    assert allowed or answer.status_code in (401, 403, 404)
    assert PairingCode.objects.count() == allowed


def _may_act(cast: Cast, user: User) -> User:
    """Give someone the right to act as others, so that only the pair is in question."""
    make_admin(cast, user, cast.root, make_account_role(cast, "Stand-in", ACT_AS))
    return user


@pytest.mark.parametrize("case", SETTINGS_PAIR, ids=str)
def test_the_settings_pair_over_rest(cast: Cast, rest, case: Case):
    _expect(rest, cast, case.arrange(cast), case.allowed)


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_the_details_pair_over_rest(cast: Cast, rest, case: Case):
    _expect(rest, cast, case.arrange(cast), case.allowed)


@pytest.mark.parametrize("case", SETTINGS_PAIR, ids=str)
def test_as_the_student_the_settings_pair_of_the_real_caller_decides(cast: Cast, rest, case: Case):
    caller = case.arrange(cast)
    _expect(rest, cast, caller, case.allowed, as_user_id=cast.student.pk)


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_as_the_student_the_details_pair_is_not_asked(cast: Cast, rest, case: Case):
    caller = _may_act(cast, case.arrange(cast))
    # Holding both halves of the details pair includes generating over the student.
    generates = case.name in ("generate only", "each in another course", "both")
    _expect(rest, cast, caller, generates, as_user_id="sis_user_id:s-ada")


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_as_somebody_else_who_holds_the_pair_the_real_caller_must_hold_it(
    cast: Cast, rest, case: Case
):
    caller = _may_act(cast, case.arrange(cast))
    cast.override("TaEnrollment", GENERATE)
    cast.override("TaEnrollment", COURSE_ADMINISTRATION)
    _expect(rest, cast, caller, case.allowed, as_user_id=cast.ta.pk)


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_as_somebody_else_they_must_hold_the_pair_too(cast: Cast, rest, case: Case):
    acted_as = case.arrange(cast)
    _expect(rest, cast, cast.root_admin, case.allowed, as_user_id=acted_as.pk)


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_as_somebody_else_both_must_hold_the_pair_in_the_same_course(cast: Cast, rest, case: Case):
    caller = _may_act(cast, case.arrange(cast))
    cast.override("TaEnrollment", GENERATE)
    cast.override("TaEnrollment", COURSE_ADMINISTRATION)
    # The teacher's pair, where they have it, is in History from now on; the assistant's in Biology.
    cast.enrolment(cast.teacher, cast.courses.biology).delete()
    _expect(rest, cast, caller, False, as_user_id=cast.ta.pk)


def test_a_student_issues_for_themself_and_for_nobody_else(cast: Cast, rest):
    _expect(rest, cast, cast.student, True)
    url = f"/api/v1/users/{cast.classmate.pk}/observer_pairing_codes"
    assert rest(cast.student).post(url).status_code == 403


def test_acting_as_the_student_is_not_being_the_student(cast: Cast, rest):
    caller = _may_act(cast, cast.observer)
    _expect(rest, cast, caller, False, as_user_id=cast.student.pk)
