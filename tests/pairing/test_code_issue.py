"""“Pair with observer”: nothing is made before it is asked for; shown once, kept nowhere."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session
from audit.models import Event
from pairing.models import PairingCode
from tests.cast import Cast

DOOR = "/profile/settings/pair"
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


@pytest.fixture
def ada(cast: Cast, signed_in: Any) -> Client:
    return signed_in(cast.student)


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def test_opening_it_makes_no_code(ada: Client):
    page = _text(ada.get(DOOR))
    assert "Make a code" in page
    assert "lives 7 days" in page
    assert not PairingCode.objects.exists()


def test_the_code_is_shown_in_two_groups_and_spelled_out(ada: Client):
    page = ada.post(DOOR).content.decode()
    code = CODE.search(page)[0]
    assert f"<span>{code[:5]}</span>" in page
    assert ", ".join([*code[:5], "hyphen", *code[6:]]) in page
    assert PairingCode.objects.get().hint == code[-2:]


def test_the_code_is_in_that_one_answer_and_nowhere_else(ada: Client, caplog: Any):
    response = ada.post(DOOR)
    code = CODE.search(response.content.decode())[0]
    assert "no-store" in response["Cache-Control"]
    later = [ada.get(url).content.decode() for url in ("/profile/settings", DOOR)]
    sessions = [session.get_decoded() for session in Session.objects.all()]
    kept = [
        *later,
        str(response.headers),
        str(sessions),
        str([*Event.objects.values()]),
        caplog.text,
    ]
    assert not any(code in text or code.replace("-", "") in text for text in kept)
    assert response.wsgi_request.get_full_path() == DOOR


def test_a_page_that_is_loaded_again_makes_no_second_code(ada: Client):
    sent = {"newest": re.search(r'name="newest" value="(\d+)"', _text(ada.get(DOOR)))[1]}
    ada.post(DOOR, sent)
    again = ada.post(DOOR, sent)
    assert PairingCode.objects.count() == 1
    assert "no second code was made" in _text(again)
    assert not CODE.search(again.content.decode())


def test_a_page_left_open_in_another_tab_says_what_is_true_and_then_makes_one(ada: Client):
    """The tab was not loaded again: the other one made the code."""
    sent = {"newest": re.search(r'name="newest" value="(\d+)"', _text(ada.get(DOOR)))[1]}
    ada.post(DOOR, sent)
    page = _text(ada.post(DOOR, sent))
    assert "since this page was opened, here or in another tab" in page
    assert "loaded again" not in page
    ada.post(DOOR, {"newest": re.search(r'name="newest" value="(\d+)"', page)[1]})
    assert PairingCode.objects.live().count() == 2


def test_another_for_a_second_person_is_made_when_it_is_asked_for(ada: Client):
    first = ada.post(DOOR)
    assert "Make another for a second person" in _text(first)
    ada.post(DOOR, {"newest": re.search(r'name="newest" value="(\d+)"', _text(first))[1]})
    assert PairingCode.objects.live().count() == 2


def test_it_says_which_code_one_more_will_end(ada: Client, cast: Cast):
    cast.set(live_codes_per_student=2)
    first = CODE.search(_text(ada.post(DOOR)))[0]
    assert "as many live codes as there can be" not in _text(ada.get(DOOR))
    ada.post(DOOR)
    assert f"ends the code that ends in {first[-2:]}" in _text(ada.get(DOOR))


def test_it_names_every_code_that_one_more_will_end(ada: Client, cast: Cast):
    """A limit that was lowered ends several at once: all of the student's own, then the letter."""
    letter, own = cast.code_by(cast.root_admin), [cast.code() for _ in range(3)]
    cast.set(live_codes_per_student=2)
    page = _text(ada.get(DOOR))
    for code in own:
        assert f"the code that ends in {code.text[-2:]}, made by you" in page
    assert page.count("which would live until") == 3
    ada.post(DOOR)
    ended = PairingCode.objects.filter(state="superseded")
    assert sorted(code.hint for code in ended) == sorted(code.text[-2:] for code in own)
    assert PairingCode.objects.live().filter(hint=letter.text[-2:]).exists()


def test_no_code_is_offered_that_would_end_the_one_just_shown(ada: Client, cast: Cast):
    cast.set(live_codes_per_student=2)
    cast.code_by(cast.root_admin)
    shown = _text(ada.post(DOOR))
    assert "another one would end this one" in shown
    assert "Make another for a second person" not in shown
    assert "made by you" in _text(ada.get(DOOR))


def test_it_says_how_long_a_code_lives_here(ada: Client, cast: Cast):
    cast.set(code_lifetime_hours=36)
    with time_machine.travel("2026-11-23T02:05:00Z", tick=False):
        page = _text(ada.get(DOOR))
    assert "lives 36 hours: made now, until Tuesday, 24 November, 14:05" in page


def test_times_are_in_the_persons_zone_and_language(ada: Client, cast: Cast):
    type(cast.student).objects.update(time_zone="America/Denver", locale="es")
    with time_machine.travel("2026-11-23T12:05:00Z", tick=False):
        page = _text(ada.get(DOOR))
    assert "lunes, 30 de noviembre, 05:05" in page


def test_the_message_to_share_has_the_code_the_address_and_the_date(ada: Client):
    with time_machine.travel("2026-11-23T12:05:00Z", tick=False):
        page = _text(ada.post(DOOR))
    message = re.search(r'data-text="(Pairing code for [^"]+)"', page)[1]
    assert CODE.search(message)
    assert "http://testserver/register/observer until Monday, 30 November, 12:05" in message


def test_a_script_gets_the_dialog_and_the_pages_list_beside_it(ada: Client):
    opened = ada.get(DOOR, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in opened
    assert f'hx-post="{DOOR}"' in opened
    made = ada.post(DOOR, headers={"HX-Request": "true"}).content.decode()
    assert made.count('hx-swap-oob="true"') == 1
    assert CODE.search(made)


def test_a_refusal_is_one_sentence_that_says_who_can_change_it(cast: Cast, signed_in: Any):
    door = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    said = (
        "To make a code for Ada Okafor you need “Users - generate observer pairing codes for"
        " students” in Biology; an administrator of Science can change that under Permissions."
    )
    teacher = signed_in(cast.teacher)
    assert said in _text(teacher.get(door))
    assert said in _text(teacher.get(f"{door}/pair"))
    cast.set(self_registration="none")
    assert "an administrator of Northfield can switch it on" in _text(teacher.get(door))


def test_a_script_is_shown_the_refusal_too(cast: Cast, signed_in: Any):
    door = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}/pair"
    answer = signed_in(cast.teacher).post(door, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "To make a code for Ada Okafor you need" in _text(answer)


def test_the_dialog_takes_a_fixed_number_of_queries(
    ada: Client, django_assert_max_num_queries: Any
):
    for _ in range(4):
        ada.post(DOOR)
    with django_assert_max_num_queries(16):
        ada.get(DOOR)
