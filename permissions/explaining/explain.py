"""Why somebody may, or may not, do something (spec/permissions.md "Why").

The answer and each condition come from the engine's own conditions (`permissions.policy`), the
roles behind a permission from the person's grants, and each role's trail from the merge. So what is
explained is what is decided. What would have to change is tried out on the merge before it is
proposed.

Whoever asks is told of nothing that they could not see: the conditions are answered in full, but
places and students that are beyond them are counted, not named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import ACT_AS
from courses.models import Course, Enrolment
from courses.rules import SEE_ENROLLED
from permissions.catalogue import PERMISSIONS, STAFF_BASE_ROLES, BaseRole, Level, permission
from permissions.explaining.changes import Activate, Change, Enrol, GiveRole, Reopen, SwitchOn
from permissions.grants import Grants, Holding, grants_of
from permissions.inheritance import Row as OverrideRow
from permissions.models import Role
from permissions.policy import (
    Condition,
    Rule,
    Whose,
    asked,
    holds_in_account,
    holds_in_course,
    permitted,
    unmet,
)
from permissions.table import Piece, Table, table_of

Place = Account | Course
Proposal = tuple[Change, ...]

# More than a reader can weigh. Ways that are met always come first, so none of them is left out.
_MOST_WAYS = 20
_MOST_PROPOSALS = 8
_MOST_TRIED = 100
# In which course roles somebody is added to a course for what the role gives.
_NOT_IDLE = (Enrolment.State.ACTIVE, Enrolment.State.DELETED)


@dataclass(frozen=True)
class Question:
    """May `person` do `rule` to `target`, acting as `acting_as` if that is given?

    A permission is asked about by a rule of its own (`about_permission`), named in `permission`.
    """

    person: User
    rule: Rule
    target: Any
    acting_as: User | None = None
    permission: str | None = None


def about_permission(person: User, key: str, place: Place) -> Question:
    """Does the person hold `key` in the course or account? Raises UnknownPermission."""
    label = permission(key).label
    holds = holds_in_course(key, "pk") if isinstance(place, Course) else holds_in_account(key)
    held = Rule(f"holds {key}", type(place), f"hold “{label}”").row(label, holds)
    return Question(person, held, place, permission=key)


@dataclass(frozen=True)
class RoleHeld:
    """A role that a person holds and that bears on the place; its decision has the trail."""

    role: Role
    holding: Holding
    place: Place
    chain: list[Account]

    @property
    def gives(self) -> bool:
        return self.holding.gives

    @property
    def is_enrolment(self) -> bool:
        return self.holding.course_id is not None


@dataclass(frozen=True)
class Held:
    """One person and one place: whether the key is held there, through which roles."""

    permission: str
    person: User
    place: Place
    as_administrator: bool
    roles: list[RoleHeld]
    # Enrolments of the person there that lend nothing yet or any more.
    idle: list[Enrolment]

    @property
    def is_held(self) -> bool:
        return any(role.gives for role in self.roles)


@dataclass(frozen=True)
class Answer:
    """One condition: whether it is met, and what is behind it.

    `held`: for a permission, per person and place. `ways`: for one that goes through other targets.
    `hidden`: how many places or targets are beyond who asks. `remedies`: each makes it met; empty
    when it is met, when it is a fact that nobody changes, and beside a way that is met.
    """

    condition: Condition
    is_met: bool
    held: list[Held] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    hidden: int = 0
    remedies: list[Proposal] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        """Unmet, and nothing is proposed that would change it."""
        return not self.is_met and not self.remedies


@dataclass(frozen=True)
class Way:
    """One row of a rule for one target: every condition with its answer."""

    name: str
    target: Any
    answers: list[Answer]

    @property
    def is_met(self) -> bool:
        return all(answer.is_met for answer in self.answers)

    @property
    def missing(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.is_met]

    @property
    def is_closed(self) -> bool:
        """Whether nothing that is proposed opens it: it is not this person's way."""
        return any(answer.is_final for answer in self.answers)

    @property
    def rank(self) -> tuple[bool, int]:
        """Met ones first, then those that lack least."""
        return self.is_closed, len(self.missing)


