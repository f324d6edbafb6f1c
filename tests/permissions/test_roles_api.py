"""Roles over REST: what is shown, and every way to write (contract §4, spec "Overrides")."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from permissions.actions import update_overrides
from permissions.catalogue import GROUPS, PERMISSIONS
from permissions.models import Override, Role
from permissions.overrides import OverrideChange
from permissions.policy import Denied, may
from permissions.rules import MANAGE_OVERRIDES
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"
STUDENTS = "manage_course_student_enrollments"


@pytest.fixture
def change(cast: Cast, rest):
    """PUT permissions of a role; the root administrator's doing, at the root, unless told."""

    def put(base: str, permissions: Any, by: User | None = None, account: Any = None) -> Any:
        place = account or cast.root
        url = f"/api/v1/accounts/{place.pk}/roles/{cast.roles[base].pk}"
        return rest(by or cast.root_admin).put(url, {"permissions": permissions}, format="json")

    return put


def rows(cast: Cast) -> set[tuple[str, bool, bool, bool, bool]]:
    names = ("permission", "enabled", "locked", "applies_to_self", "applies_to_descendants")
    return set(Override.objects.filter(root_account=cast.root).values_list(*names))


# --- Reading ---


def test_built_in_roles_come_first_then_the_accounts_own(cast: Cast, rest):
    make_account_role(cast, "Counsellor", "read_roster")
    found = rest(cast.root_admin).get("/api/v1/accounts/self/roles?per_page=100").json()
    assert [role["role"] for role in found] == [
        "StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "DesignerEnrollment",
        "ObserverEnrollment", "AccountAdmin", "Counsellor",
    ]  # fmt: skip
    assert {role["base_role_type"] for role in found[-2:]} == {"AccountMembership"}
    assert [role["is_account_role"] for role in found] == [False] * 5 + [True] * 2


def test_a_role_has_just_these_keys(cast: Cast, rest):
    make_account_role(cast, "Counsellor", "read_roster")
    *_, admin, custom = rest(cast.root_admin).get("/api/v1/accounts/self/roles").json()
    keys = {
        "id", "role", "label", "last_updated_at", "base_role_type", "workflow_state", "created_at",
        "is_account_role", "permissions",
    }  # fmt: skip
    assert set(admin) == keys
    assert set(custom) == keys | {"account"}
    assert set(custom["account"]) == {
        "id", "name", "workflow_state", "parent_account_id", "root_account_id", "uuid",
        "default_time_zone",
    }  # fmt: skip
    assert set(custom["permissions"]) == set(PERMISSIONS)


def test_an_entry_tells_only_what_there_is_to_tell(cast: Cast, rest):
    cast.override("TeacherEnrollment", GENERATE)
    url = "/api/v1/accounts/self/roles/{}"
    entries = rest(cast.root_admin).get(url.format("TeacherEnrollment")).json()["permissions"]
    assert entries["become_user"] == {
        "enabled": False, "locked": True, "readonly": True, "explicit": False,
    }  # fmt: skip
    assert entries["read_roster"] == {
        "enabled": True, "locked": False, "readonly": False, "explicit": False,
        "applies_to_self": True, "applies_to_descendants": True,
    }  # fmt: skip
    assert entries[GENERATE]["prior_default"] is False
    assert entries["add_student_to_course"]["group"] == STUDENTS


