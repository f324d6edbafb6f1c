"""User Settings: the applications that one lets act, and ending that."""

from __future__ import annotations

import html
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from oauth.models import DeveloperKey, Integration
from tests.cast import Cast
from tests.oauth.conftest import ME, bearer, make_key

SETTINGS = "/profile/settings"


def _panel(browser: Any) -> str:
    page = html.unescape(browser.get(SETTINGS).content.decode())
    return page[page.index('id="integrations-title"') :]


def test_what_one_has_approved(cast: Cast, tokens, signed_in):
    browser = signed_in(cast.observer)
    assert "You have let no application act for you." in _panel(browser)
    tokens(purpose="Phone")
    tokens(purpose="Tablet", scopes=["url:GET|/api/v1/users/:id"])
    body = tokens(cast.student)
    panel = _panel(browser)
    assert panel.count('class="person"') == 1
    assert "Phone, Tablet" in panel
    assert "It may do all that you may do." in panel
    assert "never used" in panel
    bearer(body["access_token"]).get(ME)
    assert "last used" in _panel(signed_in(cast.student))


def test_limits_are_told_and_a_key_that_is_off(cast: Cast, tokens, signed_in):
    tokens(scopes=["url:GET|/api/v1/users/:id"])
    DeveloperKey.objects.update(state="inactive")
    panel = _panel(signed_in(cast.observer))
    assert '<code translate="no">users/:id</code>' in panel
    assert "switched off by the school" in panel
    DeveloperKey.objects.update(state="deleted")
    assert "no application" in _panel(signed_in(cast.observer))


def test_ending_it_on_all_devices(cast: Cast, key: DeveloperKey, tokens, signed_in):
    mine, others = [tokens(), tokens()], tokens(cast.student)
    browser = signed_in(cast.observer)
    url = f"/profile/integrations/{key.pk}/end"
    assert browser.get(url).status_code == 405
    page = browser.post(url, follow=True)
    assert "Reading App no longer acts for you." in page.content.decode()
    assert all(bearer(one["access_token"]).get(ME).status_code == 401 for one in mine)
    assert bearer(others["access_token"]).get(ME).status_code == 200
    assert Event.objects.get(action="integration_ended").data["number"] == 2


def test_nobody_ends_it_for_another_or_while_acting(
    cast: Cast, key: DeveloperKey, tokens, signed_in
):
    tokens(cast.student)
    url = f"/profile/integrations/{key.pk}/end"
    assert signed_in(cast.observer).post(url).status_code == 404
    admin = signed_in(cast.root_admin)
    admin.post(f"/users/{cast.student.pk}/masquerade")
    assert admin.post(url).status_code == 403
    assert "integrations-title" not in admin.get(SETTINGS).content.decode()
    assert Integration.objects.active().count() == 1


def test_many_cost_no_more_statements(cast: Cast, key: DeveloperKey, tokens, signed_in):
    browser = signed_in(cast.observer)
    numbers = []
    for number in range(3):
        other = make_key(cast, client_id=f"app-{number}", name=f"App {number}")
        Integration.objects.create(
            root_account=cast.root, user=cast.observer, key=other, refresh_digest=str(number)
        )
        with CaptureQueriesContext(connection) as seen:
            browser.get(SETTINGS)
        numbers.append(len(seen))
    assert numbers[1] == numbers[2]


def test_in_spanish(cast: Cast, signed_in):
    User.objects.filter(pk=cast.observer.pk).update(locale="es")
    assert "Integraciones aprobadas" in _panel(signed_in(cast.observer))
