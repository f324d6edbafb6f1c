"""Changing a cell on its page: the choices, what is refused, two at once, asking first, undo."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from audit.models import Event
from permissions.catalogue import GROUPS, PERMISSIONS, BaseRole
from permissions.grid import Choice, Shown, Value, change_of, choices, chosen, reaches
from permissions.models import Override, Role
from permissions.overrides import OverrideChange
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin
from tests.effort import some_of

CODE = "generate_observer_pairing_code"


class Cell:
    """A cell's page as somebody sees it, in a browser of theirs without scripts."""

    def __init__(self, client: Any, account: Any, role: Role, key: str) -> None:
        self.client, self.account, self.role, self.key = client, account, role, key
        self.url = f"/accounts/{account.pk}/permissions/roles/{role.pk}/{key}"
        self.look()

    def look(self, **headers: str) -> str:
        return self._read(self.client.get(self.url, headers=headers))

    def _read(self, response: Any) -> str:
        self.status = response.status_code
        self.text = " ".join(html.unescape(response.content.decode()).split())
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.text)
        self.fields = {name: value for name, value in fields if name != "csrfmiddlewaretoken"}
        return self.text

    @property
    def offered(self) -> list[str]:
        return re.findall(r'name="choice" value="([\w-]+)"', self.text)

    def choose(self, choice: str, **headers: str) -> Any:
        data = self.fields | {"choice": choice}
        response = self.client.post(self.url, data, headers=headers)
        self._read(response)
        return response

    @property
    def row(self) -> tuple[bool, ...] | None:
        flags = ("enabled", "locked", "applies_to_self", "applies_to_descendants")
        rows = Override.objects.filter(account=self.account, role=self.role, permission=self.key)
        return rows.values_list(*flags).first()


@pytest.fixture
def cell(cast: Cast, signed_in: Any) -> Any:
    """`cell(key, base, account=, by=)`: the page of one cell."""

    def page_of(
        key: str = CODE, base: Any = "TeacherEnrollment", account: Any = None, by: Any = None
    ) -> Cell:
        role = base if isinstance(base, Role) else cast.roles[base]
        return Cell(signed_in(by or cast.root_admin), account or cast.root, role, key)

    return page_of


# --- What the menu offers and asks for ---


def test_what_is_offered():
    unset = Shown(Value.OFF)
    fixed = Shown(Value.ON, is_locked=True, is_fixed=True, locked_by=1)
    locked = Shown(Value.ON, is_set=True, is_locked=True)
    every = [Choice.ON, Choice.ON_LOCKED, Choice.OFF, Choice.OFF_LOCKED, Choice.DEFAULT]
    assert choices(unset, of_part=False) == every
    assert choices(unset, of_part=True) == [Choice.ON, Choice.OFF, Choice.DEFAULT]
    assert choices(locked, of_part=True) == [Choice.ON, Choice.OFF]
    assert choices(fixed, of_part=False) == reaches(fixed) == reaches(unset) == []
    assert reaches(locked) == [Choice.EVERYWHERE, Choice.HERE, Choice.BELOW]


def test_what_is_chosen_now():
    assert chosen(Shown(Value.OFF), of_part=False) == {Choice.DEFAULT}
    on_here = Shown(Value.HERE, is_set=True, is_locked=True)
    assert chosen(on_here, of_part=False) == {Choice.HERE, Choice.ON_LOCKED}
    assert chosen(on_here, of_part=True) == {Choice.HERE, Choice.ON}
    assert chosen(Shown(Value.SOME, is_set=True), of_part=False) == set()


def test_what_a_choice_asks_for():
    off, on_here = Shown(Value.OFF), Shown(Value.HERE, is_set=True)
    assert change_of(Choice.ON, off, of_part=False) == OverrideChange(True, False, True, True)
    assert change_of(Choice.ON_LOCKED, on_here, of_part=False) == OverrideChange(True, True)
    assert change_of(Choice.OFF, on_here, of_part=True) == OverrideChange(False, None, True, True)
    assert change_of(Choice.BELOW, on_here, of_part=True) == OverrideChange(True, None, False, True)
    assert change_of(Choice.DEFAULT, on_here, of_part=False) == OverrideChange(locked=False)


# --- Changing ---


