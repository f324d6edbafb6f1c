"""What lists of events hold: narrowed, in order, page by page, in few statements."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Event
from audit.reading import Cursor, Wanted, everything, newest, oldest
from audit.wording import ACTIONS
from tests.audit.conftest import BEGIN, Happen
from tests.cast import Cast

# The tenants themselves were made when the tests began.
LATER = BEGIN + timedelta(hours=1)
ROOT = Path(__file__).parents[2]


def ids(events: list[Event]) -> list[int]:
    return [event.pk for event in events]


@given(st.integers(0, 2**50), st.integers(0, 10**18 - 1))
def test_a_cursor_is_read_as_it_was_written(micros: int, pk: int) -> None:
    cursor = Cursor(BEGIN + timedelta(microseconds=micros), pk)
    assert Cursor.read(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "5", "-1-5", "1-", "a-b", "1-5 ", "٣-٤", "9" * 18 + "-1"])
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert Cursor.read(text) is None


def test_pages_hold_each_event_once_in_order_both_ways(cast: Cast, happen: Happen) -> None:
    """Events of the same moment among them."""
    events = [happen() for _ in range(4)]
    at_once = [
        Event.objects.create(root_account=cast.root, action="x", created_at=events[1].created_at)
        for _ in range(3)
    ]
    since = Wanted(cast.root, since=BEGIN, until=LATER)
    expected = ids([events[0], events[1], *at_once, *events[2:]])
    back, cursor = [], None
    while page := newest(since, 2, cursor):
        back += ids(page)
        cursor = Cursor.of(page[-1])
    assert back == expected[::-1]
    onward, cursor = [], None
    while page := oldest(since, 2, cursor):
        onward += ids(page)
        cursor = Cursor.of(page[-1])
    assert onward == expected
    assert [pk for some in everything(since) for pk in ids(some)] == expected[::-1]


def test_a_list_is_narrowed_by_person_in_any_part_action_time_and_address(
    cast: Cast, happen: Happen
) -> None:
    ada, joy, admin = cast.student, cast.observer, cast.root_admin
    by_her = happen(by=ada, about=ada)
    as_her = happen("code_revoked", by=ada, really=admin, about=ada)
    about_her = happen(by=admin, about=ada, address="2001:db8::1")
    link = happen("link_created", by=admin, about=cast.classmate, observer=joy.pk)

    def found(**narrowed: Any) -> list[int]:
        return ids(newest(Wanted(cast.root, **({"until": LATER} | narrowed)), 10)[::-1])

    assert found(people=[ada.pk]) == ids([by_her, as_her, about_her])
    assert found(people=[admin.pk]) == ids([as_her, about_her, link])
    assert found(people=[joy.pk]) == ids([link])
    assert found(people=[joy.pk, ada.pk]) == ids([by_her, as_her, about_her, link])
    assert found(people=[]) == []
    assert found(actions=["code_issued"]) == ids([by_her, about_her])
    assert found(address="2001:db8::1") == ids([about_her])
    assert found(until=as_her.created_at) == ids([by_her])
    assert found(people=[ada.pk], actions=["code_revoked"]) == ids([as_her])


def test_below_the_root_it_is_what_is_about_the_account_or_its_people(
    cast: Cast, happen: Happen
) -> None:
    high, science = cast.accounts.high, cast.accounts.science
    in_science = happen("course_created", account=science)
    about_ada = happen(about=cast.student)
    added = happen("person_added", about=cast.student, account=cast.root)
    about_hugo = happen("token_created", about=cast.sub_admin)  # an administrator of High
    next_door = [
        happen("enrolled", about=cast.student, account=cast.accounts.elementary),
        happen(account=cast.accounts.elementary),
        happen(about=cast.elsewhere),
    ]
    of_root = [happen("settings_changed", account=cast.root), happen(by=cast.student)]

    def found(account: Any, **more: Any) -> list[int]:
        return ids(newest(Wanted(account, since=BEGIN, **more), 10)[::-1])

    assert found(high) == ids([in_science, about_ada, added, about_hugo])
    assert found(science) == ids([in_science, about_ada, added])
    assert found(cast.accounts.elementary) == ids(next_door)
    assert found(high, people=[cast.student.pk]) == ids([about_ada, added])
    assert found(high, people=[cast.elsewhere.pk]) == []
    assert set(ids(of_root)) < set(found(cast.root))


def test_nothing_of_another_tenant_is_found(cast: Cast, happen: Happen) -> None:
    happen(root=cast.stranger.root_account, by=cast.stranger)
    assert newest(Wanted(cast.root, until=LATER), 10) == []
    assert newest(Wanted(cast.root, people=[cast.stranger.pk]), 10) == []


@pytest.mark.parametrize("narrowed", [{}, {"people": 1}, {"actions": ["code_issued"]}])
def test_a_page_takes_as_many_statements_however_many_events(
    cast: Cast, happen: Happen, django_assert_num_queries: Any, narrowed: Any
) -> None:
    narrowed = narrowed | ({"people": [cast.student.pk]} if "people" in narrowed else {})
    pieces = 4 if "people" in narrowed else 1
    for _ in range(2):
        for _ in range(10):
            happen(by=cast.student, about=cast.student)
        with django_assert_num_queries(pieces):
            newest(Wanted(cast.root, **narrowed), 5)


def test_every_narrowing_has_an_index(cast: Cast) -> None:
    """The plan reads by an index in the order of the list, and sorts nothing."""
    narrowed: list[dict[str, Any]] = [
        {}, {"actions": ["code_issued"]}, {"address": "192.0.2.1"}, {"people": [cast.student.pk]},
        {"since": BEGIN, "until": BEGIN + timedelta(days=1)},
    ]  # fmt: skip
    for more in narrowed:
        for piece in Wanted(cast.root, **more).pieces:
            plan = _plan(piece.order_by("-created_at", "-pk")[:50])
            assert "event_by_" in plan, (more, plan)
            assert "TEMP B-TREE" not in plan, (more, plan)
            assert "Sort" not in plan, (more, plan)


def _plan(events: Any) -> str:
    if connection.vendor == "postgresql":
        # A table of ten rows would be read whole.
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
        connection.cursor().execute("SET LOCAL enable_bitmapscan = off")
    return str(events.explain())


# --- Words ---


def _recorded() -> set[str]:
    """Every action that the code records: the texts given to what records events."""
    found = set()
    names = {"record", "_record", "record_all", "event", "_tell"}
    for app in ("accounts", "audit", "permissions", "courses", "pairing", "oauth", "sis"):
        for path in (ROOT / app).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            records = any(f"{name}(" in code for name in names)
            for call in ast.walk(ast.parse(code)) if records else ():
                if isinstance(call, ast.Call) and _name(call) in names:
                    texts = [node for argument in call.args for node in ast.walk(argument)]
                    found |= {n.value for n in texts if isinstance(n, ast.Constant)}
    return {text for text in found if isinstance(text, str) and "_" in text}


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def test_every_action_has_words() -> None:
    recorded = _recorded()
    assert {
        "acting_started",
        "token_created",
        "settings_changed",
        "developer_key_created",
    } < recorded
    assert recorded - set(ACTIONS) == set()