@dataclass(frozen=True)
class Explanation:
    """The answer to a question, every way to it, and what would have to change.

    `before`: that the person may act as the other, when they do. Each of `proposals` is a list of
    changes that together make the answer yes; empty when it is yes, or when nothing helps.
    """

    question: Question
    is_able: bool
    ways: list[Way]
    before: Explanation | None
    proposals: list[Proposal]

    @property
    def allowed(self) -> bool:
        first = self.before is None or self.before.allowed
        return first and self.is_able and any(way.is_met for way in self.ways)

    @property
    def nearest(self) -> Way | None:
        """The way that decides, or the one that lacks least."""
        return self.ways[0] if self.ways else None


def explain(asker: Actor, question: Question) -> Explanation:
    """The answer to the question, for `asker` to read; the command line sees everything.

    Whether the asker may see the person and the target is for the caller to find out first.
    """
    person = Actor(asker.root_account, question.person, question.person)
    before = None
    if question.acting_as is not None:
        before = explain(asker, Question(question.person, ACT_AS, question.acting_as))
        person = person.acting_as(question.acting_as)
    return _Explainer(asker, person).explain(question, before)


class _Explainer:
    """Answers for one person (`actor`), as far as `asker` may see; keeps what it has read."""

    def __init__(self, asker: Actor, actor: Actor) -> None:
        self._actor = actor
        self._sight = _Sight(asker)
        self._table: Table = table_of(actor.root_account)
        self._roles = {
            role.pk: role
            for role in Role.objects.filter(root_account=actor.root_account).select_related(
                "account"
            )
        }
        self._enrolments: dict[int, dict[int, list[Enrolment]]] = {}
        self._accounts: dict[int, Account] = {}
        self._extents: dict[tuple[int, int, int | None], int] = {}

    def explain(self, question: Question, before: Explanation | None) -> Explanation:
        targets = question.rule.model._default_manager.filter(
            pk=question.target.pk, root_account=self._actor.root_account
        )
        ways, _ = self._ways(question.rule, targets)
        proposals = self._proposals(ways, before)
        return Explanation(question, self._actor.is_able, ways, before, proposals)

    # --- Ways and conditions ---

    def _ways(self, rule: Rule, targets: Any) -> tuple[list[Way], int]:
        """Every row for every target that the asker may see, the best first; how many they may not
        see."""
        seen = self._sight.of(targets)
        ways = [
            Way(
                row.name, target, [self._answer(c, target, c not in failed) for c in row.conditions]
            )
            for row, target, failed in unmet(self._actor, rule, _with_places(seen))
        ]
        if not any(way.is_met for way in ways):
            ways = [self._with_remedies(way) for way in ways]
        all_seen = seen is targets
        hidden = 0 if all_seen else targets.count() - len({way.target.pk for way in ways})
        return sorted(ways, key=lambda way: way.rank)[:_MOST_WAYS], hidden

    def _answer(self, condition: Condition, target: Any, is_met: bool) -> Answer:
        held: list[Held] = []
        ways: list[Way] = []
        hidden = 0
        if condition.need is not None and condition.permission is not None:
            places = condition.need.places(self._actor, target)
            seen = [place for place in places if self._sight.has(place)]
            hidden = len(places) - len(seen)
            held = [
                self._held(condition.permission, person, place, condition.need.as_administrator)
                for person in sorted(asked(self._actor, condition.need.whose), key=_by_id)
                for place in seen
            ]
        if condition.through is not None:
            related = condition.through.rule.model._default_manager.filter(
                **{condition.through.field: target}, root_account=self._actor.root_account
            )
            ways, hidden = self._ways(condition.through.rule, related)
        return Answer(condition, is_met, held, ways, hidden)

    def _held(self, key: str, person: User, place: Place, as_administrator: bool) -> Held:
        course = place if isinstance(place, Course) else None
        holdings = self._grants(person).holdings(
            key,
            _account(place).path,
            course.pk if course else None,
            as_administrator=as_administrator or course is None,
        )
        chain = self._chain(_account(place))
        roles = [RoleHeld(self._roles[h.role_id], h, place, chain) for h in holdings]
        there = [] if as_administrator or course is None else self._enrolments_in(person, course)
        idle = [e for e in there if e.state not in _NOT_IDLE]
        return Held(key, person, place, as_administrator, roles, idle)

    def _grants(self, person: User) -> Grants:
        return grants_of(self._actor, person)

    def _enrolments_in(self, person: User, course: Course) -> list[Enrolment]:
        """In whatever state; all of a person's are read at once."""
        if person.pk not in self._enrolments:
            theirs = Enrolment.objects.filter(user=person, root_account=self._actor.root_account)
            there: dict[int, list[Enrolment]] = defaultdict(list)
            for enrolment in theirs.select_related("role", "user", "course"):
                there[enrolment.course_id].append(enrolment)
            self._enrolments[person.pk] = there
        return self._enrolments[person.pk].get(course.pk, [])

    # --- What would have to change ---

    def _proposals(self, ways: list[Way], before: Explanation | None) -> list[Proposal]:
        first = before.proposals if before and not before.allowed else [()]
        if not self._actor.is_able or (first == [()] and any(way.is_met for way in ways)):
            return []
        found = (
            _merged(parts)
            for way in ways
            for parts in product(first, *(answer.remedies for answer in way.missing))
        )
        return _smallest(islice(found, _MOST_TRIED))

    def _with_remedies(self, way: Way) -> Way:
        answers = [
            one if one.is_met else replace(one, remedies=self._remedies(one, way.target))
            for one in way.answers
        ]
        return replace(way, answers=answers)

    def _remedies(self, answer: Answer, target: Any) -> list[Proposal]:
        """Each makes the unmet condition met, the smallest first."""
        condition = answer.condition
        if condition.remedy is not None:
            change = condition.remedy(target)
            return [(change,)] if change else []
        if condition.through is not None:
            return self._proposals(answer.ways, None)
        if condition.need is None:
            return []
        people = {held.person for held in answer.held}
        each = [
            list(self._to_hold([h for h in answer.held if h.person == person]))
            for person in sorted(people, key=_by_id)
            if not any(h.is_held for h in answer.held if h.person == person)
        ]
        found = (_merged(parts) for parts in product(*each)) if each else iter(())
        return _smallest(islice(found, _MOST_TRIED))

    def _to_hold(self, places: list[Held]) -> Iterator[Proposal]:
        """What makes the person hold the key in one of the places: what their roles may do, then
        other roles; Account Admin only where nothing else helps."""
        found = [p for held in places for p in self._by_roles_held(held)]
        found += [p for held in places for p in self._by_enrolling(held)]
        given = [p for held in places for p in self._by_membership(held)]
        modest = [p for p in given if not _makes_account_admin(p)]
        found += modest if found or modest else given[-1:]
        return iter(found)

    def _by_roles_held(self, held: Held) -> Iterator[Proposal]:
        for one in held.roles:
            changes: list[Change] = []
            if one.holding.is_over:
                if not isinstance(held.place, Course) or held.place.state == Course.State.DELETED:
                    continue
                changes.append(Reopen(held.place))
            if not one.holding.decision.allowed:
                held_at = None if one.is_enrolment else one.holding.held_at
                change = self._switch_on(one.role, held.permission, _account(held.place), held_at)
                if change is None:
                    continue
                changes.append(change)
            yield tuple(changes)
        for enrolment in held.idle:
            waits = enrolment.state in (Enrolment.State.INVITED, Enrolment.State.CREATION_PENDING)
            if waits and self._gives(enrolment.role, held, None) and _is_open(enrolment.course):
                yield (Activate(enrolment),)

    def _switch_on(
        self, role: Role, key: str, account: Account, held_at: int | None
    ) -> SwitchOn | None:
        """The lowest account in which a row of the role's switches it on in `account`, if any."""
        for at in reversed(self._chain(account)):
            if not at.path.startswith(role.account.path):
                break
            row = self._table.rows(role.pk, key).get(at.pk)
            on = OverrideRow(
                enabled=True,
                locked=row is not None and row.locked,
                applies_to_self=True,
                applies_to_descendants=True,
            )
            tried = self._table.decision(role.pk, key, account.path, held_at, {at.pk: on})
            if tried.allowed and not self._table.cell(role.pk, key, at.path).readonly:
                return SwitchOn(key, role, at)
        return None

    def _by_enrolling(self, held: Held) -> Iterator[Proposal]:
        """As staff of the course; never as a student or an observer, which means something else."""
        course = held.place
        if held.as_administrator or not isinstance(course, Course) or not _is_open(course):
            return
        taken = {enrolment.role_id for enrolment in self._enrolments_in(held.person, course)}
        roles = [r for r in self._usable(course.account) if r.base_role in STAFF_BASE_ROLES]
        fit = [r for r in roles if r.pk not in taken and self._gives(r, held, None)]
        for role in self._least(fit, course.account, None):
            yield (Enrol(held.person, role, course),)

    def _by_membership(self, held: Held) -> Iterator[Proposal]:
        """With the role that gives it, or else with one for which it can be switched on."""
        account = _account(held.place)
        if permission(held.permission).level is Level.ROOT:
            account = self._actor.root_account
        roles = [r for r in self._usable(account) if r.is_account_role]
        fit = [r for r in roles if self._gives(r, held, account.pk)]
        for role in self._least(fit or self._without_admin(roles), account, account.pk):
            change = GiveRole(held.person, role, account)
            if fit:
                yield (change,)
            elif on := self._switch_on(role, held.permission, _account(held.place), account.pk):
                yield (change, on)

    def _without_admin(self, roles: list[Role]) -> list[Role]:
        """Custom roles, unless there is none."""
        return [r for r in roles if r.base_role != BaseRole.ACCOUNT_ADMIN] or roles

    def _usable(self, account: Account) -> list[Role]:
        return [
            role
            for role in self._roles.values()
            if role.state != Role.State.INACTIVE and account.path.startswith(role.account.path)
        ]

    def _gives(self, role: Role, held: Held, held_at: int | None) -> bool:
        path = _account(held.place).path
        return self._table.decision(role.pk, held.permission, path, held_at).allowed

    def _least(self, roles: list[Role], account: Account, held_at: int | None) -> list[Role]:
        """The one of the roles that gives least beside; none when there are none."""
        if len(roles) < 2:
            return roles
        return sorted(roles, key=lambda role: (self._extent(role, account, held_at), role.pk))[:1]

    def _extent(self, role: Role, account: Account, held_at: int | None) -> int:
        """How many permissions the role gives in the account."""
        asked_for = (role.pk, account.pk, held_at)
        if asked_for not in self._extents:
            decisions = (
                self._table.decision(role.pk, key, account.path, held_at) for key in PERMISSIONS
            )
            self._extents[asked_for] = sum(decision.allowed for decision in decisions)
        return self._extents[asked_for]

    # --- Accounts by name ---

    def _chain(self, account: Account) -> list[Account]:
        """From the root account down to this one."""
        wanted = account.chain_ids
        if missing := set(wanted) - set(self._accounts):
            self._accounts |= Account.objects.in_bulk(missing)
        return [self._accounts[pk] for pk in wanted]


