"""In a real browser: the grid of permissions by keyboard and mouse, its menu, one role."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from permissions.models import Override, Role
from permissions.table import bump
from tests.cast import make_account_role

pytestmark = pytest.mark.browser
CODE = "generate_observer_pairing_code"
PAIRING = "Users - generate observer pairing codes for students"
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle coordinator"


@pytest.fixture
def grid(cast, sign_in):
    """`grid(query)`: the page of the root account, signed in as its administrator."""

    def opened(query="", account=None):
        page = sign_in(cast.root_admin)
        page.goto(f"/accounts/{(account or cast.root).pk}/permissions{query}")
        return page

    return opened


@pytest.fixture
def cell_id(cast):
    def of(base, key=CODE):
        return f"#cell-{cast.roles[base].pk}-{key}"

    return of


def _focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def _focus_is(page, selector):
    page.wait_for_function("s => document.activeElement.matches(s)", arg=selector)


def _told(page, where, text):
    page.locator(where).get_by_text(text).first.wait_for()


def _row(cast, base="TeacherEnrollment", key=CODE):
    flags = ("enabled", "locked", "applies_to_self", "applies_to_descendants")
    rows = Override.objects.filter(role=cast.roles[base], permission=key)
    return rows.values_list(*flags).first()


def test_a_cell_is_changed_stays_after_a_reload_and_is_undone(cast, grid, cell_id):
    page = grid()
    teacher = page.locator(cell_id("TeacherEnrollment"))
    teacher.click()
    menu = page.get_by_role("dialog", name=f"{PAIRING} Teacher")
    assert "the default of its kind of role (Teacher)" in menu.inner_text()
    menu.get_by_role("button", name="On and locked").click()
    _told(page, "#last-change", "Teacher, “Users - generate")
    assert teacher.get_attribute("aria-label") == "On, set here, locked here"
    assert not menu.is_visible()
    assert _row(cast) == (True, True, True, True)
    page.reload()
    assert teacher.get_attribute("aria-label") == "On, set here, locked here"
    page.get_by_role("button", name="Undo").click()
    _told(page, "#last-change", "Undone:")
    assert teacher.get_attribute("aria-label") == "Off, by default"
    assert _row(cast) is None


def test_it_works_by_keyboard_alone(cast, grid, cell_id):
    page = grid()
    assert page.locator("[data-grid] [tabindex='0']").count() == 1
    page.get_by_role("button", name="Search").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    first = _focused(page)
    assert first.startswith("cell-")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    page.keyboard.press("Control+Home")
    assert _focused(page) == "Permission"
    page.keyboard.press("End")
    assert _focused(page) == "Observer"
    page.keyboard.press("Home")
    while _focused(page) != PAIRING:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.get_by_text("A student's own User Settings", exact=True).is_visible()
    page.keyboard.press("Enter")
    assert not page.get_by_text("A student's own User Settings", exact=True).is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    _focus_is(page, cell_id("TeacherEnrollment"))
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert _focused(page) == "Use the default: Off"
    page.keyboard.press("ArrowDown")
    assert _focused(page) == "On"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    _focus_is(page, cell_id("TeacherEnrollment"))
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="hidden")
    _focus_is(page, cell_id("TeacherEnrollment"))
    assert _row(cast) == (True, False, True, True)
    page.keyboard.press("ArrowRight")
    _focus_is(page, cell_id("TaEnrollment"))


def test_a_screen_reader_finds_a_grid(grid):
    page = grid()
    table = page.get_by_role("grid", name="Permissions by role")
    assert table.get_by_role("columnheader", name="Teacher").count() == 1
    line = table.get_by_role("row", name=PAIRING)
    assert line.get_by_role("rowheader", name=PAIRING).count() == 1
    assert line.get_by_role("gridcell").count() == 5
    never = line.get_by_role("link", name="Never: not available to this kind of role")
    assert never.count() == 1


def test_groups_open_and_close_in_place(cast, grid, cell_id):
    page = grid()
    group = page.get_by_role("link", name="Users - Teachers")
    assert group.get_attribute("aria-expanded") == "false"
    group.click()
    page.locator(cell_id("TeacherEnrollment", "add_teacher_to_course")).wait_for()
    assert group.get_attribute("aria-expanded") == "true"
    page.locator(cell_id("TeacherEnrollment", "manage_course_teacher_enrollments")).click()
    page.get_by_role("dialog").get_by_role("button", name="Off and locked").click()
    _told(page, "#last-change", "Off, set here, locked here")
    part = page.locator(cell_id("TeacherEnrollment", "add_teacher_to_course"))
    assert part.get_attribute("aria-label") == "Off, set here, locked here"
    group.click()
    part.wait_for(state="detached")
    assert page.locator("[data-grid] [tabindex='0']").count() == 1


def test_search_and_filters_follow_the_typing(grid):
    page = grid()
    page.get_by_label("Search permissions").press_sequentially("pairing codes")
    _told(page, "#grid", "1 permission or group, 5 roles")
    page.get_by_label("Role", exact=True).select_option(label="Teacher")
    _told(page, "#grid", "1 permission or group, 1 role")
    page.get_by_label("Search permissions").fill("")
    page.get_by_label("Permissions", exact=True).select_option(label="All")
    page.get_by_role("link", name="Manage Pages").wait_for()
    page.wait_for_url("**show=all**")
    assert page.locator("[role=grid]").count() == 1


def test_of_two_administrators_the_second_is_told(cast, grid, cell_id, chromium, live_server):
    page = grid()
    page.locator(cell_id("TeacherEnrollment")).click()
    page.get_by_role("dialog").get_by_role("button", name="Off", exact=True).wait_for()
    client = Client()
    client.force_login(cast.root_admin, backend="accounts.signin.TenantBackend")
    other = chromium.new_context(base_url=live_server.url)
    host = urlsplit(live_server.url).hostname
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    other.add_cookies([{**cookie, "domain": host, "path": "/"}])
    second = other.new_page()
    second.goto(f"/accounts/{cast.root.pk}/permissions")
    second.locator(cell_id("TeacherEnrollment")).click()
    second.get_by_role("dialog").get_by_role("button", name="On and locked").click()
    _told(second, "#last-change", "On, set here, locked here")
    other.close()
    page.get_by_role("dialog").get_by_role("button", name="Off", exact=True).click()
    page.get_by_text("Somebody else has changed this since you looked.").wait_for()
    pressed = page.get_by_role("dialog").get_by_role("button", name="On and locked")
    assert pressed.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    shown = page.locator(cell_id("TeacherEnrollment")).get_attribute("aria-label")
    assert shown == "On, set here, locked here"
    assert _row(cast) == (True, True, True, True)


def test_what_lets_act_as_others_is_asked_about_first(cast, grid, no_axe_violations):
    role = make_account_role(cast, "Clerk")
    page = grid("?kind=account")
    cell = page.locator(f"#cell-{role.pk}-become_user")
    cell.click()
    menu = page.get_by_role("dialog")
    menu.get_by_role("button", name="On", exact=True).click()
    menu.get_by_text("Everyone with the role “Clerk” could then:").wait_for()
    no_axe_violations(page)
    menu.get_by_role("link", name="No, leave it as it is").click()
    menu.get_by_role("button", name="On", exact=True).click()
    menu.get_by_role("button", name="Yes, give it").click()
    _told(page, "#last-change", "Clerk, “Users - act as”: On, set here")
    assert cell.get_attribute("aria-label") == "On, set here"


def test_without_a_script_a_cell_is_a_page(cast, chromium, live_server, cell_id):
    client = Client()
    client.force_login(cast.root_admin, backend="accounts.signin.TenantBackend")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    host = urlsplit(live_server.url).hostname
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([{**cookie, "domain": host, "path": "/"}])
    page = context.new_page()
    page.goto(f"/accounts/{cast.root.pk}/permissions?q=pairing")
    page.get_by_role("link", name=PAIRING).click()
    assert page.get_by_text("A student's own User Settings", exact=True).is_visible()
    page.locator(cell_id("TeacherEnrollment")).click()
    page.get_by_role("button", name="On", exact=True).click()
    assert page.url.endswith(f"?q=pairing{cell_id('TeacherEnrollment')}")
    shown = page.locator(cell_id("TeacherEnrollment"))
    assert shown.get_attribute("aria-label") == "On, set here"
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_text("Undone:").is_visible()
    context.close()


def test_a_role_is_changed_on_its_own_page(cast, grid, cell_id):
    page = grid(f"/roles/{cast.roles['TeacherEnrollment'].pk}")
    page.locator(cell_id("TeacherEnrollment")).click()
    page.get_by_role("dialog").get_by_role("button", name="On", exact=True).click()
    words = page.locator(f"#words-{cast.roles['TeacherEnrollment'].pk}-{CODE}")
    words.get_by_text("On, set here").wait_for()
    page.locator(cell_id("TeacherEnrollment")).click()
    page.get_by_role("dialog").get_by_role("button", name="Here only").click()
    words.get_by_text("On here, set here").wait_for()
    assert _row(cast) == (True, False, True, False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_fit(cast, grid, cell_id, no_axe_violations, width, scheme):
    role = make_account_role(cast, LONG, "read_roster", "become_user")
    Role.objects.create(
        root_account=cast.root, account=cast.root, label=f"{LONG} 2", base_role="TeacherEnrollment"
    )
    cast.override("TeacherEnrollment", CODE, locked=True)
    page = grid()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.reload()
    teacher = cast.roles["TeacherEnrollment"].pk
    for path in ("", "?kind=account&show=all&open=all", "?q=nothing", f"/roles/{teacher}",
                 f"/roles/{role.pk}", f"/roles/{teacher}/{CODE}", "/roles/new"):  # fmt: skip
        page.goto(f"/accounts/{cast.root.pk}/permissions{path}")
        no_axe_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"/accounts/{cast.root.pk}/permissions")
    page.get_by_role("link", name=PAIRING).click()
    page.locator(cell_id("TeacherEnrollment")).click()
    page.get_by_role("dialog").get_by_role("button", name="Off", exact=True).wait_for()
    no_axe_violations(page)
    bump(cast.root)
