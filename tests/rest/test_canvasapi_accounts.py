"""Accounts, roles, users and enrolments with the real `canvasapi` (contract §4 to §7)."""

from __future__ import annotations

import pytest
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist

from accounts.models import Account
from pairing.rules import ISSUE_ON_DETAILS
from permissions.models import Role
from permissions.policy import may
from permissions.table import bump
from tests.cast import Cast, enrol_in_many

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")


def test_an_administrator_switches_self_registration(cast: Cast, canvas):
    account = canvas(cast.root_admin).get_account(cast.root.pk)
    assert account.id == cast.root.pk
    assert account.update(account={"name": "Northgate", "settings": {"self_registration": "all"}})
    assert account.name == "Northgate"
    assert cast.fresh().settings.self_registration == "all"


def test_wrong_values_are_a_bad_request_and_nothing_is_written(cast: Cast, canvas):
    account = canvas(cast.root_admin).get_account(cast.root.pk)
    with pytest.raises(BadRequest):
        account.update(account={"name": "Northgate", "default_time_zone": "Mars/Olympus"})
    assert cast.fresh().name == "Northfield"


def test_a_sub_account_by_its_sis_id(cast: Cast, canvas):
    Account.objects.filter(pk=cast.accounts.high.pk).update(sis_id="high")
    account = canvas(cast.root_admin).get_account("high", use_sis_id=True)
    assert (account.id, account.sis_account_id) == (cast.accounts.high.pk, "high")


def test_the_accounts_of_an_administrator(cast: Cast, canvas):
    assert [one.id for one in canvas(cast.sub_admin).get_accounts()] == [cast.accounts.high.pk]
    assert [one.id for one in canvas(cast.root_admin).get_accounts()] == [cast.root.pk]
    assert not list(canvas(cast.teacher).get_accounts())
    cast.sub_admin.memberships.update(state="deleted")
    assert not list(canvas(cast.sub_admin).get_accounts())


def test_the_accounts_of_who_works_in_courses(cast: Cast, canvas):
    found = list(canvas(cast.teacher).get_course_accounts())
    assert {one.id for one in found} == {cast.accounts.high.pk, cast.accounts.science.pk}
    assert not hasattr(found[0], "default_storage_quota_mb")
    assert {canvas(cast.teacher).get_account(one.id).name for one in found} == {"High", "Science"}
    for person in (cast.student, cast.root_admin):
        assert not list(canvas(person).get_course_accounts())
    cast.enrolment(cast.ta, cast.courses.biology).delete()
    assert not list(canvas(cast.ta).get_course_accounts())


def test_the_accounts_in_which_courses_can_be_added(cast: Cast, rest):
    def names(person):
        return [one["name"] for one in rest(person).get("/api/v1/manageable_accounts").json()]

    assert names(cast.sub_admin) == ["High", "Science"]
    assert names(cast.teacher) == names(None) == []
    cast.override("AccountAdmin", "manage_courses_add", enabled=False)
    assert names(cast.sub_admin) == []


def test_there_are_no_settings_of_another_product(cast: Cast, rest):
    assert rest(cast.root_admin).get("/api/v1/accounts/self/settings").json() == {}


def test_giving_teachers_the_right_to_generate_codes_lets_them(cast: Cast, canvas):
    account = canvas(cast.root_admin).get_account(cast.root.pk)
    role = next(r for r in account.get_roles() if r.role == "TeacherEnrollment")
    key = "generate_observer_pairing_code"
    changed = account.update_role(role, permissions={key: {"explicit": True, "enabled": True}})
    assert changed.permissions[key] == {
        "enabled": True, "locked": False, "readonly": False, "explicit": True,
        "applies_to_self": True, "applies_to_descendants": True, "prior_default": False,
    }  # fmt: skip
    enrolment = cast.enrolment(cast.student, cast.courses.biology)
    assert may(cast.actor(cast.teacher), ISSUE_ON_DETAILS, enrolment)


def test_sending_back_what_was_read_changes_nothing(cast: Cast, canvas):
    cast.override("TeacherEnrollment", "read_roster", enabled=False, locked=True)
    account = canvas(cast.root_admin).get_account(cast.root.pk)
    role = account.get_role(cast.roles["TeacherEnrollment"].pk)
    assert account.update_role(role, permissions=role.permissions).permissions == role.permissions


def test_roles_are_for_who_manages_them(cast: Cast, canvas):
    account = canvas(cast.teacher).get_account(cast.root.pk)
    with pytest.raises(Forbidden):
        list(account.get_roles())


def test_many_roles_come_in_pages(cast: Cast, canvas):
    Role.objects.bulk_create(
        Role(root_account=cast.root, account=cast.root, label=f"Role {n}", base_role="TaEnrollment")
        for n in range(151)
    )
    bump(cast.root)
    roles = list(canvas(cast.root_admin).get_account(cast.root.pk).get_roles())
    assert len(roles) == 157
    assert [r.workflow_state for r in roles[:7]] == ["built_in"] * 6 + ["active"]


def test_many_enrolments_come_in_pages(cast: Cast, canvas):
    enrol_in_many(cast, cast.observer, 160)
    enrolments = list(canvas(cast.observer).get_current_user().get_enrollments())
    assert len({one.id for one in enrolments}) == 160


def test_who_cannot_be_seen_is_not_there(cast: Cast, canvas):
    with pytest.raises(ResourceDoesNotExist):
        canvas(cast.student).get_user(cast.elsewhere.pk)
    with pytest.raises(ResourceDoesNotExist):
        canvas(cast.root_admin).get_user(cast.stranger.pk)
