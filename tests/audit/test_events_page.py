"""The page of events: what it tells, to whom, how it is narrowed; and its file."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import RootAccountSettings, User
from audit.models import Event
from audit.views import EVENTS_PER_PAGE
from pairing.actions import CodeRefused, redeem_code
from tests.audit.conftest import Happen
from tests.cast import Cast, make_account_role, make_admin


@pytest.fixture
def admin(cast: Cast, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(cast.root_admin)


@pytest.fixture
def url(cast: Cast) -> str:
    return f"/accounts/{cast.root.pk}/audit"


def text(client: Client, url: str, **query: Any) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(client: Client, url: str, **query: Any) -> list[dict[str, str]]:
    answer = client.get(f"{url}/events.csv", query)
    assert answer.streaming
    body = b"".join(answer).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_both_people_of_what_was_done_as_another_are_shown(
    cast: Cast, admin: Client, url: str, happen: Happen
) -> None:
    happen(by=cast.student, really=cast.root_admin, about=cast.student, surface="settings_acting")
    page = text(admin, url, action="code_issued")
    assert "Ada Okafor" in page
    assert f"really {cast.root_admin.name}" in page
    assert "settings, acting as the student" in page
    row = rows(admin, url, action="code_issued")[0]
    assert (row["By"], row["Really by"]) == ("Ada Okafor", cast.root_admin.name)


def test_who_sees_which_events(cast: Cast, url: str, happen: Happen, signed_in: Any) -> None:
    happen("person_changed", about=cast.student, after={"name": "In Science"})
    happen("person_changed", about=cast.elsewhere, after={"name": "In Elementary"})
    high = f"/accounts/{cast.accounts.high.pk}/audit"
    page = text(signed_in(cast.sub_admin), high)
    assert "In Science" in page
    assert "In Elementary" not in page
    assert "In Elementary" not in str(rows(signed_in(cast.sub_admin), high))
    assert signed_in(cast.sub_admin).get(url).status_code == 404
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Reader", "read_roster"))
    assert signed_in(cast.ta).get(url).status_code == 403
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Set", "manage_account_settings"))
    assert text(signed_in(cast.ta), url)


def test_a_person_is_found_by_name_or_by_a_click(
    cast: Cast, admin: Client, url: str, happen: Happen
) -> None:
    happen("token_created", by=cast.student, about=cast.student, purpose="Adas")
    happen("token_created", by=cast.teacher, about=cast.teacher, purpose="Tomases")
    for query in ({"q": "okafor, ad"}, {"q": "s-ada"}, {"person": cast.student.pk}):
        page = text(admin, url, **query)
        assert "Adas" in page
        assert "Tomases" not in page
    assert "Only what Ada Okafor did" in page
    assert "No event fits this." in text(admin, url, q="nobody at all")
    assert "No event fits this." in text(admin, url, person=cast.stranger.pk)
    assert cast.stranger.name not in text(admin, url, person=cast.stranger.pk)


def test_days_are_the_readers_own(cast: Cast, admin: Client, url: str, happen: Happen) -> None:
    """08:01 in UTC is the evening before in Honolulu."""
    happen("token_created", purpose="Then")
    assert "Then" in text(admin, url, since="2026-03-01", until="2026-03-01")
    User.objects.filter(pk=cast.root_admin.pk).update(time_zone="Pacific/Honolulu")
    assert "Then" not in text(admin, url, since="2026-03-01", until="2026-03-01")
    assert "Then" in text(admin, url, until="2026-02-28")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"since": "yesterday"}, "“From” must be a day."),
        ({"until": "2026-02-30"}, "“Until” must be a day."),
        ({"address": "192.0.2"}, "“Address” must be a whole one"),
        ({"action": "<script>"}, "Select a valid choice"),
    ],
)
def test_what_can_not_be_looked_for_is_told(
    cast: Cast, admin: Client, url: str, happen: Happen, query: dict[str, str], said: str
) -> None:
    happen("token_created", purpose="Seen")
    page = text(admin, url, **query)
    assert said in page
    assert "Seen" not in page
    assert "<script>" not in page
    assert rows(admin, url, **query) == []


@pytest.mark.parametrize("odd", ["0", "x", "9" * 30, "-1", "1e3"])
def test_odd_cursors_and_people_do_no_harm(admin: Client, url: str, odd: str) -> None:
    for name in ("before", "after", "person", "q"):
        assert admin.get(url, {name: odd}).status_code == 200


def test_pages_go_to_older_and_back_to_newer(admin: Client, url: str, happen: Happen) -> None:
    for number in range(2 * EVENTS_PER_PAGE + 1):
        happen("token_created", purpose=f"No-{number}.")
    first = text(admin, url, action="token_created")
    assert "No-100." in first
    assert "No-50." not in first
    assert link(first, "prev") is None
    second = text(admin, url + link(first, "next"))
    assert "No-50." in second
    assert "No-51." not in second
    third = text(admin, url + link(second, "next"))
    assert "No-0." in third
    assert "No-1." not in third
    assert link(third, "next") is None
    back = text(admin, url + link(third, "prev"))
    assert re.findall(r"No-\d+", back) == re.findall(r"No-\d+", second)


def link(page: str, rel: str) -> Any:
    """Where the link leads, the rest of the search kept."""
    found = re.search(f'rel="{rel}" href="([^"]+)"', page)
    return found and html.unescape(found[1])


def test_a_page_takes_as_many_statements_however_much_it_shows(
    cast: Cast, admin: Client, url: str, happen: Happen, django_assert_num_queries: Any
) -> None:
    people = [cast.student, cast.classmate, cast.teacher, cast.observer]
    happen(by=cast.student, about=cast.student, account=cast.root, course=cast.courses.biology.pk)
    admin.get(url)
    counts = []
    for _ in range(2):
        for n in range(12):
            happen(
                by=people[n % 4], really=people[n % 3], about=people[n % 2],
                account=cast.accounts.high, course=cast.courses.history.pk,
            )  # fmt: skip
        with django_assert_num_queries(counts[0] if counts else 12, exact=bool(counts)) as caught:
            admin.get(url)
        counts.append(len(caught))


def test_a_burst_of_wrong_codes_stands_out(cast: Cast, admin: Client, url: str) -> None:
    Event.objects.create(root_account=cast.root, action="code_sent_again")
    assert "Somebody has been guessing" not in text(admin, url)
    RootAccountSettings.objects.filter(account=cast.root).update(self_registration="observer")
    for _ in range(10):
        with pytest.raises(CodeRefused):
            redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text="K7QDM-2XR9T")
    page = text(admin, url)
    assert "Somebody has been guessing" in page
    assert 'class="row--alarming"' in page
    assert "Too many wrong pairing codes" in text(admin, url, action="alarming")
    high = f"/accounts/{cast.accounts.high.pk}/audit"
    assert "Somebody has been guessing" not in text(admin, high)


def test_the_file_has_everything_safe_for_a_spreadsheet(
    cast: Cast, admin: Client, url: str, happen: Happen
) -> None:
    User.objects.filter(pk=cast.observer.pk).update(name="=cmd|' /C calc'!A0", sis_id="j-1")
    happen(
        "link_created", by=cast.observer, about=cast.student, observer=cast.observer.pk,
        how="code", code=7,
    )  # fmt: skip
    (row,) = rows(admin, url, action="link_created")
    assert row["By"] == row["Observer"] == "'=cmd|' /C calc'!A0"
    assert (row["SIS ID"], row["Observer's SIS ID"]) == ("s-ada", "j-1")
    assert (row["Time (UTC)"], row["Action"]) == ("2026-03-01T08:01:00Z", "link_created")
    assert len(rows(admin, url)) == Event.objects.filter(root_account=cast.root).count()


def test_sis_ids_are_for_who_may_see_them(
    cast: Cast, url: str, happen: Happen, signed_in: Any
) -> None:
    happen(about=cast.student)
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Set", "manage_account_settings"))
    (row,) = rows(signed_in(cast.ta), url, action="code_issued")
    assert (row["About"], row["SIS ID"]) == ("Ada Okafor", "")


def test_a_name_is_text_and_nothing_else(
    cast: Cast, admin: Client, url: str, happen: Happen
) -> None:
    User.objects.filter(pk=cast.student.pk).update(name="<b>Ada</b>")
    happen("person_changed", about=cast.student, before={"name": "<i>"}, after={"name": "<b>"})
    page = text(admin, url)
    assert "<b>Ada" not in page
    assert "&lt;i&gt; → &lt;b&gt;" in page


def test_it_is_in_the_rail(cast: Cast, admin: Client, url: str) -> None:
    assert f'href="{url}"' in text(admin, f"/accounts/{cast.root.pk}")


def test_a_persons_page_leads_to_their_events(
    cast: Cast, admin: Client, url: str, signed_in: Any
) -> None:
    person = f"/users/{cast.student.pk}"
    assert f"{url}?person={cast.student.pk}" in text(admin, person)
    high = f"/accounts/{cast.accounts.high.pk}/audit?person={cast.student.pk}"
    assert high in text(signed_in(cast.sub_admin), person)
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Reader", "read_roster"))
    assert "/audit" not in text(signed_in(cast.ta), person)
