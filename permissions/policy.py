"""The engine: who may do what to what (DESIGN "Who may do what").

A **rule** is an action on one kind of target: a union of **rows**, each a conjunction of named
**conditions**. `permitted` is the queryset of targets, `may` asks whether one is in it, `require`
raises, `unmet` tells which conditions fail. All read the same conditions, so the list, the check,
the button and the refusal cannot disagree. The rows themselves are in each app's `rules.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet, PermissionDenied
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Manager,
    Model,
    Q,
    QuerySet,
    Value,
    When,
)

from accounts.actor import Actor
from accounts.models import Account, User
from permissions.explaining.changes import Change
from permissions.filters import EVERYTHING, NOTHING, all_of, any_of
from permissions.grants import Area, Grants, grants_of, path_of

M = TypeVar("M", bound=Model)


class Whose(Enum):
    """Whose rights a condition asks for. The acted-as person alone is never asked."""

    REAL = "the real person's"
    EACH = "those of the real person and of the person acted as, each"


@dataclass(frozen=True)
class Need:
    """Where, seen from a target, a condition's key is asked for: in any one of `places` (accounts
    and courses) suffices. For explanations; the condition's own filter decides."""

    places: Callable[[Actor, Any], Sequence[Any]]
    whose: Whose
    as_administrator: bool = False


@dataclass(frozen=True)
class Through:
    """The targets of another rule that lead to this one: those whose `field` it is."""

    rule: Rule
    field: str


@dataclass(frozen=True)
class Condition:
    """One thing that must be so: a sentence for people, and the same as a filter on the target.

    `permission` is the key that it needs, `setting` the name of the setting, when it is about one.
    `known` says the same as `q` about one target without asking the database, where that can be.
    The others are for `permissions.explaining`: where the key is asked for, the rule that it goes
    through, what an administrator can change of the target so that it is met, if anything, and the
    sentence for when it is not.
    """

    sentence: str
    q: Callable[[Actor], Q]
    permission: str | None = None
    setting: str | None = None
    known: Callable[[Actor, Any], bool] | None = None
    need: Need | None = None
    through: Through | None = None
    remedy: Callable[[Any], Change | None] | None = None
    otherwise: str | None = None


@dataclass(frozen=True)
class Row:
    """One way to be allowed: every condition must hold."""

    name: str
    conditions: tuple[Condition, ...]

    @property
    def needs_no_grants(self) -> bool:
        return all(condition.permission is None for condition in self.conditions)

    def q(self, actor: Actor) -> Q:
        """The targets for which all conditions hold; none is asked after one that never does."""
        return all_of(condition.q(actor) for condition in self.conditions)

    def known(self, actor: Actor, target: Any) -> bool | None:
        """Whether all hold for the target, without asking the database; None: it must be asked."""
        undecided = False
        for condition in self.conditions:
            if condition.known is None:
                undecided = True
            elif not condition.known(actor, target):
                return False
        return None if undecided else True


@dataclass(eq=False)
class Rule:
    """An action on one kind of target. Apps that know more ways add rows (`row`)."""

    name: str
    model: type[Model]
    sentence: str
    rows: list[Row] = field(default_factory=list)

    def row(self, name: str, *conditions: Condition) -> Rule:
        """Add a way to be allowed; returns the rule, so that rows can be chained.

        ValueError without a condition: that would allow everybody.
        """
        if not conditions:
            raise ValueError(f"A row of {self.name} has no condition.")
        self.rows.append(Row(name, conditions))
        return self

    def q(self, actor: Actor) -> Q:
        """The targets of the actor's tenant to which they may do it: OR of ANDs."""
        return any_of(row.q(actor) for row in self.rows if actor.is_able)


# What a condition keeps in the actor's memo for other rules of the same request begins so.
LOOKED_UP = "looked up"

RULES: dict[str, Rule] = {}


