"""A visitor becomes an observer (spec/pairing.md "Redeeming" 6)."""

from __future__ import annotations

import html
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from audit.models import Event
from pairing.models import ObservationLink, PairingCode, WrongGuesses
from tests.cast import PASSWORD, Cast

PAGE = "/register/observer"
OBSERVING = "/profile/observees"
STEP = "/register/observer/code"
LOST = "K7QDM-2XR9T"
PARENT = {"name": "Ruth Okafor", "email": "ruth@home.example", "password": "willow-under-rain"}


@pytest.fixture
def code(cast: Cast) -> str:
    return cast.code().shown


@pytest.fixture
def visitor(cast: Cast, signed_in: Any) -> Client:
    return signed_in(None)


@pytest.fixture
def holder(visitor: Client, code: str) -> Client:
    """A visitor who has typed in a live code."""
    visitor.post(STEP, {"code": code})
    return visitor


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _ruth() -> User | None:
    return User.objects.filter(login_id=PARENT["email"]).first()


# --- The code first ---


def test_the_code_is_asked_for_first(visitor: Client):
    page = _text(visitor.get(PAGE))
    assert 'name="code"' in page
    assert 'name="password"' not in page


def test_a_live_code_says_whom_it_is_for_by_first_name_and_last_initial(visitor: Client, code: str):
    page = _text(visitor.post(STEP, {"code": f"Type {code} in, please"}, follow=True))
    assert "The code is for <strong>Ada O.</strong>" in page
    assert "Okafor" not in page
    assert PairingCode.objects.live().count() == 1


@pytest.mark.parametrize(("typed", "said"), [(LOST, "This code doesn't work"), ("", "Type in")])
def test_another_code_is_an_error_at_the_field(visitor: Client, typed: str, said: str):
    answer = visitor.post(STEP, {"code": typed})
    assert answer.status_code == 422
    assert said in _text(answer)
    assert WrongGuesses.objects.filter(subject="address", count=1).exists() is bool(typed)


def test_the_code_is_kept_by_the_browser_alone(holder: Client, code: str):
    cookie = holder.cookies["pairing_code"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3600)
    assert code not in str([session.get_decoded() for session in Session.objects.all()])
    assert holder.get(PAGE).wsgi_request.get_full_path() == PAGE


def test_a_cookie_that_is_not_ours_is_no_code(visitor: Client):
    visitor.cookies["pairing_code"] = "WyJBIiwiQiJd:1:forged"
    assert 'name="code"' in _text(visitor.get(PAGE))


def test_another_code_can_be_used_instead(holder: Client):
    assert 'name="code"' in _text(holder.post("/register/observer/again", follow=True))


# --- Who they are ---


def test_account_link_and_sign_in_happen_together(cast: Cast, holder: Client):
    answer = holder.post(PAGE, PARENT, follow=True)
    ruth = _ruth()
    assert answer.redirect_chain == [("/profile/observees", 302)]
    assert holder.session["_auth_user_id"] == str(ruth.pk)
    assert (ruth.email, ruth.locale) == ("ruth@home.example", "en")
    assert ObservationLink.objects.active().get().observer == ruth
    assert Event.objects.filter(action="observer_registered", actor=ruth).exists()


