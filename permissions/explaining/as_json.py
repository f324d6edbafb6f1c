"""An explanation as JSON: everything that the page shows, as data (spec/permissions.md "Why")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from accounts.models import User
from courses.models import Enrolment
from permissions.explaining.changes import Change, ChangeIds
from permissions.explaining.explain import Answer, Explanation, Held, Proposal, RoleHeld, Way
from permissions.explaining.telling import answer, context_code, reasons, target_name, trail
from permissions.inheritance import Step


class PersonJson(TypedDict):
    id: int
    name: str


class TargetJson(TypedDict):
    """What is asked about: a user, an account, a course, an enrollment."""

    type: str
    id: int
    name: str
    user_id: NotRequired[int]
    course_id: NotRequired[int]


class OverrideJson(TypedDict):
    """What an account has set for a role."""

    enabled: bool
    locked: bool
    applies_to_self: bool
    applies_to_descendants: bool


class StepJson(TypedDict):
    """A step from the default down to the place; `account` is null for the default."""

    account: str | None
    what: str
    sentence: str
    override: OverrideJson | None
    on_here: bool
    on_below: bool


class RoleHeldJson(TypedDict):
    """A role that the person has there, and what it comes to."""

    role_id: int
    label: str
    base_role_type: str
    held_in: str
    gives: bool
    concluded: bool
    decided_by: str | None
    locked_by: str | None
    changeable: bool
    trail: list[StepJson]


class IdleEnrolmentJson(TypedDict):
    """An enrolment that lends nothing."""

    id: int
    role: str
    enrollment_state: str


class HeldJson(TypedDict):
    """Whether somebody holds a permission somewhere, and through which roles."""

    user: PersonJson
    permission: str
    context: str
    context_name: str
    held: bool
    roles: list[RoleHeldJson]
    idle_enrollments: list[IdleEnrolmentJson]


class ConditionJson(TypedDict):
    """`hidden`: how many more places there are that the asker may not see."""

    sentence: str
    met: bool
    permission: str | None
    setting: str | None
    held: list[HeldJson]
    ways: list[WayJson]
    hidden: int


class WayJson(TypedDict):
    """A way to a yes: all its conditions must be met."""

    name: str
    met: bool
    target: TargetJson
    conditions: list[ConditionJson]


class ChangeJson(ChangeIds):
    """One thing to change; which other keys there are depends on its kind."""

    kind: str
    sentence: str
    html_url: str | None


class ExplanationJson(TypedDict):
    """`proposals`: what would have to change, any one of these; `before`: when acting as."""

    allowed: bool
    answer: str
    reasons: list[str]
    actor: PersonJson
    acting_as: PersonJson | None
    action: str | None
    permission: str | None
    target: TargetJson
    actor_is_active: bool
    before: ExplanationJson | None
    ways: list[WayJson]
    proposals: list[list[ChangeJson]]


def explanation_json(
    explained: Explanation, url_of: Callable[[Change], str | None]
) -> ExplanationJson:
    """Everything that the page shows, as data."""
    question = explained.question
    return {
        "allowed": explained.allowed,
        "answer": answer(explained),
        "reasons": reasons(explained),
        "actor": _person(question.person),
        "acting_as": _person(question.acting_as) if question.acting_as else None,
        "action": None if question.permission else question.rule.name,
        "permission": question.permission,
        "target": _target(question.target),
        "actor_is_active": explained.is_able,
        "before": explanation_json(explained.before, url_of) if explained.before else None,
        "ways": [_way(way) for way in explained.ways],
        "proposals": [_proposal(proposal, url_of) for proposal in explained.proposals],
    }


def _person(user: User) -> PersonJson:
    return {"id": user.pk, "name": user.name}


def _target(target: Any) -> TargetJson:
    body: TargetJson = {
        "type": type(target).__name__.lower(),
        "id": target.pk,
        "name": target_name(target),
    }
    if isinstance(target, Enrolment):
        body["type"] = "enrollment"
        body |= {"user_id": target.user_id, "course_id": target.course_id}
    return body


def _way(way: Way) -> WayJson:
    return {
        "name": way.name,
        "met": way.is_met,
        "target": _target(way.target),
        "conditions": [_condition(answer) for answer in way.answers],
    }


def _condition(answer: Answer) -> ConditionJson:
    return {
        "sentence": answer.condition.sentence,
        "met": answer.is_met,
        "permission": answer.condition.permission,
        "setting": answer.condition.setting,
        "held": [_held(held) for held in answer.held],
        "ways": [_way(way) for way in answer.ways],
        "hidden": answer.hidden,
    }


def _held(held: Held) -> HeldJson:
    return {
        "user": _person(held.person),
        "permission": held.permission,
        "context": context_code(held.place),
        "context_name": held.place.name,
        "held": held.is_held,
        "roles": [_role(role) for role in held.roles],
        "idle_enrollments": [
            {"id": e.pk, "role": e.role.label, "enrollment_state": e.state} for e in held.idle
        ],
    }


def _role(held: RoleHeld) -> RoleHeldJson:
    decision = held.holding.decision
    return {
        "role_id": held.role.pk,
        "label": held.role.label,
        "base_role_type": held.role.base_role,
        "held_in": context_code(held.place)
        if held.is_enrolment
        else f"account_{held.holding.held_at}",
        "gives": held.gives,
        "concluded": held.holding.is_over,
        "decided_by": _code(decision.decided_by),
        "locked_by": _code(decision.locked_by),
        "changeable": decision.changeable,
        "trail": [
            _step(step, sentence)
            for step, sentence in zip(decision.trail, trail(held), strict=False)
        ],
    }


def _step(step: Step[int], sentence: str) -> StepJson:
    row = step.row
    return {
        "account": _code(step.account),
        "what": step.note.value,
        "sentence": sentence,
        "override": None
        if row is None
        else {
            "enabled": row.enabled,
            "locked": row.locked,
            "applies_to_self": row.applies_to_self,
            "applies_to_descendants": row.applies_to_descendants,
        },
        "on_here": step.reach.here,
        "on_below": step.reach.below,
    }


def _proposal(proposal: Proposal, url_of: Callable[[Change], str | None]) -> list[ChangeJson]:
    return [
        {
            "kind": change.kind,
            "sentence": change.sentence,
            "html_url": url_of(change),
            **change.ids,
        }
        for change in proposal
    ]


def _code(account_id: int | None) -> str | None:
    return f"account_{account_id}" if account_id is not None else None
