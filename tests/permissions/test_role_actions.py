"""Roles: made, copied, renamed, switched off and on; labels are unique up and down the tree."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Account, User
from audit.models import Event
from permissions.actions import (
    RoleRefused,
    activate_role,
    create_role,
    deactivate_role,
    rename_role,
)
from permissions.catalogue import PERMISSIONS
from permissions.models import Override, Role
from permissions.overrides import OverrideChange, OverrideRefused
from permissions.policy import Denied
from permissions.table import newest_table
from tests.cast import Cast, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"


def make(cast: Cast, account: Account, label: str = "Aide", by: User | None = None, **more: Any):
    actor = cast.actor(by or cast.root_admin)
    return create_role(
        actor=actor, account=account, label=label, **{"base_role": "TaEnrollment", **more}
    )


def code_of(error: pytest.ExceptionInfo[ValidationError], field: str = "label") -> str | None:
    return error.value.error_dict[field][0].code


def gives(cast: Cast, role: Role, account: Account) -> dict[str, tuple[bool, bool, bool]]:
    """All that the role may do there, with reach."""
    table = newest_table(cast.root)
    cells = {key: table.cell(role.pk, key, account.path) for key in PERMISSIONS}
    return {k: (c.enabled, c.applies_to_self, c.applies_to_descendants) for k, c in cells.items()}


# --- Making ---


def test_a_new_role_is_told(cast: Cast):
    role = make(cast, cast.accounts.high, "  Aide ")
    assert (role.label, role.state, role.base_role) == ("Aide", "active", "TaEnrollment")
    told = Event.objects.get(action="role_created")
    assert (told.account, told.actor) == (cast.accounts.high, cast.root_admin)
    assert told.data == {
        "role": role.pk, "label": "Aide", "base_role": "TaEnrollment", "copy_of": None,
    }  # fmt: skip


@pytest.mark.parametrize("where", ["root", "high", "science"])
def test_a_label_is_taken_above_and_below(cast: Cast, where: str):
    make(cast, cast.accounts.high, "Aide")
    place = cast.root if where == "root" else getattr(cast.accounts, where)
    with pytest.raises(ValidationError) as error:
        make(cast, place, "aide")
    assert code_of(error) == "taken"
    make(cast, cast.accounts.elementary, "Aide")


def test_a_label_is_free_again_once_its_account_is_gone(cast: Cast):
    make(cast, cast.accounts.elementary, "Aide")
    Account.objects.filter(pk=cast.accounts.elementary.pk).update(state="deleted")
    make(cast, cast.root, "Aide")


@pytest.mark.parametrize("label", ["student", "Teacher", "TAENROLLMENT", "Account admin"])
def test_built_in_names_are_reserved(cast: Cast, label: str):
    with pytest.raises(ValidationError) as error:
        make(cast, cast.root, label)
    assert code_of(error) == "reserved"


@pytest.mark.parametrize(("label", "code"), [("  ", "required"), ("x" * 256, "max_length")])
def test_a_label_is_a_word_or_some(cast: Cast, label: str, code: str):
    with pytest.raises(ValidationError) as error:
        make(cast, cast.root, label)
    assert code_of(error) == code


@pytest.mark.parametrize("base", ["AccountAdmin", "Janitor", ""])
def test_a_base_that_does_not_exist(cast: Cast, base: str):
    with pytest.raises(ValidationError) as error:
        make(cast, cast.root, base_role=base)
    assert code_of(error, "base_role") == "invalid"


def test_what_is_refused_leaves_no_role(cast: Cast):
    nowhere = OverrideChange(True, applies_to_self=False, applies_to_descendants=False)
    with pytest.raises(OverrideRefused):
        make(cast, cast.root, changes={GENERATE: nowhere})
    assert not Role.objects.filter(label="Aide").exists()


def test_roles_are_made_by_who_manages_overrides_there(cast: Cast):
    make(cast, cast.accounts.science, "One", by=cast.sub_admin)
    for person in (cast.sub_admin, cast.teacher, cast.deactivated_admin):
        with pytest.raises(Denied):
            make(cast, cast.root, "Two", by=person)


# --- Copying ---


def test_a_copy_may_do_what_the_other_may_there_and_below(cast: Cast):
    high, science = cast.accounts.high, cast.accounts.science
    cast.override("TeacherEnrollment", GENERATE, applies_to_self=False)
    cast.override("TeacherEnrollment", "read_roster", enabled=False, locked=True)
    cast.override("TeacherEnrollment", "read_roster", account=science)  # asleep under the lock
    cast.override("TeacherEnrollment", "read_sis", enabled=False, account=high, locked=True)
    cast.override("TeacherEnrollment", "view_user_logins", enabled=False, account=science)
    cast.override("TeacherEnrollment", "manage_grades", applies_to_self=False, account=high)
    copy = make(cast, high, copy_of=cast.roles["TeacherEnrollment"])
    for account in (high, science):
        assert gives(cast, copy, account) == gives(cast, cast.roles["TeacherEnrollment"], account)
    assert set(copy.overrides.values_list("account__name", "permission", "locked")) == {
        ("High", GENERATE, False), ("High", "read_roster", False), ("High", "read_sis", True),
        ("High", "manage_grades", False), ("Science", "view_user_logins", False),
    }  # fmt: skip
    told = Event.objects.filter(action="override_changed", data__role=copy.pk)
    assert {event.data["before"] for event in told} == {None}
    assert told.count() == 5


def test_a_copy_of_account_admin_is_a_custom_role_that_holds_all(cast: Cast):
    admin = cast.roles["AccountAdmin"]
    copy = make(cast, cast.root, copy_of=admin)
    assert copy.base_role == "AccountMembership"
    assert gives(cast, copy, cast.root) == gives(cast, admin, cast.root)


def test_a_role_from_next_door_is_not_copied(cast: Cast):
    foreign = make(cast, cast.accounts.elementary)
    with pytest.raises(RoleRefused):
        make(cast, cast.accounts.high, "Copy", copy_of=foreign)


@pytest.fixture
def manager(cast: Cast) -> User:
    """Joy, who manages overrides from a custom role and holds read_roster besides."""
    role = make_account_role(cast, "Manager", "manage_role_overrides", "read_roster")
    make_admin(cast, cast.observer, cast.root, role)
    return cast.observer


def test_a_custom_role_copies_only_what_it_holds(cast: Cast, manager: User):
    with pytest.raises(Denied):
        make(cast, cast.root, copy_of=cast.roles["AccountAdmin"], by=manager)
    fewer = make_account_role(cast, "Reader", "read_roster")
    assert make(cast, cast.root, "Second reader", copy_of=fewer, by=manager)


def test_a_new_role_of_a_base_is_no_way_round_what_the_base_has_lost(cast: Cast, manager: User):
    assert make(cast, cast.root, "One", base_role="TeacherEnrollment", by=manager)
    cast.override("TeacherEnrollment", "view_user_logins", enabled=False)
    with pytest.raises(Denied):
        make(cast, cast.root, "Two", base_role="TeacherEnrollment", by=manager)


# --- Renaming, switching off and on ---


def test_renaming_is_told_and_keeps_to_the_rules_of_labels(cast: Cast):
    role, actor = make(cast, cast.accounts.high), cast.actor(cast.sub_admin)
    make(cast, cast.root, "Grader")
    rename_role(actor=actor, role=role, label="Assistant")
    assert Role.objects.get(pk=role.pk).label == "Assistant"
    told = Event.objects.get(action="role_renamed")
    assert (told.data["before"], told.data["after"]) == ("Aide", "Assistant")
    for label in ("Grader", "teacher", " "):
        with pytest.raises(ValidationError):
            rename_role(actor=actor, role=role, label=label)
    rename_role(actor=actor, role=role, label="assistant")


def test_a_built_in_role_is_neither_renamed_nor_deactivated(cast: Cast):
    actor, role = cast.actor(cast.root_admin), cast.roles["TeacherEnrollment"]
    with pytest.raises(RoleRefused):
        rename_role(actor=actor, role=role, label="Instructor")
    with pytest.raises(RoleRefused):
        deactivate_role(actor=actor, role=role)


def test_a_role_sleeps_and_wakes(cast: Cast):
    role, actor = make(cast, cast.root), cast.actor(cast.root_admin)
    deactivate_role(actor=actor, role=role)
    assert not Role.objects.usable().filter(pk=role.pk).exists()
    with pytest.raises(RoleRefused, match="Cannot deactivate an already inactive role"):
        deactivate_role(actor=actor, role=role)
    activate_role(actor=actor, role=role)
    with pytest.raises(RoleRefused, match="Role not found"):
        activate_role(actor=actor, role=role)
    told = Event.objects.filter(action__in=["role_deactivated", "role_activated"]).order_by("pk")
    assert [(e.data["before"], e.data["after"]) for e in told] == [
        ("active", "inactive"), ("inactive", "active"),
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["root", "science"])
def test_a_role_does_not_wake_beside_its_namesake(cast: Cast, where: str):
    role, actor = make(cast, cast.accounts.high), cast.actor(cast.root_admin)
    deactivate_role(actor=actor, role=role)
    make(cast, cast.root if where == "root" else cast.accounts.science)
    with pytest.raises(RoleRefused, match="An active role already exists with that name"):
        activate_role(actor=actor, role=role)


def test_what_an_inactive_role_grants_stays(cast: Cast):
    role = make_account_role(cast, "Counsellor", "read_roster")
    deactivate_role(actor=cast.actor(cast.root_admin), role=role)
    assert gives(cast, role, cast.root)["read_roster"][0]
    assert Override.objects.filter(role=role).exists()


def test_only_who_manages_the_roles_account_changes_it(cast: Cast):
    role, actor = make(cast, cast.root), cast.actor(cast.sub_admin)
    for change in (deactivate_role, activate_role):
        with pytest.raises(Denied):
            change(actor=actor, role=role)
    with pytest.raises(Denied):
        rename_role(actor=actor, role=role, label="Mine")
