"""In a real browser: asking why, the picture of the chain, the way there from a refusal."""

import pytest

from tests.cast import enrol, make_account, make_course, make_user

pytestmark = pytest.mark.browser
GENERATE = "generate_observer_pairing_code"
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle von und zu Baden"


def test_an_administrator_asks_and_is_told(cast, sign_in):
    cast.override("TeacherEnrollment", GENERATE, False, locked=True, account=cast.accounts.high)
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}/permissions")
    page.get_by_role("link", name="Explain").click()
    page.get_by_label("Who", exact=True).fill("varga")
    page.get_by_label("What").select_option("Make a pairing code for a student")
    page.get_by_label("To whom, or for whom").fill("okafor")
    page.get_by_role("textbox", name="Where").fill("Biology")
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("heading", name="Which one do you mean?").wait_for()
    page.get_by_role("link", name="Ada Okafor").click()
    page.get_by_role("heading", name="No: Tomas Varga may not make a pairing code").wait_for()
    picture = page.get_by_role("img", name="From the default down to the place").first
    assert picture.get_by_text("off, locked").is_visible()
    assert page.get_by_text("High: switched off and locked.").is_visible()
    page.get_by_role("link", name="Change it").click()
    page.wait_for_url(f"**/accounts/{cast.accounts.high.pk}/permissions/roles/**")


def test_from_a_refusal_to_its_explanation(cast, sign_in):
    cast.set(self_registration="none")
    page = sign_in(cast.root_admin)
    page.goto(f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}")
    page.get_by_role("link", name="See why, and what would have to change").click()
    page.get_by_role("heading", name="may not make a pairing code").wait_for()
    assert page.get_by_text("Switch on self registration for observers").is_visible()


def test_from_acting_as_the_student_to_the_explanation(cast, sign_in, no_axe_violations):
    cast.set(self_registration="none")
    page = sign_in(cast.root_admin)
    page.goto(f"/users/{cast.student.pk}/masquerade")
    page.get_by_role("button", name="Act as Ada Okafor").click()
    page.goto("/profile/settings")
    no_axe_violations(page)
    page.get_by_role("button", name="Stop acting, and see why").click()
    page.get_by_role("heading", name="acting as Ada Okafor, may not make").wait_for()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_even_with_long_names(
    cast, sign_in, no_axe_violations, width, scheme
):
    account = make_account(cast.accounts.science, LONG)
    course = make_course(account, LONG)
    person, student = make_user(cast.root, LONG), make_user(cast.root, f"{LONG} Junior")
    enrol(cast, person, course, "TeacherEnrollment")
    enrol(cast, student, course, "StudentEnrollment")
    cast.override("TeacherEnrollment", GENERATE, locked=True, applies_to_self=False)
    cast.override("TeacherEnrollment", GENERATE, False, account=account)
    cast.override("TeacherEnrollment", "allow_course_admin_actions", False, account=account)
    page = sign_in(cast.root_admin)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    url = f"/accounts/{cast.root.pk}/permissions/explain"
    asked = f"{url}?person={person.pk}&target={student.pk}"
    for address in (
        url,
        f"{asked}&what=action:issue_code&context=course:{course.pk}",
        f"{asked}&what=action:issue_code&context=",
        f"{asked}&what=action:issue_code_over_rest&context=",
        f"{url}?person={LONG}&what=permission:read_roster&target=&context=",
        f"{url}?person=nobody&what=&target=&context=",
    ):
        page.goto(address)
        for summary in page.locator("details.more > summary").all():
            if summary.is_visible():
                summary.click()
        no_axe_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
