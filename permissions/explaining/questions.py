"""Reading a question to be explained: who, what, to whom, where, each as a text.

The page, the API and the command read alike. Whoever is asked about, and where, must be what the
asker may see and manage: anything else is unknown, whether it is there or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.ids import find_account, find_user
from accounts.models import Account, User
from accounts.people import Disclosed, search
from accounts.rules import SEE_PERSON
from courses.ids import find_course
from courses.models import Course, Enrolment
from courses.rules import SEE_ENROLLED
from permissions.catalogue import PERMISSIONS
from permissions.explaining.explain import Place, Question, about_permission
from permissions.policy import RULES, Rule, may, permitted
from permissions.rules import MANAGE_OVERRIDES

_MOST_NAMED = 12
_ASKED_OF = (Account, Course, Enrolment, User)


class Unknown(Exception):
    """Nothing that the asker may see has this name; `field` says which of the texts it was."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(_("There is no “%(text)s” here.") % {"text": text})
        self.field = field


class Unclear(Exception):
    """What is asked is no question yet: `field` lacks something, in a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Family:
    """Actions that people know by one name; which of them is meant, the place tells."""

    name: str
    sentence: str
    question: Callable[[Actor, User, User, Place], Question]


FAMILIES: dict[str, Family] = {}


def actions() -> dict[str, str]:
    """Every action that can be asked about: its name, and what it is in words."""
    families = {family.name: family.sentence for family in FAMILIES.values()}
    rules = (rule for rule in RULES.values() if rule.model in _ASKED_OF)
    return families | {rule.name: rule.sentence for rule in rules}


def question_of(
    asker: Actor, *, person: User, action: str, permission: str, target: User | None, place: Place
) -> Question:
    """The question; either `action` or `permission` is given. Raises Unclear, Unknown."""
    if bool(action) == bool(permission):
        raise Unclear("action", _("Name an action or a permission, one of the two."))
    if permission:
        if permission not in PERMISSIONS:
            raise Unclear(
                "permission", _("There is no permission “%(key)s”.") % {"key": permission}
            )
        return about_permission(person, permission, place)
    if action not in actions():
        raise Unclear("action", _("There is no action “%(name)s”.") % {"name": action})
    if action in FAMILIES:
        if target is None:
            raise Unclear("target", _("Say for whom."))
        return FAMILIES[action].question(asker, person, target, place)
    return _about_rule(asker, RULES[action], person, target, place)


def _about_rule(
    asker: Actor, rule: Rule, person: User, target: User | None, place: Place
) -> Question:
    if rule.model is Account:
        return Question(person, rule, place.account if isinstance(place, Course) else place)
    if rule.model is User:
        return Question(person, rule, target or person)
    if not isinstance(place, Course):
        raise Unclear("context", _("Name a course: this happens in one."))
    if rule.model is Course:
        return Question(person, rule, place)
    if target is None:
        raise Unclear("target", _("Say for whom."))
    return Question(person, rule, enrolment_in(asker, place, target, person, rule))


def enrolment_in(asker: Actor, course: Course, user: User, person: User, rule: Rule) -> Enrolment:
    """The user's enrolment in the course; of several one for which the person may do it, then one
    as a student. Raises Unclear when they have none that the asker may see."""
    seen: QuerySet[Enrolment] = (
        Enrolment.objects.filter(root_account=asker.root_account)
        if asker.is_operator
        else permitted(asker, SEE_ENROLLED)
    )
    there = seen.filter(course=course, user=user).select_related("user", "course__account")
    allowed = permitted(Actor(asker.root_account, person, person), rule)
    is_allowed = Case(When(pk__in=allowed.values("pk"), then=Value(0)), default=Value(1))
    is_student = Case(When(type=Enrolment.Type.STUDENT, then=Value(0)), default=Value(1))
    first = F("activated_at").desc(nulls_last=True)
    found = there.order_by(is_allowed, is_student, first, "pk").first()
    if found is None:
        names = {"person": user.name, "course": course.name}
        raise Unclear("target", _("%(person)s is not in %(course)s.") % names)
    return found


def people(asker: Actor) -> QuerySet[User]:
    """Those about whom the asker may ask."""
    if asker.is_operator:
        everyone: QuerySet[User] = User.objects.existing().filter(root_account=asker.root_account)
        return everyone
    seen: QuerySet[User] = permitted(asker, SEE_PERSON).existing()
    return seen


def find_person(asker: Actor, field: str, text: str) -> User:
    """The person by login, id or `sis_user_id:…`. Raises Unknown."""
    among = people(asker)
    found: User | None = None
    if "\x00" not in text:
        by_login = User.objects.with_login(asker.root_account.pk, text)
        found = among.filter(pk__in=by_login.values("pk")).first() or find_user(asker, text, among)
    if found is None:
        raise Unknown(field, text)
    found.root_account = asker.root_account
    return found


def find_place(asker: Actor, text: str, *, within: Account) -> Place:
    """`course:ID` or `account:ID`, also with `_`, or with a SIS id as the API writes them; within
    the account or below it. Raises Unknown, Unclear."""
    kind, _sign, name = text.replace("_", ":", 1).partition(":")
    found: Any = None
    if kind == "course":
        found = find_course(asker, name)
    elif kind == "account":
        found = find_account(asker, name)
    else:
        raise Unclear("context", _("Write the place as course:ID or account:ID."))
    account = found.account if isinstance(found, Course) else found
    if account is None or not account.path.startswith(within.path):
        raise Unknown("context", text)
    if not asker.is_operator and not may(asker, MANAGE_OVERRIDES, account):
        raise Unknown("context", text)
    place: Place = found
    return place


def people_named(asker: Actor, text: str) -> list[User]:
    """The first few people of this name about whom the asker may ask."""
    nothing = Disclosed(login=False, email=False, sis_id=False)
    return list(search(people(asker), text, nothing).order_by("name_key", "pk")[:_MOST_NAMED])


def places_named(asker: Actor, within: Account, text: str) -> list[Place]:
    """The first few accounts and courses there, of those about which the asker may ask, whose name
    contains the text."""
    text = text.replace("\x00", "").strip()
    managed = permitted(asker, MANAGE_OVERRIDES).live().within(within)
    accounts = managed.filter(name__icontains=text)
    courses = Course.objects.existing().filter(account__in=managed.values("pk"))
    named = courses.filter(name__icontains=text).select_related("account")
    found: list[Place] = [
        *accounts.order_by("name", "pk")[:_MOST_NAMED],
        *named.order_by("name", "pk")[:_MOST_NAMED],
    ]
    exact = [place for place in found if place.name.casefold() == text.casefold()]
    return exact if len(exact) == 1 else found[:_MOST_NAMED]
