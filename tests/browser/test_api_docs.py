"""In a real browser: the page of the API's description, and an operation tried on it.

The page's policy is as strict as everywhere, and a refusal of it would be a complaint of the
console, which `browser_page` does not let pass.
"""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_an_operation_is_tried(cast, browser_page, axe_around, width, scheme):
    page, token = browser_page, cast.token(cast.student)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto("/docs/api")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill(token)
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("button", name="Close").first.click()
    page.locator("#operations-tag-People").click()
    one = page.locator("#operations-People-getOneUser")
    one.locator(".opblock-summary-control").click()
    one.get_by_role("button", name="Try it out").click()
    one.get_by_placeholder("user_id", exact=True).fill("self")
    one.get_by_role("button", name="Execute").click()
    live = one.locator(".live-responses-table .response")
    live.get_by_text('"Ada Okafor"').first.wait_for()
    assert live.locator(".response-col_status").inner_text().startswith("200")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert token not in kept
    axe_around(page)
