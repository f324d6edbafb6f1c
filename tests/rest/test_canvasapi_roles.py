"""Roles, administrators and sub-accounts with the real `canvasapi` (contract §4, §5.2, §5.5)."""

from __future__ import annotations

import pytest
from canvasapi.account import Account as WireAccount
from canvasapi.exceptions import BadRequest, Conflict, Forbidden, ResourceDoesNotExist

from accounts.models import Account
from permissions.models import AccountMembership, Override, Role
from tests.cast import Cast, make_account, make_account_role, make_admin, make_user

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")

GENERATE = "generate_observer_pairing_code"
ON = {"explicit": True, "enabled": True}


@pytest.fixture
def root(cast: Cast, canvas) -> WireAccount:
    return canvas(cast.root_admin).get_account(cast.root.pk)


# --- Roles ---


def test_a_role_from_its_making_to_its_end(cast: Cast, root: WireAccount):
    role = root.create_role(
        "Grader aide", base_role_type="TaEnrollment", permissions={GENERATE: ON | {"locked": 1}}
    )
    assert (role.label, role.role, role.base_role_type) == (
        "Grader aide", "Grader aide", "TaEnrollment",
    )  # fmt: skip
    assert (role.workflow_state, role.base_role_type_label) == ("active", "TA")
    assert role.account["id"] == cast.root.pk
    assert role.permissions[GENERATE] == {
        "enabled": True, "locked": True, "readonly": False, "explicit": True,
        "applies_to_self": True, "applies_to_descendants": True, "prior_default": False,
    }  # fmt: skip
    renamed = root.update_role(
        role, label="Assistant", permissions={GENERATE: {"explicit": 1, "enabled": 0}}
    )
    assert (renamed.label, renamed.permissions[GENERATE]["enabled"]) == ("Assistant", False)
    assert root.deactivate_role(role).workflow_state == "inactive"
    assert [r.id for r in root.get_roles(state=["inactive"])] == [role.id]
    assert role.id not in [r.id for r in root.get_roles()]
    assert root.get_role(role).workflow_state == "inactive"
    assert root.activate_role(role).workflow_state == "active"
    assert [r.id for r in root.get_roles()][-1] == role.id


def test_a_role_is_an_account_role_unless_told(root: WireAccount):
    role = root.create_role("Counsellor")
    assert (role.base_role_type, role.is_account_role) == ("AccountMembership", True)
    assert not any(entry["enabled"] for entry in role.permissions.values())


def test_inherited_roles_when_asked_for(cast: Cast, canvas, root: WireAccount):
    above = root.create_role("Counsellor")
    high = canvas(cast.sub_admin).get_account(cast.accounts.high.pk)
    own = high.create_role("Librarian")
    assert [r.id for r in high.get_roles()][6:] == [own.id]
    assert [r.id for r in high.get_roles(show_inherited=True)][6:] == [own.id, above.id]


def test_groups_by_their_name(cast: Cast, root: WireAccount):
    group = "manage_course_student_enrollments"
    role = root.get_role(cast.roles["TeacherEnrollment"].pk)
    changed = root.update_role(
        role, permissions={group: {"explicit": 1, "enabled": 0, "locked": 1}}
    )
    entry = changed.permissions["add_student_to_course"]
    assert (entry["enabled"], entry["locked"], entry["group"]) == (False, True, group)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"label": " "}, "missing required parameter 'role'"),
        ({"label": "Counsellor"}, "role name Counsellor already in use"),
        ({"label": "student"}, "is reserved"),
        ({"label": "New", "base_role_type": "AccountAdmin"}, "is invalid"),
        ({"label": "New", "base_role_type": "Janitor"}, "is invalid"),
        ({"label": "New", "permissions": {GENERATE: ON | {
            "applies_to_self": 0, "applies_to_descendants": 0}}},
         "Permission must be enabled for someone"),
        ({"label": "New", "permissions": {"add_student_to_course": {"locked": 1}}},
         "Cannot change locked status on granular permission"),
    ],
)  # fmt: skip
def test_bad_requests_make_no_role(cast: Cast, root: WireAccount, arguments, said: str):
    make_account_role(cast, "Counsellor")
    before = Role.objects.count(), Override.objects.count()
    with pytest.raises(BadRequest, match=said):
        root.create_role(**arguments)
    assert (Role.objects.count(), Override.objects.count()) == before


