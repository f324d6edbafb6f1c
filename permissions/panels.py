"""What the permissions pages show, looked up: roles, cells, who decided and who locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import Account
from permissions.catalogue import BASE_ROLE_LABELS, GROUPS, PERMISSIONS, BaseRole, Permission
from permissions.grid import (
    Kind,
    Line,
    Nature,
    Shown,
    Value,
    keys_of,
    nature,
    shown,
    shown_together,
)
from permissions.inheritance import Row
from permissions.models import Role
from permissions.overrides import DANGEROUS
from permissions.table import NO_ROWS, Table

_BUILT_IN = Q(state=Role.State.BUILT_IN)
_ORDER = {base: place for place, base in enumerate(BaseRole)}


@dataclass
class Sheet:
    """The roles and permissions of one account. `names`: of the accounts from the root down to it.

    Everything that the page says about a cell comes from here, for the grid and for one cell alike.
    """

    account: Account
    table: Table
    names: Mapping[int, str]
    chain: tuple[int, ...] = field(init=False)
    # Equal states are one object in a sheet, which is kept here: so `id` tells them apart.
    _known: dict[Nature, dict[tuple[int, ...], Shown]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _together: dict[tuple[int, ...], Shown] = field(default_factory=dict)
    _one: dict[Shown, Shown] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain = tuple(self.account.chain_ids)

    def state(self, role: Role, key: str) -> Shown:
        """What a cell shows; `key` may be a group's."""
        return self.states([role], key)[0]

    def states(self, roles: Sequence[Role], key: str) -> list[Shown]:
        """What a line's cells show, by role. Of the sheet's states equal ones are one object."""
        if key not in GROUPS:
            return self._of_permission(roles, key)
        return self.together(self._of_permission(roles, one) for one in keys_of(key))

    def together(self, members: Iterable[Sequence[Shown]]) -> list[Shown]:
        """What the line of a group shows, by role; `members`: what the lines of its members do."""
        known, found = self._together, []
        for states in zip(*members, strict=True):
            asked = tuple(map(id, states))
            if asked not in known:
                known[asked] = self._only(shown_together(states))
            found.append(known[asked])
        return found

    def _only(self, state: Shown) -> Shown:
        return self._one.setdefault(state, state)

    def _of_permission(self, roles: Sequence[Role], key: str) -> list[Shown]:
        # Done thousands of times for a page. The table keeps equal rows as one object, so what
        # leads to a state is told apart by identity; and `id` is read sooner than `pk`.
        chain, rows_of = self.chain, self.table.rows_by_role(key).get
        known = {base: self._known[nature(key, base)] for base in {one.base_role for one in roles}}
        states = []
        for role in roles:
            rows = rows_of(role.id, NO_ROWS)
            asked = tuple(map(id, map(rows.get, chain))) if rows else ()
            of_base = known[role.base_role]
            state = of_base.get(asked)
            if state is None:
                state = self._only(shown(PERMISSIONS[key], role.base_role, chain, rows))
                of_base[asked] = state
            states.append(state)
        return states

    def inherited(self, role: Role, key: str) -> Shown:
        """What the cell would show if this account had decided nothing."""
        others = (
            (member, {pk: row for pk, row in rows.items() if pk != self.account.pk})
            for member, rows in ((m, self.table.rows(role.pk, m)) for m in keys_of(key))
        )
        return shown_together(
            shown(PERMISSIONS[member], role.base_role, self.chain, rows) for member, rows in others
        )

    def rows_here(self, role: Role, key: str) -> dict[str, Row | None]:
        """What this very account has decided, by permission, of what it can decide: of a group
        some may be locked above, or never available to the role."""
        can_decide = [one for one in keys_of(key) if not self.state(role, one).is_fixed]
        rows = ((one, self.table.rows(role.pk, one)) for one in can_decide)
        return {one: of_one.get(self.account.pk) for one, of_one in rows}

    def name_of(self, account_id: int | None) -> str:
        return self.names.get(account_id, "") if account_id else ""


def sheet_of(lineage: Sequence[Account], table: Table) -> Sheet:
    """The sheet of the last of these accounts; the others are those above it."""
    return Sheet(lineage[-1], table, {account.pk: account.name for account in lineage})


def roles_shown(account: Account) -> list[Role]:
    """The roles that the account can use, and its own deactivated ones: built-in, own, from above.

    Each kind in its own order, by name.
    """
    usable = _BUILT_IN | Q(account__in=account.chain_ids, state=Role.State.ACTIVE)
    found = Role.objects.filter(usable | Q(account=account), root_account=account.root_account_id)
    return sorted(found, key=lambda role: _place(role, account))


def _place(role: Role, account: Account) -> tuple[Any, ...]:
    if role.state == Role.State.BUILT_IN:
        return (0, _ORDER[BaseRole(role.base_role)])
    return (1 if role.account_id == account.pk else 2, role.label.casefold(), role.pk)


def role_in_sight(account: Account, role_id: int) -> Role:
    """One of the roles that the account can use, or one of its own. Raises Http404."""
    role = next((role for role in roles_shown(account) if role.pk == role_id), None)
    if role is None:
        raise Http404
    return role


def kind_of(role: Role) -> Kind:
    return Kind.ACCOUNT if role.is_account_role else Kind.COURSE


def of_kind(roles: Iterable[Role], kind: Kind) -> list[Role]:
    return [role for role in roles if role.base_role in kind.base_roles]


