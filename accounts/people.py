"""The people of an account: listed, searched, counted (spec/permissions.md "is of")."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from accounts.models import Account, User, login_key
from courses.rules import ties_to
from permissions.grants import Area
from permissions.table import Piece

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
    """Names that contain the text, ids that begin with it; only what may be seen is searched."""
    text = text.strip().replace("\x00", "")
    if not text:
        return users
    found = Q()
    # SQLite's LIKE folds the case of ASCII letters only.
    for spelling in {text, text.lower(), text.upper(), text.title()}:
        found |= Q(name__icontains=spelling) | Q(sortable_name__icontains=spelling)
    if disclosed.login:
        found |= Q(login_key__startswith=login_key(text))
    if disclosed.email:
        found |= Q(email__istartswith=text)
    if disclosed.sis_id:
        found |= Q(sis_id__istartswith=text)
    return users.filter(found)


def shown(users: QuerySet[User], which: str) -> QuerySet[User]:
    """Only those whom the page's filter names; everyone when it names nobody known."""
    return users.filter(_SHOWN.get(which, Q()))


def sort(users: QuerySet[User], wanted: str, disclosed: Disclosed) -> tuple[QuerySet[User], str]:
    """In the order that `wanted` names ("login", "-login"), and its name; by name otherwise."""
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY or not getattr(disclosed, field, True):
        wanted = field = "name"
    sign = "-" if wanted.startswith("-") else ""
    return users.order_by(f"{sign}{_SORTED_BY[field]}", f"{sign}id"), wanted
