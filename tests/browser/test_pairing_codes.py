"""A student and a teacher make codes, with the mouse and with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from courses.models import Course
from pairing.models import PairingCode
from tests.cast import Cast, enrol

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
Check = Callable[[Page], None]
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


def _make(page: Page) -> str:
    """Open the dialog, make a code, and read it."""
    page.get_by_role("link", name="Pair with observer").click()
    page.get_by_role("button", name="Make a code").click()
    value = page.locator("dialog .code__value")
    value.wait_for()
    return value.get_attribute("data-text") or ""


def test_a_student_makes_a_code_and_copies_it(
    cast: Cast, sign_in: SignIn, no_axe_violations: Check
):
    page = sign_in(cast.student)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/profile/settings")
    code = _make(page)
    assert CODE.fullmatch(code)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code
    no_axe_violations(page)


def test_opening_the_dialog_makes_nothing_and_what_was_made_is_in_the_list_behind_it(
    cast: Cast, sign_in: SignIn
):
    page = sign_in(cast.student)
    page.goto("/profile/settings")
    page.get_by_role("link", name="Pair with observer").click()
    expect(page.get_by_role("button", name="Make a code")).to_be_visible()
    assert not PairingCode.objects.exists()
    page.get_by_role("button", name="Close").click()
    code = _make(page)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#codes")).to_contain_text(f"Ends in {code[-2:]}")
    page.get_by_role("link", name="Pair with observer").click()
    expect(page.get_by_role("button", name="Make a code")).to_be_visible()
    assert code not in page.content()


def test_a_second_code_and_revoking_one_keep_the_other_in_sight(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.student)
    page.goto("/profile/settings")
    first = _make(page)
    page.get_by_role("button", name="Make another for a second person").click()
    value = page.locator("dialog .code__value")
    expect(value).not_to_have_attribute("data-text", first)
    second = value.get_attribute("data-text")
    row = page.locator("#codes-here li").filter(has_text=f"Ends in {first[-2:]}").last
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke the code").click()
    expect(page.locator("#codes-here")).to_contain_text("is revoked")
    expect(value).to_have_attribute("data-text", second or "")
    expect(page.locator("#codes li")).to_have_count(1)
    assert PairingCode.objects.live().count() == 1


def test_the_dialog_needs_no_mouse(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.student)
    page.goto("/profile/settings")
    page.get_by_role("link", name="Pair with observer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Make a code")).to_be_visible()
    _tab_to(page, "Make a code")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .code__value")).to_be_visible()
    _tab_to(page, "Copy")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert PairingCode.objects.live().count() == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_dialog_fits_the_screen(cast: Cast, sign_in: SignIn, width: int):
    page = sign_in(cast.student)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/profile/settings")
    _make(page)
    expect(page.locator("#codes-here li")).to_have_count(1)
    assert page.locator("#pair").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_press_at_the_first_moment_stays_in_the_dialog(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.student)
    page.goto("/profile/settings")
    page.evaluate("""() => new MutationObserver((_, observer) => {
        const button = document.querySelector("dialog form .button--primary");
        if (button) { observer.disconnect(); button.click(); }
    }).observe(document.body, { childList: true, subtree: true })""")
    page.get_by_role("link", name="Pair with observer").click()
    expect(page.locator("dialog .code__value")).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip() == name:
            return
    raise AssertionError(f"“{name}” is not reached by the Tab key")


def test_loading_the_page_with_the_code_again_makes_no_second_one(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.student)
    page.goto("/profile/settings/pair")
    page.get_by_role("button", name="Make a code").click()
    expect(page.locator(".code__value")).to_be_visible()
    page.reload()
    expect(page.get_by_text("no second code was made")).to_be_visible()
    assert PairingCode.objects.count() == 1


def test_a_teacher_with_both_permissions_makes_one_on_user_details(
    cast: Cast, sign_in: SignIn, no_axe_violations: Check
):
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    page = sign_in(cast.teacher)
    page.goto("/courses")
    page.get_by_role("link", name="Biology").click()
    page.get_by_label("Search by name").fill("okafor")
    expect(page.get_by_role("link", name="Ito, Ben")).to_have_count(0)
    no_axe_violations(page)
    page.get_by_role("link", name="Okafor, Ada").click()
    no_axe_violations(page)
    assert CODE.fullmatch(_make(page))
    no_axe_violations(page)
    code = PairingCode.objects.get()
    assert (code.student, code.issued_by, code.surface) == (
        cast.student, cast.teacher, "user_details",
    )  # fmt: skip
    assert code.course == Course.objects.get(name="Biology")


def test_a_teacher_with_one_permission_reads_why_not(cast: Cast, sign_in: SignIn):
    page = sign_in(cast.teacher)
    page.goto(f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}")
    expect(page.get_by_text("To make a code for Ada Okafor you need")).to_be_visible()
    expect(page.get_by_role("link", name="Pair with observer")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(cast: Cast, sign_in: SignIn, width: int):
    long = "Maria-Magdalena Wolfeschlegelsteinhausenbergerdorff"
    User.objects.filter(pk=cast.student.pk).update(name=long, sortable_name=long)
    for _ in range(2):
        cast.code()
    page = sign_in(User.objects.get(pk=cast.student.pk))
    page.set_viewport_size({"width": width, "height": 800})
    biology = cast.courses.biology.pk
    for path in (
        "/courses",
        f"/courses/{biology}/users",
        "/profile/settings",
        "/profile/observees",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [390, 1280])
def test_an_administrator_exports_the_codes_of_a_course(
    cast: Cast, sign_in: SignIn, no_axe_violations: Check, width: int
):
    biology = cast.courses.biology
    Course.objects.filter(pk=biology.pk).update(name="Donaudampfschifffahrtskunde" * 3)
    for _ in range(5):
        cast.code()
    enrol(cast, cast.elsewhere, biology, "StudentEnrollment", "invited")
    page = sign_in(cast.sub_admin)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/courses/{biology.pk}/users")
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Export pairing codes").click()
    no_axe_violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with page.expect_download() as download:
        page.get_by_role("button", name="Make and download 2 codes").click()
    assert download.value.suggested_filename == "BIO_Pairing_Codes.csv"
    text = download.value.path().read_text("utf-8-sig")
    assert len(CODE.findall(text)) == 2
