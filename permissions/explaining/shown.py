"""An explanation as its page shows it: every sentence, and a picture for every role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from permissions.explaining.changes import Change
from permissions.explaining.explain import Answer, Held, Proposal, RoleHeld, Way
from permissions.explaining.picture import Picture, picture
from permissions.explaining.telling import (
    condition_name,
    held_sentence,
    hidden_sentence,
    idle_lines,
    role_and_where,
    target_name,
    trail,
)

ShownProposal = list[tuple[str, str | None]]


@dataclass(frozen=True)
class ShownRole:
    """One role: its picture, and the same in sentences."""

    heading: str
    gives: bool
    picture: Picture
    trail: list[str]


@dataclass(frozen=True)
class ShownHeld:
    """One permission, person and place."""

    sentence: str
    roles: list[ShownRole]
    idle: list[str]


@dataclass(frozen=True)
class ShownAnswer:
    """One condition."""

    sentence: str
    is_met: bool
    held: list[ShownHeld]
    ways: list[ShownWay]
    hidden: str


@dataclass(frozen=True)
class ShownWay:
    """One row of the rule, for one target."""

    name: str
    target: str
    is_met: bool
    is_closed: bool
    answers: list[ShownAnswer]


def shown_ways(ways: list[Way]) -> list[ShownWay]:
    """In their order, the best first."""
    return [
        ShownWay(
            way.name,
            target_name(way.target),
            way.is_met,
            way.is_closed,
            [_answer(answer) for answer in way.answers],
        )
        for way in ways
    ]


def _answer(answer: Answer) -> ShownAnswer:
    return ShownAnswer(
        condition_name(answer),
        answer.is_met,
        [_held(held) for held in answer.held],
        shown_ways(answer.ways),
        hidden_sentence(answer.hidden) if answer.hidden else "",
    )


def _held(held: Held) -> ShownHeld:
    return ShownHeld(held_sentence(held), [_role(role) for role in held.roles], idle_lines(held))


def _role(held: RoleHeld) -> ShownRole:
    return ShownRole(role_and_where(held), held.gives, picture(held), trail(held))


def shown_proposals(
    proposals: list[Proposal], link: Callable[[Change], str | None]
) -> list[ShownProposal]:
    """Each change in a sentence, with the page on which it can be made."""
    return [[(change.sentence, link(change)) for change in proposal] for proposal in proposals]
