"""The permissions page: which lines and roles it shows, the state of each cell, what it costs."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from permissions import grid
from permissions.catalogue import GROUPS, PERMISSIONS, BaseRole
from permissions.grid import Kind, Shown, Value, available, lines, shown, shown_together
from permissions.inheritance import Row, cell, resolve
from permissions.models import Role
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin

ROOT, MIDDLE, LOWEST = CHAIN = (1, 2, 3)
CODE = "generate_observer_pairing_code"
ON = Row(enabled=True, locked=False, applies_to_self=True, applies_to_descendants=True)


def _row(
    *, enabled: bool = True, locked: bool = False, here: bool = True, below: bool = True
) -> Row:
    return Row(enabled, locked, here, below)


def _shown(key: str, base_role: str, rows: dict[int, Row], chain: Any = CHAIN) -> Shown:
    return shown(PERMISSIONS[key], base_role, chain, rows)


# --- States ---


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({}, Shown(Value.OFF)),
        ({LOWEST: _row()}, Shown(Value.ON, is_set=True, decided_by=LOWEST)),
        ({LOWEST: _row(below=False)}, Shown(Value.HERE, is_set=True, decided_by=LOWEST)),
        ({LOWEST: _row(here=False)}, Shown(Value.BELOW, is_set=True, decided_by=LOWEST)),
        ({LOWEST: _row(enabled=False)}, Shown(Value.OFF, is_set=True, decided_by=LOWEST)),
        ({ROOT: _row()}, Shown(Value.ON, decided_by=ROOT)),
        ({ROOT: _row(here=False)}, Shown(Value.ON, decided_by=ROOT)),
        ({ROOT: _row(below=False)}, Shown(Value.OFF, decided_by=ROOT)),
        (
            {LOWEST: _row(locked=True)},
            Shown(Value.ON, is_set=True, is_locked=True, decided_by=LOWEST, locked_by=LOWEST),
        ),
        (
            {MIDDLE: _row(locked=True), LOWEST: _row(enabled=False)},
            Shown(Value.ON, is_locked=True, is_fixed=True, decided_by=MIDDLE, locked_by=MIDDLE),
        ),
        (
            {ROOT: _row(locked=True, below=False)},
            Shown(Value.OFF, is_locked=True, is_fixed=True, decided_by=ROOT, locked_by=ROOT),
        ),
    ],
)
def test_a_cell_says_what_holds_here_who_decided_and_who_locked(rows, expected):
    assert _shown(CODE, BaseRole.TEACHER, rows) == expected


def test_what_is_not_available_is_never_on_and_what_nobody_can_change_is_fixed():
    assert _shown(CODE, BaseRole.STUDENT, {LOWEST: ON}).value is Value.NEVER
    admins = _shown("manage_role_overrides", BaseRole.ACCOUNT_ADMIN, {LOWEST: _row(enabled=False)})
    assert admins == Shown(Value.ON, is_locked=True, is_fixed=True)


_rows = st.builds(Row, st.booleans(), st.booleans(), st.booleans(), st.just(True)) | st.builds(
    Row, st.booleans(), st.booleans(), st.just(True), st.booleans()
)


@given(
    st.sampled_from(list(PERMISSIONS.values())),
    st.sampled_from(list(BaseRole)),
    st.dictionaries(st.sampled_from([*CHAIN, 9]), _rows),
    st.sampled_from([CHAIN, CHAIN[:2], CHAIN[:1]]),
)
def test_the_grid_and_the_engine_never_differ(one, base_role, rows, chain):
    state = shown(one, base_role, chain, rows)
    decision = resolve(one, base_role, chain, rows, held_at=chain[-1])
    wire = cell(one, base_role, chain, rows)
    assert (state.value in (Value.ON, Value.HERE)) == decision.allowed
    assert (state.is_set, state.is_locked) == (wire.explicit, wire.locked)
    assert state.is_fixed == wire.readonly
    if state.is_set:
        assert (state.value is not Value.OFF) == wire.enabled


def test_a_group_says_what_its_members_have_in_common():
    on, off = Shown(Value.ON), Shown(Value.OFF)
    locked = Shown(Value.OFF, is_locked=True, is_fixed=True, locked_by=ROOT)
    assert shown_together([on, on, grid.NEVER]) == on
    assert shown_together([on, off]) == Shown(Value.SOME)
    assert shown_together([off, locked]) == off
    assert shown_together([grid.NEVER]) == grid.NEVER


# --- Lines ---


def test_lines_are_permissions_and_groups_by_label():
    every = lines(available(Kind.ACCOUNT, in_root=True))
    labels = [line.label.casefold() for line in every]
    assert labels == sorted(labels)
    assert {line.key for line in every if line.is_group} == set(GROUPS)
    of_lines = [key for line in every for key in grid.keys_of(line.key)]
    assert sorted(of_lines) == sorted(PERMISSIONS)


def test_course_roles_and_accounts_below_lack_what_they_cannot_hold():
    course = {one.key for one in available(Kind.COURSE, in_root=True)}
    below = {one.key for one in available(Kind.ACCOUNT, in_root=False)}
    assert "become_user" not in course | below
    assert "manage_role_overrides" in below - course
    assert CODE in course & below


def test_a_search_finds_labels_keys_and_groups_and_opens_what_it_finds():
    def found(text: str) -> list[Any]:
        return lines(available(Kind.COURSE, in_root=True), search=text)

    assert [line.key for line in found("PAIRING codes")] == [CODE]
    assert [line.key for line in found(CODE)] == [CODE]
    (files,) = found("course files delete")
    assert (files.key, files.is_open) == ("manage_files", True)
    assert [one.key for one in files.members] == ["manage_files_delete"]
    assert found("nothing of the kind") == []


def test_only_what_is_enforced_at_first():
    some = lines(available(Kind.COURSE, in_root=True), enforced_only=True)
    keys = {key for line in some for key in ([m.key for m in line.members] or [line.key])}
    assert keys
    assert all(PERMISSIONS[key].enforced for key in keys)


# --- The page ---


@pytest.fixture
def page(cast: Cast, signed_in: Any) -> Any:
    """`page(account=…, by=…, **query)`: the page's text."""

    def text_of(account: Any = None, by: Any = None, **query: Any) -> str:
        url = f"/accounts/{(account or cast.root).pk}/permissions"
        response = signed_in(by or cast.root_admin).get(url, query)
        assert response.status_code == 200
        return " ".join(html.unescape(response.content.decode()).split())

    return text_of


