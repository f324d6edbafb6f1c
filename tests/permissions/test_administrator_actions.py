"""Administrators: added, removed, given another role; the last one who can sign in stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from permissions.actions import (
    AdministratorRefused,
    LastAdministrator,
    add_administrator,
    change_administrator,
    deactivate_role,
    remove_administrator,
)
from permissions.administrators import roles_to_give
from permissions.models import AccountMembership, Override, Role
from permissions.policy import Denied
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin


def add(cast: Cast, user, role, account=None, by=None):
    return add_administrator(
        actor=cast.actor(by or cast.root_admin), account=account or cast.root, user=user, role=role
    )


def remove(cast: Cast, membership, by=None):
    remove_administrator(actor=cast.actor(by or cast.root_admin), membership=membership)


def membership_of(user: User) -> AccountMembership:
    return AccountMembership.objects.active().get(user=user)


def test_an_administrator_comes_goes_and_returns_as_the_same(cast: Cast):
    admin = cast.roles["AccountAdmin"]
    membership = add(cast, cast.teacher, admin, cast.accounts.high)
    assert add(cast, cast.teacher, admin, cast.accounts.high) == membership
    remove(cast, membership)
    assert not AccountMembership.objects.active().filter(user=cast.teacher).exists()
    remove(cast, membership)
    assert add(cast, cast.teacher, admin, cast.accounts.high) == membership
    told = Event.objects.filter(action__startswith="administrator_", subject=cast.teacher)
    assert [event.action for event in told.order_by("pk")] == [
        "administrator_added", "administrator_removed", "administrator_added",
    ]  # fmt: skip
    assert {(event.account, event.data["label"]) for event in told} == {
        (cast.accounts.high, "Account Admin")
    }


def test_who_may(cast: Cast):
    admin, high = cast.roles["AccountAdmin"], cast.accounts.high
    assert add(cast, cast.teacher, admin, cast.accounts.science, by=cast.sub_admin)
    for person in (cast.neighbour_admin, cast.teacher, cast.deactivated_admin):
        with pytest.raises(Denied):
            add(cast, cast.ta, admin, high, by=person)
        with pytest.raises(Denied):
            remove(cast, membership_of(cast.sub_admin), by=person)
    with pytest.raises(Denied):
        add(cast, cast.teacher, admin, cast.root, by=cast.sub_admin)


def test_only_whom_one_may_see_is_added(cast: Cast):
    with pytest.raises(Denied):
        add(cast, cast.elsewhere, cast.roles["AccountAdmin"], cast.accounts.high, by=cast.sub_admin)
    with pytest.raises(Denied):
        add(cast, cast.stranger, cast.roles["AccountAdmin"])


def test_who_has_been_deleted_meanwhile_becomes_none(cast: Cast):
    User.objects.filter(pk=cast.teacher.pk).update(state="deleted")
    with pytest.raises(Denied):
        add(cast, cast.teacher, cast.roles["AccountAdmin"])


@pytest.fixture
def office(cast: Cast) -> User:
    """Joy, who manages administrators from a custom role and reads rosters besides."""
    role = make_account_role(cast, "Office", "manage_account_memberships", "read_roster")
    make_admin(cast, cast.observer, cast.root, role)
    return cast.observer


def test_a_custom_role_gives_only_roles_that_hold_nothing_it_lacks(cast: Cast, office: User):
    fewer = make_account_role(cast, "Reader", "read_roster")
    more = make_account_role(cast, "Sis", "read_sis")
    given = add(cast, cast.teacher, fewer, by=office)
    for role in (more, cast.roles["AccountAdmin"]):
        with pytest.raises(Denied):
            add(cast, cast.ta, role, by=office)
        assert not AccountMembership.objects.filter(user=cast.ta).exists()
    remove(cast, given, by=office)
    with pytest.raises(Denied):
        remove(cast, add(cast, cast.ta, more), by=office)
    with pytest.raises(Denied):
        remove(cast, membership_of(cast.root_admin), by=office)


def test_nobody_gives_themself_more(cast: Cast, office: User):
    with pytest.raises(Denied):
        add(cast, office, cast.roles["AccountAdmin"], by=office)


def test_an_account_admin_gives_even_what_was_switched_off_for_them(cast: Cast):
    more = make_account_role(cast, "Sis", "read_sis")
    cast.override("AccountAdmin", "read_sis", enabled=False)
    assert add(cast, cast.teacher, more)


def test_the_list_of_roles_is_the_check(cast: Cast, office: User):
    make_account_role(cast, "Reader", "read_roster")
    make_account_role(cast, "Sis", "read_sis")
    Role.objects.create(
        root_account=cast.root, account=cast.accounts.elementary, label="Next door",
        base_role="AccountMembership",
    )  # fmt: skip
    sleeping = make_account_role(cast, "Sleeping")
    deactivate_role(actor=cast.actor(cast.root_admin), role=sleeping)

    def labels(person: User) -> list[str]:
        return [role.label for role in roles_to_give(cast.actor(person), cast.accounts.high)]

    assert labels(cast.root_admin) == ["Account Admin", "Office", "Reader", "Sis"]
    assert labels(office) == ["Office", "Reader"]
    assert labels(cast.teacher) == []


def test_roles_that_cannot_be_given_there(cast: Cast):
    next_door = Role.objects.create(
        root_account=cast.root, account=cast.accounts.elementary, label="Next door",
        base_role="AccountMembership",
    )  # fmt: skip
    bump(cast.root)
    for role in (cast.roles["TeacherEnrollment"], next_door):
        with pytest.raises(AdministratorRefused, match="Invalid role"):
            add(cast, cast.teacher, role, cast.accounts.high)
    stale = Role.objects.get(pk=make_account_role(cast, "Reader").pk)
    deactivate_role(actor=cast.actor(cast.root_admin), role=Role.objects.get(pk=stale.pk))
    with pytest.raises(AdministratorRefused, match="inactive"):
        add(cast, cast.teacher, stale)


def test_another_role_replaces_the_one_held(cast: Cast):
    reader = make_account_role(cast, "Reader", "read_roster")
    change_administrator(
        actor=cast.actor(cast.root_admin), membership=membership_of(cast.sub_admin), role=reader
    )
    assert membership_of(cast.sub_admin).role == reader
    with pytest.raises(LastAdministrator):
        change_administrator(
            actor=cast.actor(cast.root_admin),
            membership=membership_of(cast.root_admin),
            role=reader,
        )
    assert membership_of(cast.root_admin).role == cast.roles["AccountAdmin"]


# --- The last one ---


def test_the_last_administrator_stays(cast: Cast):
    with pytest.raises(LastAdministrator):
        remove(cast, membership_of(cast.root_admin))
    add(cast, cast.teacher, cast.roles["AccountAdmin"])
    remove(cast, membership_of(cast.root_admin))
    with pytest.raises(LastAdministrator):
        remove(cast, membership_of(cast.teacher), by=cast.teacher)


def test_the_last_of_a_sub_account_may_go(cast: Cast):
    remove(cast, membership_of(cast.sub_admin))


def test_their_other_roles_and_places_may_go(cast: Cast):
    reader = make_account_role(cast, "Reader", "read_roster")
    remove(cast, make_admin(cast, cast.root_admin, cast.root, reader))
    remove(cast, make_admin(cast, cast.root_admin, cast.accounts.high))


@pytest.mark.parametrize("why", ["suspended", "no password", "handed-out password"])
def test_who_cannot_sign_in_is_no_other(cast: Cast, why: str):
    add(cast, cast.teacher, cast.roles["AccountAdmin"])
    cast.teacher.set_unusable_password()
    User.objects.filter(pk=cast.teacher.pk).update(
        **{
            "suspended": {"state": "suspended"},
            "no password": {"password": cast.teacher.password},
            "handed-out password": {"one_time_password_until": timezone.now() + timedelta(days=9)},
        }[why]
    )
    with pytest.raises(LastAdministrator):
        remove(cast, membership_of(cast.root_admin))
    if why != "suspended":
        remove(cast, membership_of(cast.teacher))


def test_of_several_who_all_came_with_an_import_one_stays(cast: Cast):
    """Nobody there has a password of their own; the root account must not lose them all."""
    second = add(cast, cast.teacher, cast.roles["AccountAdmin"])
    cast.teacher.set_unusable_password()
    User.objects.filter(pk__in=[cast.teacher.pk, cast.root_admin.pk]).update(
        password=cast.teacher.password
    )
    remove(cast, second)
    with pytest.raises(LastAdministrator):
        remove(cast, membership_of(cast.root_admin))


def test_rights_are_asked_anew_under_the_lock(cast: Cast, office: User):
    actor = cast.actor(office)
    assert roles_to_give(actor, cast.root)
    Override.objects.filter(permission="manage_account_memberships").update(enabled=False)
    bump(cast.root)
    with pytest.raises(Denied):
        add_administrator(
            actor=actor, account=cast.root, user=cast.ta, role=make_account_role(cast, "Empty")
        )
