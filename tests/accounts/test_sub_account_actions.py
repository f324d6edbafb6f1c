"""Accounts below: made, moved, removed; paths and what is inherited follow."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.actions import (
    _DEEPEST,
    AccountOccupied,
    TooDeep,
    WouldCircle,
    create_sub_account,
    delete_sub_account,
    move_sub_account,
)
from accounts.models import Account
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from audit.models import Event
from courses.models import Course
from permissions.models import Override
from permissions.policy import Denied, may
from permissions.rules import MANAGE_OVERRIDES
from tests.cast import Cast, make_account, make_account_role, make_admin

SETTINGS = "manage_account_settings"


def create(cast: Cast, parent: Account, name: str = "Arts", by=None, **more):
    actor = cast.actor(by or cast.root_admin)
    return create_sub_account(actor=actor, parent=parent, name=name, **more)


def move(cast: Cast, account: Account, parent: Account, by=None):
    move_sub_account(actor=cast.actor(by or cast.root_admin), account=account, parent=parent)


def delete(cast: Cast, account: Account, by=None):
    delete_sub_account(actor=cast.actor(by or cast.root_admin), account=account)


def test_a_new_account_has_its_place(cast: Cast):
    Account.objects.filter(pk=cast.accounts.high.pk).update(time_zone="America/Denver")
    cast.accounts.high.refresh_from_db()
    made = create(cast, cast.accounts.high, " Arts ", by=cast.sub_admin)
    made.refresh_from_db()
    assert (made.name, made.path, made.root_account, made.time_zone) == (
        "Arts", f"{cast.accounts.high.path}{made.pk}/", cast.root, "America/Denver",
    )  # fmt: skip
    told = Event.objects.get(action="account_created")
    assert (told.account, told.data["parent"]) == (made, cast.accounts.high.pk)


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_a_new_account_has_a_name(cast: Cast, name: str):
    with pytest.raises(ValidationError):
        create(cast, cast.root, name)


def test_a_sis_id_is_for_who_manages_sis_data_and_unique(cast: Cast):
    assert create(cast, cast.root, sis_id="arts").sis_id == "arts"
    with pytest.raises(ValidationError):
        create(cast, cast.root, sis_id="arts")
    with pytest.raises(Denied):
        create(cast, cast.accounts.high, sis_id="mine", by=cast.sub_admin)


def test_who_may(cast: Cast):
    high, science = cast.accounts.high, cast.accounts.science
    empty = make_account(science, "Physics")
    for person in (cast.neighbour_admin, cast.teacher, cast.deactivated_admin, cast.stranger):
        with pytest.raises(Denied):
            create(cast, high, by=person)
        with pytest.raises(Denied):
            delete(cast, empty, by=person)
        with pytest.raises(Denied):
            move(cast, empty, high, by=person)
    with pytest.raises(Denied):
        create(cast, cast.root, by=cast.sub_admin)
    with pytest.raises(Denied):
        delete(cast, high, by=cast.sub_admin)
    elementary = cast.accounts.elementary
    for account, parent in ((science, elementary), (elementary, high), (high, elementary)):
        with pytest.raises(Denied):
            move(cast, account, parent, by=cast.sub_admin)
    move(cast, empty, high, by=cast.sub_admin)
    delete(cast, empty, by=cast.sub_admin)


def test_moving_needs_the_right_in_the_account_itself(cast: Cast):
    elementary = cast.accounts.elementary
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Here", SETTINGS))
    Override.objects.filter(permission=SETTINGS).update(applies_to_descendants=False)
    make_admin(cast, cast.observer, elementary, make_account_role(cast, "There", SETTINGS))
    actor = cast.actor(cast.observer)
    assert may(actor, MANAGE_ACCOUNT_SETTINGS, cast.root)
    assert may(actor, MANAGE_ACCOUNT_SETTINGS, elementary)
    with pytest.raises(Denied):
        move(cast, cast.accounts.high, cast.accounts.elementary, by=cast.observer)


def test_moving_takes_all_below_along_and_what_is_inherited_changes(cast: Cast):
    role = make_account_role(cast, "Manager", "manage_role_overrides")
    make_admin(cast, cast.observer, cast.accounts.elementary, role)
    science, elementary = cast.accounts.science, cast.accounts.elementary
    below = make_account(science, "Physics")
    assert not may(cast.actor(cast.observer), MANAGE_OVERRIDES, below)
    move(cast, science, elementary)
    below.refresh_from_db()
    assert below.path == f"{elementary.path}{science.pk}/{below.pk}/"
    assert may(cast.actor(cast.observer), MANAGE_OVERRIDES, below)
    told = Event.objects.get(action="account_moved")
    assert (told.data["before"], told.data["after"]) == (cast.accounts.high.pk, elementary.pk)
    move(cast, science, elementary)
    assert Event.objects.filter(action="account_moved").count() == 1


def test_an_account_is_not_moved_below_itself(cast: Cast):
    for parent in (cast.accounts.high, cast.accounts.science):
        with pytest.raises(WouldCircle):
            move(cast, cast.accounts.high, parent)


def test_the_root_account_stays(cast: Cast):
    with pytest.raises(Denied):
        move(cast, cast.root, cast.accounts.high)
    with pytest.raises(Denied):
        delete(cast, cast.root)


def test_the_tree_has_an_end(cast: Cast):
    deep, leaf = cast.accounts.elementary, make_account(cast.root, "Arts")
    fill = _DEEPEST - len(cast.root.path) - 1
    Account.objects.filter(pk=deep.pk).update(path=f"{cast.root.path}{'1' * (fill + 1)}/")
    with pytest.raises(TooDeep):
        create(cast, deep)
    Account.objects.filter(pk=deep.pk).update(path=f"{cast.root.path}{'1' * fill}/")
    with pytest.raises(TooDeep):  # with what is below it
        move(cast, cast.accounts.high, deep)
    move(cast, leaf, deep)


def test_only_an_empty_account_goes(cast: Cast):
    high, science = cast.accounts.high, cast.accounts.science
    arts = make_account(cast.root, "Arts")
    make_account(arts, "Music")
    with pytest.raises(AccountOccupied):
        delete(cast, arts)
    for account in (high, science):
        with pytest.raises(AccountOccupied):
            delete(cast, account)
    Course.objects.filter(account=science).update(state="deleted")
    delete(cast, science)
    assert not Account.objects.live().filter(pk=science.pk).exists()
    told = Event.objects.get(action="account_deleted")
    assert (told.account, told.data["parent"]) == (science, high.pk)
    with pytest.raises(Denied):
        delete(cast, science)
    with pytest.raises(Denied):
        create(cast, science)
    with pytest.raises(Denied):
        move(cast, science, cast.root)