def test_roles_of_others_and_next_door(cast: Cast, canvas, root: WireAccount):
    foreign = Role.objects.exclude(root_account=cast.root).first()
    next_door = canvas(cast.neighbour_admin).get_account(cast.accounts.elementary.pk)
    beyond = next_door.create_role("Aide")
    high = canvas(cast.sub_admin).get_account(cast.accounts.high.pk)
    for account, role in ((root, foreign.pk), (high, beyond.id), (high, 999999)):
        for act in (account.get_role, account.update_role, account.deactivate_role,
                    account.activate_role):  # fmt: skip
            with pytest.raises(ResourceDoesNotExist):
                act(role)
    inherited = root.create_role("Counsellor")
    with pytest.raises(ResourceDoesNotExist):
        high.deactivate_role(inherited)
    root.deactivate_role(inherited)
    with pytest.raises(ResourceDoesNotExist):
        canvas(cast.root_admin).get_account(cast.accounts.high.pk).activate_role(inherited)
    with pytest.raises(BadRequest, match="for an inherited role"):
        high.update_role(inherited, label="Mine")


def test_states_that_cannot_be(cast: Cast, root: WireAccount):
    role = root.create_role("Counsellor")
    with pytest.raises(BadRequest, match="Role not found"):
        root.activate_role(role)
    root.deactivate_role(role)
    with pytest.raises(BadRequest, match="Cannot deactivate an already inactive role"):
        root.deactivate_role(role)
    root.create_role("Counsellor")
    with pytest.raises(BadRequest, match="An active role already exists with that name"):
        root.activate_role(role)
    with pytest.raises(BadRequest, match="Cannot remove a built-in role"):
        root.deactivate_role(cast.roles["TeacherEnrollment"].pk)


def test_roles_are_for_who_manages_them(cast: Cast, canvas):
    for person in (cast.teacher, cast.neighbour_admin):
        account = WireAccount(canvas(person)._Canvas__requester, {"id": cast.accounts.high.pk})
        with pytest.raises(Forbidden):
            account.create_role("Mine")
        with pytest.raises(Forbidden):
            account.deactivate_role(cast.roles["TeacherEnrollment"].pk)


# --- Administrators ---


def test_an_administrator_comes_and_goes(cast: Cast, root: WireAccount):
    admin = root.create_admin(cast.teacher.pk)
    assert (admin.role, admin.role_id, admin.workflow_state, admin.user["name"]) == (
        "AccountAdmin", cast.roles["AccountAdmin"].pk, "active", "Tomas Varga",
    )  # fmt: skip
    assert root.create_admin(cast.teacher.pk).id == admin.id
    assert [one.id for one in root.get_admins(user_id=[cast.teacher.pk])] == [admin.id]
    gone = root.delete_admin(cast.teacher.pk)
    assert (gone.id, gone.workflow_state, gone.status) == (admin.id, "deleted", "deleted")
    assert not list(root.get_admins(user_id=[cast.teacher.pk]))
    with pytest.raises(ResourceDoesNotExist):
        root.delete_admin(cast.teacher.pk)
    assert root.create_admin(cast.teacher.pk).id == admin.id


def test_an_administrator_in_a_role(cast: Cast, root: WireAccount):
    role = make_account_role(cast, "Counsellor", "read_roster")
    by_id = root.create_admin(cast.teacher.pk, role_id=role.pk, send_confirmation=False)
    assert root.create_admin(cast.teacher.pk, role="Counsellor").id == by_id.id
    with pytest.raises(ResourceDoesNotExist):
        root.delete_admin(cast.teacher.pk)
    assert root.delete_admin(cast.teacher.pk, role_id=role.pk).id == by_id.id


def test_many_administrators_come_in_pages(cast: Cast, root: WireAccount):
    people = [make_user(cast.root, f"Person {n}") for n in range(12)]
    for person in people:
        make_admin(cast, person, cast.root)
    found = list(root.get_admins(per_page=5))
    assert [one.user["id"] for one in found][-12:] == [person.pk for person in people]