def test_root_level_permissions_are_not_shown_below_the_root(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/roles"
    role = rest(cast.sub_admin).get(url).json()[0]
    assert set(role["permissions"]) == {k for k, p in PERMISSIONS.items() if p.level != "root"}


def test_inactive_and_inherited_roles_are_shown_when_asked_for(cast: Cast, rest):
    role = make_account_role(cast, "Counsellor")
    client, high = rest(cast.root_admin), f"/api/v1/accounts/{cast.accounts.high.pk}/roles"
    assert len(client.get(high).json()) == 6
    assert [r["label"] for r in client.get(f"{high}?show_inherited=1").json()][6:] == ["Counsellor"]
    Role.objects.filter(pk=role.pk).update(state="inactive")
    inactive = client.get("/api/v1/accounts/self/roles?state[]=inactive").json()
    assert [(r["label"], r["workflow_state"]) for r in inactive] == [("Counsellor", "inactive")]
    assert len(client.get("/api/v1/accounts/self/roles").json()) == 6


def test_what_roles_may_do_is_for_who_manages_them(cast: Cast, rest, change):
    for person in (cast.teacher, cast.student, cast.neighbour_admin):
        assert rest(person).get("/api/v1/accounts/self/roles").status_code == 403
        assert change("TeacherEnrollment", {}, by=person).status_code == 403


@pytest.mark.parametrize("role_id", ["999999", "nothing"])
def test_an_unknown_role(cast: Cast, rest, role_id: str):
    answer = rest(cast.root_admin).put(f"/api/v1/accounts/self/roles/{role_id}", {})
    assert (answer.status_code, answer.json()) == (404, {"message": "role not found"})


def test_a_role_of_another_tenant_is_not_found(cast: Cast, rest):
    foreign = Role.objects.exclude(root_account=cast.root).first()
    answer = rest(cast.root_admin).put(f"/api/v1/accounts/self/roles/{foreign.pk}", {})
    assert answer.status_code == 404


# --- Writing ---


def test_explicit_and_enabled_make_a_row(cast: Cast, change):
    answer = change("TeacherEnrollment", {GENERATE: {"explicit": "1", "enabled": "on"}})
    assert answer.status_code == 200
    assert rows(cast) == {(GENERATE, True, False, True, True)}


@pytest.mark.parametrize("entry", [{"enabled": 1}, {"explicit": 0, "enabled": 1}, {"explicit": 1}])
def test_anything_less_is_inheriting(cast: Cast, change, entry: dict[str, Any]):
    cast.override("TeacherEnrollment", GENERATE)
    assert change("TeacherEnrollment", {GENERATE: entry}).status_code == 200
    assert rows(cast) == set()


def test_a_lock_alone_keeps_the_value_in_force(cast: Cast, change):
    change("TeacherEnrollment", {"read_roster": {"locked": 1}, GENERATE: {"locked": 1}})
    assert rows(cast) == {
        ("read_roster", True, True, True, True),
        (GENERATE, False, True, True, True),
    }


def test_a_lock_alone_keeps_a_rows_value_and_reach(cast: Cast, change):
    cast.override("TeacherEnrollment", GENERATE, applies_to_self=False)
    change("TeacherEnrollment", {GENERATE: {"locked": True}})
    assert rows(cast) == {(GENERATE, True, True, False, True)}


def test_reach_can_be_chosen(cast: Cast, change):
    entry = {"explicit": 1, "enabled": 1, "applies_to_descendants": "no"}
    answer = change("TeacherEnrollment", {GENERATE: entry}).json()["permissions"][GENERATE]
    assert (answer["applies_to_self"], answer["applies_to_descendants"]) == (True, False)
    change("TeacherEnrollment", {GENERATE: {"explicit": 1, "enabled": 0}})
    assert rows(cast) == {(GENERATE, False, False, True, False)}


def test_somebody_it_must_apply_to(cast: Cast, change):
    nobody = {"explicit": 1, "enabled": 1, "applies_to_self": 0, "applies_to_descendants": 0}
    answer = change("TeacherEnrollment", {"read_roster": {"locked": 1}, GENERATE: nobody})
    assert answer.status_code == 400
    assert answer.json() == {"message": "Permission must be enabled for someone"}
    assert rows(cast) == set()


def test_a_group_stands_for_its_members(cast: Cast, change):
    change("TaEnrollment", {STUDENTS: {"explicit": 1, "enabled": 0, "locked": 1}})
    assert rows(cast) == {(key, False, True, True, True) for key in GROUPS[STUDENTS].members}


def test_part_of_a_group_is_not_locked_alone(cast: Cast, change):
    answer = change("TaEnrollment", {"add_student_to_course": {"locked": 1}})
    assert answer.status_code == 400
    assert answer.json() == {"message": "Cannot change locked status on granular permission"}


def test_part_of_a_group_that_the_role_can_not_have_is_passed_over(cast: Cast, change):
    answer = change(
        "StudentEnrollment",
        {
            "add_student_to_course": {"explicit": 0, "locked": 0},
            "read_roster": {"explicit": 1, "enabled": 0},
        },
    )
    assert answer.status_code == 200
    assert rows(cast) == {("read_roster", False, False, True, True)}


def test_part_of_a_locked_group_is_not_unlocked_alone(cast: Cast, change):
    change("TaEnrollment", {STUDENTS: {"explicit": 1, "enabled": 0, "locked": 1}})
    for default in ({"explicit": 0}, {"enabled": 1}, {}):
        assert change("TaEnrollment", {"add_student_to_course": default}).status_code == 400
    change("TaEnrollment", {"add_student_to_course": {"explicit": 1, "enabled": 1}})
    assert {locked for _, _, locked, *_ in rows(cast)} == {True}
    assert change("TaEnrollment", {STUDENTS: {}, "add_student_to_course": {}}).status_code == 200
    assert rows(cast) == set()


def test_what_is_unknown_unavailable_or_readonly_is_left_alone(cast: Cast, change):
    on = {"explicit": 1, "enabled": 1}
    wanted = {"frobnicate": on, "become_user": on, GENERATE: on | {"readonly": 1}}
    assert change("TeacherEnrollment", wanted).status_code == 200
    assert change("StudentEnrollment", {GENERATE: on}).status_code == 200
    assert change("AccountAdmin", {"manage_role_overrides": {"explicit": 1, "enabled": 0}})
    assert rows(cast) == set()


def test_what_is_locked_above_is_left_alone(cast: Cast, change):
    cast.override("TeacherEnrollment", GENERATE, enabled=False, locked=True)
    on = {GENERATE: {"explicit": 1, "enabled": 1}}
    answer = change("TeacherEnrollment", on, by=cast.sub_admin, account=cast.accounts.high)
    assert answer.json()["permissions"][GENERATE]["readonly"]
    assert len(rows(cast)) == 1


def test_a_change_is_told_with_the_old_and_the_new_value(cast: Cast, change):
    cast.override("TeacherEnrollment", GENERATE, enabled=False)
    change("TeacherEnrollment", {GENERATE: {"explicit": 1, "enabled": 1}})
    event = Event.objects.get(action="override_changed")
    before, after = event.data["before"], event.data["after"]
    assert (event.data["permission"], before["enabled"], after["enabled"]) == (
        GENERATE, False, True,
    )  # fmt: skip
    change("TeacherEnrollment", {GENERATE: {"explicit": 1, "enabled": 1}})
    assert Event.objects.filter(action="override_changed").count() == 1


def test_labels_of_built_in_and_inherited_roles_stay(cast: Cast, rest):
    custom = make_account_role(cast, "Counsellor")
    client = rest(cast.root_admin)
    for place, role, kind in [
        (cast.root, cast.roles["TeacherEnrollment"], "a built-in"),
        (cast.accounts.high, custom, "an inherited"),
    ]:
        url = f"/api/v1/accounts/{place.pk}/roles/{role.pk}"
        answer = client.put(url, {"label": "New"})
        assert answer.status_code == 400
        assert answer.json() == {"message": f"cannot update the 'label' for {kind} role"}


# --- Who may switch on ---


@pytest.fixture
def manager(cast: Cast) -> User:
    """Joy, who manages overrides from a custom role and holds read_roster besides."""
    role = make_account_role(cast, "Manager", "manage_role_overrides", "read_roster")
    make_admin(cast, cast.observer, cast.root, role)
    return cast.observer


def test_a_custom_role_switches_on_only_what_it_holds(cast: Cast, change, manager: User):
    on = {"explicit": 1, "enabled": 1}
    assert change("TeacherEnrollment", {GENERATE: on}, by=manager).status_code == 403
    assert change("ObserverEnrollment", {"read_roster": on}, by=manager).status_code == 200
    assert rows(cast) >= {("read_roster", True, False, True, True)}
    assert GENERATE not in {row[0] for row in rows(cast)}


def test_a_custom_role_switches_off_freely(cast: Cast, change, manager: User):
    off = {"view_user_logins": {"explicit": 1, "enabled": 0}}
    assert change("TeacherEnrollment", off, by=manager).status_code == 200


def test_taking_an_off_row_away_is_switching_on(cast: Cast, change, manager: User):
    cast.override("TeacherEnrollment", "view_user_logins", enabled=False)
    answer = change("TeacherEnrollment", {"view_user_logins": {"explicit": 0}}, by=manager)
    assert answer.status_code == 403


def test_widening_the_reach_is_switching_on(cast: Cast, change, manager: User):
    cast.override("TeacherEnrollment", GENERATE, applies_to_descendants=False)
    wider = {"explicit": 1, "enabled": 1, "applies_to_descendants": 1}
    assert change("TeacherEnrollment", {GENERATE: wider}, by=manager).status_code == 403


def test_unlocking_what_wakes_a_row_below_is_switching_on(cast: Cast, change, manager: User):
    cast.override("TeacherEnrollment", GENERATE, enabled=False, locked=True)
    cast.override("TeacherEnrollment", GENERATE, account=cast.accounts.high)
    unlocked = {GENERATE: {"explicit": 1, "enabled": 0, "locked": 0}}
    assert change("TeacherEnrollment", unlocked, by=manager).status_code == 403
    assert change("TeacherEnrollment", unlocked).status_code == 200


def test_an_account_admin_switches_on_what_nobody_holds(cast: Cast, change):
    cast.override("AccountAdmin", GENERATE, enabled=False)
    on = {GENERATE: {"explicit": 1, "enabled": 1}}
    assert change("TeacherEnrollment", on).status_code == 200
    high = cast.accounts.high
    assert change("TaEnrollment", on, by=cast.sub_admin, account=high).status_code == 200


def test_acting_as_someone_lends_nothing(cast: Cast, rest, manager: User):
    url = f"/api/v1/accounts/self/roles/{cast.roles['TeacherEnrollment'].pk}"
    on = {"permissions": {GENERATE: {"explicit": 1, "enabled": 1}}, "as_user_id": manager.pk}
    assert rest(cast.root_admin).put(url, on, format="json").status_code == 403


def test_under_the_lock_rights_are_asked_anew(cast: Cast, manager: User):
    actor = cast.actor(manager)
    assert may(actor, MANAGE_OVERRIDES, cast.root)
    Override.objects.filter(permission="manage_role_overrides").update(enabled=False)
    bump(cast.root)
    role, off = cast.roles["TaEnrollment"], OverrideChange(enabled=False)
    with pytest.raises(Denied):
        update_overrides(
            actor=actor, account=cast.root, role=role, changes={"view_user_logins": off}
        )


# --- Labels, names and lists ---


def test_a_new_role_over_the_wire(cast: Cast, rest):
    made = rest(cast.root_admin).post("/api/v1/accounts/self/roles", {"role": "Aide"})
    assert made.status_code == 200
    assert set(made.json()) == {
        "account", "base_role_type", "base_role_type_label", "created_at", "id", "is_account_role",
        "label", "last_updated_at", "permissions", "role", "workflow_state",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({}, {"message": "missing required parameter 'role'"}),
        ({"label": "Manager"}, {"message": "role name Manager already in use"}),
        ({"label": "Teacher"}, {"errors": {"name": [
            {"attribute": "name", "type": "reserved", "message": "is reserved"}]}}),
        ({"label": "Aide", "base_role_type": "Janitor"}, {"errors": {"base_role_type": [
            {"attribute": "base_role_type", "type": "invalid", "message": "is invalid"}]}}),
    ],
)  # fmt: skip
def test_what_a_bad_role_is_told(cast: Cast, rest, manager: User, given, body):
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/roles", given)
    assert (answer.status_code, answer.json()) == (400, body)


