"""Issuing, superseding, expiring, revoking: spec/pairing.md "The code"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from pairing.actions import CodeRefused, NotLive, redeem_code, revoke_code
from pairing.codes import digest_of
from pairing.models import PairingCode
from pairing.rules import SEE_CODE
from permissions.policy import Denied, may
from tests.cast import Cast, make_account_role, make_admin

PAIR = ("generate_observer_pairing_code", "allow_course_admin_actions")


def test_a_code_is_kept_as_a_digest_and_two_characters(cast: Cast) -> None:
    issued = cast.code()
    row = PairingCode.objects.get()
    assert (row.digest, row.hint) == (digest_of(issued.text), issued.text[-2:])
    everything = [str(value) for value in PairingCode.objects.values_list().get()]
    everything += [str(event) for event in Event.objects.values_list()]
    assert not any(issued.text in value for value in everything)


def test_it_lives_as_long_as_the_root_account_says(cast: Cast) -> None:
    assert cast.code().expires_at - timezone.now() > timedelta(days=6, hours=23)
    cast.set(code_lifetime_hours=1)
    assert cast.code().expires_at - timezone.now() <= timedelta(hours=1)


def test_a_sixth_ends_the_oldest_of_the_same_issuer(cast: Cast) -> None:
    letter = cast.code_by(cast.root_admin)
    own = [cast.code() for _ in range(4)]
    cast.code()
    states = {code.hint: code.state for code in PairingCode.objects.all()}
    assert PairingCode.objects.live().count() == 5
    assert states[own[0].text[-2:]] == "superseded" or own[0].text[-2:] == letter.text[-2:]
    assert PairingCode.objects.get(digest=digest_of(own[0].text)).state == "superseded"
    assert PairingCode.objects.get(digest=digest_of(letter.text)).state == "active"


def test_without_one_of_the_issuers_the_oldest_of_all_ends(cast: Cast) -> None:
    first = cast.code()
    for _ in range(4):
        cast.code()
    cast.code_by(cast.root_admin)
    assert PairingCode.objects.get(digest=digest_of(first.text)).state == "superseded"
    assert Event.objects.filter(action="code_superseded").count() == 1


def test_what_it_ended_is_told_beside_the_new_code(cast: Cast, signed_in: Any) -> None:
    first = cast.code()
    client, page = signed_in(cast.student), "/profile/settings/pair"
    said = f"The code that ended in {first.text[-2:]} has ended."
    for _ in range(4):
        assert cast.code().ended_hints == []
    assert said in client.post(page).content.decode()


def test_expired_codes_make_room_and_are_not_live(cast: Cast) -> None:
    for _ in range(5):
        cast.code()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        cast.code()
        assert PairingCode.objects.live().count() == 1
    assert PairingCode.objects.filter(state="expired").count() == 5


def test_nobody_issues_while_self_registration_is_off(cast: Cast) -> None:
    cast.set(self_registration="none")
    with pytest.raises(Denied):
        cast.code()
    with pytest.raises(Denied):
        cast.code_by(cast.root_admin)
    assert not PairingCode.objects.exists()


@pytest.mark.parametrize("state", ["rejected", "inactive", "deleted"])
def test_who_is_no_student_gets_no_code(cast: Cast, state: str) -> None:
    cast.student.enrolments.update(state=state)
    with pytest.raises(Denied):
        cast.code()


@pytest.mark.parametrize("state", ["invited", "creation_pending", "completed"])
def test_who_is_invited_or_concluded_is_a_student_still(cast: Cast, state: str) -> None:
    cast.student.enrolments.update(state=state)
    assert cast.code()


def test_a_student_of_deleted_courses_only_is_none(cast: Cast) -> None:
    for enrolment in cast.student.enrolments.all():
        type(enrolment.course).objects.filter(pk=enrolment.course_id).update(state="deleted")
    with pytest.raises(Denied):
        cast.code()


def test_an_enrolment_that_was_never_accepted_lends_nobody_a_right(cast: Cast) -> None:
    cast.student.enrolments.update(activated_at=None)
    with pytest.raises(Denied):
        cast.code_by(cast.root_admin)


def seen_by(cast: Cast, user: User, acting_as: User | None = None) -> bool:
    return may(cast.actor(user, acting_as), SEE_CODE, PairingCode.objects.get())


def test_student_issuer_and_administrators_see_a_live_code_and_nobody_else(cast: Cast) -> None:
    cast.code()
    seers = [cast.student, cast.root_admin, cast.sub_admin]
    others = [cast.neighbour_admin, cast.teacher, cast.classmate, cast.observer, cast.stranger]
    assert all(seen_by(cast, user) for user in seers)
    assert not any(seen_by(cast, user) for user in others)


def test_an_enrolment_that_was_never_accepted_shows_no_administrator_a_code(cast: Cast) -> None:
    cast.code()
    assert seen_by(cast, cast.sub_admin)
    cast.student.enrolments.update(activated_at=None)
    assert not seen_by(cast, cast.sub_admin)


@pytest.mark.parametrize(("by_role", "by_enrolment"), [PAIR, PAIR[::-1]])
def test_an_administrator_oversees_codes_with_both_by_an_administrators_role_only(
    cast: Cast, by_role: str, by_enrolment: str
) -> None:
    cast.code()
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Half", by_role))
    assert not seen_by(cast, cast.ta)
    cast.override("TaEnrollment", by_enrolment)
    assert not seen_by(cast, cast.ta)
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Other half", by_enrolment))
    assert seen_by(cast, cast.ta)


def test_a_teacher_sees_the_codes_that_they_issued(cast: Cast) -> None:
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    cast.code_by(cast.teacher)
    assert seen_by(cast, cast.teacher)
    assert not seen_by(cast, cast.ta)


def test_codes_can_be_overseen_while_self_registration_is_off(cast: Cast) -> None:
    cast.code()
    cast.set(self_registration="none")
    assert seen_by(cast, cast.root_admin)


def test_a_revoked_code_is_dead_and_stays_so(cast: Cast) -> None:
    issued = cast.code()
    code = PairingCode.objects.get()
    revoke_code(actor=cast.actor(cast.root_admin), code=code)
    with pytest.raises(NotLive):
        revoke_code(actor=cast.actor(cast.root_admin), code=code)
    with pytest.raises(CodeRefused):
        redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=issued.text)
    assert PairingCode.objects.get().state == "revoked"


def test_the_database_refuses_a_second_end_and_a_redeemed_code_of_nobody(cast: Cast) -> None:
    cast.code()
    for values in ({"state": "redeemed"}, {"state": "revoked"}, {"state": "odd"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PairingCode.objects.update(**values)