@pytest.mark.parametrize(
    ("choice", "row"),
    [
        ("on", (True, False, True, True)),
        ("on-locked", (True, True, True, True)),
        ("off", (False, False, True, True)),
        ("off-locked", (False, True, True, True)),
        ("default", None),
    ],
)
def test_each_choice_sets_its_row(cast, cell, choice, row):
    cast.override("TeacherEnrollment", CODE, locked=choice == "on", applies_to_descendants=False)
    if choice.startswith("on"):
        Override.objects.all().delete()
    page = cell()
    response = page.choose(choice)
    assert page.row == row
    assert (response.status_code, response.url) == (
        302, page.url.rpartition("/")[0] + f"#cell-{page.role.pk}-{CODE}"
    )  # fmt: skip


def test_where_on_counts_is_kept_and_changed(cell):
    page = cell()
    page.choose("on")
    page.look()
    page.choose("here")
    assert page.row == (True, False, True, False)
    page.look()
    page.choose("on-locked")
    assert page.row == (True, True, True, False)
    page.look()
    page.choose("below")
    assert page.row == (True, True, False, True)


def test_back_to_where_one_came_from(cast, cell, signed_in):
    page = cell()
    grid = f"/accounts/{cast.root.pk}/permissions?show=all&q=codes"
    page.look(referer=f"http://testserver{grid}")
    assert page.choose("on").url.startswith(grid)
    for elsewhere in ("https://evil.example/accounts/1/permissions", "/logout", "//evil.example"):
        page.fields["back"] = elsewhere
        page.look(referer=elsewhere)
        assert page.choose("off").url.startswith(page.url.rpartition("/")[0])


def test_a_change_is_an_event_with_old_and_new_value(cell):
    cell().choose("on-locked")
    (event,) = Event.objects.filter(action="override_changed")
    assert event.data["before"] is None
    assert event.data["after"]["locked"] is True


def test_what_is_locked_above_offers_nothing_and_stays(cast, cell):
    page = cell(account=cast.accounts.high, by=cast.sub_admin)
    cast.override("TeacherEnrollment", CODE, locked=True)
    response = page.choose("off")
    assert response.status_code == 409
    assert page.row is None
    assert page.offered == []
    assert "in Northfield: it can't be changed here" in page.text


def test_of_two_who_change_the_same_the_second_is_told(cast, cell):
    first, second = cell(), cell()
    first.choose("off-locked")
    response = second.choose("on")
    assert response.status_code == 409
    assert "Somebody else has changed this" in second.text
    assert "Off" in re.findall(r'aria-pressed="true">([^<]+)<', second.text)[0]
    assert second.row == (False, True, True, True)
    assert second.choose("on").status_code == 302
    assert second.row == (True, False, True, True)


def test_nonsense_is_refused(cell):
    page = cell()
    for data in ({}, {"choice": "maybe"}, {"seen": "x"}, {"seen": ""}, {"seen": f"{CODE}:7"}):
        response = page.client.post(page.url, page.fields | {"choice": "on"} | data if data else {})
        assert response.status_code == 422
    assert page.row is None


def test_one_gives_only_what_one_holds(cast, cell):
    role = make_account_role(cast, "Clerk", "manage_role_overrides", "read_roster")
    make_admin(cast, cast.observer, cast.accounts.high, role)
    page = cell(account=cast.accounts.high, by=cast.observer)
    response = page.choose("on")
    assert response.status_code == 403
    assert "only what you hold here yourself" in page.text
    assert page.row is None
    assert page.choose("off").status_code == 302


# --- Groups ---


def test_a_group_changes_and_locks_all_its_members(cast, cell):
    page = cell("manage_files")
    page.choose("off-locked")
    members = Override.objects.filter(role=page.role, permission__in=GROUPS["manage_files"].members)
    assert set(members.values_list("enabled", "locked")) == {(False, True)}
    assert members.count() == 3
    part = cell("manage_files_add")
    assert part.offered == ["on", "off"]
    part.choose("on")
    assert part.row == (True, True, True, True)
    assert "Different inside the group" in cell("manage_files").text


@pytest.mark.parametrize(("number", "group"), [*enumerate(GROUPS)])
def test_every_group_is_changed_as_far_as_the_role_can_have_it(cast, cell, number, group):
    for base in some_of([*BaseRole], number):
        can_have = {key for key in GROUPS[group].members if base in PERMISSIONS[key].available_to}
        role = make_account_role(cast, "Clerk") if base == "AccountMembership" else base
        page = cell(group, role)
        assert bool(page.offered) == bool(can_have), base
        assert page.choose("off").status_code in ({302} if can_have else {404, 422}), base
        rows = Override.objects.filter(role=page.role)
        assert {row.permission for row in rows} == can_have, base


