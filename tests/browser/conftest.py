"""A real Chromium against a live server, and a real decoder for what it draws.

Chromium is looked for at `CHROMIUM`, else on the path; the decoder is the zbar library. Tests that
lack one of them are skipped and say so; where `CI` is true they fail instead.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, sync_playwright

from accounts.models import User

SignIn = Callable[[User], Page]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _chromium() -> str:
    """The path of a Chromium; skips (or fails, under CI) when there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not os.path.exists(path):
        _lack("No Chromium was found: install it, or name its path in CHROMIUM.")
    return path


def _lack(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for this folder.

    Not the plugin's, which lives until the session ends: its event loop would still run in this
    thread, and Django refuses its ORM beside one. Here it is allowed, as nothing is shared.
    """
    with pytest.MonkeyPatch.context() as environment:
        path = _chromium()
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            yield playwright.chromium.launch(executable_path=path, args=[*_QUIET])


@pytest.fixture
def browser_page(chromium: Browser, live_server: Any) -> Iterator[Page]:
    """A page whose addresses start at the live server. A complaint of the console is a failure."""
    size = {"width": 1280, "height": 800}
    # Without motion: axe must not see a menu that is still fading in.
    context = chromium.new_context(
        base_url=live_server.url, viewport=size, locale="en", reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.extend(_complaint(message)))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def _complaint(message: ConsoleMessage) -> list[str]:
    # An answer of 4xx is ours to give; Chromium calls it an error.
    answered = message.text.startswith("Failed to load resource: the server responded")
    return [message.text] if message.type == "error" and not answered else []


@pytest.fixture
def sign_in(browser_page: Page, live_server: Any) -> SignIn:
    """`sign_in(user)`: `browser_page`, in which the user is signed in, without the form."""

    def signed_in(user: User) -> Page:
        client = Client()
        client.force_login(user, backend="accounts.signin.TenantBackend")
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        host = urlsplit(live_server.url).hostname
        browser_page.context.add_cookies([{**cookie, "domain": host, "path": "/"}])
        return browser_page

    return signed_in


@pytest.fixture
def no_axe_violations() -> Callable[[Page], None]:
    """`no_axe_violations(page)`: whatever axe finds wrong with the page is a failure."""

    def check(page: Page) -> None:
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    return check


@pytest.fixture
def axe_around() -> Callable[[Page], None]:
    """The same of our frame alone: Swagger UI's own faults (headings, buttons in buttons) stay."""

    def check(page: Page) -> None:
        results = Axe().run(page, context={"exclude": [["#api"]]})
        assert results.violations_count == 0, results.generate_report()

    return check


@pytest.fixture
def scan() -> Callable[[Locator], str]:
    """`scan(drawing)`: what a QR code on the screen says, as zbar reads it."""
    try:
        from pyzbar.pyzbar import ZBarSymbol, decode
    except ImportError:
        _lack("The zbar library was not found: install it (on Debian: libzbar0).")

    def read(drawing: Locator) -> str:
        picture = Image.open(io.BytesIO(drawing.screenshot()))
        [found] = decode(picture, symbols=[ZBarSymbol.QRCODE])
        return str(found.data.decode())

    return read
