"""A day of traffic through a real server; then no secret of that day is found anywhere.

People sign in, make, redeem and export codes, choose and forget passwords, make tokens, let an
application act for them, draw QR codes; a roster with passwords is imported. Everything that opens
something is noted on the way, mistyped ones too, and then searched for in what server and worker
printed at their most talkative, in the whole database and in what is exported of the events.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from oauth.models import DeveloperKey
from tests.accounts.test_sign_on import fields
from tests.cast import Cast
from tests.oauth.conftest import make_key
from tests.openid_provider import SECRET, Provider, running
from tests.trust.serving import Browser, Service, until
from tests.trust.spotting import database, found

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b")
TOKEN = re.compile(r'data-text="(p[sk]~[\w-]+)"')
SLIP = re.compile(r">([2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4})<")
BACK = "https://reading.example/back"


def only(pattern: re.Pattern[str], answer: requests.Response) -> str:
    [text] = set(pattern.findall(answer.text))
    return str(text)


class Day:
    """What happens, and what of it is secret: `secrets` by what it is."""

    def __init__(self, cast: Cast, service: Service) -> None:
        self.cast, self.service, self.url = cast, service, service.url
        self.secrets: dict[str, str] = {}
        self.browsers: dict[str, Browser] = {}
        # No secret, but as long as one: what finds these finds those.
        self.planted = f"ps~{secrets.token_urlsafe(32)}"

    def keep(self, what: str, text: str) -> str:
        assert text, f"no {what}"
        self.secrets[what] = text
        return text

    def password(self, what: str) -> str:
        return self.keep(f"the password {what}", f"{secrets.token_hex(9)}-Blue")

    def browser(self, whose: str) -> Browser:
        self.browsers[whose] = Browser(self.url, agent=f"Firefox on {self.planted}")
        return self.browsers[whose]

    def signed_in(self, user: User) -> Browser:
        """A browser of someone from the cast, who gets a password that nobody else has."""
        password = self.password(f"of {user.name}")
        user.set_password(password)
        user.save()
        browser = self.browser(user.name)
        before = browser.cookie("sessionid")
        browser.sign_in(user.login_id, self.password(f"mistyped by {user.name}"), 200)
        browser.sign_in(user.login_id, password)
        assert browser.cookie("sessionid") != before
        return browser

    def api(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(
            method, f"{self.url}/api/v1/{path}", headers=headers, timeout=30, **more
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    # --- What happens ---

    def codes(self, ada: Browser, admin: Browser, admins_token: str) -> None:
        """Made on each surface, mistyped, redeemed."""
        made = self.keep("a code of one's own", only(CODE, ada.post("/profile/settings/pair", 200)))
        biology = self.cast.courses.biology.pk
        there = f"/courses/{biology}/users/{self.cast.student.pk}/pair"
        self.keep("a code of an administrator", only(CODE, admin.post(there, 200)))
        exported = admin.post(f"/courses/{biology}/observer_pairing_codes.csv", 200)
        for number, text in enumerate(CODE.findall(exported.text)):
            self.keep(f"exported code {number}", text)
        codes = f"users/{self.cast.classmate.pk}/observer_pairing_codes"
        text = self.api("POST", codes, admins_token)["code"]
        self.keep("a code over REST", text)
        joy = self.signed_in(self.cast.observer)
        joy.post("/profile/observees", 422, code=self.keep("a mistyped code", "7Q7Q7-ZZZ9Z"))
        joy.post("/profile/observees", code=text)
        self.registration(made)
        asked = {"pairing_code": self.keep("a code in an address", "8Q8Q8-ZZZ8Z")}
        refused = requests.post(
            f"{self.url}/api/v1/users/{self.cast.classmate.pk}/observees", params=asked,
            headers={"Authorization": f"Bearer {admins_token}"}, timeout=30,
        )  # fmt: skip
        assert refused.status_code >= 400

    def registration(self, code: str) -> None:
        """On the pages, with an e-mail address to confirm."""
        ruth = self.browser("Ruth")
        ruth.post("/register/observer/code", code=code.lower())
        self.keep("the kept code", ruth.cookie("pairing_code"))
        parent = {"name": "Ruth Okafor", "email": "ruth@home.example"}
        ruth.post("/register/observer", 422, **parent, password="short")
        password = self.password("of Ruth")
        ruth.post("/register/observer", **parent, password=password)
        key = self.keep(
            "a link to confirm", self.service.key_in_mail("/register/observer/confirm/link")
        )
        ruth.get("/register/observer/confirm/link", params={"key": key})
        self.keep("the session of an unconfirmed one", ruth.cookie("sessionid"))
        ruth.sign_in(parent["email"], password)

    def over_rest(self, code: str) -> None:
        """An app registers someone, who has to confirm their address, too."""
        self.api(
            "POST", f"accounts/{self.cast.root.pk}/users",
            json={
                "user": {"name": "Pat Doe", "terms_of_use": True,
                         "initial_enrollment_type": "observer"},
                "pseudonym": {"unique_id": "pat@home.example",
                              "password": self.password("of Pat")},
                "pairing_code": {"code": code},
            },
        )  # fmt: skip
        self.keep("another link", self.service.key_in_mail("/register/observer/confirm/link"))

    def passwords(self, admin: Browser) -> None:
        """One that is forgotten, one on a slip, a link by mail that nobody follows to its end."""
        someone = self.browser("who forgot")
        someone.post("/password/reset", email="ada@families.example")
        key = self.keep("a reset key", self.service.key_in_mail("/password/reset/choose"))
        someone.get("/password/reset/choose", params={"key": key})
        someone.post("/password/reset/choose", 422, password1="short")
        someone.post("/password/reset", email="ben@families.example")
        key = self.keep("a used reset key", self.service.key_in_mail("/password/reset/choose"))
        someone.get("/password/reset/choose", params={"key": key})
        new = self.password("chosen anew")
        someone.post("/password/reset/choose", password1=new)
        slip = only(SLIP, admin.post(f"/users/{self.cast.elsewhere.pk}/password", 200))
        self.keep("a one-time password", slip)
        cora = self.browser("Cora")
        cora.sign_in(self.cast.elsewhere.login_id, slip)
        cora.post("/password/choose", password=self.password("of Cora"))

    def tokens(self, admin: Browser) -> str:
        """Made on the page, renewed over REST, sent in each way, also a wrong one."""
        page = admin.post("/profile/tokens/new", 200, purpose=f"Not secret: {self.planted}")
        text = self.keep("a token", only(TOKEN, page))
        self.api("GET", "users/self", params={"access_token": text})
        made = self.api("POST", "users/self/tokens", text, data={"token[purpose]": "REST"})
        again = self.keep("a token over REST", made["visible_token"])
        renewed = self.api(
            "PUT", f"users/self/tokens/{made['id']}", text, data={"token[regenerate]": "1"}
        )
        self.keep("a renewed token", renewed["visible_token"])
        wrong = {"Authorization": f"Bearer {self.keep('a mistyped token', again[:-1])}"}
        assert (
            requests.get(f"{self.url}/api/v1/users/self", headers=wrong, timeout=30).status_code
            == 401
        )
        return text

    def application(self, ada: Browser, admin: Browser) -> None:
        """Its secret, the code, tokens, an address that signs in; and the mobile apps' secret."""
        keys = f"/accounts/{self.cast.root.pk}/developer_keys"
        given = {"name": "Library", "kind": "server", "redirect_uris": BACK}
        page = admin.post(f"{keys}/new", 200, **given)
        secret = self.keep("a client secret", only(TOKEN, page))
        client_id = DeveloperKey.objects.get(name="Library").client_id
        asked = f"/login/oauth2/auth?client_id={client_id}&response_type=code&redirect_uri={BACK}"
        leads = ada.post(asked, decision="allow").headers["Location"]
        code = self.keep("an OAuth code", parse_qs(urlsplit(leads).query)["code"][0])
        known = {"client_id": client_id, "client_secret": secret}
        token = requests.post(
            f"{self.url}/login/oauth2/token", params=known | {"code": code, "redirect_uri": BACK},
            timeout=30,
        ).json()  # fmt: skip
        access = self.keep("an OAuth token", token["access_token"])
        refresh = self.keep("a refresh token", token["refresh_token"])
        fresh = requests.post(
            f"{self.url}/login/oauth2/token", timeout=30,
            data=known | {"grant_type": "refresh_token", "refresh_token": refresh},
        ).json()  # fmt: skip
        self.keep("a refreshed token", fresh["access_token"])
        address = requests.get(
            f"{self.url}/login/session_token", timeout=30,
            headers={"Authorization": f"Bearer {access}"},
        ).json()["session_url"]  # fmt: skip
        self.keep("a session token", parse_qs(urlsplit(address).query)["session_token"][0])
        self.browser("the app's web view").get(address.removeprefix(self.url))
        verified = self.api("GET", f"mobile_verify.json?domain={urlsplit(self.url).netloc}")
        self.keep("the mobile apps' secret", verified["client_secret"])

    def qr_codes(self, ada: Browser) -> None:
        """One that is scanned by a phone's camera, one that nobody scans."""
        for what in ("an unused QR code", "a QR code"):
            ada.post("/profile/qr_mobile_login", 200)
            payload = self.service.drawn.read_text().splitlines()[-1]
            code = self.keep(what, parse_qs(urlsplit(payload).query)["code"][0])
        phone = self.browser("a phone")
        phone.get("/canvas/login", params=parse_qs(urlsplit(payload).query))
        phone.post("/canvas/login", code=code)

    def single_sign_on(self, admin: Browser, provider: Provider) -> None:
        """Set up on its page; somebody comes in by it, somebody else begins and does not."""
        root = self.cast.root.pk
        secret = self.keep("the secret of a provider", SECRET)
        given = fields(provider)
        del given["creates_people"]
        admin.post(f"/accounts/{root}/authentication", **given, secret=secret)
        for who in ("nobody", "Dana"):
            browser = self.browser(who)
            begun = browser.get(f"/login/sso/{root}", 302, allow_redirects=False)
        asked = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
        back = urlsplit(provider.answer(asked, self.cast.designer.login_id))
        [code] = provider.codes
        self.keep("a provider's code", code)
        browser.get(back.path, 302, params=parse_qs(back.query), allow_redirects=False)
        browser.get("/profile/settings")
        for token in provider.tokens:
            self.keep("a provider's token", token)

    def roster(self, token: str) -> None:
        """With passwords, in good rows and in bad ones."""
        good, bad = self.password("in a roster"), self.password("in a bad row")
        rows = ["user_id,login_id,full_name,status,password", f"u1,mei,Mei Lin,active,{good}"]
        rows.append(f",nobody,No Body,active,{bad}")
        imports = f"accounts/{self.cast.root.pk}/sis_imports"
        file = {"attachment": ("users.csv", "\n".join(rows), "text/csv")}
        asked = self.api("POST", imports, token, files=file)["id"]
        until(
            lambda: self.api("GET", f"{imports}/{asked}", token)["progress"] == 100,
            "the roster is not imported",
        )
        self.browser("Mei").sign_in("mei", good)
        self.api("GET", f"{imports}/{asked}/errors", token)

    def around(self, ada: Browser, admin: Browser) -> None:
        """Looking about, acting as someone, and what goes wrong."""
        student = self.cast.student.pk
        for path in (f"/users/{student}", "/accounts", "/profile/settings"):
            admin.get(path)
        admin.post(f"/users/{student}/masquerade")
        admin.get("/profile/settings")
        admin.post("/masquerade/stop")
        admin.get(f"/nowhere/{self.planted}", 404)
        token = {"Authorization": f"Basic {self.secrets['a token']}"}
        broken = requests.post(
            f"{self.url}/api/v1/users/self/tokens", "{not json", timeout=30,
            headers=token | {"Content-Type": "application/json"},
        )  # fmt: skip
        assert broken.status_code in (400, 401)
        odd = requests.get(self.url, headers={"Host": "no such host"}, timeout=30)
        assert odd.status_code == 400
        self.keep("a session that is signed out", ada.cookie("sessionid"))
        ada.post("/logout")

    def exports(self, admin: Browser, token: str) -> dict[str, bytes]:
        """What administrators and programs get of the events."""
        root = self.cast.root.pk
        page = admin.get(f"/accounts/{root}/audit")
        file = admin.get(f"/accounts/{root}/audit/events.csv")
        feed: list[dict[str, Any]] = []

        def has_begun() -> bool:
            """Events are told some seconds late: those of the day's beginning are there by now."""
            params = {"per_page": "100"} | ({"after": feed[-1]["after"]} if feed else {})
            told = self.api("GET", "audit/events", token, params=params)
            feed.extend([told] if told["events"] else [])
            return self.planted in str(feed) and not told["has_more"]

        until(has_begun, "the feed of events has nothing")
        return {
            "the page of events": page.content, "the file of events": file.content,
            "the feed of events": json.dumps(feed).encode(),
        }  # fmt: skip

    def ends(self) -> None:
        """What browsers still have."""
        for whose, browser in self.browsers.items():
            for name, value in browser.cookies.items():
                if name != "django_language":
                    self.keep(f"{name} of {whose}", value)


