"""In a real browser: an access token from its making to its end."""

import pytest

from accounts.models import AccessToken

pytestmark = pytest.mark.browser
LONG = "Rosterabgleich" * 12


def _fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_token_is_made_seen_and_ended(cast, sign_in, no_axe_violations, width, scheme):
    page = sign_in(cast.student)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto("/profile/settings")
    page.get_by_role("link", name="New access token").click()
    no_axe_violations(page)
    page.get_by_label("What is it for?").fill(LONG)
    page.get_by_role("button", name="Make the token").click()
    text = page.locator("#token").inner_text()
    assert text.startswith("ps~")
    assert _fits(page)
    no_axe_violations(page)
    page.get_by_role("link", name="Back to the settings").click()
    assert _fits(page)
    no_axe_violations(page)
    tokens = page.get_by_role("region", name="Access tokens")
    row = tokens.get_by_role("listitem").filter(has_text=LONG)
    row.locator("summary").click()
    row.get_by_role("button", name="End the token").click()
    page.get_by_text("is ended").wait_for()
    assert AccessToken.objects.get(purpose=LONG).revoked_at is not None
