"""What the course pages show: a person's courses, the people of a course, one of them in detail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User, has_login
from accounts.people import named, searched
from courses.models import Course, Enrolment
from courses.rules import (
    ANSWER_INVITATION,
    MANAGE_SIS_OF_COURSE,
    OF_SOMEONE_THERE,
    SEE_COURSE_PEOPLE,
    SEE_DETAILS,
    SEE_EMAIL_IN_COURSE,
    SEE_ENROLLED,
    SEE_LOGIN_IN_COURSE,
    SEE_SIS_IN_COURSE,
    removable,
)
from permissions.models import Role
from permissions.policy import Rule, may, permitted

State = Enrolment.State


def role_name(role: Role) -> str:
    """Built-in roles in the reader's language; custom ones as they were named."""
    is_built_in = role.state == Role.State.BUILT_IN and role.base_role in Enrolment.Type.values
    return str(Enrolment.Type(role.base_role).label) if is_built_in else role.label


def role_in_words(enrolment: Enrolment) -> str:
    """The role; for an observer also whom they observe."""
    name = role_name(enrolment.role)
    if enrolment.associated_user is None:
        return name
    words = {"role": name, "student": enrolment.associated_user.name}
    return _("%(role)s of %(student)s") % words


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


# --- A person's courses ---


@dataclass(frozen=True)
class CourseRow:
    """A course in which the person is."""

    course: Course
    roles: list[str]
    is_past: bool
    has_people: bool


@dataclass(frozen=True)
class Invitation:
    """A place that waits for the person's answer."""

    enrolment: Enrolment
    role: str
    may_answer: bool


def courses_of(actor: Actor, person: User) -> tuple[list[CourseRow], list[Invitation]]:
    """The person's courses by name, and their invitations: three statements."""
    enrolments = (
        Enrolment.objects.filter(OF_SOMEONE_THERE, user=person)
        .exclude(state=State.INACTIVE)
        .select_related("course__account", "role", "associated_user")
        .order_by("course__name", "course_id", "pk")
    )
    there: dict[Course, list[Enrolment]] = {}
    invited = []
    for enrolment in enrolments:
        if enrolment.state in Enrolment.UNANSWERED:
            invited.append(enrolment)
        else:
            there.setdefault(enrolment.course, []).append(enrolment)
    return _course_rows(actor, there), _invitations(actor, invited)


def invitations_of(person: User) -> QuerySet[Enrolment]:
    """The places that wait for the person's answer, by course."""
    found = Enrolment.objects.filter(OF_SOMEONE_THERE, user=person, state__in=Enrolment.UNANSWERED)
    found = found.select_related("course", "role", "associated_user")
    return found.order_by("course__name", "course_id", "pk")


def _course_rows(actor: Actor, there: dict[Course, list[Enrolment]]) -> list[CourseRow]:
    with_people = permitted(actor, SEE_COURSE_PEOPLE).filter(pk__in=[c.pk for c in there])
    ids = set(with_people.values_list("pk", flat=True))
    return [
        CourseRow(
            course,
            _unique(role_in_words(enrolment) for enrolment in enrolments),
            course.is_concluded or all(e.state == State.COMPLETED for e in enrolments),
            course.pk in ids,
        )
        for course, enrolments in there.items()
    ]


def _invitations(actor: Actor, invited: list[Enrolment]) -> list[Invitation]:
    answerable = permitted(actor, ANSWER_INVITATION).filter(pk__in=[e.pk for e in invited])
    ids = set(answerable.values_list("pk", flat=True))
    return [Invitation(e, role_in_words(e), e.pk in ids) for e in invited]


# --- The people of a course ---


@dataclass(frozen=True)
class Sight:
    """What the actor sees of a course's people beside their names and roles."""

    details: bool = False
    login: bool = False
    email: bool = False
    sis: bool = False
    sis_import: bool = False

    def tell(self, user: User) -> User:
        """The user, with what `accounts.serializers.user_json` may show of them in the course."""
        vars(user).update(
            shows_login=self.login,
            shows_email=self.email,
            shows_sis_id=self.sis,
            shows_sis_import=self.sis_import,
        )
        return user


def sight_of(actor: Actor, course: Course) -> Sight:
    return Sight(
        details=permitted(actor, SEE_DETAILS).filter(course=course).exists(),
        login=may(actor, SEE_LOGIN_IN_COURSE, course),
        email=may(actor, SEE_EMAIL_IN_COURSE, course),
        sis=may(actor, SEE_SIS_IN_COURSE, course),
        sis_import=may(actor, MANAGE_SIS_OF_COURSE, course),
    )


