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
from django.urls import reverse
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Account
from permissions.catalogue import GROUPS, Permission
from permissions.grid import Line, Shown, is_part, keys_of, label_of
from permissions.help import HELP
from permissions.models import Role
from permissions.panels import Sheet, state_in_words, value_in_words

register = template.Library()

# Stand for what is placed later; single characters are found soonest. No name has any of these.
_ROLE, _KEY, _CELLS, _MEMBERS, _URL = "\0\1\2\3\4"
_OF_A_CELL = {"url": _URL, "role": _ROLE, "key": _KEY}


@register.simple_tag
def grid_columns(sheet: Sheet, roles: list[Role]) -> SafeString:
    """The heads of the grid's columns: each leads to its role."""
    url = _url(sheet)
    heads = ((url, role.pk, role.label) for role in roles)
    return format_html_join("\n", '<th scope="col"><a href="{}/roles/{}">{}</a></th>', heads)


@register.simple_tag
def grid_lines(sheet: Sheet, roles: list[Role], lines: Iterable[tuple[Line, str]]) -> SafeString:
    """The grid's lines; with each comes, for a group, the address that opens or closes it."""
    drawing = _Drawing(sheet, roles)
    # The templates have escaped all that is not a number or a key of the catalogue.
    return mark_safe("".join(drawing.line(line, url) for line, url in lines))  # noqa: S308


class _Drawing:
    """The lines of one page; it keeps the cells that it has drawn."""

    def __init__(self, sheet: Sheet, roles: list[Role]) -> None:
        self.sheet, self.roles = sheet, roles
        self._language = get_language()
        # By the state's `id`, for equal ones are one object: hashing takes longer than placing.
        self._patterns: dict[int, str] = {}
        self._columns: list[tuple[int, dict[int, str]]] = [(role.pk, {}) for role in roles]

    def line(self, line: Line, url: str) -> str:
        states = {key: self.sheet.states(self.roles, key) for key in keys_of(line.key)}
        if line.is_group:
            states[line.key] = self.sheet.together(states.values())
        members = ""
        for member in line.members if line.is_open else ():
            row = self._pattern("permissions/_line.html", member.key)
            members += row.replace(_CELLS, self._cells_of(member.key, states[member.key]))
        drawn = self._pattern("permissions/_lines.html", line.key, line.is_open)
        before, after = drawn.split(_MEMBERS)
        cells = self._cells_of(line.key, states[line.key])
        return before.replace(_URL, escape(url)).replace(_CELLS, cells) + members + after

    def _pattern(self, name: str, key: str, is_open: bool = False) -> str:
        return _pattern(name, key, is_open, len(self.roles) + 1, self._language)

    def _cells_of(self, key: str, states: Sequence[Shown]) -> str:
        drawn = []
        for (role_id, known), state in zip(self._columns, states, strict=True):
            cell = known.get(id(state))
            if cell is None:
                cell = known[id(state)] = self._cell(role_id, state)
            drawn.append(cell)
        return "".join(drawn).replace(_KEY, key)

    def _cell(self, role_id: int, state: Shown) -> str:
        pattern = self._patterns.get(id(state))
        if pattern is None:
            drawn = _cell_pattern(state, *_words(self.sheet, state))
            pattern = self._patterns[id(state)] = drawn.replace(_URL, _url(self.sheet))
        return pattern.replace(_ROLE, str(role_id))


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
    return _in_ascii(render_to_string(name, context))


def _in_ascii(drawn: str) -> str:
    """With references for other letters: one of them makes all of a page's text twice as large."""
    return drawn.encode("ascii", "xmlcharrefreplace").decode()


@lru_cache(1024)
def _cell_pattern(state: Shown, words: str, value: str) -> str:
    """A cell without its page, role and key."""
    placed = {name: mark_safe(mark) for name, mark in _OF_A_CELL.items()}  # noqa: S308
    context = {"state": state, "words": words, "value": value, **placed}
    return _in_ascii(render_to_string("permissions/_cell.html", context))


@register.inclusion_tag("permissions/_cell_link.html")
def grid_cell(sheet: Sheet, role: Role, key: str) -> dict[str, Any]:
    """One cell by itself."""
    state = sheet.state(role, key)
    words, value = _words(sheet, state)
    place = {"url": _url(sheet), "role": role.pk, "key": key}
    return {"state": state, "words": words, "value": value, **place}


def _words(sheet: Sheet, state: Shown) -> tuple[str, str]:
    """The state in full, and in short."""
    return state_in_words(state, sheet), value_in_words(state.value)


def _url(sheet: Sheet) -> str:
    return reverse("permissions:grid", args=[sheet.account.pk])


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
