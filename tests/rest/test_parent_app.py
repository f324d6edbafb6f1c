"""The Canvas Parent app's conversations, iOS and Android, as contract §10 tells them.

Each speaks over HTTP with a live server, as the app does: the school's answer to mobile_verify, the
real sign-in pages in a web view, the token, and then its calls with ids as texts. (The scan rows
are not served: spec/api.md.)
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests

from accounts.models import User
from oauth.models import DeveloperKey
from pairing.actions import link
from pairing.models import ObservationLink
from tests.cast import PASSWORD, Cast, enrol, make_user

STRING_IDS = "application/json+canvas-string-ids"
OOB = "urn:ietf:wg:oauth:2.0:oob"
SSO = "https://sso.canvaslms.com/canvas/login"
_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_IOS_STATES = "creation_pending,active,invited,current_and_future,completed"
_ANDROID_STATES = ["creation_pending", "invited", "active", "completed", "current_and_future"]


class WebView:
    """The app's web view: follows links and forms here, and stops where an address is the app's."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._browser = requests.Session()

    def open(self, url: str) -> requests.Response:
        return self._settle(self._browser.get(urljoin(self._base, url), allow_redirects=False))

    def send(self, page: requests.Response, marker: str, **values: str) -> requests.Response:
        """Fill in the form in whose body `marker` is, and send it."""
        action, body = next(found for found in _FORM.findall(page.text) if marker in found[1])
        data = {name: html.unescape(value) for name, value in _HIDDEN.findall(body)} | values
        return self._settle(
            self._browser.post(
                urljoin(page.url, html.unescape(action)), data, allow_redirects=False,
                headers={"Referer": page.url},
            )
        )  # fmt: skip

    def _settle(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if not target.startswith(self._base):
                break
            answer = self._browser.get(target, allow_redirects=False)
        return answer


class App:
    """One of the apps on somebody's phone; `base` is the school's address."""

    redirect_uri: str
    states: dict[str, Any]

    def __init__(self, base: str, verified: dict[str, Any]) -> None:
        self.base, self.client = base, verified
        self.web = WebView(base)
        self.headers = {"Accept": STRING_IDS, "User-Agent": "Parent/4.2"}

    @classmethod
    def verified(cls, base: str) -> App:
        """After the host has been verified (§9.6), which the app asks before anything else."""
        answer = requests.get(
            f"{base}/api/v1/mobile_verify.json",
            {"domain": urlsplit(base).netloc, "user_agent": "Parent/4.2"},
        ).json()
        assert (answer["authorized"], answer["result"]) == (True, 0)
        assert isinstance(answer["client_id"], str)
        assert isinstance(answer["client_secret"], str)
        assert answer["base_url"] == f"{base}/"
        return cls(base, answer)

    def code(self, login: str) -> str:
        """Sign in on the school's pages, agree, and pick the code from where it leads."""
        asked = {
            "client_id": self.client["client_id"], "response_type": "code",
            "redirect_uri": self.redirect_uri, "mobile": "1", "canvas_login": "1",
            "purpose": "Phone",
        }  # fmt: skip
        page = self.web.open(f"/login/oauth2/auth?{urlencode(asked)}")
        page = self.web.send(page, 'name="login"', login=login, password=PASSWORD)
        done = self.web.send(page, 'value="allow"', decision="allow")
        address = done.headers.get("Location") or done.url
        return parse_qs(urlsplit(address).query)["code"][0]

    def sign_in(self, login: str) -> dict[str, Any]:
        """The token, from a web view that nobody has used before."""
        self.web = WebView(self.base)
        answer = self.token(
            client_id=self.client["client_id"], client_secret=self.client["client_secret"],
            code=self.code(login),
        )  # fmt: skip
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        self.headers["Authorization"] = f"Bearer {body['access_token']}"
        return body

    def token(self, **given: str) -> requests.Response:
        raise NotImplementedError

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        url = f"{self.base}/api/v1/{path}"
        return requests.request(method, url, headers=self.headers, **more)

    def students(self) -> list[dict[str, Any]]:
        """Distinct students of the enrolments, never of /observees; each decodes."""
        found: dict[str, dict[str, Any]] = {}
        for enrolment in self.call("GET", "users/self/enrollments", params=self.states).json():
            for name in ("enrollment_state", "type", "user_id", "role", "role_id"):
                assert isinstance(enrolment[name], str), name
            if student := enrolment.get("observed_user"):
                found[student["id"]] = student
        return list(found.values())


class Android(App):
    """Older: everything in the query string, out of band."""

    redirect_uri = OOB
    states = {
        "include[]": ["observed_users", "avatar_url"],
        "state[]": _ANDROID_STATES, "per_page": 100,
    }  # fmt: skip

    def token(self, **given: str) -> requests.Response:
        return requests.post(
            f"{self.base}/login/oauth2/token", params={"redirect_uri": OOB, **given}
        )


class Ios(App):
    """Newer: a JSON body, and an address of Instructure's that the web view never loads."""

    redirect_uri = SSO
    states = {
        "include[]": ["observed_users", "avatar_url"], "state[]": _IOS_STATES,
        "per_page": 100,
    }  # fmt: skip

    def token(self, **given: str) -> requests.Response:
        body = {"grant_type": "authorization_code", "redirect_uri": SSO, **given}
        return requests.post(
            f"{self.base}/login/oauth2/token", json=body, headers={"Accept": STRING_IDS}
        )


@pytest.fixture(params=[Ios, Android])
def app(request: Any, live_server: Any, cast: Cast) -> App:
    """The app on Joy's phone, once its administrator has opened the school for the apps."""
    DeveloperKey.objects.create(
        root_account=cast.root, name="Canvas Parent", client_id="parent-app",
        redirect_uris=f"{OOB}\n{SSO}", for_mobile=True,
    )  # fmt: skip
    return request.param.verified(live_server.url)


@pytest.fixture
def joys(app: App, cast: Cast) -> App:
    app.sign_in(cast.observer.login_id)
    return app


def test_signing_in_and_asking_who_one_is(app: App, cast: Cast) -> None:
    body = app.sign_in(cast.observer.login_id)
    assert body["token_type"] == "Bearer"
    assert body["user"]["effective_locale"] == "en"
    assert body["user"]["name"] == "Joy Okafor"
    assert str(body["user"]["id"]) == str(cast.observer.pk) == body["user"]["global_id"]
    assert isinstance(body["refresh_token"], str)
    for path in ("users/self", "users/self/profile"):
        assert app.call("GET", path).json()["id"] == str(cast.observer.pk)
    asked = {"permissions[]": "become_user"}
    answer = app.call("GET", "accounts/self/permissions", params=asked)
    assert answer.json() == {"become_user": False}


def test_an_ended_hour_is_refreshed(joys: App, cast: Cast) -> None:
    body = joys.sign_in(cast.observer.login_id)
    given = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    answer = joys.token(**given, **{k: joys.client[k] for k in ("client_id", "client_secret")})
    joys.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert "refresh_token" not in answer.json()
    assert joys.call("GET", "users/self").status_code == 200


def test_pairing_with_a_code_shows_the_student_at_once(joys: App, cast: Cast) -> None:
    assert joys.students() == []
    text = cast.code().text
    answer = joys.call("POST", "users/self/observees", params={"pairing_code": text})
    assert answer.status_code == 200
    for name in ("id", "name", "sortable_name", "short_name"):
        assert isinstance(answer.json()[name], str), name
    assert [student["id"] for student in joys.students()] == [str(cast.student.pk)]
    again = joys.call("POST", "users/self/observees", params={"pairing_code": text})
    assert (again.status_code, again.json()) == (
        422, {"errors": [{"message": "Invalid pairing code."}]},
    )  # fmt: skip


def test_a_student_is_removed(joys: App, cast: Cast) -> None:
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    assert [student["name"] for student in joys.students()] == ["Ada Okafor"]
    answer = joys.call("DELETE", f"users/self/observees/{cast.student.pk}")
    assert (answer.status_code, answer.json()["id"]) == (200, str(cast.student.pk))
    assert joys.students() == []


def test_a_page_opens_signed_in(joys: App, cast: Cast) -> None:
    there = f"{joys.base}/profile/observees"
    answer = requests.get(
        f"{joys.base}/login/session_token", {"return_to": there}, headers=joys.headers
    )
    page = WebView(joys.base).open(answer.json()["session_url"])
    assert (page.status_code, page.url) == (200, there)
    assert "Joy Okafor" in page.text
    # It opens once.
    assert "/login" in WebView(joys.base).open(answer.json()["session_url"]).url


def test_signing_out_ends_the_token_and_the_pages(joys: App) -> None:
    token = joys.headers["Authorization"].removeprefix("Bearer ")
    url = f"{joys.base}/login/oauth2/token"
    answer = requests.delete(url, params={"expire_sessions": "1", "access_token": token})
    assert (answer.status_code, answer.json()) == (200, {})
    assert joys.call("GET", "users/self").status_code == 401
    assert "/login" in joys.web.open("/profile/settings").url


def test_somebody_registers_with_a_code(app: App, cast: Cast) -> None:
    """Without a token; the terms first. Then they sign in as anybody does."""
    url = f"{app.base}/api/v1/accounts/{cast.root.pk}"
    assert requests.get(f"{url}/terms_of_service").status_code == 200
    body = {
        "pseudonym": {"unique_id": "kemi@example.org", "password": PASSWORD},
        "pairing_code": {"code": cast.code().text},
        "user": {
            "name": "Kemi Okafor", "initial_enrollment_type": "observer", "terms_of_use": True,
        },
    }  # fmt: skip
    answer = requests.post(f"{url}/users", json=body, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    app.sign_in("kemi@example.org")
    assert [student["name"] for student in app.students()] == ["Ada Okafor"]


def test_an_administrator_is_told_that_they_may_act_as_others(app: App, cast: Cast) -> None:
    app.sign_in(cast.root_admin.login_id)
    asked = {"permissions[]": "become_user"}
    assert app.call("GET", "accounts/self/permissions", params=asked).json()["become_user"] is True
    assert app.call("GET", "users/self", params={"as_user_id": cast.observer.pk}).json()[
        "id"
    ] == str(cast.observer.pk)


def test_two_phones_are_signed_in_beside_each_other(joys: App, cast: Cast) -> None:
    other = type(joys)(joys.base, joys.client)
    other.sign_in(cast.observer.login_id)
    assert joys.call("GET", "users/self").status_code == 200


def test_several_students_decode(joys: App, cast: Cast) -> None:
    sister: User = make_user(cast.root, "Emeka Okafor")
    enrol(cast, sister, cast.courses.reading, "StudentEnrollment")
    for student in (cast.student, sister):
        link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=student)
    assert {one["name"] for one in joys.students()} == {"Ada Okafor", "Emeka Okafor"}
    assert ObservationLink.objects.active().count() == 2
