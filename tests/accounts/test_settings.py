"""User Settings: one's own, and read-only for whoever acts as the person."""

import pytest
from django import forms
from django.test import Client
from django.test.html import parse_html

from accounts.actions import replace_password
from accounts.credentials import Credential
from accounts.forms import PlainSelect
from accounts.models import User
from accounts.tokens import make_token
from audit.models import Event
from oauth.actions.sessions import SessionRefused, make_session_token, open_session
from oauth.models import DeveloperKey, Integration
from tests.cast import PASSWORD

ABOUT = {
    "form": "about",
    "name": "Ada B. Okafor",
    "short_name": "Ada",
    "sortable_name": "Okafor, Ada B.",
    "locale": "es",
    "time_zone": "Europe/Madrid",
}


@pytest.fixture
def own(cast, signed_in):
    return signed_in(cast.student)


@pytest.fixture
def acting(cast, signed_in):
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.student.pk}/masquerade")
    return client


def send(client, **data):
    return client.post("/profile/settings", data)


@pytest.mark.parametrize("chosen", ["", "Etc/GMT-1", "<b>", None, "Mars"])
def test_a_long_select_is_drawn_as_any_other(chosen: str | None) -> None:
    choices = [("", "None"), ("<b>", 'A "b" & c'), ("Etc/GMT-1", "Etc/GMT-1"), (1, "One")]
    drawn = [
        str(widget(choices=choices, attrs={"id": "x", "required": True}).render("zone", chosen))
        for widget in (PlainSelect, forms.Select)
    ]
    assert parse_html(drawn[0]) == parse_html(drawn[1])
    assert drawn[0].count("selected") == (chosen != "Mars")


def test_names_language_and_time_zone_are_saved(cast, own):
    assert send(own, **ABOUT).status_code == 302
    cast.student.refresh_from_db()
    assert cast.student.short_name == "Ada"
    assert cast.student.time_zone == "Europe/Madrid"
    assert own.cookies["django_language"].value == "es"
    event = Event.objects.get(action="settings_changed")
    assert event.data["before"]["name"] == "Ada Okafor"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 256), ("locale", "xx"), ("time_zone", "Mars/Olympus")],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(cast, own, field, value):
    response = send(own, **(ABOUT | {field: value}))
    assert response.status_code == 422
    assert "Okafor, Ada B." in response.content.decode()
    cast.student.refresh_from_db()
    assert cast.student.short_name == "Ada Okafor"


def test_an_email_is_changed_with_the_current_password(cast, own):
    send(own, form="email", email="ada@x.example", current_password=PASSWORD)
    cast.student.refresh_from_db()
    assert cast.student.email == "ada@x.example"


@pytest.mark.parametrize("password", ["", "wrong"])
def test_without_the_current_password_email_and_password_stay(cast, own, password):
    email = send(own, form="email", email="ada@x.example", current_password=password)
    new = send(own, form="password", password="my-very-own-horse", current_password=password)
    assert (email.status_code, new.status_code) == (422, 422)
    cast.student.refresh_from_db()
    assert cast.student.email == ""
    assert cast.student.check_password(PASSWORD)


def test_the_current_password_can_not_be_guessed_for_long(cast, own):
    for _ in range(5):
        send(own, form="email", email="ada@x.example", current_password="wrong")
    response = send(own, form="email", email="ada@x.example", current_password=PASSWORD)
    assert "too many tries" in response.content.decode()


def test_a_new_password_ends_other_sessions_and_not_this_one(cast, own, signed_in):
    other = signed_in(cast.student)
    send(own, form="password", password="my-very-own-horse", current_password=PASSWORD)
    assert own.get("/profile/settings").status_code == 200
    assert other.get("/profile/settings").status_code == 302


def _acted_for(cast) -> Integration:
    key, _ = DeveloperKey.objects.get_or_create(root_account=cast.root, name="App")
    return Integration.objects.create(root_account=cast.root, user=cast.student, key=key)