def _cells(text: str, key: str) -> dict[int, str]:
    """The words of one line's cells, by role."""
    found = re.findall(rf'id="cell-(\d+)-{key}"[^>]*aria-label="([^"]+)"', text)
    return {int(role): words for role, words in found}


def _roles(text: str) -> list[str]:
    return re.findall(r'<th scope="col"><a [^>]*>([^<]+)</a>', text)


def test_the_tabs_have_their_roles_and_each_cell_its_words(cast, page):
    cast.override("TeacherEnrollment", CODE)
    teacher, ta = cast.roles["TeacherEnrollment"].pk, cast.roles["TaEnrollment"].pk
    text = page()
    assert _roles(text) == ["Student", "Teacher", "TA", "Designer", "Observer"]
    assert _cells(text, CODE)[teacher] == "On, set here"
    assert _cells(text, CODE)[ta] == "Off, by default"
    assert _roles(page(kind="account")) == ["Account Admin"]


def test_below_it_says_from_where_and_who_locked(cast, page):
    cast.override("TeacherEnrollment", CODE, locked=True)
    cast.override("TaEnrollment", CODE, account=cast.accounts.high)
    text = page(cast.accounts.science, by=cast.sub_admin)
    cells = _cells(text, CODE)
    assert cells[cast.roles["TeacherEnrollment"].pk] == "On, from Northfield, locked in Northfield"
    assert cells[cast.roles["TaEnrollment"].pk] == "On, from High"
    student = cells[cast.roles["StudentEnrollment"].pk]
    assert student == "Never: not available to this kind of role"


