"""In a real browser: signing in and out, a forgotten password, the first sign-in."""

import re

import pytest
from django.core import mail

from accounts.models import User
from pairing.mail import _post
from tests.cast import PASSWORD, enrol, make_user

pytestmark = pytest.mark.browser


def sign_in_by_hand(page, login, password=PASSWORD):
    page.goto("/login")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_someone_signs_in_with_the_keyboard_alone_and_out_again(cast, browser_page):
    page = browser_page
    page.goto("/login")
    page.get_by_label("Login").focus()
    page.keyboard.type("ada.okafor")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Hello, Ada Okafor").wait_for()
    page.locator("summary", has_text="Ada Okafor").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()


def test_a_wrong_password_is_said_first_and_the_login_is_kept(
    cast, browser_page, no_axe_violations
):
    sign_in_by_hand(browser_page, "ada.okafor", "wrong")
    problem = browser_page.get_by_role("alert")
    assert "don't go together" in problem.inner_text()
    assert problem.evaluate("element => element === document.activeElement")
    assert browser_page.get_by_label("Login").input_value() == "ada.okafor"
    no_axe_violations(browser_page)


def test_a_forgotten_password_is_replaced(cast, browser_page):
    User.objects.filter(pk=cast.student.pk).update(email="ada@x.example")
    page = browser_page
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("ada@x.example")
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    _post.submit(lambda: None).result()
    page.goto(re.search(r"http\S+", mail.outbox[0].body)[0])
    page.get_by_label("New password").fill("my-very-own-horse")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("heading", name="Your password is set").wait_for()
    sign_in_by_hand(page, "ada.okafor", "my-very-own-horse")
    page.get_by_role("heading", name="Hello, Ada Okafor").wait_for()


def test_a_slip_from_the_course_leads_to_a_password_of_one_s_own(
    cast, browser_page, sign_in, no_axe_violations
):
    nora = make_user(cast.root, "Nora Newcomer")
    User.objects.filter(pk=nora.pk).update(password="!roster")
    enrol(cast, nora, cast.courses.biology, "StudentEnrollment")
    page = sign_in(cast.root_admin)
    page.goto(f"/courses/{cast.courses.biology.pk}/first_sign_ins")
    page.get_by_role("button", name="Make the slips").click()
    password = page.locator(".slip .code__value").inner_text()
    no_axe_violations(page)
    page.context.clear_cookies()
    sign_in_by_hand(page, "nora.newcomer", password)
    page.get_by_label("New password").fill("my-very-own-horse")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("heading", name="Hello, Nora Newcomer").wait_for()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_entrance_is_accessible_and_fits(cast, browser_page, no_axe_violations, width):
    browser_page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/login", "/password/reset", "/password/reset/choose", "/nowhere"):
        browser_page.goto(path)
        no_axe_violations(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_language_is_changed_and_stays(cast, browser_page):
    browser_page.goto("/login")
    browser_page.locator("summary", has_text="English").click()
    browser_page.get_by_role("button", name="Español").click()
    assert browser_page.locator("html").get_attribute("lang") == "es"
    browser_page.goto("/")
    assert browser_page.locator("html").get_attribute("lang") == "es"
