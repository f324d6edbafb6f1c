"""Accounts over REST: what is shown to whom, and what may be changed (contract §5)."""

from __future__ import annotations

import pytest

from accounts.models import Account
from audit.models import Event
from tests.cast import Cast, make_account_role, make_admin

READ_ONLY = {
    "id", "name", "parent_account_id", "root_account_id", "workflow_state", "uuid",
    "default_time_zone",
}  # fmt: skip
LIFETIME = "observer_pairing_code_lifetime_hours"
FULL = READ_ONLY | {
    "default_storage_quota_mb", "default_user_storage_quota_mb", "default_group_storage_quota_mb",
}  # fmt: skip


@pytest.fixture
def put(cast: Cast, rest):
    def put(values, by=None, account="self"):
        url = f"/api/v1/accounts/{account}"
        return rest(by or cast.root_admin).put(url, {"account": values}, format="json")

    return put


# --- Reading ---


def test_the_root_account_in_the_read_only_form_for_everyone(cast: Cast, rest):
    for person in (cast.student, cast.observer, cast.sub_admin):
        body = rest(person).get("/api/v1/accounts/self").json()
        assert set(body) == READ_ONLY
        assert (body["id"], body["parent_account_id"], body["root_account_id"]) == (
            cast.root.pk, None, None,
        )  # fmt: skip


def test_who_manages_the_account_gets_the_full_form(cast: Cast, rest):
    assert set(rest(cast.root_admin).get("/api/v1/accounts/self").json()) == FULL
    high = f"/api/v1/accounts/{cast.accounts.high.pk}"
    body = rest(cast.root_admin).get(high).json()
    assert set(body) == FULL | {"sis_account_id", "integration_id", "sis_import_id"}
    assert (body["parent_account_id"], body["root_account_id"]) == (cast.root.pk, cast.root.pk)
    # SIS ids are the root's to tell.
    assert set(rest(cast.sub_admin).get(high).json()) == FULL


def test_a_sub_account_is_for_who_administers_it_or_works_in_a_course_of_it(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}"
    for person, status in (
        (cast.sub_admin, 200), (cast.neighbour_admin, 403), (cast.designer, 200),
        (cast.student, 403), (cast.observer, 403),
    ):  # fmt: skip
        assert rest(person).get(url).status_code == status
    assert "default_storage_quota_mb" not in rest(cast.designer).get(url).json()
    place = cast.enrolment(cast.designer, cast.courses.biology)
    type(place).objects.filter(pk=place.pk).update(state="inactive")
    assert rest(cast.designer).get(url).status_code == 403


@pytest.mark.parametrize(
    "account", ["999999", "x", str(2**63), "9" * 30, "9" * 5000, "sis_account_id:no"]
)
def test_an_unknown_account(cast: Cast, rest, account: str):
    answer = rest(cast.root_admin).get(f"/api/v1/accounts/{account}")
    assert answer.status_code == 404
    assert answer.json() == {"errors": [{"message": "The specified resource does not exist."}]}


def test_an_account_of_another_tenant_is_not_there(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.stranger.root_account_id}"
    assert rest(cast.root_admin).get(url).status_code == 404
    assert rest(cast.root_admin).put(url, {"account[name]": "Mine"}).status_code == 404


def test_registration_settings_when_asked_for(cast: Cast, rest):
    cast.set(terms="Be kind.")
    url = "/api/v1/accounts/self?includes[]=registration_settings"
    body = rest(cast.student).get(url).json()
    assert (body["login_handle_name"], body["terms_required"]) == (None, True)


# --- Terms of service ---


def test_visitors_read_the_terms_and_who_may_register(cast: Cast, rest):
    answer = rest(None).get(f"/api/v1/accounts/{cast.root.pk}/terms_of_service")
    assert answer.json() == {
        "id": cast.root.pk, "terms_type": "no_terms", "passive": True, "account_id": cast.root.pk,
        "content": None, "self_registration_type": "observer",
    }  # fmt: skip
    cast.set(terms="Be kind.", self_registration="none")
    body = rest(None).get("/api/v1/accounts/self/terms_of_service").json()
    assert (body["passive"], body["content"], body["self_registration_type"]) == (
        False, "Be kind.", "none",
    )  # fmt: skip


def test_the_terms_of_another_tenants_account_are_not_there(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.stranger.root_account_id}/terms_of_service"
    assert rest(None).get(url).status_code == 404


# --- Changing ---


