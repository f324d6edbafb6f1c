"""Observing: adding a student by code, the list, stopping."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pairing.actions import link
from pairing.cookies import KeptCode, keep_code
from pairing.models import ObservationLink, PairingCode, WrongGuesses
from tests.cast import Cast, make_account_role, make_admin, make_user

PAGE = "/profile/observees"


@pytest.fixture
def joy(cast: Cast, signed_in: Any) -> Client:
    return signed_in(cast.observer)


@pytest.fixture
def code(cast: Cast) -> str:
    return cast.code().shown


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_a_whole_pasted_sentence_links(joy: Client, code: str):
    answer = joy.post(PAGE, {"code": f"Hi Mum, my code is {code.lower()}. Love, Ada"}, follow=True)
    assert "You observe Ada Okafor now." in _text(answer)
    assert "Biology" in _text(answer)
    assert ObservationLink.objects.active().count() == 1


@pytest.mark.parametrize("typed", ["K7QDM-2XR9T", "nonsense", "'; DROP TABLE"])
def test_a_code_that_does_not_work_says_what_to_do(cast: Cast, joy: Client, typed: str):
    cast.set(contact="office@northfield.example")
    answer = joy.post(PAGE, {"code": typed})
    assert answer.status_code == 422
    assert "This code doesn't work" in _text(answer)
    assert "mailto:office@northfield.example" in _text(answer)
    assert f'value="{html.escape(typed)}"' in answer.content.decode()


@pytest.mark.parametrize("state", ["redeemed", "revoked", "superseded", "expired"])
def test_all_dead_codes_are_told_alike(cast: Cast, joy: Client, code: str, state: str):
    PairingCode.objects.update(
        state=state,
        ended_at=timezone.now(),
        redeemed_by=cast.classmate if state == "redeemed" else None,
    )
    dead, unknown = joy.post(PAGE, {"code": code}), joy.post(PAGE, {"code": "00000-00000"})
    assert dead.status_code == unknown.status_code == 422
    assert _without_tokens(dead).replace(code, "") == _without_tokens(unknown).replace(
        "00000-00000", ""
    )


def _without_tokens(response: Any) -> str:
    return re.sub(r"[A-Za-z0-9]{64}", "", _text(response))


def test_nothing_typed_is_said_at_the_field(joy: Client):
    answer = joy.post(PAGE, {"code": "  "})
    assert answer.status_code == 422
    assert "Type in the code that you were given." in _text(answer)
    assert not WrongGuesses.objects.exists()


def test_ones_own_code_is_for_somebody_else(cast: Cast, signed_in: Any, code: str):
    answer = signed_in(cast.student).post(PAGE, {"code": code})
    assert answer.status_code == 422
    assert "you sign out first, then they register with it or sign in as themself" in _text(answer)
    assert "Sign out and register" in _text(answer)
    assert PairingCode.objects.live().count() == 1


def test_already_linked_keeps_the_code_for_somebody_else(cast: Cast, joy: Client, code: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    answer = joy.post(PAGE, {"code": code}, follow=True)
    assert "You observe Ada Okafor already. The code was not used up" in _text(answer)
    assert PairingCode.objects.live().count() == 1


def test_too_many_guesses_say_when_to_try_again(joy: Client, code: str):
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        for _ in range(10):
            assert joy.post(PAGE, {"code": "K7QDM-2XR9T"}).status_code == 422
        answer = joy.post(PAGE, {"code": code})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "Try again in 60 minutes." in _text(answer)
    assert not ObservationLink.objects.exists()


def test_while_self_registration_is_off_there_is_no_form(cast: Cast, joy: Client, code: str):
    cast.set(self_registration="none")
    page = _text(joy.get(PAGE))
    assert 'name="code"' not in page
    assert "the school has switched it off" in page
    assert "You observe nobody yet" in page
    assert "Add a student with a pairing code" not in page
    refused = joy.post(PAGE, {"code": code})
    assert refused.status_code == 403
    assert "the school has switched it off" in _text(refused)
    assert PairingCode.objects.live().count() == 1


def test_acting_as_an_observer_lends_nothing(cast: Cast, signed_in: Any, code: str):
    """A helper who may act as people, but not manage observers, can't redeem for them."""
    helper = make_user(cast.root, "Hedda Moon")
    make_admin(cast, helper, cast.root, make_account_role(cast, "Helper", "become_user"))
    client = signed_in(helper)
    client.post(f"/users/{cast.observer.pk}/masquerade")
    page, refused = client.get(PAGE), client.post(PAGE, {"code": code})
    assert 'name="code"' not in _text(page)
    assert refused.status_code == 403
    for text in (_text(page), _text(refused)):
        assert "While acting as Joy Okafor you need “Users - manage observers”" in text
        assert "switched it off" not in text
        assert "Your role here does not include it" not in text
    assert not ObservationLink.objects.exists()


