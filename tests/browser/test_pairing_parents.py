"""A parent's road: the code, the account, the student."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from pairing.models import ObservationLink
from tests.cast import PASSWORD, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
Check = Callable[[Page], None]


def _type_code(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Register with a code").click()
    page.get_by_label("Pairing code").fill(text)
    page.get_by_role("button", name="Continue").click()


def test_a_parent_registers_and_lands_on_observing(
    cast: Cast, browser_page: Page, no_axe_violations: Check
):
    page = browser_page
    _type_code(page, f"Hi Mum! Type {cast.code().shown.lower()} in, please. Ada")
    expect(page.get_by_text("The code is for Ada O.")).to_be_visible()
    no_axe_violations(page)
    page.get_by_label("Your name").fill("Ruth Okafor")
    page.get_by_label("E-mail").fill("ruth@home.example")
    page.get_by_role("button", name="Show the password").click()
    page.get_by_label("Password", exact=True).fill("willow-under-rain")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page).to_have_url(re.compile("/profile/observees$"))
    expect(page.get_by_role("heading", name="You are linked to Ada O.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada Okafor")).to_be_visible()
    expect(page.get_by_text("Biology")).to_be_visible()
    no_axe_violations(page)
    assert ObservationLink.objects.active().get().observer.login_id == "ruth@home.example"


def test_a_name_that_is_one_long_word_fits_on_a_phone(cast: Cast, browser_page: Page):
    long = "Wolfeschlegelsteinhausenbergerdorffwelche"
    sortable = f"Okafor, {long}"
    User.objects.filter(pk=cast.student.pk).update(name=f"{long} Okafor", sortable_name=sortable)
    page = browser_page
    page.set_viewport_size({"width": 390, "height": 800})
    _type_code(page, cast.code().shown)
    page.get_by_label("Your name").fill("Ruth Okafor")
    page.get_by_label("E-mail").fill("ruth@home.example")
    page.get_by_label("Password", exact=True).fill("willow-under-rain")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", name=f"You are linked to {long} O.")).to_be_visible()
    panel = page.locator("section").filter(has_text="Nothing more to do.")
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_second_parent_with_an_account_signs_in_with_the_code_kept(
    cast: Cast, browser_page: Page
):
    cast.observer.login_id = "joy@home.example"
    cast.observer.save()
    page, code = browser_page, cast.code().shown
    _type_code(page, code)
    page.get_by_label("Your name").fill("Joy Okafor")
    page.get_by_label("E-mail").fill("joy@home.example")
    page.get_by_label("Password", exact=True).fill("willow-under-rain")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_text("You have an account here already.")).to_be_visible()
    assert code not in page.url
    page.get_by_label("Login").fill("joy@home.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Pairing code")).to_have_value(code)
    page.get_by_role("button", name="Add the student").click()
    expect(page.get_by_text("You observe Ada Okafor now.")).to_be_visible()
    assert ObservationLink.objects.active().get().observer == cast.observer


def test_a_wrong_code_is_read_out_and_kept_in_the_field(
    cast: Cast, browser_page: Page, no_axe_violations: Check
):
    page = browser_page
    _type_code(page, "K7QDM-2XR9T")
    field = page.get_by_label("Pairing code")
    expect(field).to_have_value("K7QDM-2XR9T")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("doesn't work"))
    no_axe_violations(page)


def test_an_observer_stops_observing_after_being_asked_once(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.observer)
    page.goto("/profile/observees")
    page.get_by_label("Pairing code").fill(cast.code().shown)
    page.get_by_label("Pairing code").press("Enter")
    page.locator("summary").filter(has_text="Stop observing").click()
    expect(page.get_by_text("You will not see Ada Okafor")).to_be_visible()
    page.get_by_role("button", name="Stop observing").click()
    expect(page.get_by_text("You don't observe Ada Okafor any more.")).to_be_visible()
    assert not ObservationLink.objects.active().exists()


def test_a_parent_changes_to_spanish_on_the_way(cast: Cast, browser_page: Page):
    page = browser_page
    _type_code(page, cast.code().shown)
    page.locator("summary").filter(has_text="Language:").click()
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_text("El código es para Ada O.")).to_be_visible()
    page.get_by_label("Su nombre").fill("Ruth Okafor")
    page.get_by_label("Correo electrónico").fill("ruth@home.example")
    page.get_by_label("Contraseña", exact=True).fill("willow-under-rain")
    page.get_by_role("button", name="Registrarse").click()
    expect(page.get_by_text("No hay nada más que hacer.")).to_be_visible()
    assert User.objects.get(login_id="ruth@home.example").locale == "es"


def test_without_a_script_everything_works(cast: Cast, chromium: object, live_server: object):
    context = chromium.new_context(  # type: ignore[attr-defined]
        base_url=live_server.url,
        java_script_enabled=False,  # type: ignore[attr-defined]
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Login").fill(cast.student.login_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.goto("/profile/settings")
    page.get_by_role("link", name="Pair with observer").click()
    page.get_by_role("button", name="Make a code").click()
    assert page.locator(".code__value").get_attribute("data-text")
    page.locator("summary").filter(has_text="Revoke").click()
    page.get_by_role("button", name="Revoke the code").click()
    expect(page.get_by_text("is revoked. It can't be used any more.")).to_be_visible()
    context.close()
