"""Live codes on the pages: who lists them, and who ends them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from pairing.models import PairingCode
from tests.cast import Cast

SETTINGS = "/profile/settings"


def _url() -> str:
    return f"/pairing/codes/{PairingCode.objects.get().pk}/revoke"


def test_the_list_has_two_characters_by_whom_where_and_until_when(cast: Cast, signed_in: Any):
    with time_machine.travel("2026-11-23T12:05:00Z", tick=False):
        code = cast.code_by(cast.root_admin)
        client = signed_in(cast.student)
        page = " ".join(client.get(SETTINGS).content.decode().split())
    assert f"Ends in {code.text[-2:]}" in page
    assert "Made by root@northfield.example · User Details in Biology" in page
    assert "until Monday, 30 November, 12:05" in page
    assert code.text not in page
    assert code.shown not in page


def test_revoking_ends_it_and_comes_back(cast: Cast, signed_in: Any):
    code = cast.code()
    answer = signed_in(cast.student).post(_url(), {"back": SETTINGS}, follow=True)
    assert answer.redirect_chain == [(SETTINGS, 302)]
    assert f"The code that ends in {code.text[-2:]} is revoked" in answer.content.decode()
    assert PairingCode.objects.get().state == "revoked"


def test_revoking_twice_says_that_it_had_ended(cast: Cast, signed_in: Any):
    cast.code()
    client = signed_in(cast.student)
    client.post(_url())
    assert "had ended already" in client.post(_url(), follow=True).content.decode()


def test_it_never_leads_to_another_site(cast: Cast, signed_in: Any):
    cast.code()
    answer = signed_in(cast.student).post(_url(), {"back": "https://evil.example/"})
    assert answer["Location"] == SETTINGS


def test_a_script_gets_both_lists(cast: Cast, signed_in: Any):
    cast.code()
    answer = signed_in(cast.student).post(
        _url(), {"list": "codes-here"}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert 'id="codes-here"' in page
    assert page.count("hx-swap-oob") == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("student", 302),
        ("root_admin", 302),
        ("sub_admin", 302),
        ("teacher", 404),
        ("ta", 404),
        ("classmate", 404),
        ("neighbour_admin", 404),
        ("observer", 404),
    ],
)
def test_only_the_student_the_issuer_and_administrators_revoke(
    cast: Cast, signed_in: Any, who: str, status: int
):
    cast.code()
    assert signed_in(getattr(cast, who)).post(_url()).status_code == status
    assert PairingCode.objects.live().exists() is (status == 404)


def test_asking_is_by_post_only(cast: Cast, signed_in: Any):
    cast.code()
    assert signed_in(cast.student).get(_url()).status_code == 405