def test_a_group_of_which_something_is_locked_above_is_changed_as_to_the_rest(cast, cell):
    cast.override("TeacherEnrollment", "manage_files_add", enabled=True, locked=True)
    page = cell("manage_files", account=cast.accounts.high)
    assert page.choose("off").status_code == 302
    below = Override.objects.filter(role=page.role, account=cast.accounts.high)
    members = set(GROUPS["manage_files"].members)
    assert {row.permission for row in below} == members - {"manage_files_add"}


def test_what_has_been_unlocked_above_meanwhile_is_told(cast, cell):
    lock = cast.override("TeacherEnrollment", "manage_files_add", enabled=True, locked=True)
    page = cell("manage_files", account=cast.accounts.high)
    lock.delete()
    bump(cast.root)
    assert page.choose("off").status_code == 409
    assert not Override.objects.exists()


# --- What is asked about first ---


@pytest.mark.parametrize(
    "key", ["become_user", "manage_role_overrides", "manage_account_memberships"]
)
def test_what_lets_act_as_others_is_asked_about_once(cast, cell, key):
    role = make_account_role(cast, "Clerk")
    page = cell(key, role)
    assert page.choose("on").status_code == 422
    assert "Everyone with the role “Clerk” could then:" in page.text
    assert page.row is None
    assert page.offered == ["on"]
    assert page.choose("on").status_code == 302
    assert page.row == (True, False, True, True)
    page.look()
    assert page.choose("on-locked").status_code == 302  # it has it already
    page.look()
    assert page.choose("off").status_code == 302


# --- Undo ---


def _undo(page: Cell, **headers: str) -> Any:
    url = f"/accounts/{page.account.pk}/permissions/undo"
    return page.client.post(url, headers=headers)


def test_the_last_change_is_undone(cast, cell):
    cast.override("TeacherEnrollment", CODE, locked=True, applies_to_self=False)
    page = cell()
    page.choose("off")
    grid = page.client.get(f"/accounts/{cast.root.pk}/permissions").content.decode()
    assert "Your last change:" in grid
    assert _undo(page).status_code == 302
    assert page.row == (True, True, False, True)
    assert _undo(page).status_code == 404


def test_a_groups_change_is_undone_member_by_member(cast, cell):
    cast.override("TeacherEnrollment", "manage_files_add", False)
    page = cell("manage_files")
    page.choose("on-locked")
    _undo(page)
    assert list(Override.objects.values_list("permission", "locked")) == [
        ("manage_files_add", False)
    ]


def test_what_somebody_has_changed_since_is_not_undone(cast, cell):
    mine, theirs = cell(), None
    mine.choose("on")
    theirs = cell()
    theirs.choose("off")
    response = _undo(mine, **{"HX-Request": "true"})
    assert "Somebody has changed it since" in response.content.decode()
    assert mine.row == (False, False, True, True)


def test_another_accounts_change_is_not_undone_here(cast, cell):
    page = cell()
    page.choose("on")
    page.account = cast.accounts.high
    assert _undo(page).status_code == 404


# --- Scripts ---


def test_a_script_gets_the_cells_and_an_undo(cast, cell):
    page = cell("manage_files_add")
    response = page.choose("on", **{"HX-Request": "true"})
    assert response.status_code == 200
    assert "<html" not in page.text
    fresh = set(re.findall(r'id="cell-\d+-(\w+)"', page.text))
    assert fresh == {"manage_files", *GROUPS["manage_files"].members}
    assert f'action="/accounts/{cast.root.pk}/permissions/undo"' in page.text


def test_a_script_is_shown_the_conflict_in_the_menu(cell):
    first, second = cell(), cell()
    first.choose("on")
    response = second.choose("off", **{"HX-Request": "true"})
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#menu"


def test_every_kind_of_permission_has_a_page(cast, cell):
    kinds = {(p.level, p.group, p.enforced, bool(p.gated)): p.key for p in PERMISSIONS.values()}
    for key in [*kinds.values(), *GROUPS]:
        assert cell(key, "AccountAdmin").status == 200, key