class _Sight:
    """What whoever asks may be told by name: what lies where they manage permissions, and the
    accounts above it; of people in courses, those whom they may see there."""

    def __init__(self, asker: Actor) -> None:
        self._asker = asker
        people = asked(asker, Whose.EACH)
        self._areas = [
            grants_of(asker, user).area("manage_role_overrides", as_administrator=True)
            for user in people
        ]

    def of(self, targets: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the targets that may be named."""
        if self._asker.is_operator or targets.model is not Enrolment:
            return targets
        managed = Q()
        for area in self._areas:
            managed &= area.accounts("course__account__path")
        seen = permitted(self._asker, SEE_ENROLLED).filter(managed)
        return targets.filter(pk__in=seen.values("pk"))

    def has(self, place: Place) -> bool:
        if self._asker.is_operator:
            return True
        path = _account(place).path
        is_above = isinstance(place, Account)
        return all(
            any(
                piece.covers(Piece(path, below=False)) or (is_above and piece.path.startswith(path))
                for piece in area.pieces
            )
            for area in self._areas
        )


def _with_places(targets: QuerySet[Any]) -> QuerySet[Any]:
    """With what explaining reads of them."""
    if targets.model is Enrolment:
        return targets.select_related("user", "role", "course__account", "root_account")
    if targets.model is Course:
        return targets.select_related("account", "root_account")
    return targets.select_related("root_account")


def _account(place: Place) -> Account:
    return place.account if isinstance(place, Course) else place


def _is_open(course: Course) -> bool:
    return not course.is_concluded and course.state != Course.State.DELETED


def _makes_account_admin(proposal: Proposal) -> bool:
    return any(
        isinstance(change, GiveRole) and change.role.base_role == BaseRole.ACCOUNT_ADMIN
        for change in proposal
    )


def _merged(parts: Iterable[Proposal]) -> Proposal:
    """All the changes, each once."""
    return tuple(dict.fromkeys(change for part in parts for change in part))


def _smallest(found: Iterable[Proposal]) -> list[Proposal]:
    """Without those that ask for more than another one does."""
    each = list(dict.fromkeys(found))
    asks_for_more = [any(set(other) < set(one) for other in each) for one in each]
    kept = [one for one, more in zip(each, asks_for_more, strict=True) if not more]
    return kept[:_MOST_PROPOSALS]


def _by_id(user: User) -> int:
    return user.pk
