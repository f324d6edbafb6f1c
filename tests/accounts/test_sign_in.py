"""Signing in and out: per tenant, limited, and nowhere else than here."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from pairing.cookies import KeptCode, keep_code
from tests.cast import PASSWORD, Cast, make_user

WRONG = "This login and password don&#x27;t go together."


def sign_in(client, login, password=PASSWORD, **more):
    return client.post("/login", {"login": login, "password": password}, **more)


def signed_in_as(client):
    return client.session.get("_auth_user_id")


def change(user, **fields):
    User.objects.filter(pk=user.pk).update(**fields)


def test_login_id_and_password_sign_in(cast, client):
    response = sign_in(client, " ADA.okafor ")
    assert response.headers["Location"] == "/"
    assert signed_in_as(client) == str(cast.student.pk)


def test_a_login_counts_in_its_own_tenant_only(cast, client):
    namesake = make_user(cast.stranger.root_account, "Ada Okafor")
    sign_in(client, "ada.okafor", headers={"host": "southfield.localhost"})
    assert signed_in_as(client) == str(namesake.pk)


def test_someone_of_another_tenant_can_not_sign_in_here(cast, client):
    response = sign_in(client, cast.stranger.login_id)
    assert WRONG in response.content.decode()
    assert signed_in_as(client) is None


def test_a_session_of_another_tenant_is_refused_here(cast, signed_in):
    client = signed_in(cast.stranger)
    assert (
        client.get("/profile/settings", headers={"host": "southfield.localhost"}).status_code == 200
    )
    assert client.get("/profile/settings").status_code == 302
    assert signed_in_as(client) is None


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_who_is_suspended_or_deleted_can_not_sign_in(cast, client, state):
    change(cast.student, state=state)
    assert WRONG in sign_in(client, "ada.okafor").content.decode()
    assert signed_in_as(client) is None


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_a_session_ends_when_its_person_is_suspended_or_deleted(cast, signed_in, state):
    client = signed_in(cast.student)
    change(cast.student, state=state)
    assert client.get("/profile/settings").status_code == 302
    assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"one_time_password_until": timezone.now() - timedelta(minutes=1)},
        {"password": "!none"},
        {"state": "suspended"},
    ],
    ids=["wrong", "expired one-time password", "no password", "suspended"],
)
def test_every_refusal_says_the_same(cast, client, fields):
    change(cast.student, **fields)
    password = PASSWORD if "one_time_password_until" in fields else "wrong"
    refused = sign_in(client, "ada.okafor", password).content.decode()
    unknown = sign_in(Client(), "nobody.atall", password).content.decode()
    assert _alert(refused) == _alert(unknown)


def _alert(page):
    start = page.index('role="alert"')
    return page[start : page.index("</ul>", start)]


def test_the_sixth_wrong_try_in_five_minutes_is_not_even_looked_at(cast, client):
    for _ in range(5):
        sign_in(client, "ada.okafor", "wrong")
    response = sign_in(client, "ada.okafor")
    assert "too many wrong tries" in response.content.decode()
    assert signed_in_as(client) is None


def test_the_limit_of_one_tenant_is_not_another_s(cast, client):
    namesake = make_user(cast.stranger.root_account, "Ada Okafor")
    for _ in range(5):
        sign_in(client, "ada.okafor", "wrong")
    sign_in(client, "ada.okafor", headers={"host": "southfield.localhost"})
    assert signed_in_as(client) == str(namesake.pk)


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/profile/settings", "/profile/settings"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("http://southfield.localhost/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_next_leads_nowhere_else_than_to_this_host(cast, client, wanted, led_to):
    data = {"login": "ada.okafor", "password": PASSWORD, "next": wanted}
    assert client.post("/login", data).headers["Location"] == led_to


def test_a_code_that_was_typed_before_leads_to_observing(cast, client):
    _keep(cast, client)
    page = client.get("/login").content.decode()
    assert "Your pairing code for Ada O. is kept." in page
    assert "K7QDM" not in page
    assert sign_in(client, "joy.okafor").headers["Location"] == "/profile/observees"


def test_no_code_is_promised_where_none_is_redeemed_any_more(cast, client):
    _keep(cast, client)
    cast.set(self_registration="none")
    assert "is kept" not in client.get("/login").content.decode()
    assert sign_in(client, "joy.okafor").headers["Location"] == "/"


def test_the_code_is_kept_through_a_wrong_password(cast, client):
    _keep(cast, client)
    assert "is kept" in sign_in(client, "joy.okafor", "wrong").content.decode()
    assert sign_in(client, "joy.okafor").headers["Location"] == "/profile/observees"


def _keep(cast, client):
    from django.http import HttpResponse

    response = HttpResponse()
    keep_code(response, cast.root, KeptCode("K7QDM2XR9T", "Ada O."))
    client.cookies.update(response.cookies)


def test_signing_out_takes_a_post(cast, signed_in):
    client = signed_in(cast.student)
    assert client.get("/logout").status_code == 200
    assert signed_in_as(client) is not None
    assert client.post("/logout").headers["Location"] == "/"
    assert signed_in_as(client) is None


def test_signing_out_takes_a_kept_code_along(cast, client, signed_in):
    joy = signed_in(cast.observer)
    _keep(cast, joy)
    joy.post("/logout")
    assert "is kept" not in joy.get("/login").content.decode()


def test_nobody_signs_up_where_allauth_would(cast, client):
    assert client.post("/signup", {"username": "x", "password1": PASSWORD}).status_code == 302
    assert not User.objects.filter(login_id="x").exists()


# --- One-time passwords ---


@pytest.fixture
def newcomer(cast):
    change(cast.student, one_time_password_until=timezone.now() + timedelta(days=1))
    cast.student.refresh_from_db()
    return cast.student


@pytest.mark.parametrize("typed", ["K7qd-m2xr-9tab", " k7qd-m2xr-9tab "])
def test_a_one_time_password_may_be_typed_as_phones_do(newcomer, client, typed):
    newcomer.set_password("k7qd-m2xr-9tab")
    newcomer.save()
    client.post("/login", {"login": "ada.okafor", "password": typed})
    assert signed_in_as(client) == str(newcomer.pk)


def test_in_a_password_of_ones_own_capitals_matter(cast, client):
    client.post("/login", {"login": "ada.okafor", "password": PASSWORD.title()})
    assert signed_in_as(client) is None


@pytest.mark.parametrize("path", ["/", "/profile/settings", "/courses", "/nowhere"])
def test_the_first_sign_in_leads_to_choosing_a_password_and_nowhere_else(newcomer, signed_in, path):
    assert signed_in(newcomer).get(path).headers["Location"] == "/password/choose"


def test_a_chosen_password_replaces_the_one_time_one(newcomer, signed_in, client):
    browser = signed_in(newcomer)
    response = browser.post("/password/choose", {"password": "my-very-own-horse"})
    assert response.headers["Location"] == "/"
    assert browser.get("/profile/settings").status_code == 200
    newcomer.refresh_from_db()
    assert newcomer.one_time_password_until is None
    assert newcomer.check_password("my-very-own-horse")
    assert Event.objects.filter(action="password_changed", subject=newcomer).exists()


@pytest.mark.parametrize("password", ["", "short", "12345678901", "ada.okafor", PASSWORD])
def test_a_weak_or_the_same_password_is_not_taken(newcomer, signed_in, password):
    response = signed_in(newcomer).post("/password/choose", {"password": password})
    assert response.status_code == 422
    newcomer.refresh_from_db()
    assert newcomer.one_time_password_until is not None


def test_choosing_is_for_one_time_passwords_only(cast, signed_in):
    response = signed_in(cast.student).get("/password/choose")
    assert response.headers["Location"] == "/profile/settings"


def test_spellings_of_one_login_share_one_count_of_failures(cast: Cast, signed_in):
    browser = signed_in(None)
    spellings = ["ada.okafor", "ADA.okafor", "\uff41da.okafor"]
    for n in range(6):
        browser.post("/login", {"login": spellings[n % 3], "password": "wrong"})
    browser.post("/login", {"login": "ada.\uff4fkafor", "password": PASSWORD})
    assert "_auth_user_id" not in browser.session


def test_an_address_that_one_person_has_signs_in_and_a_shared_one_does_not(cast: Cast, signed_in):
    type(cast.observer).objects.filter(pk=cast.observer.pk).update(email="joy@home.example")
    browser = signed_in(None)
    browser.post("/login", {"login": "Joy@Home.example", "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(cast.observer.pk)
    type(cast.observer).objects.filter(pk=cast.student.pk).update(email="joy@home.example")
    other = signed_in(None)
    other.post("/login", {"login": "joy@home.example", "password": PASSWORD})
    assert "_auth_user_id" not in other.session
