"""SECRET_KEY and CODE_KEY are replaced: with the old one as a fallback nothing ends, without it
what was made under it does. The README's "Rotating the keys" tells an operator the same."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts.actor import Actor
from accounts.confirming import link_to_confirm
from accounts.models import User
from accounts.signin import link_to_choose_password
from oauth.digests import knows_secret, mobile_secret
from pairing.actions import CodeRefused, redeem_code, student_of_code
from tests.cast import PASSWORD, Cast
from tests.oauth.conftest import make_key
from tests.trust.test_headers import run

Works = Callable[[], bool]


def a_session(cast: Cast) -> Works:
    client = Client()
    client.post("/login", {"login": cast.student.login_id, "password": PASSWORD})
    return lambda: bool(client.get("/profile/settings").status_code == 200)


def a_reset_link(cast: Cast) -> Works:
    link = link_to_choose_password(RequestFactory().get("/"), cast.student)
    return lambda: bool(Client().get(link).status_code == 302)


def a_link_to_confirm(cast: Cast) -> Works:
    User.objects.filter(pk=cast.student.pk).update(state="unproven")
    cast.student.refresh_from_db()
    link = link_to_confirm(RequestFactory().get("/"), cast.student)
    return lambda: bool(Client().get(link).status_code == 302)


def a_code_that_a_browser_keeps(cast: Cast) -> Works:
    client = Client()
    client.post("/register/observer/code", {"code": cast.code().shown})
    return lambda: "Ada O." in client.get("/register/observer").content.decode()


def the_apps_secret(cast: Cast) -> Works:
    key = make_key(cast, client_id="apps", secret_digest="", for_mobile=True, name="Apps")
    text = mobile_secret(key)
    return lambda: knows_secret(key, text)


def a_pairing_code(cast: Cast) -> Works:
    text = cast.code().text

    def works() -> bool:
        try:
            redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=text)
        except CodeRefused:
            return False
        return True

    return works


SIGNED = [a_session, a_reset_link, a_link_to_confirm, a_code_that_a_browser_keeps, the_apps_secret]
MADE = [(make, ["SECRET_KEY"]) for make in SIGNED] + [(a_pairing_code, ["CODE_KEY"])]


@pytest.fixture
def rotate(settings: Any) -> Callable[[list[str]], None]:
    """Replace keys, and keep the old ones as fallbacks."""

    def rotated(names: list[str]) -> None:
        for name in names:
            setattr(settings, f"{name}_FALLBACKS", [getattr(settings, name)])
            setattr(settings, name, secrets.token_urlsafe(48))

    return rotated


def drop(settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = settings.CODE_KEY_FALLBACKS = []


@pytest.mark.parametrize(("make", "names"), MADE)
def test_with_the_old_key_as_fallback_all_goes_on(
    cast: Cast, rotate: Any, make: Callable[[Cast], Works], names: list[str]
) -> None:
    works = make(cast)
    rotate(names)
    assert works()


@pytest.mark.parametrize(("make", "names"), MADE)
def test_once_the_old_key_is_dropped_it_is_over(
    cast: Cast, rotate: Any, settings: Any, make: Callable[[Cast], Works], names: list[str]
) -> None:
    works = make(cast)
    rotate(names)
    drop(settings)
    assert not works()


def test_who_came_by_meanwhile_stays_signed_in(cast: Cast, rotate: Any, settings: Any) -> None:
    works = a_session(cast)
    rotate(["SECRET_KEY"])
    assert works()
    drop(settings)
    assert works()


def test_new_codes_are_under_the_new_key(cast: Cast, rotate: Any, settings: Any) -> None:
    rotate(["CODE_KEY"])
    works = a_pairing_code(cast)
    drop(settings)
    assert works()


def test_visitors_and_who_is_linked_already_hear_of_a_code_under_the_old_key(
    cast: Cast, rotate: Any
) -> None:
    redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=cast.code().text)
    text = cast.code().text
    rotate(["CODE_KEY"])
    visitor = Actor(cast.actor(None).root_account, address="192.0.2.7")
    assert student_of_code(actor=visitor, text=text) == cast.student
    again = redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=text)
    assert (again.student, again.is_new) == (cast.student, False)


def test_passwords_and_access_tokens_do_not_hang_on_it(
    cast: Cast, rotate: Any, settings: Any, rest: Any
) -> None:
    client = rest(cast.student)
    rotate(["SECRET_KEY", "CODE_KEY"])
    drop(settings)
    assert client.get("/api/v1/users/self").status_code == 200
    assert a_session(cast)()


@pytest.mark.parametrize(
    ("given", "code_keys"),
    [
        ({}, ["new", "old", "older"]),  # codes have no key of their own: theirs goes along
        ({"CODE_KEY": "c" * 32}, ["c" * 32, "old", "older"]),  # they have one from now on
        ({"CODE_KEY": "c" * 32, "CODE_KEY_FALLBACKS": "b"}, ["c" * 32, "b"]),
    ],
)
def test_they_come_from_the_environment(given: dict[str, str], code_keys: list[str]) -> None:
    new = "n" * 32
    told = run(
        "-c",
        "import json; from pairing_service import settings as s;"
        "print(json.dumps([[s.SECRET_KEY, *s.SECRET_KEY_FALLBACKS],"
        " [s.CODE_KEY, *s.CODE_KEY_FALLBACKS]]))",
        SECRET_KEY=new, SECRET_KEY_FALLBACKS="old,older", **given,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    codes = [new if key == "new" else key for key in code_keys]
    assert json.loads(told.stdout) == [[new, "old", "older"], codes]
