"""In a real browser: an application from its key to the end of what somebody approved for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from oauth.models import DeveloperKey
from tests.cast import PASSWORD
from tests.oauth.conftest import make_key

pytestmark = pytest.mark.browser
LONG = "Stundenplanabgleichsprogramm" * 6
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def called(url: str, token: str = "", **given: str) -> tuple[int, Any]:
    """What a program gets: status and JSON; a GET without parameters, else a POST."""
    request = Request(url, data=urlencode(given).encode() or None)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urlopen(request) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


class _Application(BaseHTTPRequestHandler):
    """Where people come back to with a code."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Library</title>")

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def back() -> Iterator[str]:
    """The application's address."""
    with HTTPServer(("127.0.0.1", 0), _Application) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/back"
        server.shutdown()


def test_from_the_key_to_the_end(cast, sign_in, live_server, back):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}")
    page.get_by_role("link", name="Developer keys").click()
    page.get_by_role("link", name="Add a developer key").first.click()
    page.get_by_role("button", name="Make the key").click()
    assert page.get_by_label("Name").get_attribute("aria-invalid") == "true"
    page.get_by_label("Name").fill("Library")
    page.get_by_label("Redirect addresses").fill(f"{back}\n{OUT_OF_BAND}")
    page.get_by_role("button", name="Make the key").click()
    client_id = page.locator("#client-id").inner_text()
    secret = page.locator("#secret").inner_text()

    # The application sends somebody here, who is not signed in.
    page.context.clear_cookies()
    asked = {"client_id": client_id, "response_type": "code", "redirect_uri": back, "state": "7"}
    page.goto(f"/login/oauth2/auth?{urlencode(asked)}")
    page.get_by_label("Login").fill("joy.okafor")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Let Library act for you?").wait_for()
    page.get_by_role("button", name="Allow it", exact=True).click()
    page.wait_for_url(f"{back}?*")
    sent = parse_qs(urlsplit(page.url).query)
    assert sent["state"] == ["7"]

    known = {"client_id": client_id, "client_secret": secret, "redirect_uri": back}
    status, issued = called(f"{live_server.url}/login/oauth2/token", **known, code=sent["code"][0])
    assert (status, issued["user"]["name"]) == (200, "Joy Okafor")
    me = f"{live_server.url}/api/v1/users/self"
    assert called(me, issued["access_token"])[1]["id"] == cast.observer.pk

    page.goto("/profile/settings")
    approved = page.get_by_role("region", name="Approved integrations")
    approved.locator("summary", has_text="End").click()
    approved.get_by_role("button", name="End the approval").click()
    page.get_by_text("Library no longer acts for you.").wait_for()
    assert called(me, issued["access_token"])[0] == 401


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_fit_and_axe_finds_nothing(cast, sign_in, no_axe_violations, width, scheme):
    page = sign_in(cast.root_admin)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    keys = f"/accounts/{cast.root.pk}/developer_keys"

    def looks_right() -> None:
        assert fits(page)
        no_axe_violations(page)

    page.goto(keys)
    looks_right()
    page.goto(f"{keys}/new")
    page.get_by_text("Everything that it can be limited to").click()
    looks_right()
    page.get_by_label("Name").fill(LONG[:160])
    page.get_by_label("Redirect addresses").fill(f"https://{'x' * 60}.example/{'y' * 200}")
    page.get_by_role("button", name="Make the key").click()
    page.locator("#secret").wait_for()
    looks_right()
    page.get_by_role("link", name="Go on to the key").click()
    looks_right()
    page.locator("summary", has_text="Switch it off").click()
    looks_right()
    page.get_by_role("button", name="Switch it off").click()
    page.get_by_text("its tokens have ended").wait_for()
    looks_right()
    make_key(cast, name="Trusted", client_id="trusted", is_trusted=True)
    page.goto(keys)
    looks_right()
    page.goto(f"{keys}/{DeveloperKey.objects.get(name='Trusted').pk}")
    looks_right()
