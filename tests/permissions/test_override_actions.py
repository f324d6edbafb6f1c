"""Changing overrides from a page: told when somebody was quicker, undone, asked when dangerous."""

from __future__ import annotations

import pytest

from audit.models import Event
from permissions.actions import (
    OverrideChanged,
    RowChange,
    dangers_of,
    undo_overrides,
    update_overrides,
)
from permissions.catalogue import GROUPS
from permissions.inheritance import Row
from permissions.models import Override, Role
from permissions.overrides import OverrideChange
from permissions.policy import Denied
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"
STUDENTS = "manage_course_student_enrollments"
ON, OFF, INHERIT = OverrideChange(True), OverrideChange(False), OverrideChange()
ROW_ON, ROW_OFF = Row(True, False, True, True), Row(False, False, True, True)


@pytest.fixture
def change(cast: Cast):
    """What the root administrator changes for teachers, in the root account unless told."""

    def put(changes, *, account=None, expected=None):
        return update_overrides(
            actor=cast.actor(cast.root_admin), account=account or cast.root,
            role=cast.roles["TeacherEnrollment"], changes=changes, expected=expected,
        )  # fmt: skip

    return put


@pytest.fixture
def undo(cast: Cast):
    def back(changed, *, by=None):
        return undo_overrides(
            actor=cast.actor(by or cast.root_admin), account=cast.root,
            role=cast.roles["TeacherEnrollment"], changed=changed,
        )  # fmt: skip

    return back


def test_what_was_there_before_is_told(change):
    assert change({GENERATE: ON}) == {GENERATE: RowChange(None, ROW_ON)}
    assert change({GENERATE: ON}) == {}
    assert change({GENERATE: INHERIT}) == {GENERATE: RowChange(ROW_ON, None)}


def test_the_second_of_two_is_told(change):
    change({GENERATE: ON}, expected={GENERATE: None})
    with pytest.raises(OverrideChanged) as error:
        change({GENERATE: OFF}, expected={GENERATE: None})
    assert error.value.permission == GENERATE
    assert Override.objects.get().enabled
    assert Event.objects.filter(action="override_changed").count() == 1
    change({GENERATE: OFF}, expected={GENERATE: ROW_ON})


def test_what_was_locked_above_meanwhile_is_told(cast: Cast, change):
    cast.override("TeacherEnrollment", GENERATE, enabled=False, locked=True)
    with pytest.raises(OverrideChanged):
        change({GENERATE: ON}, account=cast.accounts.high, expected={GENERATE: None})


def test_without_an_expectation_the_last_writer_wins(change):
    change({GENERATE: ON})
    assert change({GENERATE: OFF}) == {GENERATE: RowChange(ROW_ON, ROW_OFF)}


def test_a_change_of_a_group_is_undone_as_a_whole(change, undo):
    one, *others = GROUPS[STUDENTS].members
    change({one: OFF})
    changed = change({STUDENTS: OverrideChange(True, locked=True)})
    assert set(changed) == {one, *others}
    back = undo(changed)
    row = Override.objects.get()
    assert (row.permission, row.enabled, row.locked) == (one, False, False)
    undo(back)
    assert Override.objects.filter(enabled=True, locked=True).count() == len(changed)


def test_undoing_is_refused_once_somebody_changed_it_again(change, undo):
    changed = change({GENERATE: ON})
    change({GENERATE: OFF})
    with pytest.raises(OverrideChanged):
        undo(changed)


def test_undoing_needs_the_rights_of_a_change(cast: Cast, change, undo):
    role = make_account_role(cast, "Manager", "manage_role_overrides")
    make_admin(cast, cast.observer, cast.root, role)
    changed = change({"view_user_logins": OFF})
    with pytest.raises(Denied):
        undo(change({GENERATE: ON}), by=cast.teacher)
    with pytest.raises(Denied):  # it would switch on what they lack
        undo(changed, by=cast.observer)


def test_a_role_of_no_use_in_the_account_is_left_alone(cast: Cast, change):
    foreign = Role.objects.get(root_account=cast.stranger.root_account, base_role="TaEnrollment")
    beyond = Role.objects.create(
        root_account=cast.root, account=cast.accounts.elementary, label="Next door",
        base_role="TaEnrollment",
    )  # fmt: skip
    for role in (foreign, beyond):
        with pytest.raises(Denied):
            update_overrides(
                actor=cast.actor(cast.root_admin), account=cast.accounts.high, role=role,
                changes={GENERATE: ON},
            )  # fmt: skip


# --- Asked once ---


@pytest.mark.parametrize(
    "key", ["become_user", "manage_role_overrides", "manage_account_memberships"]
)
def test_what_is_asked_about(cast: Cast, key: str):
    role = make_account_role(cast, "Counsellor")
    dangers = dangers_of(account=cast.root, role=role, changes={key: ON, "read_roster": ON})
    assert [permission.key for permission in dangers] == [key]
    assert not Override.objects.filter(role=role).exists()


def test_what_is_held_already_or_taken_away_is_not_asked_about(cast: Cast):
    role = make_account_role(cast, "Counsellor", "become_user")
    for change in (ON, OFF, INHERIT, OverrideChange(True, locked=True)):
        assert dangers_of(account=cast.root, role=role, changes={"become_user": change}) == []


def test_unlocking_what_is_on_below_is_asked_about(cast: Cast):
    key = "manage_role_overrides"
    role = make_account_role(cast, "Counsellor")
    for account, enabled in ((cast.root, False), (cast.accounts.high, True)):
        Override.objects.create(
            root_account=cast.root, account=account, role=role, permission=key,
            enabled=enabled, locked=account == cast.root,
        )  # fmt: skip
    bump(cast.root)
    assert dangers_of(account=cast.root, role=role, changes={key: INHERIT})


def test_what_is_locked_above_is_not_asked_about(cast: Cast):
    role = make_account_role(cast, "Counsellor")
    Override.objects.create(
        root_account=cast.root, account=cast.root, role=role, permission="manage_role_overrides",
        enabled=False, locked=True,
    )  # fmt: skip
    change = {"manage_role_overrides": ON}
    assert dangers_of(account=cast.accounts.high, role=role, changes=change) == []


def test_teachers_cannot_get_them_and_nobody_is_asked(cast: Cast):
    role = cast.roles["TeacherEnrollment"]
    assert dangers_of(account=cast.root, role=role, changes={"become_user": ON}) == []
