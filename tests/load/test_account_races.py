"""Several at once in the account pages: no course in a removed account, no login twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accounts.actions import delete_sub_account, replace_password, update_account
from accounts.actions.logins import add_login, change_login, remove_login
from accounts.actions.people import add_person, delete_person, suspend
from accounts.models import Account, Login, User
from courses.actions import Wanted, conclude, create_course
from courses.actions import enrol as add_to_section
from courses.models import Course, Enrolment
from pairing.actions import link
from permissions.models import AccountMembership
from sis.importing import import_files
from tests.cast import Cast, enrol, make_account, make_user
from tests.effort import OTHER_RACE_ROUNDS
from tests.load.test_races import at_once

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


def test_no_course_is_left_in_an_account_that_is_removed_meanwhile(cast: Cast) -> None:
    for n in range(OTHER_RACE_ROUNDS):
        account = make_account(cast.root, f"Empty {n}")

        def adding(account: Account = account) -> Callable[[], Any]:
            actor = cast.actor(cast.root_admin)
            return lambda: create_course(
                actor=actor, account=account, name="New", state="available"
            )

        def removing(pk: int = account.pk) -> Callable[[], Any]:
            actor, mine = cast.actor(cast.root_admin), Account.objects.get(pk=pk)
            return lambda: delete_sub_account(actor=actor, account=mine)

        results = at_once([adding(), removing(), adding(), removing()])
        assert set(results) <= {"Course", "NoneType", "Denied", "AccountOccupied"}
        account.refresh_from_db()
        courses = Course.objects.existing().filter(account=account).count()
        assert (account.state == "deleted") is (courses == 0)


def test_of_those_who_take_one_sis_id_at_once_exactly_one_does(cast: Cast) -> None:
    def taking(pk: int, sis_id: str) -> Callable[[], Any]:
        actor, account = cast.actor(cast.root_admin), Account.objects.get(pk=pk)
        return lambda: update_account(
            actor=actor, account=account, fields={"sis_id": sis_id}, settings={}
        )

    places = [cast.accounts.high.pk, cast.accounts.science.pk, cast.accounts.elementary.pk]
    for n in range(OTHER_RACE_ROUNDS):
        results = at_once([taking(pk, f"s-{n}") for pk in places])
        assert results == {"NoneType": 1, "ValidationError": 2}


def test_of_8_who_add_one_login_at_once_exactly_one_does(cast: Cast) -> None:
    def adding() -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        return lambda: add_person(
            actor=actor, name="Nora New", login_id="Nora", email="", sortable_name=""
        )

    results = at_once([adding() for _ in range(8)])
    assert results == {"User": 1, "ValidationError": 7}
    assert User.objects.with_login(cast.root.pk, "nora").count() == 1


def test_of_8_who_give_one_login_in_three_ways_exactly_one_does(cast: Cast) -> None:
    """As a new person's, as a further one, and as another text of one: one constraint holds all."""

    def giving(n: int) -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        if n % 3 == 0:
            return lambda: add_person(actor=actor, name="Nora New", login_id="Zebra")
        user = User.objects.get(pk=(cast.student if n % 3 == 1 else cast.classmate).pk)
        if n % 3 == 1:
            return lambda: add_login(actor=actor, user=user, login_id="ZEBRA")
        login = user.logins.get()
        return lambda: change_login(actor=actor, login=login, login_id="zebra") or user

    results = at_once([giving(n) for n in range(8)])
    assert results["ValidationError"] in (7, 6)  # whose own text it is, may write it again
    assert Login.objects.filter(login_key="zebra").count() == 1


def test_a_person_keeps_a_login_of_two_that_are_removed_at_once(cast: Cast) -> None:
    Login.objects.create(root_account=cast.root, user=cast.student, login_id="zebra")

    def removing(pk: int) -> Callable[[], Any]:
        actor, login = cast.actor(cast.root_admin), Login.objects.select_related("user").get(pk=pk)
        return lambda: remove_login(actor=actor, login=login)

    logins = list(cast.student.logins.values_list("pk", flat=True))
    assert at_once([removing(pk) for pk in logins]) == {"NoneType": 1, "LastLogin": 1}
    [left] = cast.student.logins.all()
    assert left.login_key == User.objects.get(pk=cast.student.pk).login_key