def test_who_cannot_be_made_an_administrator(cast: Cast, root: WireAccount, canvas):
    for nobody in (cast.stranger.pk, 999999):
        with pytest.raises(ResourceDoesNotExist):
            root.create_admin(nobody)
    high = canvas(cast.sub_admin).get_account(cast.accounts.high.pk)
    with pytest.raises(ResourceDoesNotExist):  # whom one may not see is nobody
        high.create_admin(cast.elsewhere.pk)
    with pytest.raises(BadRequest, match="Invalid role"):
        root.create_admin(cast.teacher.pk, role="TeacherEnrollment")
    foreign = Role.objects.get(root_account=cast.stranger.root_account, base_role="AccountAdmin")
    for role_id in (foreign.pk, 999999):
        with pytest.raises(ResourceDoesNotExist):
            root.create_admin(cast.teacher.pk, role_id=role_id)
    assert not AccountMembership.objects.filter(user=cast.teacher).exists()


def test_the_last_administrator_stays(cast: Cast, root: WireAccount):
    with pytest.raises(Conflict):
        root.delete_admin(cast.root_admin.pk)
    assert cast.root_admin.memberships.get().state == "active"


def test_one_gives_only_what_one_holds(cast: Cast, canvas):
    office = make_account_role(cast, "Office", "manage_account_memberships", "read_roster")
    make_admin(cast, cast.observer, cast.root, office)
    account = canvas(cast.observer).get_account(cast.root.pk)
    with pytest.raises(Forbidden):
        account.create_admin(cast.observer.pk)
    with pytest.raises(Forbidden):
        account.delete_admin(cast.deactivated_admin.pk)
    assert account.create_admin(cast.teacher.pk, role_id=office.pk)


# --- Accounts below ---


def test_a_sub_account_comes_and_goes(cast: Cast, root: WireAccount):
    made = root.create_subaccount({"name": "Arts", "sis_account_id": "arts"})
    assert (made.name, made.parent_account_id, made.root_account_id, made.sis_account_id) == (
        "Arts", cast.root.pk, cast.root.pk, "arts",
    )  # fmt: skip
    assert [one.name for one in root.get_subaccounts()] == ["High", "Elementary", "Arts"]
    assert made.delete()
    assert Account.objects.get(pk=made.id).state == "deleted"
    with pytest.raises(ResourceDoesNotExist):
        made.delete()


def test_all_accounts_below_come_in_pages(cast: Cast, root: WireAccount):
    for n in range(15):
        make_account(cast.accounts.science, f"Lab {n}")
    assert len(list(root.get_subaccounts(recursive=True, per_page=7))) == 18
    assert len(list(root.get_subaccounts())) == 2


def test_accounts_that_stay(cast: Cast, canvas):
    occupied = canvas(cast.root_admin).get_account(cast.accounts.high.pk)
    with pytest.raises(Conflict):
        occupied.delete()
    with pytest.raises(Forbidden):
        canvas(cast.sub_admin).get_account(cast.accounts.high.pk).delete()
    assert Account.objects.get(pk=cast.accounts.high.pk).state == "active"


@pytest.mark.parametrize("name", [" ", "x" * 300])
def test_a_sub_account_needs_a_name(root: WireAccount, name: str):
    before = Account.objects.count()
    with pytest.raises(BadRequest):
        root.create_subaccount({"name": name})
    assert Account.objects.count() == before


def test_sub_accounts_are_made_by_who_manages_the_account(cast: Cast, canvas):
    high = canvas(cast.sub_admin).get_account(cast.accounts.high.pk)
    assert high.create_subaccount({"name": "Arts"}).parent_account_id == cast.accounts.high.pk
    with pytest.raises(Forbidden):
        high.create_subaccount({"name": "Arts", "sis_account_id": "arts"})
    root = canvas(cast.sub_admin).get_account(cast.root.pk)
    with pytest.raises(Forbidden):
        root.create_subaccount({"name": "Arts"})
    with pytest.raises(Forbidden):
        list(root.get_subaccounts())
