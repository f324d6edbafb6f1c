"""One cell's menu: what holds, what can be chosen, what has been seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.sight import Crumbs, crumbs_along, lineage
from permissions import grid
from permissions.catalogue import GROUPS, PERMISSIONS
from permissions.forms import RowsField
from permissions.grid import Choice, Shown, keys_of, label_of
from permissions.help import HELP
from permissions.models import Role
from permissions.panels import (
    Sheet,
    cell_url,
    kind_of,
    sheet_of,
    state_in_words,
    story_of,
    to_grid,
    to_role,
    value_in_words,
)
from permissions.table import newest_table, table_of

if TYPE_CHECKING:
    from accounts.sight import SeenAccount


@dataclass(frozen=True)
class CellPanel:
    """What the menu says and offers. `lineage`: the accounts from the root down to this one."""

    lineage: Sequence[SeenAccount]
    sheet: Sheet
    role: Role
    key: str

    @property
    def account(self) -> Account:
        return self.sheet.account

    @property
    def label(self) -> str:
        return label_of(self.key)

    @property
    def state(self) -> Shown:
        return self.sheet.state(self.role, self.key)

    @property
    def is_part(self) -> bool:
        return grid.is_part(self.key)

    @property
    def has_help(self) -> bool:
        return self.key in HELP

    @property
    def facts(self) -> list[tuple[str, str]]:
        return story_of(self.sheet, self.role, self.key)

    @property
    def sentence(self) -> str:
        """What is so now, as one line."""
        words = {"role": self.role.label, "permission": self.label}
        words["state"] = state_in_words(self.state, self.sheet)
        return _("%(role)s, “%(permission)s”: %(state)s") % words

    @property
    def seen(self) -> str:
        return RowsField.text_of(self.sheet.rows_here(self.role, self.key))

    @property
    def breadcrumbs(self) -> Crumbs:
        to = (to_grid(self.account, kind_of(self.role)), to_role(self.account, self.role))
        return crumbs_along(self.lineage, *to, (self.label, ""))

    @property
    def options(self) -> list[Option]:
        offered = grid.choices(self.state, of_part=self.is_part)
        return self._as_options(offered)

    @property
    def reaches(self) -> list[Option]:
        return self._as_options(grid.reaches(self.state))

    def _as_options(self, offered: Iterable[Choice]) -> list[Option]:
        now = grid.chosen(self.state, of_part=self.is_part)
        return [Option(choice, self._in_words(choice), choice in now) for choice in offered]

    def _in_words(self, choice: Choice) -> str:
        if choice is not Choice.DEFAULT:
            return _CHOICES[choice]()
        inherited = self.sheet.inherited(self.role, self.key)
        words = {"value": value_in_words(inherited.value)}
        if inherited.decided_by is None:
            return _("Use the default: %(value)s") % words
        words["account"] = self.sheet.name_of(inherited.decided_by)
        return _("Use what %(account)s says: %(value)s") % words

    @property
    def touched(self) -> list[str]:
        """The lines whose cells a change of this one changes, too."""
        group = PERMISSIONS[self.key].group if self.key in PERMISSIONS else self.key
        return [group, *keys_of(group)] if group else [self.key]

    @property
    def group(self) -> tuple[str, str] | None:
        """For a part of a group: the group's label and the address of its menu."""
        if not self.is_part:
            return None
        group = PERMISSIONS[self.key].group
        return label_of(group), cell_url(self.account, self.role, group)

    @property
    def url(self) -> str:
        return cell_url(self.account, self.role, self.key)

    def renewed(self, request: TenantRequest) -> CellPanel:
        """The same as it is now, after somebody's change."""
        return replace(self, sheet=sheet_of(self.lineage, newest_table(request.root_account)))


@dataclass(frozen=True)
class Option:
    choice: Choice
    label: str
    is_chosen: bool


_CHOICES = {
    Choice.ON: lambda: _("On"),
    Choice.ON_LOCKED: lambda: _("On and locked"),
    Choice.OFF: lambda: _("Off"),
    Choice.OFF_LOCKED: lambda: _("Off and locked"),
    Choice.EVERYWHERE: lambda: _("Here and below"),
    Choice.HERE: lambda: _("Here only"),
    Choice.BELOW: lambda: _("Below only"),
}


def cell_panel(request: TenantRequest, account: Account, role: Role, key: str) -> CellPanel:
    """Raises Http404 for what a role of this kind has no cell for in the account."""
    there = {one.key for one in grid.available(kind_of(role), in_root=account.is_root)}
    known = key in GROUPS or key in PERMISSIONS
    if not known or there.isdisjoint(keys_of(key)):
        raise Http404
    above = lineage(request, account)
    return CellPanel(above, sheet_of(above, table_of(request.root_account)), role, key)