def test_a_name_and_its_permissions_change_together_or_not_at_all(cast: Cast, rest):
    role = make_account_role(cast, "Counsellor")
    url = f"/api/v1/accounts/self/roles/{role.pk}"
    nowhere = {"applies_to_self": 0, "applies_to_descendants": 0}
    wrong = {"label": "New", "permissions": {GENERATE: nowhere}}
    assert rest(cast.root_admin).put(url, wrong, format="json").status_code == 400
    role.refresh_from_db()
    assert role.label == "Counsellor"
    for label in ("", "Teacher", "x" * 300):
        assert rest(cast.root_admin).put(url, {"label": label}).status_code == 400


def test_of_two_namesakes_the_nearer_one_is_meant(cast: Cast, rest):
    """After a move or an import there may be two; by name it is always the same one."""
    make_account_role(cast, "Aide")
    near = Role.objects.create(
        root_account=cast.root, account=cast.accounts.high, label="Aide", base_role="TaEnrollment"
    )
    bump(cast.root)
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/roles/Aide"
    assert rest(cast.sub_admin).get(url).json()["id"] == near.pk
    Role.objects.filter(pk=near.pk).update(state="inactive")
    assert rest(cast.sub_admin).get(url).json()["id"] != near.pk


def test_a_list_does_not_cost_more_with_more_roles(cast: Cast, rest, django_assert_num_queries):
    client, url = rest(cast.root_admin), "/api/v1/accounts/self/roles?per_page=100"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    asked = len(few)
    Role.objects.bulk_create(
        Role(root_account=cast.root, account=cast.root, label=f"Role {n}", base_role="TaEnrollment")
        for n in range(80)
    )
    bump(cast.root)
    client.get(url)
    with django_assert_num_queries(asked):
        assert len(client.get(url).json()) == 86
