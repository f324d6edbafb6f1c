"""In a real browser: people of an account, a person's page, acting as someone, settings."""

import pytest

from pairing.models import ObservationLink
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle von und zu Baden"


def test_the_list_follows_the_typing(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}/users")
    page.get_by_label("Search by name or id").press_sequentially("ito")
    page.get_by_role("navigation", name="Pages").get_by_text("1–1 of 1").wait_for()
    assert page.get_by_role("link", name="Ito, Ben").is_visible()
    page.wait_for_url("**q=ito**")


def test_an_administrator_acts_as_a_student_and_stops(cast, sign_in, no_axe_violations):
    page = sign_in(cast.root_admin)
    page.goto(f"/users/{cast.student.pk}")
    page.get_by_role("link", name="Act as").click()
    page.get_by_role("button", name="Act as Ada Okafor").click()
    bar = page.get_by_role("region", name="Acting as someone else")
    page.goto("/profile/settings")
    assert "is acting as Ada Okafor" in bar.inner_text()
    page.mouse.wheel(0, 5000)
    assert bar.bounding_box()["y"] == 0
    no_axe_violations(page)
    page.get_by_role("button", name="Stop acting").click()
    page.get_by_role("heading", name="Ada Okafor", exact=True).wait_for()
    assert not bar.is_visible()


def test_an_observer_is_added_removed_and_put_back(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/users/{cast.student.pk}")
    observers = page.locator("#observers")
    observers.get_by_label("Login of the observer").fill("joy.okafor")
    observers.get_by_role("button", name="Add an observer").click()
    page.get_by_text("Joy Okafor observes Ada Okafor now.").wait_for()
    observers.locator("summary", has_text="Remove").click()
    observers.get_by_role("button", name="Remove the link").click()
    page.get_by_text("Joy Okafor no longer observes Ada Okafor.").wait_for()
    assert not ObservationLink.objects.active().exists()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The link is back.").wait_for()
    assert ObservationLink.objects.active().exists()


def test_a_login_is_added_and_the_person_deleted(cast, sign_in, no_axe_violations):
    page = sign_in(cast.root_admin)
    page.goto(f"/users/{cast.student.pk}")
    logins = page.locator("#logins")
    logins.get_by_label("Another login").fill("zebra")
    logins.get_by_role("button", name="Add a login").click()
    page.get_by_text("Ada Okafor also signs in as zebra now.").wait_for()
    for summary in page.locator("summary", has_text="Delete").all():
        summary.click()
    no_axe_violations(page)
    page.get_by_role("button", name="Delete the person").click()
    page.get_by_text("Ada Okafor is deleted.").wait_for()
    cast.student.refresh_from_db()
    assert cast.student.state == "deleted"


def test_settings_are_changed_and_errors_said_at_the_field(cast, sign_in, no_axe_violations):
    page = sign_in(cast.student)
    page.goto("/profile/settings")
    page.get_by_label("Display name").fill("Ada")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    form = page.locator("section", has=page.get_by_role("heading", name="Password"))
    form.locator("summary").click()
    form.get_by_label("Current password").fill("wrong")
    form.get_by_label("New password").fill("my-very-own-horse")
    form.get_by_role("button", name="Save").click()
    assert form.get_by_label("Current password").get_attribute("aria-invalid") == "true"
    no_axe_violations(page)
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_label("New password").fill("my-very-own-horse")
    form.get_by_role("button", name="Save").click()
    page.get_by_text("Your password has been changed.").wait_for()


def test_self_registration_is_switched_off(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}/settings")
    page.get_by_label("Nobody").check()
    page.get_by_role("button", name="Save the settings").click()
    page.get_by_text("Saved.").wait_for()
    assert not cast.fresh().settings.is_open


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_fit_even_with_long_names(cast, sign_in, no_axe_violations, width):
    long = make_user(cast.root, LONG, sis_id="9" * 60, email=f"{'x' * 60}@families.example")
    root = f"/accounts/{cast.root.pk}"
    page = sign_in(cast.root_admin)
    page.set_viewport_size({"width": width, "height": 800})
    paths = ["/", "/accounts", root, f"{root}/settings", f"{root}/users", "/profile/settings"]
    paths += [f"/users/{long.pk}{part}" for part in ("", "/masquerade", "/edit")]
    for path in paths:
        page.goto(path)
        no_axe_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
