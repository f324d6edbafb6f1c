"""How long sessions live, and what ends them (ASVS 5.0 V7; docs/asvs.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.sessions import SessionStore
from tests.cast import PASSWORD, Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sign_in(cast: Cast, **more: str) -> Client:
    client = Client()
    form = {"login": cast.student.login_id, "password": PASSWORD, **more}
    assert client.post("/login", form).status_code == 302
    return client


def is_in(client: Client, at: datetime) -> bool:
    """Whoever is signed in is led away from where one signs in."""
    with time_machine.travel(at, tick=False):
        return bool(client.get("/login").status_code == 302)


@pytest.mark.parametrize(
    ("form", "unused"), [({}, 12 * HOUR), ({"remember": "on"}, 14 * DAY)], ids=["", "remembered"]
)
def test_without_use_it_ends(cast: Cast, form: dict[str, str], unused: timedelta) -> None:
    client, now = sign_in(cast, **form), timezone.now()
    assert is_in(client, now + unused - HOUR / 2)
    assert is_in(client, now + 2 * unused - HOUR)
    assert not is_in(client, now + 3 * unused)


@pytest.mark.parametrize(
    ("form", "step"), [({}, 11 * HOUR), ({"remember": "on"}, 9 * DAY)], ids=["", "remembered"]
)
def test_after_thirty_days_it_ends_whatever_one_does(
    cast: Cast, form: dict[str, str], step: timedelta
) -> None:
    client, now = sign_in(cast, **form), timezone.now()
    uses = [now + n * step for n in range(1, 30 * DAY // step + 1)]
    assert all(is_in(client, at) for at in uses)
    assert not is_in(client, now + 30 * DAY + HOUR)


def test_what_was_signed_out_opens_nothing(cast: Cast) -> None:
    client = sign_in(cast)
    kept = client.cookies["sessionid"].value
    client.post("/logout")
    thief = Client()
    thief.cookies["sessionid"] = kept
    assert not is_in(thief, timezone.now())


def test_keys_are_random(db: None) -> None:
    """32 characters of 36: 165 bits."""
    keys = []
    for _ in range(50):
        store = SessionStore()
        store.create()
        keys.append(store.session_key or "")
    assert {len(key) for key in keys} == {32}
    assert len({key[:6] for key in keys}) == 50


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("student", "/"), ("student", "/profile/settings"), ("student", "/nowhere"),
        ("observer", "/profile/observees"), ("teacher", "/courses/{biology}/users"),
        ("root_admin", "/accounts/{root}"), ("root_admin", "/accounts/{root}/permissions"),
    ],
)  # fmt: skip
def test_every_page_has_a_way_out(cast: Cast, signed_in: Any, who: str, path: str) -> None:
    path = path.format(root=cast.root.pk, biology=cast.courses.biology.pk)
    page = signed_in(getattr(cast, who)).get(path).content.decode()
    assert 'method="post" action="/logout"' in page
