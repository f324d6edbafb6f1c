"""Thirty-two at once: one winner, five live codes, ten guesses. On the database under test."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from audit.models import Event
from courses.actions import Wanted, enrol, enrol_all
from courses.models import Enrolment
from pairing.actions import link, redeem_code, register_observer, student_of_code, unlink
from pairing.exports import export_codes, of_course
from pairing.models import ObservationLink, PairingCode, WrongGuesses
from tests.cast import Cast, make_user
from tests.effort import OTHER_RACE_ROUNDS, RACE_ROUNDS

THREADS = 32

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


def closing(call: Callable[[], Any]) -> Any:
    """What it answers; the thread's connection does not outlive it."""
    try:
        return call()
    finally:
        connection.close()


def at_once(calls: list[Callable[[], Any]]) -> Counter[str]:
    """Run all calls in threads that start together; count results by their type's name."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        try:
            start.wait()
            return type(closing(call)).__name__
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(run, calls))


def redeeming(cast: Cast, observer: User, text: str) -> Callable[[], Any]:
    actor = cast.actor(observer)
    return lambda: redeem_code(actor=actor, observer=observer, text=text)


def test_of_32_who_redeem_one_code_exactly_one_wins(cast: Cast) -> None:
    observers = [make_user(cast.root, f"Parent {n}") for n in range(THREADS)]
    for _ in range(RACE_ROUNDS):
        ObservationLink.objects.all().delete()
        WrongGuesses.objects.all().delete()
        text = cast.code().text
        results = at_once([redeeming(cast, observer, text) for observer in observers])
        assert results == {"Redemption": 1, "CodeRefused": THREADS - 1}
        assert ObservationLink.objects.active().count() == 1
    assert Event.objects.filter(action__in=["link_created", "link_restored"]).count() == RACE_ROUNDS


def test_a_student_who_is_renamed_meanwhile_is_linked_by_their_new_name(cast: Cast) -> None:
    redeem = redeeming(cast, cast.observer, cast.code().text)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            User.objects.filter(pk=cast.student.pk).update(name="Ada Newname")
            done = pool.submit(closing, redeem)
            time.sleep(0.2)
            assert not done.done()
        assert done.result().student.name == "Ada Newname"
    assert ObservationLink.objects.active().count() == 1


def test_of_32_tries_with_right_codes_by_one_person_one_link_is_made(cast: Cast) -> None:
    texts = [cast.code().text for _ in range(5)]
    calls = [redeeming(cast, cast.observer, texts[n % 5]) for n in range(THREADS)]
    results = at_once(calls)
    assert set(results) <= {"Redemption", "CodeRefused", "TooManyGuesses"}
    assert ObservationLink.objects.active().count() == 1
    assert PairingCode.objects.filter(state="redeemed").count() == 1


def test_32_parallel_issues_for_one_student_leave_exactly_five_live(cast: Cast) -> None:
    results = at_once([lambda: cast.code().text] * THREADS)
    assert results == {"str": THREADS}
    assert PairingCode.objects.live().filter(student=cast.student).count() == 5
    superseded = PairingCode.objects.filter(state="superseded").count()
    assert superseded == THREADS - 5 == Event.objects.filter(action="code_superseded").count()


def exporting(cast: Cast, user: User) -> Callable[[], Any]:
    scope = of_course(cast.courses.biology)
    return lambda: export_codes(actor=cast.actor(user), scope=scope)


def test_parallel_exports_and_issues_leave_exactly_five_live_of_each_student(cast: Cast) -> None:
    exports = [exporting(cast, user) for user in (cast.root_admin, cast.sub_admin)] * 8
    issues = [lambda: cast.code().text] * 8 + [lambda: cast.code(cast.classmate).text] * 8
    results = at_once([*exports, *issues])
    assert results == {"Export": 16, "str": 16}
    for student in (cast.student, cast.classmate):
        assert PairingCode.objects.live().filter(student=student).count() == 5
    made = PairingCode.objects.count()
    assert made == 2 * 16 + 16 == Event.objects.filter(action="code_issued").count()
    superseded = PairingCode.objects.filter(state="superseded").count()
    assert superseded == made - 10 == Event.objects.filter(action="code_superseded").count()


def test_codes_that_an_export_ends_while_they_are_redeemed_end_once(cast: Cast) -> None:
    """Neither waits for the other for ever: whoever ends a code holds its student first."""
    observers = [make_user(cast.root, f"Parent {n}") for n in range(5)]
    for _ in range(OTHER_RACE_ROUNDS):
        ObservationLink.objects.all().delete()
        WrongGuesses.objects.all().delete()
        texts = [cast.code_by(cast.root_admin).text for _ in range(5)]
        redeems = [redeeming(cast, *pair) for pair in zip(observers, texts, strict=True)]
        redeems += [registering(cast, text, f"{text}@example.org") for text in texts[:2]]
        results = at_once([*redeems, *[exporting(cast, cast.root_admin)] * 3])
        assert set(results) <= {"Redemption", "CodeRefused", "Export"}
        assert results["Export"] == 3
        assert PairingCode.objects.live().filter(student=cast.student).count() <= 5


def test_of_32_parallel_wrong_guesses_ten_are_answered_and_the_rest_refused(cast: Cast) -> None:
    results = at_once([redeeming(cast, cast.observer, "00000-00000")] * THREADS)
    assert results == {"CodeRefused": 10, "TooManyGuesses": THREADS - 10}
    assert WrongGuesses.objects.get(subject="user").count == 10
    assert WrongGuesses.objects.get(subject="tenant").count == 10


@override_settings(GUESSES_PER_ADDRESS_AND_HOUR=10)
def test_of_32_visitors_who_guess_wrong_from_one_address_ten_are_answered(cast: Cast) -> None:
    def guess() -> Any:
        visitor = Actor(cast.actor(None).root_account, address="198.51.100.7")
        return student_of_code(actor=visitor, text="00000-00000")

    assert at_once([guess] * THREADS) == {"CodeRefused": 10, "TooManyGuesses": THREADS - 10}
    assert WrongGuesses.objects.get(subject="address").count == 10


@override_settings(GUESSES_PER_TENANT_AND_DAY=10)
def test_of_32_who_were_wrong_before_as_many_are_answered_as_the_tenant_has(cast: Cast) -> None:
    observers = [make_user(cast.root, f"Parent {n}") for n in range(THREADS)]
    earlier = timezone.now() - timedelta(hours=2)
    were_wrong = [("tenant", ""), *(("user", str(observer.pk)) for observer in observers)]
    WrongGuesses.objects.bulk_create(
        WrongGuesses(root_account=cast.root, subject=subject, key=key, count=1,
                     window_ends_at=earlier, last_wrong_at=earlier)
        for subject, key in were_wrong
    )  # fmt: skip
    results = at_once([redeeming(cast, observer, "00000-00000") for observer in observers])
    assert results == {"CodeRefused": 10, "TooManyGuesses": THREADS - 10}
    assert WrongGuesses.objects.get(subject="tenant").count == 10


def registering(cast: Cast, text: str, login: str = "joy@example.org") -> Callable[[], Any]:
    return lambda: register_observer(
        actor=cast.actor(None), text=text, login_id=login,
        password="correct-horse-battery", fields={"name": "Joy Two"}, link_for=str,
    )  # fmt: skip


def test_of_8_who_register_with_one_login_at_once_exactly_one_does(cast: Cast) -> None:
    texts = [cast.code().text for _ in range(4)] * 2
    results = at_once([registering(cast, text) for text in texts])
    assert results["Redemption"] == 1
    assert set(results) <= {"Redemption", "LoginTaken", "CodeRefused"}
    assert User.objects.filter(login_id="joy@example.org").count() == 1
    assert PairingCode.objects.filter(state="redeemed").count() == 1


def test_unlinking_while_the_student_is_enrolled_leaves_no_observer_behind(cast: Cast) -> None:
    """Whichever comes first, the observer's enrolments are those of the link."""
    chemistry = cast.courses.chemistry.sections.get()
    student_role = cast.roles["StudentEnrollment"]
    admin = cast.actor(cast.root_admin)
    link(actor=admin, observer=cast.observer, student=cast.student)
    for _ in range(OTHER_RACE_ROUNDS):
        row = ObservationLink.objects.get()
        results = at_once(
            [
                lambda: unlink(actor=cast.actor(cast.root_admin), link=row),  # noqa: B023
                lambda: enrol(
                    actor=cast.actor(cast.root_admin), user=cast.student, section=chemistry,
                    role=student_role, wanted=Wanted("active"),
                ),
            ]
        )  # fmt: skip
        assert results == {"NoneType": 1, "Enrolment": 1}
        assert not Enrolment.objects.filter(user=cast.observer).exclude(state="deleted").exists()
        Enrolment.objects.filter(section=chemistry, user=cast.student).delete()
        link(actor=admin, observer=cast.observer, student=cast.student)


def test_adding_many_to_a_course_and_linking_two_of_them_wait_for_each_other(cast: Cast) -> None:
    """In one order, whichever it was that the form sent: else the database ends one of the two."""
    several = [make_user(cast.root, f"Twin {n}") for n in range(6)]
    section = cast.courses.chemistry.sections.get()
    role = cast.roles["StudentEnrollment"]

    def linking(n: int) -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        return lambda: link(actor=actor, observer=several[n], student=several[-1 - n])

    def adding() -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        return lambda: enrol_all(actor=actor, users=several[::-1], section=section, role=role)

    for _ in range(OTHER_RACE_ROUNDS):
        results = at_once([adding(), *(linking(n) for n in range(6))])
        assert results == {"list": 1, "bool": 6}
        Enrolment.objects.filter(section=section, user__in=several).delete()
        ObservationLink.objects.all().delete()
