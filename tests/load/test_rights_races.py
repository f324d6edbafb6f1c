"""Administrators at once: one label, one winner per cell, one last administrator, no circle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import move_sub_account
from accounts.models import Account, User
from permissions.actions import (
    activate_role,
    create_role,
    remove_administrator,
    update_overrides,
)
from permissions.models import AccountMembership, Role
from permissions.overrides import OverrideChange
from tests.cast import Cast, make_admin
from tests.effort import OTHER_RACE_ROUNDS
from tests.load.test_races import at_once

THREADS = 12
GENERATE = "generate_observer_pairing_code"

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]


def test_of_12_roles_of_one_label_up_and_down_the_tree_one_is_made(cast: Cast) -> None:
    places = [cast.root, cast.accounts.high, cast.accounts.science]

    def making(n: int) -> Callable[[], Any]:
        account = Account.objects.get(pk=places[n % 3].pk)
        actor = cast.actor(cast.root_admin)
        return lambda: create_role(
            actor=actor, account=account, label="Aide", base_role="TaEnrollment"
        )

    for _ in range(OTHER_RACE_ROUNDS):
        results = at_once([making(n) for n in range(THREADS)])
        assert results == {"Role": 1, "ValidationError": THREADS - 1}
        Role.objects.filter(label="Aide").delete()


def test_of_two_namesakes_one_wakes(cast: Cast) -> None:
    roles = [
        Role.objects.create(
            root_account=cast.root, account=account, label="Aide", base_role="TaEnrollment",
            state="inactive",
        )
        for account in (cast.root, cast.accounts.science)
    ]  # fmt: skip

    def waking(role: Role) -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        return lambda: activate_role(actor=actor, role=Role.objects.get(pk=role.pk))

    for _ in range(OTHER_RACE_ROUNDS):
        assert at_once([waking(role) for role in roles]) == {"NoneType": 1, "RoleRefused": 1}
        Role.objects.filter(label="Aide").update(state="inactive")


def test_of_12_who_change_one_cell_as_they_saw_it_all_but_one_are_told(cast: Cast) -> None:
    def changing() -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        return lambda: update_overrides(
            actor=actor, account=Account.objects.get(pk=cast.root.pk),
            role=cast.roles["TeacherEnrollment"], changes={GENERATE: OverrideChange(True)},
            expected={GENERATE: None},
        )  # fmt: skip

    results = at_once([changing() for _ in range(THREADS)])
    assert results == {"dict": 1, "OverrideChanged": THREADS - 1}


def test_of_two_administrators_who_remove_each_other_one_stays(cast: Cast) -> None:
    make_admin(cast, cast.teacher, cast.root)
    admins = AccountMembership.objects.filter(account=cast.root)

    def removing(by: User, whom: User) -> Callable[[], Any]:
        actor, membership = cast.actor(by), admins.get(user=whom)
        return lambda: remove_administrator(actor=actor, membership=membership)

    pairs = [(cast.root_admin, cast.teacher), (cast.teacher, cast.root_admin)]
    for _ in range(OTHER_RACE_ROUNDS):
        results = at_once([removing(*pair) for pair in pairs])
        assert results["NoneType"] == 1, results
        assert set(results) <= {"NoneType", "Denied", "LastAdministrator"}
        admins.filter(user__in=pairs[0]).update(state="active")


def test_two_accounts_do_not_end_below_each_other(cast: Cast) -> None:
    one, other = cast.accounts.high, cast.accounts.elementary

    def moving(account: Account, parent: Account) -> Callable[[], Any]:
        actor = cast.actor(cast.root_admin)
        account, parent = (Account.objects.get(pk=each.pk) for each in (account, parent))
        return lambda: move_sub_account(actor=actor, account=account, parent=parent)

    for _ in range(OTHER_RACE_ROUNDS):
        results = at_once([moving(one, other), moving(other, one)])
        assert results == {"NoneType": 1, "WouldCircle": 1}
        for account in (one, other):
            moving(account, cast.root)()
