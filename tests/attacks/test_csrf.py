"""Every form needs its token: a POST from another site changes nothing, wherever it goes."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from pairing_service.middleware import _API_BESIDE
from tests.access.test_routes import filled, ids_of, methods_of, patterns
from tests.cast import Cast


def forms() -> list[str]:
    """Every page that takes a POST; the API knows its callers by their tokens, not by cookies."""
    return [
        route
        for route, pattern in patterns(get_resolver())
        if not route.startswith("api/")
        and f"/{route}" not in _API_BESIDE
        and {"POST", "PUT", "DELETE"} & set(methods_of(pattern.callback))
    ]


@pytest.fixture
def from_elsewhere(cast: Cast) -> Client:
    """The administrator's browser, which a page of another site makes send forms."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.root_admin, backend="accounts.signin.TenantBackend")
    return browser


def test_no_form_is_taken_without_its_token(cast: Cast, from_elsewhere: Client) -> None:
    ids = ids_of(cast) | {"account_id": cast.root.pk}
    taken = {}
    for route in forms():
        answer = from_elsewhere.post(filled("" if route == "/" else route, ids))
        if answer.status_code not in (403, 405):  # 405: only seen, or only with another method
            taken[route] = answer.status_code
    assert taken == {}


def test_a_token_does_not_help_from_another_origin(cast: Cast, from_elsewhere: Client) -> None:
    page = from_elsewhere.get("/profile/settings", secure=True).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "language": "es"}
    for headers in ({"origin": "https://evil.example"}, {"referer": "https://evil.example/"}, {}):
        answer = from_elsewhere.post("/language", sent, secure=True, headers=headers)
        assert answer.status_code == 403, headers
    good = {"origin": "https://testserver"}
    assert from_elsewhere.post("/language", sent, secure=True, headers=good).status_code == 302


def test_the_refusal_is_a_page_that_says_what_to_do(from_elsewhere: Client) -> None:
    answer = from_elsewhere.post("/logout", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()


def test_a_session_does_nothing_over_the_api(cast: Cast, from_elsewhere: Client) -> None:
    for path in ("/api/v1/users/self/observer_pairing_codes", "/login/oauth2/token"):
        answer = from_elsewhere.post(path)
        assert answer.status_code in (400, 401), path
    assert from_elsewhere.get("/login/session_token").status_code == 401