def test_roles_come_from_here_and_above_never_from_below_or_beside(cast, page):
    for account, label in [
        (cast.root, "Top"), (cast.accounts.high, "Mine"), (cast.accounts.science, "Below"),
        (cast.accounts.elementary, "Beside"),
    ]:  # fmt: skip
        Role.objects.create(
            root_account=cast.root, account=account, label=label, base_role="TaEnrollment"
        )
    assert _roles(page(cast.accounts.high, by=cast.sub_admin))[5:] == ["Mine", "Top"]


def test_filters(cast, page):
    teacher = cast.roles["TeacherEnrollment"].pk
    assert _roles(page(role=teacher)) == ["Teacher"]
    assert len(_roles(page(role="nonsense"))) == 5
    assert "manage_files" not in page()
    assert _cells(page(show="all"), "manage_files")
    assert not _cells(page(show="all"), "manage_files_add")
    assert _cells(page(show="all", open="manage_files"), "manage_files_add")
    assert "No permission fits this search." in page(q="nothing of the kind")


def test_a_script_gets_only_the_group_that_it_opens(cast, signed_in):
    response = signed_in(cast.root_admin).get(
        f"/accounts/{cast.root.pk}/permissions",
        {"show": "all", "open": "manage_files"},
        headers={"HX-Request": "true", "HX-Target": "group-manage_files"},
    )
    text = response.content.decode()
    assert "<html" not in text
    assert set(re.findall(r"cell-\d+-(\w+)", text)) == {
        "manage_files",
        *GROUPS["manage_files"].members,
    }


def test_who_lacks_the_permission_is_refused(cast, signed_in):
    role = make_account_role(cast, "Clerk", "read_roster")
    make_admin(cast, cast.observer, cast.accounts.high, role)
    assert (
        signed_in(cast.observer).get(f"/accounts/{cast.accounts.high.pk}/permissions").status_code
        == 403
    )


def test_names_are_escaped(cast, signed_in):
    make_account_role(cast, "<b>bold</b>")
    type(cast.root).objects.filter(pk=cast.accounts.high.pk).update(name='"><i>High')
    cast.override("TeacherEnrollment", CODE, account=cast.accounts.high)
    client = signed_in(cast.root_admin)
    for query in ("", "?kind=account"):
        url = f"/accounts/{cast.accounts.science.pk}/permissions{query}"
        text = client.get(url).content.decode()
        assert "<b>" not in text
        assert "<i>" not in text


@pytest.mark.parametrize("place", ["root", "science"])
def test_25_roles_and_130_permissions_take_eight_queries(cast, signed_in, place):
    for n in range(24):
        make_account_role(cast, f"Role {n}", *list(PERMISSIONS)[n : n + 12])
    account = cast.root if place == "root" else cast.accounts.science
    url = f"/accounts/{account.pk}/permissions?kind=account&show=all&open=all"
    client = signed_in(cast.root_admin)
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        text = client.get(url).content.decode()
    assert text.count("<td>") > 25 * 115
    assert len(queries) <= 8
    bump(cast.root)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    assert len(queries) <= 11  # the first request after a change reads the table anew


def test_a_cell_tells_where_it_comes_from_and_who_locked_it(cast, signed_in):
    cast.override("TeacherEnrollment", CODE, locked=True)
    role = cast.roles["TeacherEnrollment"].pk
    client = signed_in(cast.sub_admin)
    url = f"/accounts/{cast.accounts.high.pk}/permissions/roles/{role}"
    text = html.unescape(client.get(f"{url}/{CODE}").content.decode())
    assert "On in this account and below" in text
    assert "in Northfield: it can't be changed here" in text
    assert client.get(f"{url}/become_user").status_code == 404
    assert client.get(f"{url}/nonsense").status_code == 404
    assert client.get(f"{url}/manage_files").status_code == 200
    assert client.get(url).status_code == 200