def test_stopping_says_what_happens_and_ends_the_link(cast: Cast, joy: Client):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    stop = f"{PAGE}/{ObservationLink.objects.get().pk}/stop"
    assert "you need a new code from Ada Okafor or the school" in _text(joy.get(PAGE))
    assert f'action="{stop}"' in _text(joy.get(PAGE))
    assert "You don't observe Ada Okafor any more." in _text(joy.post(stop, follow=True))
    assert not ObservationLink.objects.active().exists()


@pytest.mark.parametrize("who", ["student", "classmate", "teacher"])
def test_nobody_else_stops_it(cast: Cast, signed_in: Any, who: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    stop = f"{PAGE}/{ObservationLink.objects.get().pk}/stop"
    assert signed_in(getattr(cast, who)).post(stop).status_code == 404


def test_a_code_that_the_browser_keeps_is_filled_in(cast: Cast, joy: Client, code: str):
    _keep(cast, joy, code)
    page = joy.get(PAGE)
    assert f'value="{code}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert joy.post(PAGE, {"code": code}).cookies["pairing_code"].value == ""


def test_another_tenants_kept_code_is_none(cast: Cast, joy: Client, code: str):
    response = HttpResponse()
    keep_code(response, cast.stranger.root_account, KeptCode(code, "Ada O."))
    joy.cookies["pairing_code"] = response.cookies["pairing_code"].value
    assert code not in joy.get(PAGE).content.decode()


def _keep(cast: Cast, client: Client, code: str) -> None:
    response = HttpResponse()
    keep_code(response, cast.root, KeptCode(code, "Ada O."))
    client.cookies["pairing_code"] = response.cookies["pairing_code"].value


def test_a_name_that_nobody_has_does_not_mean_that_nobody_is_observed(cast: Cast, joy: Client):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    page = _text(joy.get(PAGE, {"q": "zzz"}))
    assert "Nobody whom you observe has this name." in page
    assert "You observe nobody yet" not in page
    assert "Add another student" in page


@pytest.mark.parametrize("typed", ["maria", "MARÍA", "jose garcia", "maria-jose", "gar"])
def test_a_name_is_found_however_it_is_spelt(cast: Cast, joy: Client, typed: str):
    student = make_user(cast.root, "María-José García")
    for each in (student, cast.student):
        link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=each)
    page = _text(joy.get(PAGE, {"q": typed}))
    assert "María-José García" in page
    assert "Ada Okafor" not in page


def test_many_students_come_in_pages_with_a_search_and_few_queries(
    cast: Cast, joy: Client, django_assert_max_num_queries: Any
):
    for n in range(27):
        student = make_user(cast.root, f"Child Number{n:02}")
        link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=student)
    joy.get(PAGE)
    with django_assert_max_num_queries(14):
        first = _text(joy.get(PAGE))
    assert "Child Number00" in first
    assert "Child Number26" not in first
    found = _text(joy.get(PAGE, {"q": "number26"}))
    assert "Child Number26" in found
    assert "Child Number00" not in found