def dangers_of_copy(sheet: Sheet, source: Role) -> list[Permission]:
    """What a copy of the role would let people do, of what is asked about once before."""
    on = (Value.ON, Value.HERE, Value.BELOW)
    keys = sorted(key for key in DANGEROUS if sheet.state(source, key).value in on)
    return [PERMISSIONS[key] for key in keys]


# --- In words ---


def base_in_words(base_role: str) -> str:
    if base_role == BaseRole.ACCOUNT_MEMBERSHIP:
        return _("Account role, which holds nothing by itself")
    return BASE_ROLE_LABELS[base_role]


def facts_of(role: Role) -> list[tuple[str, str]]:
    """What a role's page tells of it, besides what it may do."""
    is_built_in = role.state == Role.State.BUILT_IN
    return [
        (_("Built on"), base_in_words(role.base_role)),
        (_("Belongs to"), _("everyone: it is built in") if is_built_in else role.account.name),
        (_("State"), str(Role.State(role.state).label)),
    ]


_VALUE_WORDS = {
    Value.ON: lambda: _("On"),
    Value.HERE: lambda: _("On here"),
    Value.BELOW: lambda: _("On below"),
    Value.OFF: lambda: _("Off"),
    Value.SOME: lambda: _("Some on"),
    Value.NEVER: lambda: _("Never"),
}


def value_in_words(value: Value) -> str:
    return _VALUE_WORDS[value]()


def state_in_words(state: Shown, sheet: Sheet) -> str:
    """The whole state for a screen reader: “On, from Northfield, locked there”."""
    if state.value is Value.NEVER:
        return _("Never: not available to this kind of role")
    said = [value_in_words(state.value), origin_in_words(state, sheet)]
    if state.is_locked:
        said.append(_lock(state, sheet))
    return ", ".join(filter(None, said))


def origin_in_words(state: Shown, sheet: Sheet) -> str:
    if state.is_set:
        return _("set here")
    if state.value is Value.SOME:
        return ""
    if state.decided_by is None:
        return _("by default")
    return _("from %(account)s") % {"account": sheet.name_of(state.decided_by)}


def _lock(state: Shown, sheet: Sheet) -> str:
    if state.locked_by is None:
        return _("not changeable")
    if state.locked_by == sheet.account.pk:
        return _("locked here")
    return _("locked in %(account)s") % {"account": sheet.name_of(state.locked_by)}


def story_of(sheet: Sheet, role: Role, key: str) -> list[tuple[str, str]]:
    """A cell told in full: what holds, where that comes from, who locked it, what would be."""
    state = sheet.state(role, key)
    if state.value is Value.NEVER:
        return []
    told = [(_("Now"), _in_full(state.value)), (_("Comes from"), _source(state, sheet, role))]
    if state.is_locked:
        told.append((_("Locked"), _lock_in_full(state, sheet)))
    if state.is_set:
        inherited = sheet.inherited(role, key)
        without = f"{value_in_words(inherited.value)}, {origin_in_words(inherited, sheet)}"
        told.append((_("Without a setting here"), without.removesuffix(", ")))
    return told


def _in_full(value: Value) -> str:
    return {
        Value.ON: _("On in this account and below"),
        Value.HERE: _("On in this account, off below it"),
        Value.BELOW: _("Off in this account, on below it"),
        Value.OFF: _("Off"),
        Value.SOME: _("Different inside the group"),
    }[value]


def _source(state: Shown, sheet: Sheet, role: Role) -> str:
    if state.is_set:
        return _("this account, where it was set")
    if state.decided_by is not None:
        return sheet.name_of(state.decided_by)
    if state.value is Value.SOME:
        return _("different accounts: open the group")
    return _("the default of its kind of role (%(kind)s)") % {"kind": base_in_words(role.base_role)}


def _lock_in_full(state: Shown, sheet: Sheet) -> str:
    if state.locked_by == sheet.account.pk:
        return _("here: accounts below can't change it")
    if state.locked_by is None:
        return _("always: nobody can change it for this role")
    account = {"account": sheet.name_of(state.locked_by)}
    return _("in %(account)s: it can't be changed here") % account


# --- Addresses ---


def cell_url(account: Account, role: Role, key: str) -> str:
    return reverse("permissions:cell", args=[account.pk, role.pk, key])


def grid_url(account: Account, kind: Kind) -> str:
    url = reverse("permissions:grid", args=[account.pk])
    return url if kind is Kind.COURSE else f"{url}?kind={kind}"


def to_grid(account: Account, kind: Kind) -> tuple[str, str]:
    """The breadcrumb that leads back to the grid."""
    return _("Permissions"), grid_url(account, kind)


def to_role(account: Account, role: Role) -> tuple[str, str]:
    return role.label, reverse("permissions:role", args=[account.pk, role.pk])


def lines_with_url(lines: Iterable[Line], query: Any) -> list[tuple[Line, str]]:
    """Each line, and for a group the address of the same page with it opened or closed."""
    return [(line, _toggled(line, query) if line.is_group else "") for line in lines]


def _toggled(line: Line, query: Any) -> str:
    pairs = [(name, value) for name, values in query.lists() for value in values]
    changed = [pair for pair in pairs if pair != ("open", line.key)]
    return f"?{urlencode(changed if line.is_open else [*changed, ('open', line.key)])}"