def test_a_new_password_ends_applications_too(cast, own):
    """Whoever lost their phone changes their password; the app on it is a device as well."""
    integration = _acted_for(cast)
    credential = Credential(token_id=make_token(cast.student, "app")[0].pk)
    address = make_session_token(
        actor=cast.actor(cast.student), credential=credential, return_to="/"
    )
    send(own, form="password", password="my-very-own-horse", current_password=PASSWORD)
    integration.refresh_from_db()
    assert integration.ended_at is not None
    with pytest.raises(SessionRefused):
        open_session(actor=cast.actor(None), text=address)


def test_so_does_one_that_others_give(cast, rest):
    login = cast.student.logins.get()
    paths = (
        lambda: rest(cast.root_admin).put(
            f"/api/v1/accounts/self/logins/{login.pk}", {"login[password]": "my-very-own-horse"}
        ),
        lambda: replace_password(
            actor=cast.actor(cast.root_admin), user=User.objects.get(pk=cast.student.pk)
        ),
    )
    for give in paths:
        integration = _acted_for(cast)
        give()
        integration.refresh_from_db()
        assert integration.ended_at is not None
        Integration.objects.all().delete()


def test_a_weak_password_is_refused(cast, own):
    response = send(own, form="password", password="ada.okafor", current_password=PASSWORD)
    assert response.status_code == 422


def test_an_unknown_form_changes_nothing(own):
    assert send(own, form="state", state="deleted").status_code == 200


def test_no_field_beyond_the_form_s_can_be_set(cast, own):
    send(own, **ABOUT, login_id="root", sis_id="x", state="suspended", root_account="2")
    cast.student.refresh_from_db()
    assert (cast.student.login_id, cast.student.sis_id) == ("ada.okafor", "s-ada")


@pytest.mark.parametrize(
    "data",
    [
        ABOUT,
        {"form": "email", "email": "x@x.example", "current_password": PASSWORD},
        {"form": "password", "password": "my-very-own-horse", "current_password": PASSWORD},
    ],
    ids=["about", "email", "password"],
)
def test_acting_as_someone_changes_none_of_it(cast, acting, data):
    before = User.objects.values().get(pk=cast.student.pk)
    assert send(acting, **data).status_code == 403
    assert User.objects.values().get(pk=cast.student.pk) == before


def test_acting_as_someone_shows_it_and_says_why_it_stays(cast, acting):
    text = acting.get("/profile/settings").content.decode()
    assert "While you act as Ada Okafor" in text
    assert 'name="form"' not in text


def test_a_student_finds_pairing_here(own):
    text = own.get("/profile/settings").content.decode()
    assert "Pair with observer" in text
    assert "Who observes me" in text


def test_the_page_takes_few_statements(own, django_assert_max_num_queries):
    own.get("/profile/settings")
    with django_assert_max_num_queries(15):
        own.get("/profile/settings")


# --- Language ---


def test_the_language_of_a_visitor_is_kept_in_the_browser(cast):
    client = Client()
    response = client.post("/language", {"language": "es", "next": "/login"})
    assert response.headers["Location"] == "/login"
    assert 'lang="es"' in client.get("/login").content.decode()


def test_the_language_of_a_person_is_kept_with_them(cast, own, signed_in):
    own.post("/language", {"language": "es", "next": "/"})
    cast.student.refresh_from_db()
    assert cast.student.locale == "es"
    assert 'lang="es"' in signed_in(cast.student).get("/").content.decode()


def test_acting_as_someone_does_not_change_their_language(cast, acting):
    acting.post("/language", {"language": "es", "next": "/"})
    cast.student.refresh_from_db()
    assert cast.student.locale == ""


@pytest.mark.parametrize("code", ["xx", "", "../../x"])
def test_an_unknown_language_changes_nothing(own, code):
    response = own.post("/language", {"language": code, "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
    assert "django_language" not in response.cookies
