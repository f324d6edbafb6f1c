"""In a real browser: the page of events."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from tests.cast import make_user

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle von und zu Baden"


@pytest.fixture
def told(cast):
    """Events of all sorts, the newest last, one among them of somebody with a long name."""
    people = [cast.student, make_user(cast.root, LONG), cast.teacher]
    kinds = [
        ("code_issued", {"surface": "user_details", "course": cast.courses.biology.pk}),
        ("link_created", {"observer": cast.observer.pk, "how": "code"}),
        ("settings_changed", {"before": {"terms": LONG}, "after": {"terms": "x" * 300}}),
        ("redemptions_refused", {"by": "user"}),
    ]
    for number in range(60):
        action, data = kinds[number % 4]
        Event.objects.create(
            root_account=cast.root, created_at=timezone.now() - timedelta(minutes=61 - number),
            action=action, actor=people[number % 3], real_actor=people[number % 2],
            subject=people[number % 3], observer_id=data.get("observer"), data=data,
            address="2001:db8:85a3:8d3:1319:8a2e:370:7348",
        )  # fmt: skip


def test_events_are_narrowed_while_typing_and_paged(cast, told, sign_in):
    page = sign_in(cast.root_admin)
    page.goto(f"/accounts/{cast.root.pk}")
    page.get_by_role("link", name="Events").click()
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newer").wait_for()
    page.get_by_label("What", exact=True).select_option("Too many wrong pairing codes")
    page.get_by_text(re.compile("^15 events")).first.wait_for()
    page.get_by_role("searchbox").press_sequentially("okafor, ada")
    page.get_by_text(re.compile("^5 events")).first.wait_for()
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Address").fill("192.0.2.1")
    page.get_by_text("No event fits this.").first.wait_for()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_fits_and_axe_finds_nothing(cast, told, sign_in, no_axe_violations, width, colours):
    page = sign_in(cast.root_admin)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=colours)
    for query in ("", f"?person={cast.student.pk}", "?q=nobody", "?since=x"):
        page.goto(f"/accounts/{cast.root.pk}/audit{query}")
        no_axe_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
