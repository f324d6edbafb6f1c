"""Every login of everyone in one table, kept by the database (accounts.login_triggers)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.login_triggers import drop_triggers, make_triggers
from accounts.models import Login, User
from tests.cast import PASSWORD, Cast, make_user


def logins(user: User) -> list[str]:
    return list(user.logins.order_by("pk").values_list("login_id", flat=True))


def further(user: User, login_id: str) -> Login:
    return Login.objects.create(root_account=user.root_account, user=user, login_id=login_id)


def test_everyone_has_their_own_login_there(cast: Cast):
    everyone = User.objects.values_list("pk", "login_id", "login_key")
    assert set(everyone) == set(Login.objects.values_list("user", "login_id", "login_key"))
    make_user(cast.root, "Nora New")
    made = [
        User(root_account=cast.root, login_id=name, login_key=name.lower(), name=name)
        for name in ("One", "Two")
    ]
    User.objects.bulk_create(made)
    assert Login.objects.filter(login_key__in=["nora.new", "one", "two"]).count() == 3


def test_a_login_goes_with_its_person(cast: Cast):
    ada = cast.student
    further(ada, "ada@example.org")
    User.objects.filter(pk=ada.pk).update(login_id="Ada", login_key="ada")
    assert logins(ada) == ["Ada", "ada@example.org"]
    User.objects.filter(pk=ada.pk).update(state="suspended")
    assert logins(ada) == ["Ada", "ada@example.org"]
    User.objects.filter(pk=ada.pk).update(state="deleted")
    assert logins(ada) == []
    User.objects.filter(pk=ada.pk).update(state="active")
    assert logins(ada) == ["Ada"]


def test_a_further_login_takes_the_place_of_the_own_one(cast: Cast):
    second = further(cast.student, "ada@example.org")
    ada = cast.student
    ada.login_id = "ADA@example.org"
    ada.save()
    assert list(ada.logins.values_list("pk", "login_id")) == [(second.pk, "ADA@example.org")]


def test_nobody_gets_a_login_that_anybody_has(cast: Cast):
    further(cast.student, "ada@example.org")
    for write in (
        lambda: further(cast.classmate, "ADA@example.org"),
        lambda: further(cast.classmate, "ada.okafor"),
        lambda: User(root_account=cast.root, login_id="ada@example.org", name="Imp").save(),
        lambda: User.objects.filter(pk=cast.classmate.pk).update(login_key="ada@example.org"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    further(cast.stranger, "ada@example.org")  # another tenant's
    User.objects.filter(pk=cast.student.pk).update(state="deleted")
    further(cast.classmate, "ada@example.org")


def test_each_login_signs_in_with_the_one_password(cast: Cast, client):
    further(cast.student, "Ada@Example.org")
    for login in ("ada.okafor", "ada@example.ORG"):
        response = client.post("/login", {"login": login, "password": PASSWORD})
        assert response.status_code == 302, login
        assert client.session["_auth_user_id"] == str(cast.student.pk)
        client.logout()


def test_people_are_found_by_each_login(cast: Cast, rest, signed_in):
    further(cast.student, "zebra")
    found = rest(cast.root_admin).get("/api/v1/users/sis_login_id:ZEBRA").json()
    assert found["id"] == cast.student.pk
    page = signed_in(cast.root_admin).get(f"/accounts/{cast.root.pk}/users?q=zeb").content
    assert b"Okafor" in page
    assert b"Ito" not in page
    page = signed_in(cast.teacher).get(f"/courses/{cast.courses.biology.pk}/users?q=zeb").content
    assert b"Okafor" in page
    assert b"Ito" not in page


def test_what_was_written_without_triggers_is_made_good(cast: Cast):
    """SQLite drops them when a migration rebuilds the table."""
    drop_triggers(connection)
    nora = make_user(cast.root, "Nora New")
    assert logins(nora) == []
    make_triggers(connection)
    assert logins(nora) == ["nora.new"]
    assert logins(make_user(cast.root, "Mei Lin")) == ["mei.lin"]
