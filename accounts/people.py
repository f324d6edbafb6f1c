"""The people of an account: listed, searched, counted (spec/permissions.md "is of")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, User, folded, has_login, login_key
from accounts.rules import SEE_PERSON
from courses.models import Enrolment
from courses.rules import (
    OF_A_STUDENT,
    SEE_EMAIL,
    SEE_LOGIN,
    SEE_SIS_ID,
    SOMEONE_THERE,
    STUDENT_THERE,
    places_in,
)
from pairing.models import ObservationLink
from pairing.rules import MANAGE_OBSERVERS, SEE_CODE
from permissions.filters import NOTHING
from permissions.models import AccountMembership
from permissions.policy import answered, permitted

M = TypeVar("M", bound=Model)
WITHOUT_PASSWORD = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, state=User.State.ACTIVE)

# A code that ends sooner than this, unused, is worth another one.
_SOON = timedelta(days=1)
_SORTED_BY = {
    "name": "name_key",
    "login": "login_key",
    "email": "email",
    "sis_id": "sis_id",
}
# Nobody types more; a statement must not grow with what is sent.
_LONGEST, _MOST_WORDS = 200, 8
# More to choose from help nobody: then the search is too wide.
_MOST_FOUND = 25


@dataclass(frozen=True)
class Disclosed:
    """Which ids of the people of an account the actor may see, and so may search by."""

    login: bool
    email: bool
    sis_id: bool


def people_of(account: Account) -> QuerySet[User]:
    """Everyone who is of the account, suspended people included."""
    users = User.objects.existing().filter(root_account_id=account.root_account_id)
    if account.is_root:
        return users
    # Sets, not a question per person as in the rules: whole lists are made from them.
    enrolled, administrators = _ties_below_the_root(account)
    return users.filter(Q(pk__in=enrolled) | Q(pk__in=administrators))


def _ties_below_the_root(account: Account) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The ids of those who have a place in a course there, and of those who administer there."""
    memberships = AccountMembership.objects.active().filter(account__path__startswith=account.path)
    return places_in(account, SOMEONE_THERE).values("user"), memberships.values("user")


def is_student_in(account: Account) -> Q:
    """People who are a student in a course of the account or below it."""
    if account.is_root:
        # Nearly everyone is: asking for each one makes no set of all their enrolments.
        return Q(Exists(Enrolment.objects.filter(OF_A_STUDENT, user=OuterRef("pk"))))
    return Q(pk__in=places_in(account, STUDENT_THERE).values("user"))


def has_no_observer(account: Account) -> Q:
    links = ObservationLink.objects.active().filter(root_account=account.root_account_id)
    return ~Q(pk__in=links.values("student"))


def search(users: QuerySet[User], text: str, disclosed: Disclosed) -> QuerySet[User]:
    """Names that fit the text, ids that begin with it; only what may be seen is searched."""
    text = searched(text)
    if not text:
        return users
    found = named(text)
    if disclosed.login:
        found |= has_login(login_key__startswith=login_key(text))
    if disclosed.email:
        found |= Q(email__istartswith=text)
    if disclosed.sis_id:
        found |= Q(sis_id__istartswith=text)
    return users.filter(found)


def found_by(actor: Actor, text: str) -> Q:
    """One person among those whom the actor may see, by a part of the name or a whole id; anyone
    by their whole login, which one has to know."""
    text = searched(text)
    return (
        has_login(login_key=login_key(text))
        | (SEE_PERSON.q(actor) & named(text))
        | (SEE_EMAIL.q(actor) & Q(email__iexact=text))
        | (SEE_SIS_ID.q(actor) & Q(sis_id=text))
    )


@dataclass(frozen=True)
class Candidate:
    """Someone who was found, to be chosen; `login` where it may be seen, `places`: what they are
    here already."""

    user: User
    login: str
    places: list[str]


