"""Logins over REST (contract §8.1), and the built-in sign-in provider (§5.3)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import replace_password
from accounts.models import Login, User
from audit.models import Event
from tests.cast import PASSWORD, Cast, make_account_role, make_admin, make_user

NEW_PASSWORD = "another-horse-battery"
TAKEN = {
    "attribute": "unique_id",
    "type": "taken",
    "message": "ID already in use for this account and authentication provider",
}


def signs_in(login: str, password: str = PASSWORD) -> bool:
    return Client().post("/login", {"login": login, "password": password}).status_code == 302


@pytest.fixture
def add(cast: Cast, rest):
    def post(by: User = cast.root_admin, whom: User = cast.student, **login):
        body = {"user": {"id": whom.pk}, "login": login}
        return rest(by).post(f"/api/v1/accounts/{cast.root.pk}/logins", body, format="json")

    return post


@pytest.fixture
def edit(cast: Cast, rest):
    def put(login: Login, by: User = cast.root_admin, **given):
        url = f"/api/v1/accounts/{cast.root.pk}/logins/{login.pk}"
        return rest(by).put(url, {"login": given}, format="json")

    return put


@pytest.fixture
def remove(cast: Cast, rest):
    def delete(login: Login, by: User = cast.root_admin):
        return rest(by).delete(f"/api/v1/users/{login.user_id}/logins/{login.pk}")

    return delete


def own(user: User) -> Login:
    return Login.objects.get(user=user, login_key=User.objects.get(pk=user.pk).login_key)


def test_other_ids_need_the_right_to_them(cast: Cast, edit) -> None:
    role = make_account_role(cast, "Helpers", "read_roster", "manage_user_logins")
    make_admin(cast, cast.teacher, cast.root, role)
    for given in ({"integration_id": "x"}, {"sis_user_id": "x"}):
        assert edit(own(cast.student), cast.teacher, **given).status_code == 403
    cast.student.refresh_from_db()
    assert (cast.student.integration_id, cast.student.sis_id) == (None, "s-ada")


def test_the_last_account_admin_keeps_their_password(cast: Cast, edit) -> None:
    """As on their page: a second one whose password is from a slip does not count."""
    make_admin(cast, cast.ta, cast.root)
    given = {"password": NEW_PASSWORD}
    replace_password(actor=cast.actor(cast.root_admin), user=cast.ta)
    assert edit(own(cast.root_admin), cast.ta, **given).status_code == 403
    assert edit(own(cast.ta), **given).status_code == 200
    assert edit(own(cast.root_admin), cast.ta, **given).status_code == 200


def test_the_logins_of_a_person(cast: Cast, add, rest):
    assert add(unique_id="Ada@x.example").status_code == 200
    body = rest(cast.root_admin).get(f"/api/v1/users/{cast.student.pk}/logins").json()
    assert set(body[0]) == {
        "id", "user_id", "account_id", "unique_id", "sis_user_id", "integration_id",
        "authentication_provider_id", "authentication_provider_type", "workflow_state",
        "declared_user_type", "created_at",
    }  # fmt: skip
    assert [(one["unique_id"], one["sis_user_id"]) for one in body] == [
        ("ada.okafor", "s-ada"), ("Ada@x.example", None),
    ]  # fmt: skip
    by_account = f"/api/v1/accounts/{cast.accounts.high.pk}/logins?user[id]=sis_user_id:s-ada"
    assert rest(cast.root_admin).get(by_account).json() == body
    mine = rest(cast.student).get("/api/v1/users/self/logins").json()
    assert "sis_user_id" not in mine[0]
    assert len(mine) == 2
    at = f"/api/v1/accounts/{cast.accounts.elementary.pk}/logins?user[id]={cast.student.pk}"
    assert rest(cast.root_admin).get(at).status_code == 404
    assert rest(cast.root_admin).get(by_account.partition("?")[0]).status_code == 400


def test_who_sees_them(cast: Cast, rest):
    url = f"/api/v1/users/{cast.student.pk}/logins"
    for role, status in (("view_user_logins", 200), ("manage_user_logins", 200), ("read_sis", 403)):
        person = make_user(cast.root, f"Person {role}")
        make_admin(cast, person, cast.root, make_account_role(cast, role, "read_roster", role))
        assert rest(person).get(url).status_code == status


def test_a_list_of_logins_costs_the_same(cast: Cast, rest, django_assert_max_num_queries):
    for n in range(20):
        Login.objects.create(root_account=cast.root, user=cast.student, login_id=f"ada{n}")
    client = rest(cast.root_admin)
    for count in (1, 20):
        with django_assert_max_num_queries(10):
            answer = client.get(f"/api/v1/users/{cast.student.pk}/logins?per_page={count}")
        assert len(answer.json()) == count


def test_a_further_login_signs_in(cast: Cast, add):
    assert add(unique_id="Zebra").json()["unique_id"] == "Zebra"
    assert signs_in("zebra")
    assert signs_in("ada.okafor")
    assert Event.objects.get(action="login_added").data == {"login": "Zebra"}


def test_nobody_gets_a_login_that_somebody_has(cast: Cast, add, edit):
    add(whom=cast.classmate, unique_id="Zebra")
    for text in ("ZEBRA", "ben.ito", "ada.okafor"):
        answer = add(unique_id=text)
        assert (answer.status_code, answer.json()["errors"]["unique_id"]) == (400, [TAKEN])
    assert edit(own(cast.student), unique_id="zebra").json()["errors"]["unique_id"] == [TAKEN]
    second = Login.objects.create(root_account=cast.root, user=cast.student, login_id="ada2")
    assert edit(second, unique_id="ada.okafor").status_code == 400
    assert edit(own(cast.student), unique_id="ada2").status_code == 400
    assert cast.student.logins.count() == 2


@pytest.mark.parametrize(
    ("login", "field"),
    [
        ({"unique_id": ""}, None),
        ({"unique_id": "ﷺ" * 200}, "unique_id"),
        ({"unique_id": "x", "password": "short"}, "password"),
        ({"unique_id": "x", "sis_user_id": "other"}, "sis_user_id"),
        ({"unique_id": "x", "authentication_provider_id": 77}, "authentication_provider_id"),
        ({"unique_id": "x", "workflow_state": "asleep"}, "workflow_state"),
        ({"unique_id": {"a": 1}}, None),
    ],
)
def test_what_is_wrong_with_a_new_login(cast: Cast, add, login, field):
    answer = add(**login)
    assert answer.status_code == 400
    assert field is None or field in answer.json()["errors"]
    assert cast.student.logins.count() == 1


def test_by_existing_ids(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.root.pk}/logins"
    client = rest(cast.root_admin)
    for n, whose in enumerate(
        ({"existing_sis_user_id": "s-ada"}, {"user": {"existing_user_id": cast.student.pk}})
    ):
        body = {"login": {"unique_id": f"ada{n}"}} | whose
        assert client.post(url, body, format="json").json()["user_id"] == cast.student.pk
    assert client.post(url, {"login": {"unique_id": "x"}}, format="json").status_code == 400
    at = f"/api/v1/accounts/{cast.accounts.high.pk}/logins"
    body = {"login": {"unique_id": "x"}, "user": {"id": cast.student.pk}}
    assert client.post(at, body, format="json").status_code == 404


def test_another_text_password_and_sis_id(cast: Cast, edit, signed_in):
    page = signed_in(cast.student)
    answer = edit(
        own(cast.student), unique_id="ada.l", password=NEW_PASSWORD, sis_user_id="s-ada-2"
    )
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["unique_id"], answer.json()["sis_user_id"]) == ("ada.l", "s-ada-2")
    assert signs_in("ada.l", NEW_PASSWORD)
    assert not signs_in("ada.okafor", NEW_PASSWORD)
    assert page.get("/profile/settings").status_code == 302
    assert User.objects.get(pk=cast.student.pk).login_id == "ada.l"


def test_a_password_needs_the_right_to_act_as_the_person(cast: Cast, add, edit):
    office = cast.observer
    make_admin(cast, office, cast.root, make_account_role(cast, "Office", "manage_user_logins"))
    login = own(cast.student)
    assert edit(login, office, unique_id="a", password=NEW_PASSWORD).status_code == 403
    assert add(office, unique_id="a", password=NEW_PASSWORD).status_code == 403
    assert [one.login_id for one in cast.student.logins.all()] == ["ada.okafor"]
    assert edit(login, office, sis_user_id="x").status_code == 403
    assert edit(login, office, unique_id="a").status_code == 200
    assert edit(own(cast.root_admin), office, unique_id="b").status_code == 403
    assert edit(own(cast.root_admin), password=NEW_PASSWORD).status_code == 403  # one's own
    fresh = make_user(cast.root, "Nora New")
    fresh.set_unusable_password()
    fresh.save()
    assert edit(own(fresh), office, password=NEW_PASSWORD).status_code == 200
    assert signs_in("nora.new", NEW_PASSWORD)


def test_suspending_by_a_login(cast: Cast, edit):
    assert edit(own(cast.student), workflow_state="suspended").json()["workflow_state"] == (
        "suspended"
    )
    assert not signs_in("ada.okafor")
    assert edit(own(cast.student), workflow_state="active").json()["workflow_state"] == "active"
    assert signs_in("ada.okafor")
    assert edit(own(cast.root_admin), workflow_state="suspended").status_code == 403


def test_removing_a_login(cast: Cast, add, remove):
    second = Login.objects.get(pk=add(unique_id="Zebra").json()["id"])
    first = own(cast.student)
    assert remove(first, cast.sub_admin).status_code == 403
    answer = remove(first)
    assert (answer.status_code, answer.json()["workflow_state"]) == (200, "deleted")
    assert answer.json()["unique_id"] == "ada.okafor"
    assert User.objects.get(pk=cast.student.pk).login_id == "Zebra"
    assert list(cast.student.logins.all()) == [second]
    assert signs_in("zebra")
    assert not signs_in("ada.okafor")
    refused = remove(second)
    assert refused.status_code == 400
    assert "last login" in refused.json()["errors"][0]["message"]
    assert remove(first).status_code == 404
    third = Login.objects.get(pk=add(unique_id="third").json()["id"])
    assert remove(third).status_code == 200
    assert own(cast.student) == second


def test_a_login_of_somebody_mightier_is_not_removed(cast: Cast, remove):
    office = cast.observer
    role = make_account_role(cast, "Office", "read_roster", "manage_user_logins")
    make_admin(cast, office, cast.root, role)
    for person, status in ((cast.student, 200), (cast.root_admin, 403)):
        second = Login.objects.create(
            root_account=cast.root, user=person, login_id=f"second{person.pk}"
        )
        assert remove(second, office).status_code == status
        assert Login.objects.filter(pk=second.pk).exists() is (status == 403)


def test_a_login_of_somebody_else_is_not_there(cast: Cast, rest, edit):
    url = f"/api/v1/users/{cast.student.pk}/logins/{own(cast.classmate).pk}"
    assert rest(cast.root_admin).delete(url).status_code == 404
    assert edit(own(cast.stranger), unique_id="x").status_code == 404
    url = f"/api/v1/accounts/{cast.root.pk}/logins/abc"
    assert rest(cast.root_admin).put(url, {}, format="json").status_code == 404


# --- The provider ---


@pytest.fixture
def providers(cast: Cast) -> str:
    return f"/api/v1/accounts/{cast.root.pk}/authentication_providers"


def test_the_built_in_provider_holds_self_registration(cast: Cast, rest, providers):
    client = rest(cast.root_admin)
    [provider] = client.get(providers).json()
    assert (provider["auth_type"], provider["self_registration"]) == ("canvas", "observer")
    for text, kind in (("all", "all"), ("false", "none"), ("true", "all")):
        url = f"{providers}/{provider['id']}"
        body = client.put(url, {"self_registration": text}, format="json").json()
        assert body["self_registration"] == kind
        assert cast.fresh().settings.self_registration == kind
    assert Event.objects.filter(action="settings_changed").count() == 3
    wrong = client.put(f"{providers}/canvas", {"self_registration": "some"}, format="json")
    assert "self_registration" in wrong.json()["errors"]
    assert client.put(f"{providers}/canvas", {"position": 2}, format="json").status_code == 200
    assert client.get(f"{providers}/ldap").status_code == 404


def test_there_is_no_other_provider_and_this_one_stays(cast: Cast, rest, providers):
    client = rest(cast.root_admin)
    for kind in ("canvas", "ldap", ""):
        assert client.post(providers, {"auth_type": kind}, format="json").status_code == 400
    refused = client.delete(f"{providers}/canvas")
    assert refused.status_code == 400
    assert "can't be removed" in refused.json()["errors"][0]["message"]


def test_the_provider_is_for_who_manages_the_settings(cast: Cast, rest, providers):
    for person in (cast.sub_admin, cast.teacher):
        assert rest(person).get(providers).status_code == 403
        answer = rest(person).put(f"{providers}/canvas", {"self_registration": "all"})
        assert answer.status_code == 403
    assert cast.fresh().settings.self_registration == "observer"


def test_the_environment_is_told_to_everyone_signed_in(cast: Cast, rest):
    body = rest(cast.student).get("/api/v1/settings/environment").json()
    assert body == {"open_registration": False}
