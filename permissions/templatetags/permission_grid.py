"""Drawing the grid: thousands of cells in a few states, and a hundred lines.

A template is rendered once per state, and once per line, and placed; rendering one for each cell
would take a hundred times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Account
from permissions.catalogue import GROUPS, Permission
from permissions.grid import Line, Shown, is_part, keys_of, label_of, shown_together
from permissions.help import HELP
from permissions.models import Role
from permissions.panels import Sheet, state_in_words, value_in_words

register = template.Library()

# Stand for what is placed later. No name has a NUL in it.
_ROLE, _KEY, _CELLS, _MEMBERS, _URL = (f"\0{name}\0" for name in "rkcmu")


@register.simple_tag
def grid_lines(sheet: Sheet, roles: list[Role], lines: Iterable[tuple[Line, str]]) -> SafeString:
    """The grid's lines; with each comes, for a group, the address that opens or closes it."""
    # The templates have escaped all that is not a number or a key of the catalogue.
    return mark_safe("".join(_line(sheet, roles, line, url) for line, url in lines))  # noqa: S308


def _line(sheet: Sheet, roles: list[Role], line: Line, url: str) -> str:
    columns, language = len(roles) + 1, get_language()
    states = {key: sheet.states(roles, key) for key in keys_of(line.key)}
    if line.is_group:
        states[line.key] = [shown_together(each) for each in zip(*states.values(), strict=True)]
    members = ""
    for member in line.members if line.is_open else ():
        row = _pattern("permissions/_line.html", member.key, False, columns, language)
        members += row.replace(_CELLS, _cells(sheet, roles, member.key, states[member.key]))
    drawn = _pattern("permissions/_lines.html", line.key, line.is_open, columns, language)
    before, after = drawn.split(_MEMBERS)
    cells = _cells(sheet, roles, line.key, states[line.key])
    return before.replace(_URL, escape(url)).replace(_CELLS, cells) + members + after


@lru_cache(4096)
def _pattern(name: str, key: str, is_open: bool, columns: int, language: str | None) -> str:
    """A line without what differs from page to page. `language` is what it is rendered in."""
    context = {
        "key": key,
        "label": label_of(key),
        "is_group": key in GROUPS,
        "is_member": is_part(key),
        "is_open": is_open,
        "columns": columns,
        "help": HELP.get(key),
        "cells": mark_safe(_CELLS),  # noqa: S308
        "members": mark_safe(_MEMBERS),  # noqa: S308
        "url": mark_safe(_URL),  # noqa: S308
    }
    return render_to_string(name, context)


def _cells(sheet: Sheet, roles: list[Role], key: str, states: Sequence[Shown]) -> str:
    # By identity: equal states mostly are one object, and hashing takes longer than placing.
    patterns: dict[int, str] = {}
    drawn = []
    for role, state in zip(roles, states, strict=True):
        pattern = patterns.get(id(state))
        if pattern is None:
            pattern = patterns[id(state)] = _cell(sheet, state).replace(_KEY, key)
        drawn.append(pattern.replace(_ROLE, str(role.id)))
    return "".join(drawn)


def _cell(sheet: Sheet, state: Shown) -> str:
    if state not in sheet.drawn:
        context = _context(sheet, state, _ROLE, _KEY)
        sheet.drawn[state] = render_to_string("permissions/_cell.html", context)
    return sheet.drawn[state]


@register.inclusion_tag("permissions/_cell_link.html")
def grid_cell(sheet: Sheet, role: Role, key: str) -> dict[str, Any]:
    """One cell by itself."""
    return _context(sheet, sheet.state(role, key), str(role.pk), key)


def _context(sheet: Sheet, state: Shown, role: str, key: str) -> dict[str, Any]:
    return {
        "state": state,
        "words": state_in_words(state, sheet),
        "value": value_in_words(state.value),
        "role": role,
        "key": key,
        "account": sheet.account,
    }


@register.simple_tag
def state_words(sheet: Sheet, role: Role, key: str) -> str:
    """Where a cell's state comes from, in words."""
    return state_in_words(sheet.state(role, key), sheet)


@register.inclusion_tag("permissions/_help_fold.html")
def help_fold(key: str, label: str) -> dict[str, Any]:
    """A label; where the permission has a help text, it opens in place."""
    return {"help": HELP.get(key), "label": label}


@register.simple_tag
def in_plain_words(danger: Permission, account: Account) -> str:
    """What somebody could do who holds a permission that is asked about before it is given."""
    words = _DANGERS.get(danger.key)
    return words() % {"account": account.name} if words else danger.label


_DANGERS = {
    "become_user": lambda: _(
        "use the service as any other person, see what they see and do what they can do"
    ),
    "manage_role_overrides": lambda: _(
        "change what roles may do in %(account)s and below it, their own role included"
    ),
    "manage_account_memberships": lambda: _(
        "make other people administrators in %(account)s and below it, and take that away"
    ),
}