def rule(name: str, model: type[Model], sentence: str) -> Rule:
    """A new rule without rows: nobody is allowed yet. ValueError when the name is taken."""
    if name in RULES:
        raise ValueError(f"There are two rules named “{name}”.")
    RULES[name] = Rule(name, model, sentence)
    return RULES[name]


class Denied(PermissionDenied):
    """The actor may not. `reason` says what is missing, for callers who may see the target."""

    def __init__(self, rule: Rule, reason: dict[str, Any] | None = None) -> None:
        # Without a text: pages say it in the person's language, the log has the rule.
        super().__init__()
        self.rule = rule
        self.reason = reason

    def __repr__(self) -> str:
        return f"Denied({self.rule.name})"


def permitted(actor: Actor, rule: Rule) -> Any:
    """The queryset of every target in the actor's tenant to which they may do it.

    It is one of the rule's model, with that model's own methods: hence the loose type.
    """
    return _permitted_by(rule.rows, actor, rule)


def _permitted_by(rows: Sequence[Row], actor: Actor, rule: Rule, **only: Any) -> QuerySet[Any]:
    manager: Manager[Any] = rule.model._default_manager
    if not actor.is_able or not rows:
        return manager.none()
    some = any_of(row.q(actor) for row in rows)
    if some is NOTHING:
        return manager.none()
    return manager.filter(some, root_account=actor.root_account, **only)


def may(actor: Actor, rule: Rule, target: Model) -> bool:
    """Whether `target`, as it was read, is among the permitted; asked once per actor and target.

    What is held is in memory, so most questions about a course or an account need no query.
    TypeError when the target is of another kind than the rule's.
    """
    key = (rule.name, target.pk)
    if key not in actor.memo:
        actor.memo[key] = _is_permitted(actor, rule, target, as_read=True)
    answer: bool = actor.memo[key]
    return answer


def require(actor: Actor, rule: Rule, target: Model) -> None:
    """Raise Denied unless permitted now. Actions call it under their locks: nothing is remembered
    but what `ask_anew` keeps."""
    ask_anew(actor)
    if not _is_permitted(actor, rule, target, as_read=False):
        raise Denied(rule)


def ask_anew(actor: Actor) -> None:
    """Forget what conditions have looked up, for whoever asks `permitted` under a lock. What the
    people themselves hold stays known."""
    for key in [key for key in actor.memo if key[0] == LOOKED_UP]:
        del actor.memo[key]


def _is_permitted(actor: Actor, rule: Rule, target: Any, *, as_read: bool) -> bool:
    """The answer of the database, or (`as_read`) as far as possible of what is in memory."""
    _check_kind(rule, target)
    if not actor.is_able or target.root_account_id != actor.root_account.pk:
        return False
    plain = [row for row in rule.rows if target == actor.person and row.needs_no_grants]
    if plain and _is_ones_own(actor, rule, plain):
        return True
    rest = [row for row in rule.rows if row not in plain]
    if as_read:
        known = [row.known(actor, target) for row in rest]
        if any(known):
            return True
        rest = [row for row, answer in zip(rest, known, strict=True) if answer is None]
    return bool(rest) and _permitted_by(rest, actor, rule, pk=target.pk).exists()


def _check_kind(rule: Rule, target: Any) -> None:
    if not isinstance(target, rule.model):
        raise TypeError(f"{rule.name} is about {rule.model.__name__}, not {type(target).__name__}.")


# Mostly people ask about themselves. What needs no grants is then the same statement for everyone
# but for three ids, and composing it costs more than asking it: it is kept, with these in their
# places. None: nobody is permitted so.
_ROOT, _PERSON, _REAL = -101, -102, -103
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_prepared: dict[tuple[str, bool], tuple[str, tuple[Any, ...]] | None] = {}


def _is_ones_own(actor: Actor, rule: Rule, rows: Sequence[Row]) -> bool:
    assert actor.person is not None
    assert actor.real is not None
    key = (rule.name, actor.is_acting)
    if key not in _prepared:
        _prepared[key] = _prepare(rule, rows, acting=actor.is_acting)
    statement = _prepared[key]
    if statement is None:
        return False
    ids = {_ROOT: actor.root_account.pk, _PERSON: actor.person.pk, _REAL: actor.real.pk}
    sql, params = statement
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids.get(param, param) for param in params])
        return cursor.fetchone() is not None


