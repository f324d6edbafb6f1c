"""The chain of accounts as a small picture: where a role is held, what decided, what is locked.

Only places and states; `templates/permissions/_chain.html` draws. The same is told in sentences
beside it (`permissions.explaining.telling.trail`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from courses.models import Course
from permissions.explaining.explain import RoleHeld
from permissions.inheritance import Note, Reach, Step
from permissions.inheritance import Row as OverrideRow

ROW = 56  # the height of one account, in units of the drawing
WIDTH = 300
_LETTERS = 28  # of a name that fit beside the line
_IGNORED = (Note.IGNORED_NOT_CHANGEABLE, Note.IGNORED_LOCKED_ABOVE, Note.IGNORED_ALREADY_ON)


@dataclass(frozen=True)
class Node:
    """One account, the default above them, or the course below."""

    number: int
    name: str
    note: str
    is_on: bool
    is_set: bool = False
    is_locked: bool = False
    is_ignored: bool = False

    @property
    def y(self) -> int:
        return self.number * ROW + ROW // 2

    @property
    def short_name(self) -> str:
        return self.name if len(self.name) <= _LETTERS else f"{self.name[: _LETTERS - 1]}…"


@dataclass(frozen=True)
class Line:
    """From one node to the next; broken where nothing set below counts any more."""

    start: int
    end: int
    is_broken: bool


@dataclass(frozen=True)
class Picture:
    nodes: list[Node]
    lines: list[Line]
    width: int
    height: int


def picture(held: RoleHeld) -> Picture:
    """One role's chain, from the default down to the place that is asked about."""
    nodes = [
        Node(number, name, note, **states)
        for number, (name, note, states) in enumerate(_told(held))
    ]
    locked = next((node.number for node in nodes if node.is_locked), len(nodes))
    lines = [
        Line(above.y, below.y, is_broken=above.number >= locked) for above, below in pairwise(nodes)
    ]
    return Picture(nodes, lines, WIDTH, len(nodes) * ROW)


def _told(held: RoleHeld) -> Iterator[tuple[str, str, dict[str, bool]]]:
    decision = held.holding.decision
    steps = {step.account: step for step in decision.trail}
    start = decision.trail[0]
    yield _("Default"), _default(start), {"is_on": bool(start.reach)}
    before = start
    for account in held.chain:
        step = steps.get(account.pk)
        before = step or before
        note = _note(step)
        if account.pk == held.holding.held_at and not held.is_enrolment:
            note = _("role held here · %(note)s") % {"note": note}
        row = step.row if step else None
        is_ignored = step is not None and step.note in _IGNORED
        yield (
            account.name,
            note,
            {
                "is_on": _is_on_at(before, account.pk),
                "is_set": row is not None and not is_ignored,
                "is_locked": row is not None and row.locked and not is_ignored,
                "is_ignored": is_ignored,
            },
        )
    if isinstance(held.place, Course):
        yield held.place.name, _course_note(held), {"is_on": held.gives}


def _default(start: Step[int]) -> str:
    if start.note is Note.NOT_AVAILABLE:
        return _("always on") if start.reach else _("can't be given")
    if start.note is Note.NOT_HELD_IN_ROOT:
        return _("held in the root account only")
    return _short(start.reach)


def _short(reach: Reach) -> str:
    if reach.here and reach.below:
        return _("on")
    if reach.here:
        return _("on here only")
    return _("on below only") if reach.below else _("off")


def _row(row: OverrideRow) -> str:
    value = {"value": _short(row.reach)}
    return _("%(value)s, locked") % value if row.locked else _("%(value)s, set here") % value


def _note(step: Step[int] | None) -> str:
    if step is None or step.row is None:
        return _("nothing set")
    if step.note in _IGNORED:
        return _("“%(row)s” doesn't count") % {"row": _short(step.row.reach)}
    return _row(step.row)


def _is_on_at(step: Step[int], account_id: int) -> bool:
    return step.reach.here if step.decided_by == account_id else step.reach.below


def _course_note(held: RoleHeld) -> str:
    if held.holding.is_over:
        return _("concluded course")
    return _("role held here") if held.is_enrolment else _("course")
