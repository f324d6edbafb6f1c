"""In a real browser: a QR code is drawn, read off the screen by zbar, and signs in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from accounts.models import User
from oauth.digests import mobile_secret
from oauth.models import QrSignIn
from tests.browser.test_oauth import called, fits
from tests.oauth.conftest import make_key

pytestmark = pytest.mark.browser
PAGE = "/profile/qr_mobile_login"
SIZES = pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])


@pytest.fixture
def phone(chromium) -> Iterator[Page]:
    """Another device, on which nobody is signed in."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en")
    yield context.new_page()
    context.close()


@SIZES
def test_a_camera_signs_in(cast, sign_in, scan, phone, no_axe_violations, width, scheme):
    User.objects.filter(pk=cast.student.pk).update(sortable_name="Okafor-von der Aue, Ada Chinwe")
    page = sign_in(cast.student)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto("/profile/settings")
    page.get_by_role("link", name="Sign in with a QR code").click()
    no_axe_violations(page)
    page.get_by_role("button", name="Show the QR code").click()
    address = scan(page.locator(".qr"))
    assert page.get_by_role("timer").inner_text() in ("10:00", "9:59", "9:58")
    assert fits(page)
    no_axe_violations(page)

    phone.goto(address)
    phone.get_by_role("heading", name="Sign in as Ada Chinwe O. on this device?").wait_for()
    assert fits(phone)
    no_axe_violations(phone)
    phone.get_by_role("button", name="Sign in as Ada Chinwe O.").click()
    phone.get_by_text("Okafor").first.wait_for()
    phone.goto(f"{urlsplit(address).scheme}://{urlsplit(address).netloc}/profile/settings")
    phone.get_by_role("heading", name="User Settings").wait_for()
    phone.goto(address)
    phone.get_by_role("heading", name="This QR code doesn't work").wait_for()
    no_axe_violations(phone)


def test_an_app_signs_in(cast, sign_in, scan, live_server):
    key = make_key(cast, client_id="apps", secret_digest="", for_mobile=True)
    page = sign_in(cast.student)
    page.goto(PAGE)
    page.get_by_role("button", name="Show the QR code").click()
    scanned = {
        name: text for name, [text] in parse_qs(urlsplit(scan(page.locator(".qr"))).query).items()
    }
    # As §9.7: which client it is here, then the exchange.
    domain = scanned["domain"]
    verified = called(f"http://{domain}/api/v1/mobile_verify.json?domain={domain}")[1]
    assert (verified["result"], verified["client_secret"]) == (0, mobile_secret(key))
    status, issued = called(
        f"{verified['base_url']}login/oauth2/token",
        client_id=verified["client_id"],
        client_secret=verified["client_secret"],
        code=scanned["code_ios_parent"],
    )
    assert (status, issued["user"]["id"]) == (200, cast.student.pk)
    me = called(f"{live_server.url}/api/v1/users/self", issued["access_token"])
    assert me[1]["name"] == "Ada Okafor"


def test_a_new_one_and_the_end_of_the_countdown(cast, sign_in, scan):
    page = sign_in(cast.student)
    page.clock.install()
    page.goto(PAGE)
    page.get_by_role("button", name="Show the QR code").click()
    first = scan(page.locator(".qr"))
    page.get_by_role("button", name="Make a new one").click()
    page.get_by_role("timer").wait_for()
    assert scan(page.locator(".qr")) != first
    assert QrSignIn.objects.filter(used_at=None).count() == 1
    page.clock.fast_forward("09:30")
    assert page.get_by_role("timer").inner_text().startswith("0:")
    page.clock.fast_forward("00:31")
    page.get_by_role("heading", name="This code has ended").wait_for()
    assert page.locator(".qr").count() == 0
    assert page.get_by_role("status").filter(has_text="This code has ended").count() == 1
