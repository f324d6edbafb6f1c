"""Redeeming, its refusals and its limits: spec/pairing.md "Redeeming"."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from accounts.actions import names
from accounts.actor import Actor
from accounts.models import User
from audit.models import Event
from courses.actions import conclude
from courses.models import Enrolment
from pairing.actions import (
    CodeRefused,
    LoginTaken,
    NotLive,
    OwnCode,
    RegistrationClosed,
    link,
    question_link,
    redeem_code,
    register_observer,
    revoke_code,
    student_of_code,
    unlink,
)
from pairing.guesses import TooManyGuesses
from pairing.mail import _post
from pairing.models import ObservationLink, PairingCode, WrongGuesses
from permissions.policy import Denied
from tests.cast import Cast, make_user

WRONG = "00000-00000"


def redeem(cast: Cast, text: str, user: User | None = None) -> Any:
    user = user or cast.observer
    return redeem_code(actor=cast.actor(user), observer=user, text=text)


def visitor(cast: Cast, address: str | None = "198.51.100.7") -> Actor:
    return Actor(cast.actor(None).root_account, address=address)


def test_a_code_links_once_with_enrolments_and_an_event(cast: Cast) -> None:
    done = redeem(cast, cast.code(cast.student).text)
    assert (done.student, done.is_new) == (cast.student, True)
    beside = Enrolment.objects.filter(user=cast.observer, associated_user=cast.student)
    assert {e.course for e in beside} == {cast.courses.biology, cast.courses.history}
    assert Event.objects.filter(action="link_created", subject=cast.student).count() == 1
    assert PairingCode.objects.get().redeemed_by == cast.observer


def dead_codes(cast: Cast) -> dict[str, str]:
    used, revoked, expired = (cast.code(cast.classmate).text for _ in range(3))
    redeem(cast, used, make_user(cast.root, "Someone Else"))
    rows = PairingCode.objects.order_by("pk")
    revoke_code(actor=cast.actor(cast.classmate), code=rows[1])
    rows.filter(pk=rows[2].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return {"unknown": WRONG, "used": used, "revoked": revoked, "expired": expired, "no code": "x"}


@pytest.mark.parametrize("kind", ["unknown", "used", "revoked", "expired", "no code"])
def test_dead_codes_are_refused_alike(cast: Cast, kind: str) -> None:
    text = dead_codes(cast)[kind]
    with pytest.raises(CodeRefused) as refused:
        redeem(cast, text)
    assert refused.value.args == ()
    assert not ObservationLink.objects.filter(observer=cast.observer).exists()


def test_ones_own_code_is_refused_and_lives_on(cast: Cast) -> None:
    text = cast.code(cast.student).text
    with pytest.raises(OwnCode):
        redeem(cast, text, cast.student)
    assert PairingCode.objects.live().count() == 1
    assert not WrongGuesses.objects.exists()


def test_already_linked_succeeds_and_does_not_use_the_code_up(cast: Cast) -> None:
    redeem(cast, cast.code(cast.student).text)
    again = redeem(cast, cast.code(cast.student).text)
    assert (again.student, again.is_new) == (cast.student, False)
    assert PairingCode.objects.live().count() == 1


@pytest.mark.parametrize("right", [True, False])
def test_self_registration_off_is_answered_before_the_code_is_looked_up(
    cast: Cast, right: bool
) -> None:
    text = cast.code(cast.student).text if right else WRONG
    cast.set(self_registration="none")
    with pytest.raises(Denied):
        redeem(cast, text)
    assert not WrongGuesses.objects.exists()


@pytest.mark.parametrize("whose", ["student", "observer"])
def test_nobody_deleted_is_linked(cast: Cast, whose: str) -> None:
    text = cast.code(cast.student).text
    user = getattr(cast, whose)
    User.objects.filter(pk=user.pk).update(state="deleted")
    with pytest.raises((CodeRefused, Denied)):
        redeem(cast, text)
    assert PairingCode.objects.get().state == "active"


def test_another_tenants_code_is_unknown(cast: Cast) -> None:
    with pytest.raises(CodeRefused):
        redeem(cast, cast.code(cast.student).text, cast.stranger)


def test_acting_as_someone_redeems_only_with_manage_user_observers(cast: Cast) -> None:
    text = cast.code(cast.student).text
    acting = cast.actor(cast.root_admin, cast.observer)
    assert redeem_code(actor=acting, observer=cast.observer, text=text).is_new
    cast.override("AccountAdmin", "manage_user_observers", enabled=False)
    acting = cast.actor(cast.root_admin, cast.observer)
    with pytest.raises(Denied):
        redeem_code(actor=acting, observer=cast.observer, text=cast.code(cast.classmate).text)


# --- Limits ---


def guess(cast: Cast, times: int, user: User | None = None) -> list[str]:
    results = []
    for _ in range(times):
        try:
            redeem(cast, WRONG, user)
        except (CodeRefused, TooManyGuesses) as error:
            results.append(type(error).__name__)
    return results


def test_ten_wrong_guesses_an_hour_then_right_ones_are_refused_too(cast: Cast) -> None:
    assert guess(cast, 12) == ["CodeRefused"] * 10 + ["TooManyGuesses"] * 2
    text = cast.code(cast.student).text
    with pytest.raises(TooManyGuesses) as refused:
        redeem(cast, text)
    assert 59 <= refused.value.minutes <= 60
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert redeem(cast, text).is_new


def test_the_next_hour_begins_at_none(cast: Cast) -> None:
    guess(cast, 9)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert guess(cast, 11) == ["CodeRefused"] * 10 + ["TooManyGuesses"]


def test_right_codes_are_never_counted(cast: Cast) -> None:
    guess(cast, 9)
    redeem(cast, cast.code(cast.student).text)
    redeem(cast, cast.code(cast.classmate).text)
    assert WrongGuesses.objects.get(subject="user").count == 9


def test_a_burst_is_told_once(cast: Cast) -> None:
    guess(cast, 12)
    assert Event.objects.filter(action="redemptions_refused").count() == 1


@override_settings(GUESSES_PER_TENANT_AND_DAY=3)
def test_over_the_tenants_limit_only_who_guessed_wrong_is_refused(cast: Cast) -> None:
    assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]
    assert redeem(cast, cast.code(cast.student).text, cast.elsewhere).is_new
    assert guess(cast, 1, cast.classmate) == ["CodeRefused"]
    assert guess(cast, 1, cast.classmate) == ["TooManyGuesses"]
    assert Event.objects.filter(action="guess_limit_reached").count() == 1


@override_settings(GUESSES_PER_TENANT_AND_DAY=3)
def test_over_the_tenants_limit_another_browser_is_no_way_to_guess_on(cast: Cast) -> None:
    def tries(address: str, browser: str) -> str:
        try:
            student_of_code(actor=visitor(cast, address), text=WRONG, browser=browser)
        except (CodeRefused, TooManyGuesses) as error:
            return type(error).__name__
        return ""

    cast.set(own_networks="10.0.0.0/8")
    assert [tries("10.1.2.3", name) for name in "abc"] == ["CodeRefused"] * 3
    assert tries("10.1.2.3", "d") == "TooManyGuesses"
    assert tries("10.9.9.9", "d") == "CodeRefused"


@override_settings(GUESSES_PER_ADDRESS_AND_HOUR=2, GUESSES_PER_BROWSER_AND_HOUR=1)
def test_visitors_are_counted_by_address_and_in_own_networks_by_browser(cast: Cast) -> None:
    def tries(address: str | None, browser: str | None) -> list[str]:
        results = []
        for _ in range(3):
            try:
                student_of_code(actor=visitor(cast, address), text=WRONG, browser=browser)
            except (CodeRefused, TooManyGuesses) as error:
                results.append(type(error).__name__[0])
        return results

    cast.set(own_networks="10.0.0.0/8")
    assert tries("2001:db8::1", None) == ["C", "C", "T"]
    assert tries("2001:db8::2:ffff", None) == ["T", "T", "T"]
    assert tries("::ffff:198.51.100.9", None) + tries("198.51.100.9", None) == [*"CCTTTT"]
    assert tries("198.51.100.7", "a") == ["C", "C", "T"]
    assert tries("198.51.100.8", "a") == ["C", "C", "T"]
    assert tries("10.1.2.3", "a") == ["C", "T", "T"]
    assert tries("10.1.2.3", "b") == ["C", "T", "T"]
    assert tries("10.1.2.3", None) == ["C", "C", "T"]
    assert tries(None, "a") == ["C", "C", "T"]


def test_who_guesses_as_somebody_else_uses_up_their_own_guesses(cast: Cast) -> None:
    acting = cast.actor(cast.root_admin, cast.observer)
    for _ in range(10):
        with pytest.raises(CodeRefused):
            redeem_code(actor=acting, observer=cast.observer, text=WRONG)
    assert guess(cast, 1, cast.root_admin) == ["TooManyGuesses"]
    assert guess(cast, 1) == ["CodeRefused"]


@override_settings(GUESSES_PER_ADDRESS_AND_HOUR=1, GUESSES_PER_TENANT_AND_DAY=2)
def test_an_address_is_counted_in_each_tenant_for_itself(cast: Cast) -> None:
    theirs = Actor(cast.actor(cast.stranger).root_account, address="198.51.100.7")
    for actor in (theirs, visitor(cast)):
        with pytest.raises(CodeRefused):
            student_of_code(actor=actor, text=WRONG)
    for actor in (theirs, visitor(cast)):
        with pytest.raises(TooManyGuesses):
            student_of_code(actor=actor, text=WRONG)


@override_settings(GUESSES_PER_TENANT_AND_DAY=3)
def test_over_the_tenants_limit_who_guessed_wrong_another_day_may_try(cast: Cast) -> None:
    guess(cast, 1, cast.classmate)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]
        assert guess(cast, 1, cast.classmate) == ["CodeRefused"]
        assert guess(cast, 1, cast.classmate) == ["TooManyGuesses"]


@override_settings(GUESSES_PER_TENANT_AND_DAY=3)
def test_an_address_behind_which_somebody_was_wrong_another_day_may_try(cast: Cast) -> None:
    def tries(address: str, browser: str) -> str:
        try:
            student_of_code(actor=visitor(cast, address), text=WRONG, browser=browser)
        except (CodeRefused, TooManyGuesses) as error:
            return type(error).__name__
        return ""

    cast.set(own_networks="10.0.0.0/8")
    assert tries("10.1.2.3", "a") == "CodeRefused"
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]
        assert tries("10.1.2.3", "b") == "CodeRefused"


@override_settings(GUESSES_PER_TENANT_AND_DAY=3, GUESSES_PER_USER_AND_HOUR=100)
def test_the_tenants_next_day_begins_at_none(cast: Cast) -> None:
    assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]
    begun = timezone.now()
    with time_machine.travel(begun + timedelta(hours=23)):
        assert guess(cast, 1) == ["TooManyGuesses"]
    with time_machine.travel(begun + timedelta(hours=23, minutes=30)):
        # They were wrong within a day; the school's day is what counts.
        WrongGuesses.objects.filter(subject="user").update(last_wrong_at=timezone.now())
    with time_machine.travel(begun + timedelta(hours=25)):
        assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]


def test_the_hour_begins_with_the_first_wrong_guess(cast: Cast) -> None:
    begun = timezone.now()
    guess(cast, 9)
    with time_machine.travel(begun + timedelta(minutes=50)):
        assert guess(cast, 2) == ["CodeRefused", "TooManyGuesses"]
    with time_machine.travel(begun + timedelta(minutes=61)):
        assert guess(cast, 1) == ["CodeRefused"]


def test_whoever_is_refused_is_told_how_many_minutes_to_wait_at_most(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        guess(cast, 10)
        for seconds, minutes in ((0, 60), (30, 60), (60, 59)):
            clock.shift(seconds)
            with pytest.raises(TooManyGuesses) as refused:
                redeem(cast, WRONG)
            assert refused.value.minutes == minutes
            clock.shift(-seconds)


@override_settings(GUESSES_PER_TENANT_AND_DAY=3)
def test_over_the_tenants_limit_the_last_wrong_guess_is_what_counts(cast: Cast) -> None:
    begun = timezone.now()
    for hours in (0, 2):
        with time_machine.travel(begun + timedelta(hours=hours)):
            guess(cast, 1, cast.classmate)
    with time_machine.travel(begun + timedelta(hours=25)):
        assert guess(cast, 4) == ["CodeRefused"] * 3 + ["TooManyGuesses"]
        assert guess(cast, 1, cast.classmate) == ["TooManyGuesses"]


@override_settings(GUESSES_PER_ADDRESS_AND_HOUR=1)
def test_what_browsers_guessed_is_not_counted_for_their_address(cast: Cast) -> None:
    cast.set(own_networks="10.0.0.0/8")
    for browser in ("a", "b", None):
        with pytest.raises(CodeRefused):
            student_of_code(actor=visitor(cast, "10.1.2.3"), text=WRONG, browser=browser)
    with pytest.raises(TooManyGuesses):
        student_of_code(actor=visitor(cast, "10.1.2.3"), text=WRONG)


@override_settings(GUESSES_PER_BROWSER_AND_HOUR=1, GUESSES_PER_USER_AND_HOUR=1)
def test_a_browser_is_not_the_person_whose_number_it_has(cast: Cast) -> None:
    cast.set(own_networks="10.0.0.0/8")
    browser = str(cast.observer.pk)
    with pytest.raises(CodeRefused):
        student_of_code(actor=visitor(cast, "10.1.2.3"), text=WRONG, browser=browser)
    assert guess(cast, 2) == ["CodeRefused", "TooManyGuesses"]


# --- Registering ---


def register(cast: Cast, text: str, login: str = "joy@example.org", **more: Any) -> Any:
    return register_observer(
        actor=visitor(cast), text=text, login_id=login,
        password=more.pop("password", "correct-horse-battery"), fields={"name": "Joy Two"},
        link_for=str,
    )  # fmt: skip


def test_a_visitor_gets_account_and_link_together(cast: Cast) -> None:
    text = cast.code(cast.student).text
    assert student_of_code(actor=visitor(cast), text=text).guarded_name == "Ada O."
    done = register(cast, text)
    assert done.observer.check_password("correct-horse-battery")
    assert ObservationLink.objects.active().get().observer == done.observer
    with pytest.raises(CodeRefused):
        register(cast, text, "other@example.org")
    assert not User.objects.filter(login_id="other@example.org").exists()


def test_a_taken_login_uses_nothing_up(cast: Cast) -> None:
    text = cast.code(cast.student).text
    with pytest.raises(LoginTaken):
        register(cast, text, "JOY.okafor")
    assert PairingCode.objects.live().count() == 1


def test_whoever_a_roster_brought_is_told_to_sign_in(cast: Cast) -> None:
    User.objects.filter(pk=cast.observer.pk).update(email="joy@example.org")
    with pytest.raises(LoginTaken):
        register(cast, cast.code(cast.student).text, "Joy@example.org")
    assert PairingCode.objects.live().count() == 1


def test_nobody_registers_while_self_registration_is_off(cast: Cast) -> None:
    text = cast.code(cast.student).text
    cast.set(self_registration="none")
    for call in (
        lambda: register(cast, text),
        lambda: student_of_code(actor=visitor(cast), text=text),
    ):
        with pytest.raises(RegistrationClosed):
            call()


# --- Links ---


@pytest.mark.parametrize(
    ("name", "sortable", "guarded"),
    [
        ("Ada Okafor", "", "Ada O."),
        ("Ana García López", "", "Ana L."),
        ("Ana María García López", "García López, Ana María", "Ana María G."),
        ("Ada Okafor", "Ada Okafor", "Ada O."),
        ("Ada Okafor", "Okafor,", "Ada O."),
        ("Madonna", "", "Madonna"),
        ("", "", ""),
    ],
)
def test_of_a_name_the_first_part_and_an_initial_are_told(
    name: str, sortable: str, guarded: str
) -> None:
    assert User(**names(name, sortable=sortable)).guarded_name == guarded


def test_a_restored_link_brings_back_what_is_concluded(cast: Cast) -> None:
    admin = cast.actor(cast.root_admin)
    link(actor=admin, observer=cast.observer, student=cast.student)
    biology = cast.enrolment(cast.student, cast.courses.biology)
    conclude(actor=admin, enrolment=biology)
    beside = Enrolment.objects.filter(associated_user=cast.student)
    states = set(beside.values_list("course__name", "state"))
    assert states == {("Biology", "completed"), ("History", "active")}
    unlink(actor=admin, link=ObservationLink.objects.get())
    assert set(beside.values_list("state", flat=True)) == {"deleted"}
    link(actor=admin, observer=cast.observer, student=cast.student)
    assert set(beside.values_list("course__name", "state")) == states


def test_a_link_is_ended_and_restored_as_one_row(cast: Cast) -> None:
    redeem(cast, cast.code(cast.student).text)
    row = ObservationLink.objects.get()
    unlink(actor=cast.actor(cast.observer), link=row)
    assert not Enrolment.objects.filter(user=cast.observer).exclude(state="deleted").exists()
    assert link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    assert ObservationLink.objects.active().get().pk == row.pk
    assert Enrolment.objects.filter(user=cast.observer, state="active").count() == 2
    assert not link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)


def test_a_student_removes_an_observer_only_where_allowed(cast: Cast) -> None:
    redeem(cast, cast.code(cast.student).text)
    row = ObservationLink.objects.get()
    with pytest.raises(Denied):
        unlink(actor=cast.actor(cast.student), link=row)
    cast.set(students_may_remove_observers=True)
    with pytest.raises(Denied):
        unlink(actor=cast.actor(cast.classmate), link=row)
    unlink(actor=cast.actor(cast.student), link=row)


def test_questioning_an_observer_tells_administrators_once_a_day(cast: Cast) -> None:
    redeem(cast, cast.code(cast.student).text)
    row = ObservationLink.objects.get()
    for _ in range(3):
        question_link(actor=cast.actor(cast.student), link=row)
    assert Event.objects.filter(action="link_questioned").count() == 1
    with pytest.raises(Denied):
        question_link(actor=cast.actor(cast.classmate), link=row)


def test_a_link_that_has_ended_is_not_questioned(cast: Cast) -> None:
    redeem(cast, cast.code(cast.student).text)
    row = ObservationLink.objects.get()
    unlink(actor=cast.actor(cast.root_admin), link=row)
    with pytest.raises(NotLive):
        question_link(actor=cast.actor(cast.student), link=row)
    assert not Event.objects.filter(action="link_questioned").exists()


@pytest.mark.django_db(transaction=True)
def test_both_are_told_after_the_commit(cast: Cast) -> None:
    User.objects.filter(pk=cast.student.pk).update(email="ada@school.example")
    User.objects.filter(pk=cast.observer.pk).update(email="joy@home.example")
    cast.observer.refresh_from_db()
    redeem(cast, cast.code(cast.student).text)
    _post.submit(lambda: None).result()
    assert sorted(message.to[0] for message in mail.outbox) == [
        "ada@school.example",
        "joy@home.example",
    ]


class DeadServer:
    """A mail server that is down."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def send_messages(self, messages: Any) -> int:
        raise OSError("connection refused")


@pytest.mark.django_db(transaction=True)
@override_settings(EMAIL_BACKEND=f"{__name__}.DeadServer")
def test_a_dead_mail_server_undoes_nothing(cast: Cast) -> None:
    User.objects.filter(pk=cast.student.pk).update(email="ada@school.example")
    assert redeem(cast, cast.code(cast.student).text).is_new
    _post.submit(lambda: None).result()
    assert ObservationLink.objects.active().exists()


class RefusingServer(DeadServer):
    """A mail server that takes nothing for these people, and says for whom."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPRecipientsRefused({one.to[0]: (550, b"no such box") for one in messages})


@pytest.mark.django_db(transaction=True)
@override_settings(EMAIL_BACKEND=f"{__name__}.RefusingServer")
def test_no_address_is_in_the_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    User.objects.filter(pk=cast.student.pk).update(email="ada@school.example")
    redeem(cast, cast.code(cast.student).text)
    _post.submit(lambda: None).result()
    assert "a mail could not be sent: SMTPRecipientsRefused" in caplog.text
    assert "ada@school.example" not in caplog.text
