"""The people of an account over REST: which, in which order (contract §6.2)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.people import Disclosed, people_of, search
from courses.rules import (
    SEE_EMAILS_OF_ACCOUNT,
    SEE_LOGINS_OF_ACCOUNT,
    SEE_SIS_IDS_OF_ACCOUNT,
    SOMEONE_THERE,
    WORDS,
    places_in,
)
from pairing_service.http.errors import refusal
from pairing_service.http.params import Params, is_number
from permissions.models import AccountMembership
from permissions.policy import may

_SHORTEST = 3
_TYPES = {word: type_ for type_, word in WORDS.items()}
# The wire's name: by what, and which ids one must be told to be told their order.
_SORTED_BY: dict[str, tuple[Any, str]] = {
    "username": (F("name_key"), ""),
    "email": (Lower("email"), "email"),
    "sis_id": (Lower("sis_id"), "sis_id"),
    "integration_id": (Lower("integration_id"), "sis_id"),
    "last_login": (F("last_login"), "login"),
    "id": (F("pk"), ""),
}


def people_asked_for(actor: Actor, account: Account, params: Params) -> QuerySet[User]:
    """The people of the account that the parameters ask for, in order.

    Only ids that the actor may see are searched and sorted by. Raises the 400s.
    """
    disclosed = Disclosed(
        login=may(actor, SEE_LOGINS_OF_ACCOUNT, account),
        email=may(actor, SEE_EMAILS_OF_ACCOUNT, account),
        sis_id=may(actor, SEE_SIS_IDS_OF_ACCOUNT, account),
    )
    people = _with_deleted(account) if params.boolean("include_deleted_users") else None
    people = people_of(account) if people is None else people
    people = people.filter(_of_type(account, params), _in_role(account, params))
    return in_order_asked_for(found_by_term(people, params, disclosed), params, disclosed)


def _with_deleted(account: Account) -> QuerySet[User] | None:
    """Who is deleted is of no account below the root any more."""
    everyone = User.objects.filter(root_account=account.root_account_id)
    return everyone if account.is_root else None


def _of_type(account: Account, params: Params) -> Q:
    text = params.text("enrollment_type")
    if not text:
        return Q()
    if text not in _TYPES:
        raise refusal(400, f"enrollment_type must be one of {', '.join(_TYPES)}")
    return Q(pk__in=places_in(account, SOMEONE_THERE).filter(type=_TYPES[text]).values("user"))


def _in_role(account: Account, params: Params) -> Q:
    text = params.text("role_filter_id")
    if not text:
        return Q()
    if not is_number(text):
        raise refusal(400, "role_filter_id must be the id of a role")
    memberships = AccountMembership.objects.active().filter(
        account__path__startswith=account.path, role=int(text)
    )
    enrolments = places_in(account, SOMEONE_THERE).filter(role=int(text))
    return Q(pk__in=enrolments.values("user")) | Q(pk__in=memberships.values("user"))


def found_by_term(people: QuerySet[User], params: Params, disclosed: Disclosed) -> QuerySet[User]:
    """Whom `search_term` fits; a number is looked for among the ids first. 400: it is too short."""
    text = params.text("search_term") or ""
    if not text:
        return people
    if is_number(text) and people.filter(pk=int(text)).exists():
        return people.filter(pk=int(text))
    if len(text) < _SHORTEST:
        raise refusal(400, f"search_term of {_SHORTEST} or more characters is required")
    return search(people, text, disclosed)


def in_order_asked_for(
    people: QuerySet[User], params: Params, disclosed: Disclosed
) -> QuerySet[User]:
    """By name unless `sort` and `order` name another order that the actor may be told."""
    by, needed = _SORTED_BY.get(params.text("sort") or "", _SORTED_BY["username"])
    if needed and not getattr(disclosed, needed):
        by = _SORTED_BY["username"][0]
    if params.text("order") == "desc":
        return people.order_by(by.desc(nulls_last=True), "-pk")
    return people.order_by(by.asc(nulls_last=True), "pk")
