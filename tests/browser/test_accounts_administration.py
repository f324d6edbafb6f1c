"""In a real browser: an account's overview, courses, sub-accounts, administrators, its people."""

import re

import pytest
from django.utils import timezone

from accounts.models import Account, User
from courses.models import Course, Enrolment
from pairing.actions import link, question_link
from pairing.models import ObservationLink
from permissions.models import AccountMembership, Role
from sis.models import ImportProblem, SisImport
from tests.cast import enrol, make_account, make_account_role, make_admin, make_course, make_user

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle von und zu Baden"


def test_a_course_is_added_found_and_filled(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.accounts.high.pk}/courses")
    page.get_by_role("link", name="Add a course").click()
    page.get_by_role("button", name="Add the course").click()
    assert page.get_by_label("Name", exact=True).get_attribute("aria-invalid") == "true"
    page.get_by_label("Name", exact=True).fill("Astronomy")
    page.get_by_role("button", name="Add the course").click()
    page.get_by_text("Astronomy has been added.").wait_for()
    page.get_by_role("link", name="Add people").first.click()
    page.get_by_role("searchbox").press_sequentially("lin")
    page.get_by_label("Cora Lind").check()
    page.get_by_role("button", name="Add to the course").click()
    page.get_by_text("1 person is in Astronomy now.").wait_for()
    assert Enrolment.objects.get(course__name="Astronomy").user == cast.elsewhere
    page.goto(f"/accounts/{cast.root.pk}/courses")
    page.get_by_role("searchbox").press_sequentially("astro")
    page.get_by_text("1–1 of 1").first.wait_for()
    assert Course.objects.get(name="Astronomy").sections.count() == 1


def test_who_is_ticked_and_the_chosen_role_stay_when_something_is_wrong(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/courses/{cast.courses.biology.pk}/users/new")
    page.get_by_label("Role").select_option("Teacher")
    page.get_by_role("button", name="Add to the course").click()
    page.get_by_text("Find somebody and tick them.").first.wait_for()
    assert page.get_by_label("Role").locator("option:checked").inner_text() == "Teacher"


def test_a_place_is_suspended_brought_back_and_removed(cast, sign_in, no_axe_violations):
    page = sign_in(cast.teacher)
    page.goto(f"/courses/{cast.courses.biology.pk}/users")
    page.get_by_label("Menu for Ada Okafor").click()
    page.get_by_role("link", name="End or remove").click()
    page.locator("summary", has_text="Suspend").click()
    no_axe_violations(page)
    page.get_by_role("button", name="Suspend").click()
    page.get_by_text("Ada Okafor's place as Student is suspended.").wait_for()
    page.get_by_role("button", name="Bring back").click()
    page.get_by_text("is active again.").wait_for()
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove from the course").click()
    page.get_by_text("Ada Okafor is no longer there as Student.").wait_for()
    assert not page.get_by_role("link", name="Okafor, Ada").is_visible()


def test_a_person_is_added_and_gets_a_slip_once(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}/users")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Full name").fill("Nora Newcomer")
    page.get_by_label("Login", exact=True).fill("nora")
    page.get_by_role("button", name="Add the person").click()
    page.get_by_text("Nora Newcomer has been added.").wait_for()
    page.get_by_role("button", name="Make a one-time password").click()
    page.get_by_text("These passwords are shown only now.").wait_for()
    password = User.objects.get(login_id="nora").password
    page.reload()
    page.get_by_text("This form was sent before.").wait_for()
    assert User.objects.get(login_id="nora").password == password


