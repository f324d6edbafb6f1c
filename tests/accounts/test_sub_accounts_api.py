"""Accounts below over REST: forms, pages, cost (contract §5.1, §5.2)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, make_account, make_account_role, make_admin

BELOW = "/api/v1/accounts/self/sub_accounts"
READ_ONLY = {
    "id", "name", "workflow_state", "parent_account_id", "root_account_id", "uuid",
    "default_time_zone",
}  # fmt: skip


def test_who_does_not_manage_an_account_gets_the_read_only_form(cast: Cast, rest):
    role = make_account_role(cast, "Reader", "read_roster")
    make_admin(cast, cast.observer, cast.root, role)
    [high, elementary] = rest(cast.observer).get(BELOW).json()
    assert set(high) == READ_ONLY
    assert (high["id"], elementary["id"]) == (cast.accounts.high.pk, cast.accounts.elementary.pk)
    full = rest(cast.root_admin).get(BELOW).json()[0]
    assert set(full) - READ_ONLY == {
        "default_storage_quota_mb", "default_user_storage_quota_mb",
        "default_group_storage_quota_mb", "sis_account_id", "integration_id", "sis_import_id",
    }  # fmt: skip


def test_only_the_recursive_list_has_no_last_page(cast: Cast, rest):
    for query, has_last in (("?per_page=1", True), ("?recursive=1&per_page=1", False)):
        answer = rest(cast.root_admin).get(BELOW + query)
        assert ('rel="next"' in answer["Link"], 'rel="last"' in answer["Link"]) == (True, has_last)
    assert 'rel="next"' not in rest(cast.root_admin).get(f"{BELOW}?recursive=1&page=9")["Link"]


def test_deleted_accounts_are_not_listed(cast: Cast, rest):
    type(cast.root).objects.filter(pk=cast.accounts.elementary.pk).update(state="deleted")
    assert [one["name"] for one in rest(cast.root_admin).get(BELOW).json()] == ["High"]


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({}, {"errors": [{"message": "account is missing"}]}),
        ({"account[name]": ""}, {"errors": {"name": [
            {"attribute": "name", "type": "blank", "message": "This field cannot be blank."}]}}),
        ({"account[name]": "Arts", "account[sis_account_id]": "high"}, {"errors": {
            "sis_account_id": [{"attribute": "sis_account_id", "type": "taken",
                                "message": "is already in use"}]}}),
    ],
)  # fmt: skip
def test_what_a_bad_account_is_told(cast: Cast, rest, given, body):
    type(cast.root).objects.filter(pk=cast.accounts.high.pk).update(sis_id="high")
    answer = rest(cast.root_admin).post(BELOW, given)
    assert (answer.status_code, answer.json()) == (400, body)


def test_an_account_elsewhere_is_not_removed_from_here(cast: Cast, rest):
    empty = make_account(cast.accounts.elementary, "Arts")
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/sub_accounts/{empty.pk}"
    assert rest(cast.root_admin).delete(url).status_code == 404
    for other in (cast.root.pk, cast.stranger.root_account_id, 999999):
        assert rest(cast.root_admin).delete(f"{BELOW}/{other}").status_code == 404
    gone = rest(cast.root_admin).delete(f"{BELOW}/{empty.pk}")
    assert (gone.status_code, gone.json()["workflow_state"]) == (200, "deleted")


def test_a_list_does_not_cost_more_with_more_accounts(cast: Cast, rest, django_assert_num_queries):
    client = rest(cast.root_admin)
    client.get(BELOW)
    with CaptureQueriesContext(connection) as few:
        client.get(BELOW)
    asked = len(few)
    for n in range(8):
        make_account(cast.root, f"School {n}")
    with django_assert_num_queries(asked):
        assert len(client.get(BELOW).json()) == 10
