"""Several at once in the account pages: no course in a removed account, no login twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import delete_sub_account, replace_password, update_account
from accounts.actions.people import add_person
from accounts.models import Account, User
from courses.actions import create_course
from courses.models import Course
from tests.cast import Cast, make_account
from tests.load.test_races import ROUNDS, at_once

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


def test_no_course_is_left_in_an_account_that_is_removed_meanwhile(cast: Cast) -> None:
    for n in range(ROUNDS):
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
    for n in range(ROUNDS):
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


def test_of_8_who_replace_one_password_at_once_exactly_one_does(cast: Cast) -> None:
    """Whoever comes second finds a person who has a one-time password already."""

    def replacing() -> Callable[[], Any]:
        actor, user = cast.actor(cast.root_admin), User.objects.get(pk=cast.student.pk)
        return lambda: replace_password(actor=actor, user=user)

    assert at_once([replacing() for _ in range(8)]) == {"dict": 1, "Denied": 7}
