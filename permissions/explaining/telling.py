"""An explanation in plain words (spec/permissions.md "Why")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Course, Enrolment
from permissions.catalogue import BaseRole, permission
from permissions.explaining.explain import Answer, Explanation, Held, Place, RoleHeld, Way
from permissions.inheritance import Note, Reach, Step
from permissions.inheritance import Row as OverrideRow

# --- The answer ---


def answer(explained: Explanation) -> str:
    """Yes or no, in one sentence with the names in it."""
    question = explained.question
    names = {
        "person": question.person.name,
        "action": question.rule.sentence,
        "target": target_name(question.target),
        "other": question.acting_as.name if question.acting_as else "",
    }
    if question.permission:
        names["action"] = permission(question.permission).label
        text = (
            _("Yes: %(person)s holds “%(action)s” in %(target)s.")
            if explained.allowed
            else _("No: %(person)s does not hold “%(action)s” in %(target)s.")
        )
    elif question.acting_as:
        text = (
            _("Yes: %(person)s, acting as %(other)s, may %(action)s (%(target)s).")
            if explained.allowed
            else _("No: %(person)s, acting as %(other)s, may not %(action)s (%(target)s).")
        )
    else:
        text = (
            _("Yes: %(person)s may %(action)s (%(target)s).")
            if explained.allowed
            else _("No: %(person)s may not %(action)s (%(target)s).")
        )
    return text % names


def target_name(target: Any) -> str:
    """What is asked about, by name."""
    if isinstance(target, Enrolment):
        return _("%(person)s in %(course)s") % {
            "person": target.user.name,
            "course": target.course.name,
        }
    return str(target.name)


def reasons(explained: Explanation) -> list[str]:
    """Why, a sentence each: what the deciding way rests on, or what the nearest one lacks."""
    if not explained.is_able:
        return [_("Whoever is suspended or deleted may do nothing.")]
    if explained.before and not explained.before.allowed:
        return reasons(explained.before)
    way = explained.nearest
    if way is None:
        return [_("Nobody may do this.")]
    shown = way.answers if way.is_met else way.missing
    return [sentence for answer in shown for sentence in _because(answer)]


def _because(answer: Answer) -> Iterator[str]:
    if answer.held:
        chosen = [held for held in answer.held if held.is_held == answer.is_met]
        yield from (held_sentence(held) for held in chosen[:2])
    elif answer.ways:
        way = answer.ways[0]
        yield from (s for a in (way.answers if way.is_met else way.missing) for s in _because(a))
    else:
        yield condition_sentence(answer)


def condition_sentence(answer: Answer) -> str:
    """The condition by itself, as so or not so."""
    if answer.is_met:
        return f"{capfirst(condition_name(answer))}."
    if answer.condition.otherwise:
        return f"{capfirst(answer.condition.otherwise)}."
    return _("This is not so: %(condition)s.") % {"condition": condition_name(answer)}


def condition_name(answer: Answer) -> str:
    """The condition in words, with the permission as the grid names it."""
    key, sentence = answer.condition.permission, answer.condition.sentence
    return sentence.replace(key, permission(key).label) if key else sentence


def held_sentence(held: Held) -> str:
    """Whether the key is held there, and through which roles."""
    words = {
        "person": held.person.name,
        "permission": permission(held.permission).label,
        "place": held.place.name,
        "roles": get_text_list([_role_and_why(r) for r in held.roles if r.gives], _("and")),
        "none": get_text_list([_role_and_why(r) for r in held.roles], _("and")),
    }
    if held.is_held:
        return _("%(person)s holds “%(permission)s” in %(place)s: from %(roles)s.") % words
    if held.roles:
        return (
            ngettext(
                "%(person)s does not hold “%(permission)s” in %(place)s. Their role there does not"
                " give it: %(none)s.",
                "%(person)s does not hold “%(permission)s” in %(place)s. None of their roles there"
                " gives it: %(none)s.",
                len(held.roles),
            )
            % words
        )
    return (
        _("%(person)s does not hold “%(permission)s” in %(place)s: they have no role that counts.")
        % words
    )


def _role_and_why(held: RoleHeld) -> str:
    """“Teacher in Biology (switched on in Northfield)”."""
    return f"{role_and_where(held)} ({why(held)})"


def why(held: RoleHeld) -> str:
    """What decided, in a few words."""
    decision = held.holding.decision
    start = decision.trail[0]
    if held.holding.is_over:
        return _("the course is concluded")
    if start.note is Note.NOT_AVAILABLE:
        return _("always on") if start.reach else _("can't be given to this role")
    if start.note is Note.NOT_HELD_IN_ROOT:
        return _("counts in the root account only")
    if decision.decided_by is None:
        return _("on by default") if decision.allowed else _("off by default")
    words = {"account": next(a.name for a in held.chain if a.pk == decision.decided_by)}
    is_on = bool(decision.reach) or any(s.note in _ON_ABOVE for s in decision.trail)
    return _WHY[decision.allowed, is_on, decision.locked_by is not None]() % words


_ON_ABOVE = {Note.SELF_ONLY_STAYS_ABOVE}
# Allowed there, on anywhere, locked.
_WHY: dict[tuple[bool, bool, bool], Callable[[], str]] = {
    (True, True, False): lambda: _("switched on in %(account)s"),
    (True, True, True): lambda: _("switched on in %(account)s, and locked"),
    (False, False, False): lambda: _("switched off in %(account)s"),
    (False, False, True): lambda: _("switched off in %(account)s, and locked"),
    (False, True, False): lambda: _("switched on in %(account)s, but not for here"),
    (False, True, True): lambda: _("switched on in %(account)s, but not for here, and locked"),
}


def role_and_where(held: RoleHeld) -> str:
    """“Teacher in Biology”."""
    return _("%(role)s in %(place)s") % {"role": held.role.label, "place": where(held)}


def where(held: RoleHeld) -> str:
    """The course, or the account in which the role is held."""
    if held.is_enrolment:
        return held.place.name
    return next(a.name for a in held.chain if a.pk == held.holding.held_at)


# --- The trail of one role ---

_BASES = {
    BaseRole.STUDENT: "Student",
    BaseRole.TEACHER: "Teacher",
    BaseRole.TA: "TA",
    BaseRole.DESIGNER: "Designer",
    BaseRole.OBSERVER: "Observer",
    BaseRole.ACCOUNT_ADMIN: "Account Admin",
    BaseRole.ACCOUNT_MEMBERSHIP: "custom account roles",
}


def trail(held: RoleHeld) -> list[str]:
    """Step by step from the default down to the place, a sentence each."""
    names = {account.pk: account.name for account in held.chain}
    steps = [step_sentence(step, held, names) for step in held.holding.decision.trail]
    return [*steps, _outcome(held)]


def step_sentence(step: Step[int], held: RoleHeld, names: dict[int, str]) -> str:
    """One step of the walk."""
    words = {
        "base": _BASES[BaseRole(held.role.base_role)],
        "account": names.get(step.account or 0, ""),
        "value": reach_in_words(step.reach),
        "row": row_in_words(step.row) if step.row else "",
        "lock": names.get(held.holding.decision.locked_by or 0, ""),
    }
    sentence = _STEPS[step.note](bool(step.reach)) % words
    if step.account == held.holding.held_at and not held.is_enrolment:
        return _("%(sentence)s The role is held here.") % {"sentence": sentence}
    return sentence


_STEPS: dict[Note, Callable[[bool], str]] = {
    Note.DEFAULT: lambda on: (
        _("Default: on for %(base)s.") if on else _("Default: off for %(base)s.")
    ),
    Note.NOT_AVAILABLE: lambda on: (
        _("Always on for %(base)s; nobody can change it.")
        if on
        else _("Can't be given to %(base)s.")
    ),
    Note.NOT_HELD_IN_ROOT: lambda on: _("Counts only where the role is held in the root account."),
    Note.ROW: lambda on: _("%(account)s: %(row)s."),
    Note.INHERITED: lambda on: _("%(account)s: nothing set, so it stays %(value)s."),
    Note.BELOW_ONLY_ARRIVES: lambda on: _("%(account)s: on, as set above for accounts below."),
    Note.SELF_ONLY_STAYS_ABOVE: lambda on: _(
        "%(account)s: off, because above it is on for that account itself only."
    ),
    Note.IGNORED_NOT_CHANGEABLE: lambda on: _(
        "%(account)s: %(row)s, which doesn't count: nobody can change this."
    ),
    Note.IGNORED_LOCKED_ABOVE: lambda on: _(
        "%(account)s: %(row)s, which doesn't count: it is locked in %(lock)s."
    ),
    Note.IGNORED_ALREADY_ON: lambda on: _(
        "%(account)s: %(row)s, which doesn't count: nothing is taken away below where the role"
        " is held."
    ),
}


def reach_in_words(reach: Reach) -> str:
    """On, off, or on in part."""
    if reach.here and reach.below:
        return _("on")
    if reach.here:
        return _("on for the account itself only")
    return _("on for accounts below only") if reach.below else _("off")


def row_in_words(row: OverrideRow) -> str:
    """What an account has set."""
    if not row.enabled:
        return _("switched off and locked") if row.locked else _("switched off")
    value = {"value": reach_in_words(row.reach)}
    return (
        _("switched %(value)s and locked") % value
        if row.locked
        else _("switched %(value)s") % value
    )


def _outcome(held: RoleHeld) -> str:
    words = {"place": held.place.name}
    if held.holding.is_over:
        return _("So: off in %(place)s. It is concluded, and course roles only read there.") % words
    return _("So: on in %(place)s.") % words if held.gives else _("So: off in %(place)s.") % words


# --- Text for the command line ---


def text(explained: Explanation) -> str:
    """The whole explanation as lines."""
    return "\n".join(_lines(explained))


def _lines(explained: Explanation) -> Iterator[str]:
    yield answer(explained)
    if explained.before:
        yield ""
        yield _("First, acting as them:")
        yield from (f"  {line}" for way in explained.before.ways for line in _way_lines(way))
    for way in explained.ways:
        yield ""
        yield from _way_lines(way)
    if explained.proposals:
        yield ""
        yield _("What would have to change (any one of these):")
        for number, proposal in enumerate(explained.proposals, 1):
            changes = [change.sentence for change in proposal]
            yield f"  {number}. " + "\n     ".join(changes)
    elif not explained.allowed:
        yield ""
        yield _("Nothing that an administrator could change would make it yes.")


def _way_lines(way: Way) -> Iterator[str]:
    yield f"{_sign(way.is_met)} {way.name} ({target_name(way.target)})"
    for one in way.answers:
        yield f"  {_sign(one.is_met)} {condition_name(one)}"
        for held in one.held:
            yield f"      {held_sentence(held)}"
            for role in held.roles:
                yield f"      {role_and_where(role)}:"
                yield from (f"        {line}" for line in trail(role))
            yield from (f"      {line}" for line in idle_lines(held))
        for below in one.ways:
            yield from (f"      {line}" for line in _way_lines(below))
        if one.hidden:
            yield f"      {hidden_sentence(one.hidden)}"


def _sign(is_met: bool) -> str:
    return "[x]" if is_met else "[ ]"


def idle_lines(held: Held) -> list[str]:
    """Enrolments that lend nothing, and why."""
    return [
        _("%(role)s in %(course)s lends nothing: the enrolment is %(state)s.")
        % {
            "role": enrolment.role.label,
            "course": enrolment.course.name,
            "state": enrolment.get_state_display(),
        }
        for enrolment in held.idle
    ]


def hidden_sentence(number: int) -> str:
    """What whoever asks may not see is counted."""
    return ngettext(
        "%(number)d more is in a place that you don't manage.",
        "%(number)d more are in places that you don't manage.",
        number,
    ) % {"number": number}


# --- Places ---


def context_code(place: Place) -> str:
    """`course_12` or `account_3`."""
    return f"course_{place.pk}" if isinstance(place, Course) else f"account_{place.pk}"
