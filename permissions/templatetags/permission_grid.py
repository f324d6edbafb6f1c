"""Drawing the grid: thousands of cells in a few states, and a label and a help text per line.

`permissions/_cell.html` is rendered once per state and placed for each role and permission;
rendering it for each would take a hundred times as long.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import Account
from permissions.catalogue import Permission
from permissions.grid import Shown
from permissions.help import HELP
from permissions.models import Role
from permissions.panels import Sheet, state_in_words, value_in_words

register = template.Library()

# Stand for a role's id and a permission's key while a state is drawn. Both are plain words.
_ROLE, _KEY = "-ROLE-", "-KEY-"


@register.simple_tag
def grid_cells(sheet: Sheet, roles: list[Role], key: str) -> SafeString:
    """The cells of one line, one per role."""
    drawn: list[str] = []
    for role in roles:
        state = sheet.state(role, key)
        pattern = sheet.drawn.get(state)
        if pattern is None:
            pattern = sheet.drawn[state] = render_to_string(
                "permissions/_cell.html", _context(sheet, state, _ROLE, _KEY)
            )
        drawn.append(pattern.replace(_ROLE, str(role.pk)))
    # The template has escaped all but two things: a number and a key of the catalogue.
    return mark_safe("".join(drawn).replace(_KEY, key))  # noqa: S308


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
def help_link(key: str, label: str) -> SafeString | str:
    """A permission's label; where it has a help text, a link that opens it below the line."""
    if key not in HELP:
        return label
    return format_html('<a class="grid__help" href="#help-{}">{}</a>', key, label)


@register.simple_tag
def help_line(key: str, roles: list[Role]) -> SafeString:
    """The line with a permission's help text, closed until its link is followed."""
    if key not in HELP:
        return SafeString("")
    return format_html(
        '<tr class="grid__text" id="help-{}"><td colspan="{}">{}</td></tr>',
        key,
        len(roles) + 1,
        help_text(key),
    )


@register.simple_tag
@cache
def help_text(key: str) -> SafeString:
    """What a permission allows and what else is needed; empty when there is no text.

    The same words for everyone.
    """
    if key not in HELP:
        return SafeString("")
    return render_to_string("permissions/_help.html", {"help": HELP[key]})


@register.simple_tag
def help_fold(key: str, label: str) -> SafeString | str:
    """A permission's label; where it has a help text, it opens in place."""
    if key not in HELP:
        return label
    fold = '<details class="fold-in"><summary>{}</summary>{}</details>'
    return format_html(fold, label, help_text(key))


@register.simple_tag
def state_words(sheet: Sheet, role: Role, key: str) -> str:
    """Where a cell's state comes from, in words."""
    return state_in_words(sheet.state(role, key), sheet)


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