def test_name_time_zone_and_settings_in_one(cast: Cast, put):
    settings = {
        "self_registration": "all",
        "observer_pairing_code_lifetime_hours": 24,
        "mobile_qr_login_is_enabled": False,
    }
    answer = put({"name": "Northgate", "default_time_zone": "America/Denver", "settings": settings})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["default_time_zone"]) == (
        "Northgate", "America/Denver",
    )  # fmt: skip
    held = cast.fresh().settings
    assert (held.self_registration, held.code_lifetime_hours, held.qr_sign_in) == (
        "all", 24, False,
    )  # fmt: skip
    assert Event.objects.filter(action="settings_changed", real_actor=cast.root_admin).count() == 2


@pytest.mark.parametrize(("given", "kept"), [(True, "all"), (False, "none"), ("NONE", "none")])
def test_self_registration_as_older_clients_send_it(cast: Cast, put, given, kept: str):
    put({"settings": {"self_registration": given}})
    assert cast.fresh().settings.self_registration == kept


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"default_time_zone": "Mars"}, "default_time_zone"),
        ({"settings": {"self_registration": "teachers"}}, "self_registration"),
        ({"settings": {LIFETIME: 0}}, LIFETIME),
        ({"settings": {LIFETIME: 721}}, LIFETIME),
        ({"settings": {LIFETIME: "week"}}, LIFETIME),
        ({"settings": {"mobile_qr_login_is_enabled": "maybe"}}, "mobile_qr_login_is_enabled"),
        ({"sis_account_id": "root"}, "sis_account_id"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_and_nothing_is_written(cast: Cast, put, values, field: str):
    before = cast.fresh()
    answer = put({"default_time_zone": "Europe/Paris"} | values)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"][field]
    assert set(error) == {"attribute", "type", "message"}
    assert error["attribute"] == field
    assert cast.fresh().time_zone == before.time_zone
    assert Event.objects.count() == 2  # the two root accounts


def test_every_wrong_value_is_named_at_once(cast: Cast, put):
    body = put({"name": "", "settings": {"self_registration": "x"}}).json()
    assert set(body["errors"]) == {"name", "self_registration"}


def test_no_account_to_change(cast: Cast, rest):
    answer = rest(cast.root_admin).put("/api/v1/accounts/self", {"name": "x"})
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"message": "account is missing"}]}


def test_settings_are_the_root_accounts(cast: Cast, put):
    answer = put({"settings": {"self_registration": "all"}}, account=cast.accounts.high.pk)
    assert answer.status_code == 400
    assert cast.fresh().settings.self_registration == "observer"


def test_settings_that_we_do_not_know_are_ignored(cast: Cast, put):
    assert put({"settings": {"lock_all_announcements": True}}).status_code == 200


def test_only_who_manages_the_account_changes_it(cast: Cast, put):
    assert put({"name": "Mine"}, by=cast.teacher).status_code == 403
    assert put({"name": "Mine"}, by=cast.sub_admin).status_code == 403
    high = cast.accounts.high.pk
    assert put({"name": "Upper"}, by=cast.neighbour_admin, account=high).status_code == 403
    assert put({"name": "Upper"}, by=cast.sub_admin, account=high).status_code == 200
    assert Account.objects.get(pk=high).name == "Upper"


def test_each_field_has_its_own_right(cast: Cast, put):
    role = make_account_role(cast, "SIS office", "manage_sis")
    make_admin(cast, cast.observer, cast.root, role)
    high = cast.accounts.high.pk
    both = {"name": "Upper", "sis_account_id": "high"}
    assert put(both, by=cast.observer, account=high).status_code == 403
    assert put(both, by=cast.sub_admin, account=high).status_code == 403
    assert put({"sis_account_id": "high"}, by=cast.observer, account=high).status_code == 200
    assert Account.objects.get(pk=high).sis_id == "high"


def test_a_sis_id_is_there_once_and_can_be_cleared(cast: Cast, put):
    high, elementary = cast.accounts.high.pk, cast.accounts.elementary.pk
    put({"sis_account_id": "one"}, account=high)
    answer = put({"sis_account_id": "one", "name": "E"}, account=elementary)
    assert answer.status_code == 400
    assert answer.json()["errors"]["sis_account_id"][0]["type"] == "taken"
    assert put({"sis_account_id": ""}, account=high).json()["sis_account_id"] is None
    assert put({"sis_account_id": "one"}, account=elementary).status_code == 200


def test_acting_as_an_administrator_lends_nothing(cast: Cast, rest):
    role = make_account_role(cast, "Stand-in", "become_user")
    make_admin(cast, cast.observer, cast.root, role)
    plain = make_account_role(cast, "Nothing")
    make_admin(cast, cast.ta, cast.root, plain)
    url = "/api/v1/accounts/self"
    given = {"account[name]": "Mine", "as_user_id": cast.ta.pk}
    assert rest(cast.observer).put(url, given).status_code == 403
    assert rest(cast.root_admin).put(url, given).status_code == 403
