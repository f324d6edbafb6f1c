"""What adding and removing people in a course looks up: whom, in which roles, which places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts import people
from accounts.actor import Actor
from accounts.models import User
from accounts.people import Candidate
from accounts.rules import SEE_PERSON
from courses.models import Course, Enrolment, Section
from courses.people import role_in_words
from courses.rules import ENROL, ENROL_AS_ADMINISTRATOR, OF_SOMEONE_THERE, removable
from permissions.models import Role
from permissions.policy import answered


@dataclass(frozen=True)
class Offer:
    """Which types of enrolment the actor may add to a course, and which without an invitation."""

    types: frozenset[str]
    at_once: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.types)


def offer_of(actor: Actor, course: Course) -> Offer:
    """One statement. Nothing is offered in a course that is over."""
    if course.is_concluded:
        return Offer(frozenset(), frozenset())
    asked = {f"adds_{type_}": rule for type_, rule in ENROL.items()}
    asked |= {f"adds_at_once_{type_}": rule for type_, rule in ENROL_AS_ADMINISTRATOR.items()}
    [answers] = answered(Course.objects.filter(pk=course.pk), actor, **asked).values(*asked)
    return Offer(
        frozenset(type_ for type_ in ENROL if answers[f"adds_{type_}"]),
        frozenset(type_ for type_ in ENROL if answers[f"adds_at_once_{type_}"]),
    )


def roles_for(course: Course, offer: Offer) -> QuerySet[Role]:
    """Roles that can be given in the course: built-in ones, and those of its accounts."""
    usable = Role.objects.usable().filter(account__in=course.account.chain_ids)
    return usable.filter(base_role__in=offer.types).order_by("-state", "pk")


def sections_of(course: Course) -> QuerySet[Section]:
    existing = course.sections.exclude(state=Section.State.DELETED)
    return existing.order_by("-is_default", "name", "pk")


def can_be_added(actor: Actor, offer: Offer) -> QuerySet[User]:
    """Who can be added: for a course role people whom they may already see; for administrators
    everyone (spec/permissions.md "Answering")."""
    users: QuerySet[User] = User.objects.existing().filter(root_account=actor.root_account)
    return users if offer.at_once else users.filter(SEE_PERSON.q(actor))


def find(actor: Actor, course: Course, offer: Offer, text: str) -> tuple[list[Candidate], bool]:
    """People by name, login, e-mail or SIS id, and whether there are more: two statements."""
    found, has_more = people.find(can_be_added(actor, offer), actor, text)
    return people.candidates(found, _places_in(course, found)), has_more


def _places_in(course: Course, users: list[User]) -> dict[int, list[str]]:
    there = Enrolment.objects.filter(OF_SOMEONE_THERE, course=course, user__in=users)
    places: dict[int, list[str]] = defaultdict(list)
    for enrolment in there.select_related("role", "associated_user"):
        places[enrolment.user_id].append(role_in_words(enrolment))
    return places


def places_to_change(actor: Actor, course: Course, user_id: int) -> QuerySet[Enrolment]:
    """The person's places in the course that the actor may change."""
    there = Enrolment.objects.filter(
        removable(actor), OF_SOMEONE_THERE, course=course, user=user_id
    ).exclude(user__state=User.State.DELETED)
    return there.select_related(
        "user", "role", "section", "associated_user", "course__account"
    ).order_by("pk")
