"""A person changed, suspended and deleted over REST, their profile and settings (§6.2, §6.4)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions.people import delete_person, suspend
from accounts.models import AccessToken, Login, User
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import link
from pairing.models import ObservationLink, PairingCode
from permissions.actions.administrators import LastAdministrator
from permissions.models import AccountMembership
from permissions.policy import Denied
from tests.cast import PASSWORD, Cast, make_account_role, make_admin, make_user

FIELDS = {"name": "Ada Lovelace", "time_zone": "Asia/Tokyo", "locale": "es"}


@pytest.fixture
def change(cast: Cast, rest):
    def put(by: User, whom: User | str = cast.student, **user):
        who = whom if isinstance(whom, str) else whom.pk
        return rest(by).put(f"/api/v1/users/{who}", {"user": user}, format="json")

    return put


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def manager(cast: Cast, *keys: str) -> User:
    """Joy, with just these permissions in the root account beside managing logins."""
    role = make_account_role(cast, "Office", "manage_user_logins", *keys)
    make_admin(cast, cast.observer, cast.root, role)
    return cast.observer


# --- Changing ---


def test_oneself(cast: Cast, change):
    answer = change(cast.student, "self", **FIELDS, bio="ignored")
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert (body["name"], body["sortable_name"]) == ("Ada Lovelace", "Lovelace, Ada")
    assert (body["locale"], body["time_zone"], body["avatar_url"]) == ("es", "Asia/Tokyo", None)
    assert body["email"] is None
    told = Event.objects.get(action="person_changed")
    assert told.data["before"]["name"] == "Ada Okafor"


def test_names_of_their_own_stay(cast: Cast, change):
    change(cast.student, short_name="Addie")
    body = change(cast.student, name="Ada Lovelace").json()
    assert (body["short_name"], body["sortable_name"]) == ("Addie", "Lovelace, Ada")


def test_one_forbidden_field_denies_all(cast: Cast, change):
    assert change(cast.student, name="New", email="new@x.example").status_code == 403
    assert change(cast.student, name="New", event="suspend").status_code == 403
    assert fresh(cast.student).name == "Ada Okafor"
    # What one has read may be sent back.
    assert change(cast.student, name="New", email="").status_code == 200


def test_nobody_else_without_the_right(cast: Cast, change):
    for person in (cast.sub_admin, cast.teacher, cast.classmate):
        assert change(person, **FIELDS).status_code == 403
    assert change(cast.classmate, f"sis_user_id:{cast.student.sis_id}", name="x").status_code == 403
    assert change(cast.elsewhere, "sis_user_id:s-ada", name="x").status_code == 404
    assert change(cast.root_admin, cast.stranger, name="x").status_code == 404


def test_an_address_is_changed_by_who_may_act_as_the_person(cast: Cast, change):
    office = manager(cast)
    assert change(office, email="a@x.example").status_code == 403
    assert change(office, name="Ada O").status_code == 200
    assert change(cast.root_admin, email="a@x.example").json()["email"] == "a@x.example"
    new = make_user(cast.root, "Nora New")
    new.set_unusable_password()
    new.save()
    assert change(office, new, email="n@x.example").status_code == 200


def test_nobody_changes_who_holds_more(cast: Cast, change, rest):
    office = manager(cast, "become_user")
    for given in ({"name": "x"}, {"email": "x@x.example"}, {"event": "suspend"}):
        assert change(office, cast.root_admin, **given).status_code == 403
    url = f"/api/v1/accounts/{cast.root.pk}/users/{cast.root_admin.pk}"
    assert rest(office).delete(url).status_code == 403
    assert fresh(cast.root_admin).state == "active"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"email": "nowhere"}, "email"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"locale": "tlh"}, "locale"),
        ({"event": "explode"}, "event"),
    ],
)
def test_wrong_values_are_named_and_nothing_is_written(cast: Cast, change, given, field):
    answer = change(cast.root_admin, **({"short_name": "A"} | given))
    assert answer.status_code == 400
    assert answer.json()["errors"][field][0]["attribute"] == field
    assert fresh(cast.student).short_name == "Ada Okafor"


def test_terms_are_accepted_by_oneself(cast: Cast, change):
    assert change(cast.root_admin, terms_of_use=True).status_code == 403
    assert fresh(cast.student).terms_accepted_at is None
    assert change(cast.student, terms_of_use="1").status_code == 200
    assert fresh(cast.student).terms_accepted_at is not None
    assert change(cast.student, terms_of_use=[1]).status_code == 400


# --- Suspending ---


def test_suspending_ends_sessions_and_tokens_for_good(cast: Cast, change, rest, signed_in):
    page, client = signed_in(cast.student), rest(cast.student)
    assert change(cast.root_admin, event="suspend").status_code == 200
    assert fresh(cast.student).state == "suspended"
    assert client.get("/api/v1/users/self").status_code == 401
    assert change(cast.root_admin, event="suspend").status_code == 200  # again: nothing new
    assert change(cast.root_admin, event="unsuspend").status_code == 200
    assert fresh(cast.student).state == "active"
    revoked = client.get("/api/v1/users/self")
    assert revoked.json()["errors"][0]["message"] == "Revoked access token."
    assert page.get("/profile/settings").status_code == 302
    told = Event.objects.filter(subject=cast.student).values_list("action", flat=True)
    assert [*told].count("person_suspended") == [*told].count("suspension_lifted") == 1
    answer = Client().post("/login", {"login": "ada.okafor", "password": PASSWORD})
    assert answer.status_code == 302
    assert Enrolment.objects.filter(user=cast.student, state="active").count() == 2


def test_nobody_suspends_or_deletes_themself(cast: Cast, change, rest):
    make_admin(cast, cast.sub_admin, cast.root)
    assert change(cast.root_admin, cast.root_admin, event="suspend").status_code == 403
    url = f"/api/v1/accounts/{cast.root.pk}/users/self"
    assert rest(cast.root_admin).delete(url).status_code == 403
    acting = cast.actor(cast.root_admin, acting_as=cast.sub_admin)
    for action in (suspend, delete_person):
        with pytest.raises(Denied):
            action(actor=acting, person=cast.sub_admin)


def test_the_last_account_admin_stays(cast: Cast):
    """Somebody who holds as much, but signs in with a handed-out password only."""
    other = make_user(cast.root, "Second Admin")
    make_admin(cast, other, cast.root)
    User.objects.filter(pk=other.pk).update(one_time_password_until="2999-01-01T00:00:00Z")
    for action in (suspend, delete_person):
        with pytest.raises(LastAdministrator):
            action(actor=cast.actor(fresh(other)), person=cast.root_admin)
    User.objects.filter(pk=other.pk).update(one_time_password_until=None)
    assert suspend(actor=cast.actor(fresh(other)), person=cast.root_admin)


def test_the_last_account_admin_stays_over_rest(cast: Cast, change, rest):
    other = make_user(cast.root, "Second Admin")
    make_admin(cast, other, cast.root)
    User.objects.filter(pk=other.pk).update(one_time_password_until="2999-01-01T00:00:00Z")
    said = change(other, cast.root_admin, event="suspend", name="x")
    assert said.status_code == 400
    assert "last Account Admin" in said.json()["errors"][0]["message"]
    assert fresh(cast.root_admin).name != "x"
    url = f"/api/v1/accounts/{cast.root.pk}/users/{cast.root_admin.pk}"
    assert rest(other).delete(url).status_code == 400


# --- Deleting ---


@pytest.fixture
def delete(cast: Cast, rest):
    def delete(whom: User, by: User = cast.root_admin, account=cast.root):
        return rest(by).delete(f"/api/v1/accounts/{account.pk}/users/{whom.pk}")

    return delete


def test_a_deleted_student_leaves_nothing_open(cast: Cast, delete, rest):
    admin = cast.actor(cast.root_admin)
    link(actor=admin, observer=cast.observer, student=cast.student)
    code, client = cast.code(), rest(cast.student)
    assert Enrolment.objects.filter(associated_user=cast.student, state="active").count() == 2
    answer = delete(cast.student)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["status"], body["user"]["id"]) == (
        cast.student.pk, "deleted", cast.student.pk,
    )  # fmt: skip
    assert fresh(cast.student).state == "deleted"
    assert not Login.objects.filter(user=cast.student).exists()
    assert not AccessToken.objects.filter(user=cast.student, revoked_at=None).exists()
    assert client.get("/api/v1/users/self").status_code == 401
    assert not Enrolment.objects.exclude(state="deleted").filter(user=cast.student).exists()
    beside = Enrolment.objects.filter(associated_user=cast.student)
    assert set(beside.values_list("state", flat=True)) == {"deleted"}
    assert ObservationLink.objects.get().state == "deleted"
    assert PairingCode.objects.get(student=cast.student).state == "revoked"
    tried = rest(cast.observer).post(
        "/api/v1/users/self/observees", {"pairing_code": code.text}, format="json"
    )
    assert tried.status_code == 422
    told = set(Event.objects.filter(subject=cast.student).values_list("action", flat=True))
    assert {"person_deleted", "link_removed", "code_revoked"} <= told
    assert delete(cast.student).status_code == 404
    assert not delete_person(actor=cast.actor(cast.root_admin), person=cast.student)
    assert Event.objects.filter(action="person_deleted").count() == 1


def test_a_deleted_observer_and_administrator(cast: Cast, delete):
    link(actor=cast.actor(cast.root_admin), observer=cast.sub_admin, student=cast.student)
    assert delete(cast.sub_admin).status_code == 200
    assert AccountMembership.objects.get(user=cast.sub_admin).state == "deleted"
    assert ObservationLink.objects.get().state == "deleted"
    assert set(Enrolment.objects.filter(user=cast.sub_admin).values_list("state", flat=True)) == {
        "deleted"
    }
    assert Enrolment.objects.filter(user=cast.student, state="active").count() == 2
    assert Event.objects.filter(action="administrator_removed").count() == 1
    again = make_user(cast.root, "Hugo Stern")  # the login is free
    assert again.login_id == "hugo.stern"


def test_who_is_not_of_the_account_is_not_there(cast: Cast, delete):
    assert delete(cast.elsewhere, account=cast.accounts.high).status_code == 404
    assert delete(cast.student, account=cast.accounts.high).status_code == 200
    assert delete(cast.classmate, by=cast.sub_admin).status_code == 403
    assert delete(cast.stranger).status_code == 404


# --- Profile and settings ---


def test_one_s_own_profile(cast: Cast, rest):
    body = rest(cast.student).get("/api/v1/users/self/profile").json()
    assert set(body) == {
        "id", "name", "created_at", "short_name", "sortable_name", "login_id", "avatar_url",
        "pronouns", "title", "bio", "primary_email", "time_zone", "locale", "effective_locale",
        "calendar", "lti_user_id",
    }  # fmt: skip
    assert (body["login_id"], body["time_zone"]) == ("ada.okafor", "UTC")


def test_a_profile_for_others(cast: Cast, rest):
    url = f"/api/v1/users/{cast.student.pk}/profile"
    body = rest(cast.classmate).get(url).json()
    assert body["login_id"] is None
    assert not {"primary_email", "calendar", "sis_user_id"} & set(body)
    body = rest(cast.root_admin).get(url).json()
    assert (body["login_id"], body["sis_user_id"], body["primary_email"]) == (
        "ada.okafor", "s-ada", None,
    )  # fmt: skip
    assert rest(cast.elsewhere).get(url).status_code == 404


def test_settings_are_kept(cast: Cast, rest):
    url = "/api/v1/users/self/settings"
    client = rest(cast.student)
    assert set(client.get(url).json().values()) == {False}
    body = client.put(url, {"collapse_global_nav": "1", "unknown": "1"}, format="json").json()
    assert body["collapse_global_nav"] is True
    assert "unknown" not in body
    client.put(url, {"manual_mark_as_read": True}, format="json")
    body = rest(cast.root_admin).get(f"/api/v1/users/{cast.student.pk}/settings").json()
    assert [name for name, value in body.items() if value] == [
        "manual_mark_as_read", "collapse_global_nav",
    ]  # fmt: skip
    assert client.put(url, {"collapse_global_nav": "perhaps"}, format="json").status_code == 400
    url = f"/api/v1/users/{cast.student.pk}/settings"
    assert rest(cast.teacher).get(url).status_code == 403
