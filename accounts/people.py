"""The people of an account: listed, searched, counted (spec/permissions.md "is of")."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.models import Account, User, login_key
from accounts.rules import SEE_PERSON
from courses.rules import SEE_EMAIL, SEE_SIS_ID, ties_to
from permissions.grants import Area
from permissions.table import Piece

M = TypeVar("M", bound=Model)
WITHOUT_PASSWORD = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, state=User.State.ACTIVE)

_SHOWN = {
    "without_sign_in": WITHOUT_PASSWORD,
    "suspended": Q(state=User.State.SUSPENDED),
}
_SORTED_BY = {
    "name": "sortable_name",
    "login": "login_key",
    "email": "email",
    "sis_id": "sis_id",
}
# Nobody types more; a statement must not grow with what is sent.
_LONGEST, _MOST_WORDS = 200, 8


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
    enrolments, memberships = ties_to(Area((Piece(account.path),)))
    return users.filter(Q(pk__in=enrolments.values("user")) | Q(pk__in=memberships.values("user")))


def search(users: QuerySet[User], text: str, disclosed: Disclosed) -> QuerySet[User]:
    """Names that fit the text, ids that begin with it; only what may be seen is searched."""
    text = searched(text)
    if not text:
        return users
    found = named(text)
    if disclosed.login:
        found |= Q(login_key__startswith=login_key(text))
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
        Q(login_key=login_key(text))
        | (SEE_PERSON.q(actor) & named(text))
        | (SEE_EMAIL.q(actor) & Q(email__iexact=text))
        | (SEE_SIS_ID.q(actor) & Q(sis_id=text))
    )


def searched(text: str) -> str:
    """What to look for, from what was typed."""
    return text.replace("\x00", "").strip()[:_LONGEST]


def named(text: str, fields: Collection[str] = ("name", "sortable_name")) -> Q:
    """Names that contain the text, or in which each of its words begins a word."""
    words = text.replace(",", " ").split()
    each = Q()
    for word in words[:_MOST_WORDS]:
        each &= _spelt(fields, "istartswith", word) | _spelt(fields, "icontains", f" {word}")
    contained = _spelt(fields, "icontains", text)
    return contained | each if len(words) > 1 else contained


def _spelt(fields: Collection[str], lookup: str, text: str) -> Q:
    found = Q()
    # SQLite's LIKE folds the case of ASCII letters only.
    for spelling in {text, text.lower(), text.upper(), text.title()}:
        for field in fields:
            found |= Q(**{f"{field}__{lookup}": spelling})
    return found


def shown(users: QuerySet[User], which: str) -> QuerySet[User]:
    """Only those whom the page's filter names; everyone when it names nobody known."""
    return users.filter(_SHOWN.get(which, Q()))


def sort(users: QuerySet[User], wanted: str, disclosed: Disclosed) -> tuple[QuerySet[User], str]:
    """In the order that `wanted` names ("login", "-login"), and its name; by name otherwise."""
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY or not getattr(disclosed, field, True):
        wanted = field = "name"
    return in_order(users, _SORTED_BY[field], is_descending=wanted.startswith("-")), wanted


def in_order(rows: QuerySet[M], field: str, *, is_descending: bool = False) -> QuerySet[M]:
    """By a text, capital or small; then by id, so that pages do not overlap."""
    by, pk = Lower(field), F("pk")
    return rows.order_by(by.desc(), pk.desc()) if is_descending else rows.order_by(by, pk)