@pytest.fixture
def key(settings: Any) -> str:
    """What signs, for server and test alike."""
    settings.SECRET_KEY = secrets.token_hex(32)
    return str(settings.SECRET_KEY)


@pytest.fixture
def service(cast: Cast, key: str, tmp_path: Path) -> Iterator[Service]:
    call_command("createcachetable", "cache")
    running = Service(tmp_path, SECRET_KEY=key)
    try:
        running.wait()
        yield running
    finally:
        running.stop()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE cache")


def test_no_secret_of_a_day_is_in_logs_database_or_exports(cast: Cast, service: Service) -> None:
    cast.set(confirms_email=True)
    User.objects.filter(pk=cast.student.pk).update(email="ada@families.example")
    User.objects.filter(pk=cast.classmate.pk).update(email="ben@families.example")
    make_key(cast, client_id="apps", secret_digest="", for_mobile=True, name="Apps")
    for person in (cast.student, cast.classmate):
        person.refresh_from_db()
    day = Day(cast, service)
    admin, ada = day.signed_in(cast.root_admin), day.signed_in(cast.student)
    token = day.tokens(admin)
    day.codes(ada, admin, token)
    day.over_rest(day.secrets["exported code 0"])
    day.passwords(admin)
    day.application(ada, admin)
    day.qr_codes(ada)
    with running() as provider:
        day.single_sign_on(admin, provider)
    day.roster(token)
    day.around(ada, admin)
    day.ends()
    places = {**day.exports(admin, token), **database()}
    service.stop()
    places["the log"] = service.log.read_bytes()
    assert len(day.secrets) > 50
    assert found(day.secrets, places) == []
    assert b'"POST /profile/settings/pair HTTP/1.1" 200' in places["the log"]
    seen = found({"planted": day.planted}, places)
    for place in (
        "the log",
        "the page of events",
        "the file of events",
        "the feed of events",
        "audit_event",
        "accounts_accesstoken",
        "what sessions hold",
    ):
        assert f"planted in {place}" in seen
    if connection.vendor == "sqlite":
        assert any(where.startswith("planted in the file") for where in seen)


SAMPLE = 'K7QDM-2XR9T/+"ö~'


@pytest.mark.parametrize(
    "written",
    [
        SAMPLE, SAMPLE.lower(), "K7QDM2XR9T/+\"ö~", "K7QDM-2XR9T%2F%2B%22%C3%B6~",
        *(base64.b64encode(f"{b}{SAMPLE} etc.".encode()).decode() for b in ("", "a", "ab")),
        *(base64.urlsafe_b64encode(f"{b}{SAMPLE} etc.".encode()).decode() for b in ("", "a", "ab")),
        SAMPLE.encode().hex(), json.dumps(SAMPLE), hashlib.sha256(SAMPLE.encode()).hexdigest(),
    ],
)  # fmt: skip
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    assert found({"x": SAMPLE}, {"here": f"… {written} …".encode()}) == ["x in here"]
    assert found({"x": SAMPLE}, {"here": f"… {written[4:-4]} …".encode()}) == []