def _prepare(
    rule: Rule, rows: Sequence[Row], *, acting: bool
) -> tuple[str, tuple[Any, ...]] | None:
    """The statement for somebody who asks about themself. TypeError when a condition holds a value
    that may be another one next time, such as a date."""
    person = User(pk=_PERSON)
    anyone = Actor(Account(pk=_ROOT), person, User(pk=_REAL) if acting else person)
    some = any_of(row.q(anyone) for row in rows)
    asked = rule.model._default_manager.filter(some, root_account=_ROOT, pk=_PERSON)
    try:
        sql, params = asked.values_list("pk")[:1].query.sql_with_params()
    except EmptyResultSet:
        return None
    # SQLite's dates are texts already.
    if not all(isinstance(param, int | str) and not _DATE.match(str(param)) for param in params):
        raise TypeError(f"A row of {rule.name} without grants depends on more than who asks.")
    return sql, params


def answered(targets: QuerySet[M], actor: Actor, **rules: Rule) -> QuerySet[M]:
    """Targets of the actor's tenant; each tells, under the given names, what they may do to it.

    The answers come with the targets' own statement, so that lists ask nothing per row.
    """
    return targets.annotate(**{name: answer(rule.q(actor)) for name, rule in rules.items()})


def answered_one(targets: QuerySet[M], actor: Actor, **rules: Rule) -> M | None:
    """The same for one target, None when it is not there. A condition is asked once, however many
    of the rules have it, and only where neither the actor nor the target as it is read tells."""
    asked: dict[Condition, Q] = {}
    rows = {name: list(_open_rows(rule, actor, asked)) for name, rule in rules.items()}
    names = {
        condition: f"condition_{n}" for n, condition in enumerate(asked) if condition.known is None
    }
    found = targets.annotate(**{name: answer(asked[c]) for c, name in names.items()})
    target = next(iter(found[:1]), None)
    if target is None:
        return None

    def is_met(condition: Condition) -> bool:
        if condition.known is not None:
            return condition.known(actor, target)
        return bool(getattr(target, names[condition]))

    for name in rules:
        setattr(target, name, any(all(map(is_met, row)) for row in rows[name]))
    return target


def _open_rows(rule: Rule, actor: Actor, asked: dict[Condition, Q]) -> Iterator[list[Condition]]:
    """Of each row that may hold for some target: its conditions that do not hold for all of them.
    `asked` keeps the filters that were composed for it."""
    for row in rule.rows if actor.is_able else ():
        found = []
        for condition in row.conditions:
            if condition not in asked:
                asked[condition] = condition.q(actor)
            if asked[condition] is NOTHING:
                break
            if asked[condition] is not EVERYTHING:
                found.append(condition)
        else:
            yield found


def answer(condition: Q) -> Case | Value:
    """True or false for each target, to annotate with, of a condition that is no rule's alone."""
    if condition is EVERYTHING or condition is NOTHING:
        return Value(condition is EVERYTHING, output_field=BooleanField())
    return Case(
        When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()
    )


def unmet(
    actor: Actor, rule: Rule, targets: QuerySet[Any]
) -> Iterator[tuple[Row, Any, list[Condition]]]:
    """Per row and target: the conditions that fail. One query."""
    conditions = dict.fromkeys(c for row in rule.rows for c in row.conditions)
    names = {condition: f"condition_{n}" for n, condition in enumerate(conditions)}
    asked = {name: answer(condition.q(actor)) for condition, name in names.items()}
    found = list(targets.annotate(**asked))
    for row in rule.rows:
        for target in found:
            yield row, target, [c for c in row.conditions if not getattr(target, names[c])]