def test_a_forgotten_password_is_replaced_asked_once(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/users/{cast.student.pk}")
    page.get_by_text("Give a new password").click()
    page.get_by_text("The password of Ada Okafor stops working").wait_for()
    page.get_by_role("button", name="Make a one-time password").click()
    page.get_by_role("heading", name="New password").wait_for()
    slip = page.get_by_role("region", name="Ada Okafor").inner_text()
    assert re.search(r"[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}", slip)


def test_an_account_is_added_moved_and_removed(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}/sub_accounts")
    page.get_by_role("link", name="Add a sub-account").click()
    page.get_by_label("Name", exact=True).fill("Music")
    page.get_by_label("Below").select_option("Northfield › Elementary")
    page.get_by_role("button", name="Add the account").click()
    page.get_by_role("link", name="Change Music").click()
    page.get_by_label("Below").select_option("Northfield › High")
    page.get_by_role("button", name="Move").click()
    page.get_by_text("Saved.").wait_for()
    assert Account.objects.get(name="Music").parent == cast.accounts.high
    page.get_by_role("searchbox").press_sequentially("mus")
    page.get_by_text("1 account found.").first.wait_for()
    page.get_by_role("link", name="Change Music").click()
    page.locator("summary", has_text="Remove the account").click()
    page.get_by_role("button", name="Remove the account").click()
    page.get_by_text("Music is removed.").wait_for()


def test_an_administrator_is_added_and_removed(cast, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.accounts.high.pk}/admins")
    page.get_by_role("link", name="Add an administrator").click()
    page.get_by_role("searchbox").press_sequentially("joy")
    page.get_by_label("Joy Okafor").check()
    page.get_by_label("Role").select_option("Account Admin")
    page.get_by_role("button", name="Give the role").click()
    page.get_by_text("Joy Okafor is Account Admin of High now.").wait_for()
    page.get_by_role("link", name="Change Joy Okafor").click()
    page.locator("summary", has_text="Take the role away").click()
    page.get_by_role("button", name="Take the role away").click()
    page.get_by_text("Joy Okafor is no longer Account Admin of High.").wait_for()
    assert not AccountMembership.objects.active().filter(user=cast.observer).exists()


@pytest.fixture
def crowded(cast):
    """Long names, an empty account, something to attend to; the addresses of every page."""
    long = make_user(cast.root, LONG, sis_id="9" * 60, email=f"{'x' * 60}@families.example")
    place = enrol(cast, long, cast.courses.biology, "StudentEnrollment")
    titled = make_course(cast.accounts.science, f"Introduction to {LONG}")
    make_course(cast.root, "Gone", state="deleted")
    deep = make_account(cast.accounts.science, f"Department of {LONG}")
    empty = make_account(cast.root, "Empty")
    clerk = make_account_role(cast, "Registrar's clerk for enrolments", "read_roster")
    membership = make_admin(cast, long, cast.root, clerk)
    Role.objects.filter(pk=clerk.pk).update(state="inactive")
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=long)
    question_link(actor=cast.actor(long), link=ObservationLink.objects.get())
    imported = SisImport.objects.create(
        root_account=cast.root, user=long, files=[f"{LONG}.csv"], kinds=["users"],
        state="imported_with_messages", ended_at=timezone.now(),
        changes={"users": {"created": 1, "updated": 0, "deleted": 0}},
    )  # fmt: skip
    ImportProblem.objects.create(
        sis_import=imported, is_error=True, number=1, file=f"{LONG}.csv", line=3, reason="Unknown"
    )
    root, course = f"/accounts/{cast.root.pk}", f"/courses/{cast.courses.biology.pk}"
    return [
        root, "/accounts", "/accounts?q=e", "/courses", f"/users/{long.pk}",
        f"{root}/courses", f"{root}/courses/new", f"/accounts/{empty.pk}/courses",
        f"{root}/sub_accounts", f"{root}/sub_accounts?q=e", f"{root}/sub_accounts/new",
        f"{root}/sub_accounts/{deep.pk}", f"{root}/sub_accounts/{cast.accounts.high.pk}",
        f"/accounts/{empty.pk}/sub_accounts",
        f"{root}/admins", f"{root}/admins?show=below", f"{root}/admins/new?q=o",
        f"{root}/admins/{membership.pk}", f"/accounts/{empty.pk}/admins",
        f"{root}/users/new", f"{root}/users?show=questioned",
        f"{course}/users", f"{course}/users/new", f"{course}/users/new?q=o",
        f"{course}/users/{place.user_id}/enrolments", f"{course}/settings",
        f"/courses/{titled.pk}/settings", f"{root}/courses?show=deleted",
        f"{root}/sis_imports", f"{root}/sis_imports/{imported.pk}",
    ]  # fmt: skip


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_fit_even_with_long_names(
    cast, sign_in, no_axe_violations, crowded, width, colours
):
    page = sign_in(cast.root_admin)
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 800})
    for path in crowded:
        page.goto(path)
        no_axe_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
