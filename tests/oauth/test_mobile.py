"""What the mobile apps ask for beside their data (contract §9.4, §9.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, User
from audit.models import Event
from oauth.digests import mobile_secret
from oauth.models import DeveloperKey, Integration, OAuthToken, SessionToken
from tests.cast import Cast
from tests.described import DescribedClient
from tests.oauth.conftest import CLIENT, bearer, make_key, post

VERIFY = "/api/v1/mobile_verify.json"
SESSION = "/login/session_token"
NONE = {
    "authorized": False, "client_id": None, "client_secret": None, "api_key": None,
    "base_url": None,
}  # fmt: skip


@pytest.fixture
def mobile(cast: Cast) -> DeveloperKey:
    return make_key(cast, secret_digest="", for_mobile=True)


def _verify(domain: str | None = "testserver", **more: Any) -> dict[str, Any]:
    given = {"user_agent": "x"} | ({} if domain is None else {"domain": domain})
    answer = DescribedClient().get(VERIFY, given, **more)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("domain", ["testserver", "TestServer", "https://testserver/login"])
def test_the_client_of_this_host(mobile: DeveloperKey, domain: str):
    secret = mobile_secret(mobile)
    assert _verify(domain) == {
        "authorized": True, "result": 0, "client_id": CLIENT, "client_secret": secret,
        "api_key": secret, "base_url": "http://testserver/",
    }  # fmt: skip


@pytest.mark.parametrize("domain", ["southfield.localhost", "testserver.evil.example", "", None])
def test_another_host_is_not_answered_for(mobile: DeveloperKey, domain: str | None):
    assert _verify(domain) == NONE | {"result": 2}


def test_without_a_key_for_the_apps(cast: Cast, mobile: DeveloperKey):
    theirs = {"HTTP_HOST": "southfield.localhost"}
    assert _verify("southfield.localhost", **theirs) == NONE | {"result": 1}
    DeveloperKey.objects.update(state="inactive")
    assert _verify() == NONE | {"result": 1}
    DeveloperKey.objects.update(state="active", for_mobile=False)
    assert _verify() == NONE | {"result": 1}


def test_the_secret_is_kept_nowhere_and_an_old_one_counts_while_the_old_key_does(
    cast: Cast, mobile: DeveloperKey, settings: Any
):
    old = _verify()["client_secret"]
    assert old not in str(vars(DeveloperKey.objects.get()))
    given = {"client_id": CLIENT, "code": "pc~none", "client_secret": old}
    assert post(given).json()["message"] == "invalid code"
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-of-more-than-32-characters"
    assert _verify()["client_secret"] != old
    assert post(given).json()["message"] == "invalid code"
    settings.SECRET_KEY_FALLBACKS = []
    assert post(given).json()["message"] == "invalid client_secret"


def test_there_is_one_key_for_the_apps(cast: Cast, mobile: DeveloperKey):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_key(cast, client_id="second", secret_digest="", for_mobile=True)
    DeveloperKey.objects.update(state="deleted")
    assert make_key(cast, client_id="second", secret_digest="", for_mobile=True)
    root = cast.stranger.root_account
    assert make_key(cast, client_id="third", root_account=root, secret_digest="", for_mobile=True)


# --- A page, signed in (§9.4) ---


def _session_url(text: str, return_to: str = "/courses") -> str:
    answer = bearer(text).get(SESSION, {"return_to": return_to})
    assert answer.status_code == 200
    url: str = answer.json()["session_url"]
    assert url.startswith("http://testserver/login/session?session_token=pa~")
    return url


def test_an_address_that_signs_in_once(cast: Cast, tokens):
    url = _session_url(tokens()["access_token"], "http://testserver/courses")
    browser = Client()
    response = browser.get(url)
    assert response["Location"] == "http://testserver/courses"
    assert "Joy Okafor" in browser.get("/profile/settings").content.decode()
    assert Client().get(_session_url(tokens()["access_token"], "x"))["Location"] == "x"
    again = Client()
    assert again.get(url)["Location"] == "/login"
    assert again.get("/courses").status_code == 302
    assert Event.objects.filter(action="session_opened").first().actor == cast.observer


def test_nothing_of_its_text_is_kept(tokens):
    url = _session_url(tokens()["access_token"])
    [text] = parse_qs(urlsplit(url).query)["session_token"]
    kept = SessionToken.objects.get()
    assert text not in str(vars(kept))
    assert kept.digest != text.split("~")[1]


def test_it_takes_the_place_of_who_was_signed_in_and_of_their_acting(cast: Cast, tokens, signed_in):
    browser = signed_in(cast.root_admin)
    browser.post(f"/users/{cast.student.pk}/masquerade")
    browser.get(_session_url(tokens(cast.root_admin)["access_token"]))
    assert "Ada Okafor" not in browser.get("/profile/settings").content.decode()
    browser.get(_session_url(tokens()["access_token"]))
    assert "Joy Okafor" in browser.get("/profile/settings").content.decode()


def test_when_it_opens_nothing(cast: Cast, tokens):
    text = tokens()["access_token"]
    assert Client().get("/login/session")["Location"] == "/login"
    url = _session_url(text)
    assert Client().get(url, HTTP_HOST="southfield.localhost")["Location"] == "/login"
    SessionToken.objects.update(expires_at=timezone.now())
    assert Client().get(url)["Location"] == "/login"
    url = _session_url(text)
    assert SessionToken.objects.count() == 1
    until = SessionToken.objects.get().expires_at
    assert until - timezone.now() < timedelta(minutes=2)
    User.objects.filter(pk=cast.observer.pk).update(state="suspended")
    browser = Client()
    assert browser.get(url)["Location"] == "/login"
    assert browser.get("/courses").status_code == 302


# What ends what the address was asked for with: of an application, and of one's own tokens.
ENDS: dict[str, Callable[[], Any]] = {
    "the person ends it": lambda: Integration.objects.update(ended_at=timezone.now()),
    "the key is off": lambda: DeveloperKey.objects.update(state="inactive"),
    "the token is ended": lambda: AccessToken.objects.update(revoked_at=timezone.now()),
    "the token has expired": lambda: AccessToken.objects.update(expires_at=timezone.now()),
    "the token has another text": lambda: AccessToken.objects.update(digest="another"),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_was_opened_with_a_token_ends_with_it(cast: Cast, tokens, how: str):
    """A stolen phone, or an application that nobody trusts any more, keeps no session."""
    own = "token" in how
    text = cast.token(cast.observer) if own else tokens()["access_token"]
    browser, unopened = Client(), _session_url(text)
    browser.get(_session_url(text))
    assert browser.get("/courses").status_code == 200
    ENDS[how]()
    assert browser.get("/courses").status_code == 302
    assert Client().get(unopened)["Location"] == "/login"


def test_the_access_tokens_hour_is_not_the_sessions(cast: Cast, tokens):
    browser = Client()
    browser.get(_session_url(tokens()["access_token"]))
    OAuthToken.objects.all().delete()
    assert browser.get("/courses").status_code == 200


def test_acting_as_somebody_ends_with_it_and_is_told_of(cast: Cast, tokens):
    browser = Client()
    browser.get(_session_url(tokens(cast.root_admin)["access_token"]))
    browser.post(f"/users/{cast.student.pk}/masquerade")
    Integration.objects.update(ended_at=timezone.now())
    assert browser.get("/courses").status_code == 302
    event = Event.objects.get(action="acting_stopped")
    assert (event.real_actor, event.subject) == (cast.root_admin, cast.student)


@pytest.mark.parametrize("led_by", ["cross-site", "same-site"])
def test_another_site_signs_nobody_in_as_somebody_else(cast: Cast, tokens, signed_in, led_by: str):
    """A parent who is sent there would redeem the code that they have for whoever sent them."""
    url = _session_url(tokens(cast.classmate)["access_token"])
    browser = signed_in(cast.observer)
    assert browser.get(url, headers={"sec-fetch-site": led_by})["Location"] == "/login"
    assert "Joy Okafor" in browser.get("/profile/settings").content.decode()
    browser.get(url, headers={"sec-fetch-site": "none"})
    assert "Ben Ito" in browser.get("/profile/settings").content.decode()


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http://testserver@evil.ex"],
)
def test_it_leads_nowhere_else(tokens, elsewhere: str):
    answer = bearer(tokens()["access_token"]).get(SESSION, {"return_to": elsewhere})
    assert answer.status_code == 400


def test_who_gets_no_address(cast: Cast, tokens):
    assert DescribedClient().get(SESSION).json()["status"] == "unauthenticated"
    limited = tokens(scopes=["url:GET|/api/v1/users/:id"])["access_token"]
    answer = bearer(limited).get(SESSION)
    assert (answer.status_code, answer.json()) == (
        401, {"errors": [{"message": "Insufficient scopes on access token."}]},
    )  # fmt: skip
    admin = bearer(tokens(cast.root_admin)["access_token"])
    assert admin.get(SESSION, {"as_user_id": cast.student.pk}).status_code == 403
    assert bearer(cast.token(cast.student)).get(SESSION).status_code == 200
