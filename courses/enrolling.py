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
from courses.people import named_to, role_in_words
from courses.rules import ENROL, ENROL_AS_ADMINISTRATOR, OF_SOMEONE_THERE, may_give, removable
from permissions.models import Role
from permissions.policy import may


@dataclass(frozen=True)
class Offer:
    """Which roles the actor may give in a course: their types of enrolment, and which of these
    without an invitation."""

    types: frozenset[str]
    at_once: frozenset[str]
    role_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.types)


def offer_of(actor: Actor, course: Course) -> Offer:
    """One statement. Nothing is offered in a course that is over."""
    if course.is_concluded:
        return Offer(frozenset(), frozenset())
    types = [type_ for type_, rule in ENROL.items() if may(actor, rule, course)]
    if not types:
        return Offer(frozenset(), frozenset())
    usable = Role.objects.usable().filter(account__in=course.account.chain_ids)
    roles = usable.filter(base_role__in=types).values_list("pk", "base_role")
    given = {role_id: type_ for role_id, type_ in roles if may_give(actor, role_id, course)}
    at_once = (t for t in given.values() if may(actor, ENROL_AS_ADMINISTRATOR[t], course))
    return Offer(frozenset(given.values()), frozenset(at_once), frozenset(given))


def roles_for(offer: Offer) -> QuerySet[Role]:
    """Roles that the actor may give in the course: built-in ones, and those of its accounts."""
    return Role.objects.filter(pk__in=offer.role_ids).order_by("-state", "pk")


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
    return people.candidates(found, _places_in(actor, course, found)), has_more


def _places_in(actor: Actor, course: Course, users: list[User]) -> dict[int, list[str]]:
    there = Enrolment.objects.filter(
        named_to(actor), OF_SOMEONE_THERE, course=course, user__in=users
    )
    places: dict[int, list[str]] = defaultdict(list)
    for enrolment in there.select_related("role", "associated_user"):
        places[enrolment.user_id].append(role_in_words(enrolment))
    return places


def places_to_change(actor: Actor, course: Course, user_id: int) -> QuerySet[Enrolment]:
    """The person's places in the course that the actor may change, of those that are named."""
    there = Enrolment.objects.filter(
        named_to(actor), removable(actor), OF_SOMEONE_THERE, course=course, user__pk=user_id
    ).exclude(user__state=User.State.DELETED)
    return there.select_related(
        "user", "role", "section", "associated_user", "course__account"
    ).order_by("pk")