def sight_through_roster(actor: Actor, course: Course) -> Sight:
    """The same for who reads its roster; for the others nothing beside the names."""
    return sight_of(actor, course) if may(actor, SEE_COURSE_PEOPLE, course) else Sight()


def enrolments_seen(actor: Actor, course: Course, sight: Sight) -> QuerySet[Enrolment]:
    """Who is there. Who may not see details sees active people, and no observers but their own; in
    a course that is over also those whose places are, for most are."""
    there: QuerySet[Enrolment] = permitted(actor, SEE_ENROLLED).filter(course=course)
    if sight.details:
        return there
    states = [State.ACTIVE, State.COMPLETED] if course.is_concluded else [State.ACTIVE]
    return there.filter(Q(state__in=states), _observes_nobody_elses(actor))


def _observes_nobody_elses(actor: Actor) -> Q:
    own = Q(user=actor.person) | Q(associated_user=actor.person)
    return own | ~Q(type=Enrolment.Type.OBSERVER)


def named_to(actor: Actor) -> Q:
    """Of a course's places those that may be named to the actor: whose child somebody observes is
    for who may see details, as on its People page."""
    return SEE_DETAILS.q(actor) | _observes_nobody_elses(actor)


def people_found(there: QuerySet[Enrolment], sight: Sight, text: str) -> QuerySet[User]:
    """The people behind some enrolments, by name; `text` is looked for in what the actor sees."""
    # A set, not a question per person: there are more people than are in a course.
    people: QuerySet[User] = User.objects.existing().filter(pk__in=there.values("user"))
    text = searched(text)
    if not text:
        return people
    found = named(text)
    if sight.login:
        found |= has_login(login_id__icontains=text)
    if sight.email:
        found |= Q(email__icontains=text)
    if sight.sis:
        found |= Q(sis_id__iexact=text)
    return people.filter(found)


@dataclass(frozen=True)
class PersonRow:
    """One person in a course, with all of their places there."""

    user: User
    roles: list[str]
    sections: list[str]
    states: list[str]
    has_details: bool
    may_change: bool


def person_rows(
    actor: Actor, course: Course, there: QuerySet[Enrolment], people: list[User]
) -> list[PersonRow]:
    """What the list shows of one page of people: three statements."""
    ids = [person.pk for person in people]
    places: dict[int, list[Enrolment]] = {pk: [] for pk in ids}
    for enrolment in there.filter(user__in=ids).select_related(
        "role", "section", "associated_user"
    ):
        places[enrolment.user_id].append(enrolment)
    details = permitted(actor, SEE_DETAILS).filter(course=course, user__in=ids)
    with_details = set(details.values_list("user_id", flat=True))
    changeable = there.filter(removable(actor), user__in=ids)
    with_change = set(changeable.values_list("user_id", flat=True))
    return [
        PersonRow(
            person,
            _unique(role_in_words(e) for e in places[person.pk]),
            _unique(e.section.name for e in places[person.pk]),
            _unwell(places[person.pk]),
            person.pk in with_details,
            person.pk in with_change,
        )
        for person in people
    ]


def _unwell(places: list[Enrolment]) -> list[str]:
    """The states to be told: none when the person is active in one of their places."""
    if any(e.state == State.ACTIVE for e in places):
        return []
    return _unique(str(e.get_state_display()) for e in places)


def roles_in(there: QuerySet[Enrolment]) -> list[Role]:
    """The roles that somebody has there, to filter by."""
    found = Role.objects.filter(Exists(there.filter(role=OuterRef("pk"))))
    return list(found.order_by("label", "pk"))


# --- One person in a course ---


def facts_of(user: User, sight: Sight) -> list[tuple[str, Any]]:
    """Label and value, as far as the actor may see them."""
    facts: list[tuple[str, Any]] = [
        (_("Full name"), user.name),
        (_("Name in lists"), user.sortable_name),
    ]
    if sight.login:
        facts.append((_("Login"), user.login_id))
    if sight.email:
        facts.append((_("E-mail"), user.email or None))
    if sight.sis:
        facts.append((_("SIS ID"), user.sis_id))
    return facts


def enrolments_of(actor: Actor, course: Course, user_id: int, rule: Rule) -> list[Enrolment]:
    """The person's places in the course that the rule lets the actor see."""
    there = permitted(actor, rule).filter(course=course, user__pk=user_id)
    there = there.exclude(user__state=User.State.DELETED)
    return list(there.select_related("user", "role", "section", "associated_user").order_by("pk"))