def test_it_ends_on_a_page_that_says_that_all_is_done(cast: Cast, holder: Client):
    cast.set(school_site="https://northfield.example/")
    page = _text(holder.post(PAGE, PARENT, follow=True))
    assert "You are linked to Ada O." in page
    assert "Nothing more to do." in page
    assert 'href="https://northfield.example/"' in page
    assert "Add another child" in page
    assert "Nothing more to do." not in _text(holder.get("/profile/observees"))
    assert holder.cookies["pairing_code"].value == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Type in your name."),
        ("email", "ruth", "Enter a valid email address."),
        ("email", "", "Type in your e-mail address."),
        ("password", "short", "too short"),
        ("password", "12345678901", "entirely numeric"),
        ("password", "", "Choose a password."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(
    holder: Client, field: str, value: str, said: str
):
    answer = holder.post(PAGE, PARENT | {field: value})
    assert answer.status_code == 422
    assert said in _text(answer)
    assert PARENT["password"] not in _text(answer)
    assert (_ruth(), PairingCode.objects.live().count()) == (None, 1)


def test_the_terms_are_accepted_where_there_are_some(cast: Cast, holder: Client):
    cast.set(terms="Be kind.")
    assert "Be kind." in _text(holder.get(PAGE))
    answer = holder.post(PAGE, PARENT)
    assert answer.status_code == 422
    assert "Without accepting the terms you can't register." in _text(answer)
    holder.post(PAGE, PARENT | {"accepts_terms": "on"})
    assert _ruth().terms_accepted_at is not None


# --- Who has an account already ---


def test_an_email_that_has_an_account_leads_to_sign_in_with_the_code_kept(
    cast: Cast, holder: Client, code: str
):
    User.objects.filter(pk=cast.observer.pk).update(login_id="joy@home.example")
    User.objects.get(pk=cast.observer.pk).save()
    answer = holder.post(PAGE, PARENT | {"email": "JOY@home.example"}, follow=True)
    assert answer.redirect_chain[0][0].startswith("/login?next=")
    assert code not in str(answer.redirect_chain)
    assert "You have an account here already." in _text(answer)
    assert 'value="joy@home.example"' in _text(answer).lower()
    assert "Your pairing code for Ada O. is kept" in _text(answer)
    signed = holder.post("/login", {"login": "joy@home.example", "password": PASSWORD}, follow=True)
    assert f'value="{code}"' in signed.content.decode()


def test_with_a_dead_code_nothing_tells_who_has_an_account(cast: Cast, holder: Client):
    User.objects.filter(pk=cast.observer.pk).update(login_id="joy@home.example")
    User.objects.get(pk=cast.observer.pk).save()
    PairingCode.objects.update(state="revoked", ended_at="2026-01-01T00:00:00Z")
    cookie = holder.cookies["pairing_code"].value
    for given in (PARENT | {"email": "joy@home.example"}, PARENT, PARENT | {"email": "x"}):
        holder.cookies["pairing_code"] = cookie
        answer = holder.post(PAGE, given)
        assert answer.status_code == 422
        assert "This code doesn't work" in _text(answer)
        assert "account here already" not in _text(answer)


def test_who_is_signed_in_adds_the_student_on_observing(cast: Cast, signed_in: Any):
    client = signed_in(cast.observer)
    for answer in (client.get(PAGE), client.post(STEP, {"code": LOST}), client.post(PAGE, PARENT)):
        assert (answer.status_code, answer["Location"]) == (302, f"{OBSERVING}?registering=1")


def test_on_a_family_s_device_the_other_one_signs_out_and_registers(cast: Cast, signed_in: Any):
    client = signed_in(cast.student)
    assert "Not you?" not in _text(client.get(OBSERVING))
    page = _text(client.get(PAGE, follow=True))
    assert "You are signed in as <strong>Ada Okafor</strong>. Not you?" in page
    form = page[page.index('<form class="alert" method="post" action="/logout"') :]
    assert "csrfmiddlewaretoken" in form[: form.index("</form>")]
    assert f'name="next" value="{PAGE}"' in form
    out = client.post("/logout", {"next": PAGE}, follow=True)
    assert out.redirect_chain == [(PAGE, 302)]
    assert 'name="code"' in _text(out)
    assert not WrongGuesses.objects.exists()


# --- Off, and limits ---


def test_while_self_registration_is_off_there_is_no_form(cast: Cast, holder: Client, code: str):
    cast.set(self_registration="none", contact="Call 555-0100.")
    page = _text(holder.get(PAGE))
    assert "can't register by themselves at Northfield now" in page
    assert "Call 555-0100." in page
    assert "<form" not in page.split("<main")[1]
    assert holder.post(STEP, {"code": code}).status_code == 403
    assert holder.post(PAGE, PARENT).status_code == 403
    assert _ruth() is None


def test_an_address_has_a_limit(visitor: Client, code: str, settings: Any):
    settings.GUESSES_PER_ADDRESS_AND_HOUR = 3
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        for _ in range(3):
            visitor.post(STEP, {"code": LOST})
        answer = visitor.post(STEP, {"code": code})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "Try again in 60 minutes." in _text(answer)


def test_in_the_schools_own_network_each_browser_has_its_own_limit(
    cast: Cast, signed_in: Any, code: str
):
    cast.set(own_networks="127.0.0.0/8")
    one, other = signed_in(None), signed_in(None)
    for browser in (one, other):
        browser.get(PAGE)
    for _ in range(10):
        one.post(STEP, {"code": LOST})
    assert one.post(STEP, {"code": code}).status_code == 429
    assert other.post(STEP, {"code": code}).status_code == 302


def test_the_browsers_id_is_a_signed_cookie_for_thirty_days(visitor: Client):
    visitor.get(PAGE)
    cookie = visitor.cookies["pairing_browser"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == 30 * 24 * 3600
    before = cookie.value
    visitor.get(PAGE)
    assert visitor.cookies["pairing_browser"].value == before


def test_the_dead_code_of_the_second_step_counts_as_a_guess(holder: Client):
    PairingCode.objects.update(state="revoked", ended_at="2026-01-01T00:00:00Z")
    holder.post(PAGE, PARENT)
    assert WrongGuesses.objects.filter(subject="address", count=1).exists()


def test_a_code_of_another_school_is_no_code_here(visitor: Client, code: str):
    answer = visitor.post(STEP, {"code": code}, headers={"host": "southfield.localhost"})
    assert answer.status_code == 422


def test_all_that_is_wrong_is_told_at_once(cast: Cast, holder: Client):
    cast.set(terms="Be kind.")
    page = _text(holder.post(PAGE, {"name": "", "email": "ruth", "password": "short"}))
    for said in ("Type in your name.", "Enter a valid", "too short", "Without accepting the terms"):
        assert said in page
    assert _ruth() is None
