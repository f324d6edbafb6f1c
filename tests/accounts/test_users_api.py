"""Users over REST: who is there for whom, and what is told of them (contract §6.1, §6.2)."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.cast import Cast, make_account_role, make_admin, make_user

DETAILS = {
    "id", "name", "created_at", "sortable_name", "short_name", "first_name", "last_name",
    "locale", "effective_locale", "avatar_url", "permissions",
}  # fmt: skip
SIS = {"sis_user_id", "integration_id", "sis_import_id"}


def test_oneself(cast: Cast, rest):
    User.objects.filter(pk=cast.student.pk).update(email="ada@example.org")
    body = rest(cast.student).get("/api/v1/users/self").json()
    assert set(body) == DETAILS | {"email"}
    assert (body["name"], body["sortable_name"], body["first_name"], body["last_name"]) == (
        "Ada Okafor", "Okafor, Ada", "Ada", "Okafor",
    )  # fmt: skip
    assert body["created_at"].endswith("+00:00")
    assert body["email"] == "ada@example.org"
    assert body["permissions"] == {
        "can_update_name": True, "can_update_avatar": False, "limit_parent_app_web_access": False,
    }  # fmt: skip


def test_a_root_administrator_is_told_everything(cast: Cast, rest):
    body = rest(cast.root_admin).get(f"/api/v1/users/{cast.student.pk}?include[]=uuid").json()
    assert set(body) == DETAILS | SIS | {"login_id", "email", "uuid"}
    assert (body["sis_user_id"], body["login_id"]) == ("s-ada", "ada.okafor")
    assert body["permissions"]["can_update_name"] is False


def test_a_classmate_and_a_teacher_are_told_the_names(cast: Cast, rest):
    for person in (cast.classmate, cast.teacher, cast.ta):
        assert set(rest(person).get(f"/api/v1/users/{cast.student.pk}").json()) == DETAILS


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("read_sis", {"sis_user_id", "integration_id"}),
        ("manage_sis", SIS),
        ("view_user_logins", {"login_id"}),
        ("read_email_addresses", {"email"}),
    ],
)
def test_each_id_has_its_own_right(cast: Cast, rest, key: str, told: set[str]):
    role = make_account_role(cast, "Office", "read_roster", key)
    make_admin(cast, cast.observer, cast.root, role)
    body = rest(cast.observer).get(f"/api/v1/users/{cast.student.pk}").json()
    assert set(body) == DETAILS | told


def test_an_administrator_below_is_told_of_their_own_people(cast: Cast, rest):
    body = rest(cast.sub_admin).get(f"/api/v1/users/{cast.student.pk}").json()
    assert body["login_id"] == "ada.okafor"
    url = f"/api/v1/users/{cast.elsewhere.pk}"
    assert rest(cast.sub_admin).get(url).status_code == 404


@pytest.mark.parametrize(
    "form", ["sis_user_id:s-ada", "sis_login_id:ADA.okafor", "hex:sis_user_id:732d616461"]
)
def test_a_user_by_other_ids(cast: Cast, rest, form: str):
    assert rest(cast.teacher).get(f"/api/v1/users/{form}").json()["id"] == cast.student.pk


@pytest.mark.parametrize(
    "form",
    [
        "sis_user_id:x",
        "hex:sis_user_id:zz",
        "hex:sis_user_id:00",
        "uuid:x",
        "lti_user_id:x",
        "-1",
        "٣",
    ],
)
def test_a_form_that_names_nobody(cast: Cast, rest, form: str):
    assert rest(cast.root_admin).get(f"/api/v1/users/{form}").status_code == 404


def test_who_cannot_be_seen_is_not_there(cast: Cast, rest):
    make_user(cast.root, "Nobody Sees")
    for hidden in (cast.elsewhere, cast.root_admin, cast.stranger):
        answer = rest(cast.student).get(f"/api/v1/users/{hidden.pk}")
        assert answer.status_code == 404
        assert answer.json() == {"errors": [{"message": "The specified resource does not exist."}]}


def test_who_was_deleted_is_not_there_and_a_suspended_person_is(cast: Cast, rest):
    url = f"/api/v1/users/{cast.classmate.pk}"
    User.objects.filter(pk=cast.classmate.pk).update(state="suspended")
    assert rest(cast.root_admin).get(url).status_code == 200
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    assert rest(cast.root_admin).get(url).status_code == 404


def test_acting_as_someone_one_is_that_person(cast: Cast, rest):
    client = rest(cast.root_admin)
    body = client.get(f"/api/v1/users/self?as_user_id={cast.observer.pk}").json()
    assert body["id"] == cast.observer.pk
    assert "login_id" not in body
    hidden = f"/api/v1/users/{cast.student.pk}?as_user_id={cast.observer.pk}"
    assert client.get(hidden).status_code == 404
