"""Administrators over REST, where the real client has no words (contract §5.5)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, make_account_role, make_admin, make_user

ADMINS = "/api/v1/accounts/self/admins"


def test_an_administrator_has_just_these_keys(cast: Cast, rest):
    [one] = rest(cast.root_admin).get(f"{ADMINS}?user_id[]={cast.root_admin.pk}").json()
    assert set(one) == {"id", "role", "role_id", "user", "workflow_state"}
    assert {"id", "name", "created_at", "sortable_name", "short_name"} <= set(one["user"])


def test_only_the_accounts_own_are_listed(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/admins"
    assert [one["user"]["id"] for one in rest(cast.root_admin).get(url).json()] == [
        cast.sub_admin.pk
    ]


def test_ones_own_roles(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/admins/self"
    [own] = rest(cast.sub_admin).get(url).json()
    assert own["role"] == "AccountAdmin"
    assert rest(cast.root_admin).get(url).json() == []
    assert rest(cast.student).get(f"{ADMINS}/self").json() == []


def test_people_are_named_in_any_form(cast: Cast, rest):
    make_admin(cast, cast.student, cast.root)
    for texts in (
        ["sis_user_id:s-ada"],
        [cast.student.pk, "sis_user_id:nobody"],
        ["uuid:x", 10**17, "self"],
    ):
        found = rest(cast.root_admin).get(ADMINS, {"user_id[]": texts}).json()
        assert len(found) == 1


@pytest.mark.parametrize("given", [{}, {"user_id": " "}])
def test_somebody_must_be_named(cast: Cast, rest, given):
    answer = rest(cast.root_admin).post(ADMINS, given)
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"message": "user_id is missing"}]}


def test_what_the_last_administrator_is_told(cast: Cast, rest):
    answer = rest(cast.root_admin).delete(f"{ADMINS}/self")
    assert answer.status_code == 409
    assert "must stay" in answer.json()["errors"][0]["message"]


def test_an_inactive_role_is_not_given(cast: Cast, rest):
    role = make_account_role(cast, "Counsellor")
    type(role).objects.filter(pk=role.pk).update(state="inactive")
    answer = rest(cast.root_admin).post(ADMINS, {"user_id": cast.ta.pk, "role_id": role.pk})
    assert answer.status_code == 400
    assert "inactive" in answer.json()["message"]


def test_a_list_does_not_cost_more_with_more_people(cast: Cast, rest, django_assert_num_queries):
    client = rest(cast.root_admin)
    client.get(ADMINS)
    with CaptureQueriesContext(connection) as few:
        client.get(ADMINS)
    asked = len(few)
    for n in range(8):
        make_admin(cast, make_user(cast.root, f"Person {n}"), cast.root)
    with django_assert_num_queries(asked):
        assert len(client.get(ADMINS).json()) == 10