def test_two_account_admins_who_suspend_each_other_do_not_both(cast: Cast) -> None:
    for _ in range(OTHER_RACE_ROUNDS):
        User.objects.filter(pk__in=[cast.sub_admin.pk, cast.root_admin.pk]).update(state="active")
        AccountMembership.objects.filter(user=cast.sub_admin).update(account=cast.root)

        def suspending(who: User, whom: User) -> Callable[[], Any]:
            actor, person = cast.actor(who), User.objects.get(pk=whom.pk)
            return lambda: suspend(actor=actor, person=person)

        pair = cast.sub_admin, cast.root_admin
        results = at_once([suspending(*pair), suspending(*reversed(pair))])
        assert results["bool"] == 1, results
        assert User.objects.filter(pk__in=[user.pk for user in pair], state="active").count() == 1


def test_a_student_is_deleted_while_others_change_what_they_are_in(cast: Cast) -> None:
    """Nobody waits for ever, and nothing of the student stays open."""
    for n in range(OTHER_RACE_ROUNDS):
        student = make_user(cast.root, f"Child {n}")
        enrolment = enrol(cast, student, cast.courses.biology, "StudentEnrollment")
        link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=student)
        deleting = partial(delete_person, person=student)
        linking = partial(link, observer=cast.classmate, student=student)
        doing = [deleting, partial(conclude, enrolment=enrolment), linking, deleting]
        calls = [partial(one, actor=cast.actor(cast.root_admin)) for one in doing]
        results = at_once(calls)
        assert set(results) <= {"bool", "NoneType", "WrongState", "Denied"}, results
        left = Enrolment.objects.exclude(state="deleted")
        assert not left.filter(user=student).exists()
        assert not left.filter(associated_user=student).exists()


def test_a_roster_deletes_a_student_while_others_change_what_they_are_in(
    cast: Cast, tmp_path: Path
) -> None:
    """The same, and who has a lower number than they is changed by the same file."""
    User.objects.filter(pk=cast.observer.pk).update(sis_id="joy")
    section, role = cast.courses.reading.sections.get(), cast.roles["StudentEnrollment"]
    for n in range(OTHER_RACE_ROUNDS):
        student = make_user(cast.root, f"Child {n}", sis_id=f"child-{n}")
        enrolment = enrol(cast, student, cast.courses.biology, "StudentEnrollment")
        roster = tmp_path / f"{n}.csv"
        roster.write_text(
            f"user_id,login_id,full_name,status\njoy,{cast.observer.login_id},Joy {n},active\n"
            f"child-{n},{student.login_id},Child,deleted"
        )
        linking = [
            partial(link, observer=observer, student=student)
            for observer in (cast.observer, cast.classmate)
        ]
        placing = partial(
            add_to_section, user=student, section=section, role=role, wanted=Wanted("active")
        )
        doing = [partial(conclude, enrolment=enrolment), *linking, placing]
        calls = [partial(one, actor=cast.actor(cast.root_admin)) for one in doing]
        results = at_once([partial(import_files, root_account=cast.root, paths=[roster]), *calls])
        assert results["Report"] == 1, results
        assert set(results) <= {"Report", "bool", "NoneType", "Enrolment", "WrongState", "Denied"}
        assert User.objects.get(pk=student.pk).state == "deleted"
        left = Enrolment.objects.exclude(state="deleted")
        assert not left.filter(user=student).exists()
        assert not left.filter(associated_user=student).exists()


def test_of_8_who_replace_one_password_at_once_exactly_one_does(cast: Cast) -> None:
    """Whoever comes second finds a person who has a one-time password already."""

    def replacing() -> Callable[[], Any]:
        actor, user = cast.actor(cast.root_admin), User.objects.get(pk=cast.student.pk)
        return lambda: replace_password(actor=actor, user=user)

    assert at_once([replacing() for _ in range(8)]) == {"dict": 1, "Denied": 7}
