"""Single sign-on, with a provider that is a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts.models import SignOnProvider, User
from tests.cast import Cast
from tests.openid_provider import CLIENT_ID, SECRET

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
Check = Callable[[Page], None]


@pytest.fixture
def issuer() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.openid_provider", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def set_up(page: Page, cast: Cast, issuer: str) -> None:
    page.goto(f"/accounts/{cast.root.pk}/settings")
    page.get_by_role("link", name="Set up single sign-on").click()
    page.get_by_label("Issuer").fill(issuer)
    page.get_by_label("Client id").fill(CLIENT_ID)
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.get_by_label("Name of the service").fill("District")
    page.get_by_role("button", name="Save").click()


def come_from_there(page: Page, who: str) -> None:
    page.goto("/login")
    page.get_by_role("link", name="Sign in with District").click()
    expect(page.get_by_role("heading", name="District sign-in")).to_be_visible()
    page.get_by_label("Who are you?").fill(who)
    page.get_by_role("button", name="Continue").click()


def test_from_setting_it_up_to_coming_in(
    cast: Cast, sign_in: SignIn, issuer: str, no_axe_violations: Check
) -> None:
    page = sign_in(cast.root_admin)
    set_up(page, cast, "http://127.0.0.1:9")
    expect(page.locator("#id_issuer_error")).to_be_visible()
    no_axe_violations(page)
    page.get_by_label("Issuer").fill(issuer)
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    no_axe_violations(page)
    assert SignOnProvider.objects.get().issuer == issuer

    page.context.clear_cookies()
    come_from_there(page, "nobody.here")
    expect(page.get_by_role("heading", name="You can't come in")).to_be_visible()
    no_axe_violations(page)
    come_from_there(page, "ada.okafor")
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/profile/settings")
    expect(page.get_by_role("heading", name="User Settings")).to_be_visible()
    assert page.get_by_label("Full name").input_value() == "Ada Okafor"


def test_the_sign_in_page_offers_it(
    cast: Cast, sign_in: SignIn, issuer: str, no_axe_violations: Check
) -> None:
    page = sign_in(cast.root_admin)
    set_up(page, cast, issuer)
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/login")
    no_axe_violations(page)
    page.get_by_role("link", name="Sign in with District").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