def find(users: QuerySet[User], actor: Actor, text: str) -> tuple[list[User], bool]:
    """The first people whom the text fits, and whether there are more; nobody without a text.

    Each tells by `shows_login` whether the actor may see it.
    """
    if not searched(text):
        return [], False
    found = answered(users.filter(found_by(actor, text)), actor, shows_login=SEE_LOGIN)
    shown = list(found.order_by("name_key", "pk")[: _MOST_FOUND + 1])
    return shown[:_MOST_FOUND], len(shown) > _MOST_FOUND


def candidates(users: Iterable[Any], places: Mapping[int, list[str]]) -> list[Candidate]:
    """For `accounts/_found.html`: people of `find`, and by their ids what they are here already."""
    return [Candidate(u, u.login_id if u.shows_login else "", places.get(u.pk, [])) for u in users]


def searched(text: str) -> str:
    """What to look for, from what was typed."""
    return text.replace("\x00", "").strip()[:_LONGEST]


def named(text: str, field: str = "name_key") -> Q:
    """People whose name contains the text, or a word that begins like each of its words.

    `field` leads to the person's `name_key`.
    """
    text = folded(text)
    if not text:  # nothing but punctuation
        return NOTHING
    each = Q()
    for word in text.split()[:_MOST_WORDS]:
        each &= Q(**{f"{field}__contains": f" {word}"})
    return each | Q(**{f"{field}__contains": text})


def titled(text: str) -> Q:
    """Things whose name contains the text, or in which each of its words begins a word."""
    each = Q()
    for word in text.split()[:_MOST_WORDS]:
        each &= _spelt("istartswith", word) | _spelt("icontains", f" {word}")
    return each | _spelt("icontains", text)


def _spelt(lookup: str, text: str) -> Q:
    found = Q()
    # SQLite's LIKE folds the case of ASCII letters only.
    others = set() if text.isascii() else {text.lower(), text.upper(), text.title()}
    for spelling in {text, *others}:
        found |= Q(**{f"name__{lookup}": spelling})
    return found


def shown(actor: Actor, account: Account, which: str) -> QuerySet[User]:
    """The people of the account whom the page's filter names; all when it names nobody known."""
    condition = _SHOWN.get(which)
    people = people_of(account)
    return people.filter(condition(actor, account)) if condition else people


def _unobserved(actor: Actor, account: Account) -> Q:
    return is_student_in(account) & has_no_observer(account)


def _with_ending_code(actor: Actor, account: Account) -> Q:
    """Only codes that the actor may list count."""
    codes = permitted(actor, SEE_CODE).live().filter(expires_at__lt=timezone.now() + _SOON)
    if not account.is_root:
        # Else the rule would be asked about every code of the tenant first.
        enrolled, administrators = _ties_below_the_root(account)
        codes = codes.filter(student__in=enrolled.union(administrators))
    return Q(pk__in=codes.values("student"))


def _who_question(actor: Actor, account: Account) -> Q:
    """Only for who can look into it."""
    links = ObservationLink.objects.questioned().filter(root_account=account.root_account_id)
    return MANAGE_OBSERVERS.q(actor) & Q(pk__in=links.values("student"))


_SHOWN: dict[str, Callable[[Actor, Account], Q]] = {
    "without_sign_in": lambda actor, account: WITHOUT_PASSWORD,
    "suspended": lambda actor, account: Q(state=User.State.SUSPENDED),
    "unproven": lambda actor, account: Q(state=User.State.UNPROVEN),
    "unobserved": _unobserved,
    "code_ends": _with_ending_code,
    "questioned": _who_question,
}


def sort(users: QuerySet[User], wanted: str, disclosed: Disclosed) -> tuple[QuerySet[User], str]:
    """In the order that `wanted` names ("login", "-login"), and its name; by name otherwise."""
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY or not getattr(disclosed, field, True):
        wanted = field = "name"
    return in_order(users, _SORTED_BY[field], is_descending=wanted.startswith("-")), wanted


def in_order(rows: QuerySet[M], field: str, *, is_descending: bool = False) -> QuerySet[M]:
    """By a text, capital or small; then by id, so that pages do not overlap."""
    by, pk = F(field) if field.endswith("_key") else Lower(field), F("pk")
    return rows.order_by(by.desc(), pk.desc()) if is_descending else rows.order_by(by, pk)