def only_acting_prevents(actor: Actor, rule: Rule) -> bool:
    """Whether they can do it to nothing at all while acting so, and the person acted as could."""
    if not actor.is_acting:
        return False
    themself = replace(actor, real=actor.person, memo={})
    return _is_for_nothing(actor, rule) and not _is_for_nothing(themself, rule)


def _is_for_nothing(actor: Actor, rule: Rule) -> bool:
    return all(row.q(actor) is NOTHING for row in rule.rows)


# --- Conditions that every app uses ---


def asked(actor: Actor, whose: Whose) -> set[User]:
    """Whose rights a condition asks for, as people."""
    people = {actor.real, actor.person} if whose is Whose.EACH else {actor.real}
    return {user for user in people if user is not None}


def within(
    sentence: str,
    area: Callable[[Grants], Area],
    q: Callable[[Area], Q],
    has: Callable[[Area, Actor, Any], bool] | None,
    *,
    whose: Whose = Whose.EACH,
    permission: str | None = None,
    need: Need | None = None,
) -> Condition:
    """The target is in the `area` of everyone who is asked; in nobody's when nobody is.

    `q` is the filter on targets, `has` tells of one target without asking the database.
    """

    def areas(actor: Actor) -> list[Area]:
        return [area(grants_of(actor, user)) for user in asked(actor, whose)]

    def condition(actor: Actor) -> Q:
        held = areas(actor)
        return all_of(map(q, held)) if held else NOTHING

    def known(actor: Actor, target: Any) -> bool:
        assert has is not None
        held = areas(actor)
        return bool(held) and all(has(one, actor, target) for one in held)

    return Condition(sentence, condition, permission, known=known if has else None, need=need)


def _there(field: str) -> Callable[[Actor, Any], list[Any]]:
    """The one place that the target's field names ("pk": itself)."""
    return lambda actor, target: [target if field == "pk" else getattr(target, field)]


def holds_in_course(
    key: str, course: str, *, whose: Whose = Whose.EACH, as_administrator: bool = False
) -> Condition:
    """`key` is held in the course that the target's field `course` names ("pk": itself)."""
    itself = course == "pk"
    path = "account__path" if itself else f"{course}__account__path"
    return within(
        f"holds “{key}” in the course" + (" as an administrator" if as_administrator else ""),
        lambda grants: grants.area(key, as_administrator=as_administrator),
        lambda area: area.courses(course, path),
        (lambda area, actor, target: area.has_course(target.pk, path_of(actor, target, "account")))
        if itself
        else None,
        whose=whose,
        permission=key,
        need=Need(_there(course), whose, as_administrator),
    )


def is_in(
    sentence: str,
    area: Callable[[Grants], Area],
    account: str = "pk",
    *,
    whose: Whose = Whose.EACH,
    permission: str | None = None,
    need: Need | None = None,
) -> Condition:
    """The account that the target's field names ("pk": itself) is in the `area` of the grants."""
    path = "path" if account == "pk" else f"{account}__path"
    return within(
        sentence,
        area,
        lambda area: area.accounts(path),
        lambda area, actor, target: area.has_account(path_of(actor, target, account)),
        whose=whose,
        permission=permission,
        need=need,
    )


def holds_in_account(key: str, account: str = "pk", *, whose: Whose = Whose.EACH) -> Condition:
    """`key` is held in the account that the target's field `account` names ("pk": itself)."""
    return is_in(
        f"holds “{key}” in the account",
        lambda grants: grants.area(key, as_administrator=True),
        account,
        whose=whose,
        permission=key,
        need=Need(_there(account), whose, as_administrator=True),
    )


def holds_in_root(key: str, *, whose: Whose = Whose.EACH) -> Condition:
    """`key` is held in the root account, whatever the target."""
    return within(
        f"holds “{key}” in the root account",
        lambda grants: grants.area(key, as_administrator=True),
        lambda area: EVERYTHING if area.holds_root else NOTHING,
        lambda area, actor, _: area.has_account(actor.root_account.path),
        whose=whose,
        permission=key,
        need=Need(lambda actor, target: [actor.root_account], whose, as_administrator=True),
    )
