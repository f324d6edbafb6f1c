"""REST: which permissions there are, what for, and what the caller holds (contract §4.2, §4.3)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from courses.models import Course
from permissions.catalogue import GROUPS, PERMISSIONS
from permissions.grants import held_keys
from tests.cast import Cast, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"


# --- The catalogue ---


def test_permissions_are_listed_without_pages(cast: Cast, rest):
    found = rest(cast.root_admin).get("/api/v1/accounts/self/roles/permissions").json()
    assert [one["key"] for one in found] == list(PERMISSIONS)
    by_key = {one["key"]: one for one in found}
    assert by_key["become_user"] == {
        "key": "become_user", "label": "Users - act as",
        "available_to": ["AccountAdmin", "AccountMembership"], "true_for": ["AccountAdmin"],
    }  # fmt: skip
    assert by_key["add_student_to_course"]["group"] == "manage_course_student_enrollments"
    assert by_key["add_student_to_course"]["group_label"] == "Users - Students"


def test_below_the_root_only_what_can_be_set_there(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/roles/permissions"
    assert "become_user" not in [one["key"] for one in rest(cast.sub_admin).get(url).json()]


@pytest.mark.parametrize("term", ["Pairing", "generate_observer"])
def test_permissions_are_found_by_label_and_key(cast: Cast, rest, term: str):
    url = "/api/v1/accounts/self/roles/permissions"
    found = rest(cast.root_admin).get(url, {"search_term": term}).json()
    assert [one["key"] for one in found] == [GENERATE]


def test_groups_tell_what_they_are_about(cast: Cast, rest):
    found = rest(cast.student).get("/api/v1/permissions/groups").json()
    assert set(found) == set(GROUPS)
    assert all(
        set(group) - {"course_subtitle"} == {"label", "subtitle"} for group in found.values()
    )
    assert found["manage_courses"]["label"] == "Manage Courses"
    assert "add" in found["manage_courses"]["subtitle"].split(", ")
    assert "add" not in found["manage_courses"]["course_subtitle"].split(", ")


def test_help_tells_what_a_permission_allows(cast: Cast, rest):
    for context in ("account", "course"):
        found = rest(cast.student).get(f"/api/v1/permissions/{context}/{GENERATE}/help").json()
        assert set(found) == {"details", "considerations"}
        assert {"title", "description"} == set(found["details"][0])
    without = rest(cast.student).get("/api/v1/permissions/course/manage_wiki_create/help")
    assert without.json() == {"details": [], "considerations": []}


@pytest.mark.parametrize("path", ["account/frobnicate", "planet/become_user"])
def test_no_help_for_what_there_is_not(cast: Cast, rest, path: str):
    assert rest(cast.student).get(f"/api/v1/permissions/{path}/help").status_code == 404


# --- What the caller holds ---


def held(rest, person, place, *keys, **more):
    url = f"/api/v1/{place}/permissions"
    return rest(person).get(url, {"permissions[]": list(keys)} | more).json()


def test_the_apps_ask_everyone_who_signs_in(cast: Cast, rest):
    assert held(rest, cast.root_admin, "accounts/self", "become_user") == {"become_user": True}
    assert held(rest, cast.observer, "accounts/self", "become_user") == {"become_user": False}


def test_what_there_is_not_is_nobodys(cast: Cast, rest):
    assert held(rest, cast.root_admin, "accounts/self", "frobnicate", "read_roster") == {
        "frobnicate": False, "read_roster": True,
    }  # fmt: skip


def test_in_an_account_only_what_administrators_hold_there(cast: Cast, rest):
    high, science = cast.accounts.high, cast.accounts.science
    cast.override("AccountAdmin", "read_sis", enabled=False, account=high, applies_to_self=False)
    cast.override("AccountAdmin", "read_reports", account=science)
    for account in (high, science):
        answer = held(rest, cast.sub_admin, f"accounts/{account.pk}", "read_sis", "become_user")
        assert answer == {"read_sis": False, "become_user": False}
    assert held(rest, cast.teacher, f"accounts/{high.pk}", "read_roster") == {"read_roster": False}
    for account, user in ((cast.accounts.elementary, cast.teacher), (high, cast.student)):
        url = f"/api/v1/accounts/{account.pk}/permissions"
        assert rest(user).get(url).status_code == 403


def test_in_a_course_what_its_roles_and_the_accounts_give(cast: Cast, rest):
    biology = f"courses/{cast.courses.biology.pk}"
    asked = ("read_roster", "manage_grades", GENERATE)
    assert held(rest, cast.teacher, biology, *asked) == {
        "read_roster": True, "manage_grades": True, GENERATE: False,
    }  # fmt: skip
    assert held(rest, cast.sub_admin, biology, GENERATE) == {GENERATE: True}
    assert held(rest, cast.student, biology, "manage_grades") == {"manage_grades": False}
    Course.objects.filter(pk=cast.courses.biology.pk).update(end_at=timezone.now())
    assert held(rest, cast.teacher, biology, *asked) == {
        "read_roster": True, "manage_grades": False, GENERATE: False,
    }  # fmt: skip


def test_without_a_question_all_that_is_held(cast: Cast, rest):
    role = make_account_role(cast, "Reader", "read_roster", "read_sis")
    make_admin(cast, cast.observer, cast.accounts.high, role)
    assert held(rest, cast.observer, f"accounts/{cast.accounts.high.pk}") == {
        "read_roster": True, "read_sis": True,
    }  # fmt: skip


def test_while_acting_what_both_hold(cast: Cast, rest):
    for who, answer in ((cast.student, False), (cast.sub_admin, True)):
        more = {"as_user_id": who.pk}
        place = f"courses/{cast.courses.biology.pk}"
        assert held(rest, cast.root_admin, place, "view_user_logins", **more) == {
            "view_user_logins": answer
        }


@pytest.mark.parametrize("course", ["999999", "sis_course_id:none", "frobnicate"])
def test_a_course_that_is_not_there(cast: Cast, rest, course: str):
    assert rest(cast.root_admin).get(f"/api/v1/courses/{course}/permissions").status_code == 404


def test_who_may_do_nothing_holds_nothing(cast: Cast):
    for person in (None, cast.deactivated_admin):
        assert held_keys(cast.actor(person), {"read_roster"}, cast.root.path) == set()


def test_many_questions_cost_as_much_as_one(cast: Cast, rest, django_assert_max_num_queries):
    client = rest(cast.teacher)
    url = f"/api/v1/courses/{cast.courses.biology.pk}/permissions"
    client.get(url)
    with django_assert_max_num_queries(6):
        client.get(url, {"permissions[]": list(PERMISSIONS)})
