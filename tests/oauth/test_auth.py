"""The pages on which people let applications act for them (contract §9.1)."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from oauth.models import OUT_OF_BAND, AuthorizationCode, DeveloperKey, Integration
from pairing.cookies import KeptCode, keep_code
from tests.cast import PASSWORD, Cast
from tests.oauth.conftest import BACK, CHALLENGE, CLIENT, KNOWN, VERIFIER, make_key, post

AUTH = "/login/oauth2/auth"
ASKED = {"client_id": CLIENT, "response_type": "code", "redirect_uri": BACK, "state": "s/1 &"}
READ = "url:GET|/api/v1/users/:id"
BROWSER = {"HTTP_ACCEPT": "text/html,*/*"}


def address(**more: Any) -> str:
    asked = {name: value for name, value in (ASKED | more).items() if value is not None}
    return f"{AUTH}?{urlencode(asked)}"


def answer_of(response: Any, there: str = BACK) -> dict[str, str]:
    """What the client is told, at its address."""
    assert response.status_code == 302
    url = response["Location"]
    assert url.startswith(there)
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def joy(cast: Cast, key: DeveloperKey, signed_in: Any) -> Client:
    browser: Client = signed_in(cast.observer)
    return browser


def test_allowing_it(cast: Cast, joy: Client):
    page = joy.get(address(purpose="Phone"))
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    assert "Let Reading App act for you?" in text(page)
    assert "You are signed in as Joy Okafor (joy.okafor)." in text(page)
    assert "all that you can see and do, in your name" in text(page)
    assert "reading.example" in text(page)
    assert not AuthorizationCode.objects.exists()
    told = answer_of(joy.post(address(purpose="Phone"), {"decision": "allow"}))
    assert set(told) == {"code", "state"}
    assert told["state"] == "s/1 &"
    assert post(KNOWN | {"code": told["code"]}).json()["user"]["id"] == cast.observer.pk
    assert Integration.objects.get().purpose == "Phone"
    event = Event.objects.get(action="integration_approved")
    assert (event.actor, event.data["name"]) == (cast.observer, "Reading App")


def test_not_allowing_it(joy: Client):
    told = answer_of(joy.post(address(), {"decision": "deny"}))
    assert (told["error"], told["state"]) == ("access_denied", "s/1 &")
    assert not AuthorizationCode.objects.exists()
    assert Event.objects.filter(action="integration_denied").exists()


def test_neither_is_asked_again(joy: Client):
    assert joy.post(address(), {"decision": "maybe"}).status_code == 200
    assert not AuthorizationCode.objects.exists()


def test_another_site_can_not_allow_it(cast: Cast, joy: Client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = joy.cookies
    assert strict.post(address(), {"decision": "allow"}).status_code == 403
    assert joy.get(address())["X-Frame-Options"] == "DENY"


def test_in_spanish(cast: Cast, joy: Client):
    User.objects.filter(pk=cast.observer.pk).update(locale="es")
    assert "¿Permitir que Reading App actúe por usted?" in text(joy.get(address()))


# --- Who is asked ---


def test_signed_out_one_signs_in_and_comes_back(cast: Cast, key: DeveloperKey):
    browser = Client()
    to_login = browser.get(address(unique_id="joy.okafor", mobile="1"))
    page = browser.get(to_login["Location"])
    assert 'value="joy.okafor"' in text(page)
    back = re.findall(r'name="next"[^>]*value="([^"]+)"', page.content.decode())[-1]
    given = {"login": "joy.okafor", "password": PASSWORD, "next": html.unescape(back)}
    response = browser.post("/login", given)
    assert response["Location"] == html.unescape(back)
    assert "Joy Okafor" in text(browser.get(response["Location"]))


def test_a_kept_code_does_not_lead_away_from_the_application(cast: Cast, key: DeveloperKey):
    browser = Client()
    response = browser.get("/login")
    keep_code(response, cast.fresh(), KeptCode("AAAAABBBBB", "Ada O."))
    browser.cookies.update(response.cookies)
    given = {"login": "joy.okafor", "password": PASSWORD}
    for wanted, found in ((address(), address()), ("/courses", "/profile/observees")):
        there = browser.post("/login", given | {"next": wanted})["Location"]
        assert there == found
        browser.post("/logout")
        browser.cookies.update(response.cookies)


def test_signing_in_anew_is_forced(joy: Client):
    response = joy.get(address(force_login="1"))
    assert "/login?next=" in response["Location"]
    assert "force_login" not in response["Location"]
    assert joy.get("/profile/settings").status_code == 302


def test_nobody_allows_it_for_whom_they_act_as(cast: Cast, key: DeveloperKey, signed_in):
    DeveloperKey.objects.update(is_trusted=True)
    admin = signed_in(cast.root_admin)
    admin.post(f"/users/{cast.student.pk}/masquerade")
    for response in (admin.get(address()), admin.post(address(), {"decision": "allow"})):
        assert response.status_code == 403
        assert "Only they can allow that" in text(response) or "only they can" in text(response)
    assert not AuthorizationCode.objects.exists()


def test_a_trusted_application_does_not_ask(cast: Cast, joy: Client):
    DeveloperKey.objects.update(is_trusted=True)
    assert "code" in answer_of(joy.get(address()))
    assert "/login?next=" in Client().get(address())["Location"]


# --- Whose address it is ---


@pytest.mark.parametrize(
    ("wrong", "status", "body"),
    [
        ({"client_id": "nobody"}, 400, {
            "error": "invalid_client", "error_description": "unknown client",
            "message": "invalid client_id",
        }),
        ({"redirect_uri": "https://evil.example/"}, 400, {
            "error": "invalid_request",
            "error_description": "redirect_uri does not match client settings",
        }),
        ({"redirect_uri": f"{BACK}/"}, 400, None),
        ({"redirect_uri": None}, 400, None),
    ],
)  # fmt: skip
def test_nobody_is_sent_to_an_unknown_address(joy: Client, wrong, status, body):
    response = joy.get(address(**wrong))
    assert response.status_code == status
    assert body is None or response.json() == body
    page = joy.get(address(**wrong), **BROWSER)
    assert page.status_code == status
    assert "This application can't be let in" in text(page)


def test_a_key_that_is_off_and_one_of_another_tenant(cast: Cast, joy: Client):
    DeveloperKey.objects.update(state="inactive")
    assert joy.get(address()).status_code == 401
    assert "has switched off" in text(joy.get(address(), **BROWSER))
    make_key(cast, root_account=cast.stranger.root_account, client_id="theirs")
    assert joy.get(address(client_id="theirs")).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "url:GET|/api/v1/planner"}, "invalid_scope"),
        ({"scope": f"{READ} everything"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_the_client_is_told_its_other_mistakes(joy: Client, wrong, error):
    told = answer_of(joy.get(address(**wrong)))
    assert (told["error"], told["state"]) == (error, "s/1 &")
    assert told["error_description"]


def test_addresses_of_apps_and_those_with_a_query(joy: Client):
    for there in ("org.reading.app:/back", "http://127.0.0.1:9000/back?a=1"):
        DeveloperKey.objects.update(redirect_uris=f"{OUT_OF_BAND}\n{there}")
        url = address(redirect_uri=there)
        told = answer_of(joy.post(url, {"decision": "allow"}), there)
        assert told.keys() >= {"code", "state"}
        assert ("a" in told) == ("?" in there)


def test_out_of_band(cast: Cast, joy: Client):
    DeveloperKey.objects.update(redirect_uris=OUT_OF_BAND)
    url = address(redirect_uri=OUT_OF_BAND, state=None)
    response = joy.post(url, {"decision": "allow"})
    code = answer_of(response, AUTH)["code"]
    assert code in text(Client().get(response["Location"]))
    given = KNOWN | {"code": code, "redirect_uri": OUT_OF_BAND}
    assert post(given).status_code == 200
    denied = joy.post(url, {"decision": "deny"})
    assert "Nothing was allowed" in text(joy.get(denied["Location"]))


# --- Scopes and PKCE ---


def test_what_it_may_do_is_told_and_kept(joy: Client):
    scopes = [READ, "url:POST|/api/v1/users/:user_id/observees",
              "url:DELETE|/api/v1/users/:user_id/observees/:observee_id"]  # fmt: skip
    url = address(scope=" ".join([*scopes, READ]))
    page = text(joy.get(url))
    for words in ("It may see:", "It may add or change:", "It may remove:", "users/:id<"):
        assert words in page
    code = answer_of(joy.post(url, {"decision": "allow"}))["code"]
    post(KNOWN | {"code": code})
    assert Integration.objects.get().scopes.split() == scopes


def test_what_a_key_allows_and_requires(joy: Client):
    DeveloperKey.objects.update(scopes=READ)
    wrong = answer_of(joy.get(address(scope="url:GET|/api/v1/accounts")))
    assert wrong["error"] == "invalid_scope"
    joy.post(address(), {"decision": "allow"})
    assert AuthorizationCode.objects.get().scopes == READ
    DeveloperKey.objects.update(requires_scopes=True)
    assert answer_of(joy.get(address()))["error"] == "invalid_scope"
    assert joy.get(address(scope="url:GET|/api/v1/users/:user_id")).status_code == 200


def test_a_public_client_must_bring_a_challenge(joy: Client):
    DeveloperKey.objects.update(is_public=True, secret_digest="")
    assert answer_of(joy.get(address()))["error"] == "invalid_request"
    url = address(code_challenge=CHALLENGE, code_challenge_method="S256")
    code = answer_of(joy.post(url, {"decision": "allow"}))["code"]
    given = {"client_id": CLIENT, "code": code, "code_verifier": VERIFIER}
    assert post(given).status_code == 200


# --- The page's security policy ---


def _form_action(response: Any) -> str:
    [found] = re.findall(r"form-action ([^;]+)", response["Content-Security-Policy"])
    return str(found)


def test_only_this_page_may_lead_to_the_client_and_nowhere_else(joy: Client):
    assert _form_action(joy.get(address())) == f"'self' {BACK}"
    assert _form_action(joy.get("/profile/settings")) == "'self'"
    assert _form_action(joy.get(address(client_id="x"))) == "'self'"
    for there, allowed in (
        (OUT_OF_BAND, "'self'"),
        ("org.reading.app:/back", "'self' org.reading.app:"),
        ("https://x.example:8443/a;b,c?d=e", "'self' https://x.example:8443/a%3Bb%2Cc"),
    ):
        DeveloperKey.objects.update(redirect_uris=there)
        assert _form_action(joy.get(address(redirect_uri=there))) == allowed
