"""Ids as clients write them: 12, self, sis_user_id:x, hex:sis_user_id:… (contract §1.9).

Every look-up is within the actor's tenant and answers None for what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from accounts.actor import Actor
from accounts.models import Account, User, has_login, login_key
from accounts.rules import SEE_ACCOUNT, SEE_PERSON
from pairing_service.statements import row_of
from permissions.policy import Denied, Rule, may, permitted

M = TypeVar("M", bound=Model)

_FORM = re.compile(r"(?P<hex>hex:)?(?P<name>[a-z_]+):(?P<value>.+)", re.DOTALL)
_MOST = 2**63 - 1

_USER_FORMS = {
    "sis_user_id": lambda value: Q(sis_id=value),
    "sis_login_id": lambda value: has_login(login_key=login_key(value)),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
    "lti_user_id": lambda value: Q(uuid=value),
}
_ACCOUNT_FORMS = {
    "sis_account_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
    "lti_context_id": lambda value: Q(uuid=value),
}
# Tools outside know things by their uuid.
_UUIDS = {"uuid", "lti_user_id", "lti_context_id"}


def find_user(actor: Actor, text: str, among: QuerySet[User] | None = None) -> User | None:
    """The user whom `text` names, unless deleted; `self` is the person.

    `among`: the users of the tenant to look among, when that is not all of them.
    """
    if among is None and actor.person and text in ("self", str(actor.person.pk)):
        return actor.person
    if among is None and is_plain_id(text):
        return numbered(User, actor, text)
    return users_named(actor, text, among).first()


def users_named(actor: Actor, text: str, among: QuerySet[User] | None = None) -> QuerySet[User]:
    """The same, for use in another statement: it holds that user, or nobody."""
    if among is None:
        among = User.objects.filter(root_account=actor.root_account)
    text = str(actor.person.pk) if actor.person and text == "self" else text
    condition = id_condition(text, _USER_FORMS)
    there = among.exclude(state=User.State.DELETED)
    return there.filter(condition) if condition else there.none()


def get_user(actor: Actor, text: str, among: QuerySet[User] | None = None) -> User:
    """The same; Http404 when there is none."""
    user = find_user(actor, text, among)
    if user is None:
        raise Http404
    return user


def may_hear_of(actor: Actor, text: str, target: Model, rule: Rule) -> bool:
    """Whether a refusal may admit that there is such a thing (the contract's 403, not a 404).

    Numbers tell nothing; whoever names a SIS id must be one who may see whose it is, which `rule`
    says.
    """
    return is_plain_id(text) or may(actor, rule, target)


def find_heard_of(actor: Actor, text: str, also: Rule | None = None) -> User | None:
    """The user whom `text` names, if a refusal may admit that they are there.

    Numbers tell nothing; whoever names a login or a SIS id must be one who may see whose it is, or
    may do what `also` says. It is the same one statement whether there is such a person, so that
    the time does not tell it either.
    """
    if text == "self" or is_plain_id(text):
        return find_user(actor, text)
    among = permitted(actor, SEE_PERSON)
    return find_user(actor, text, among | permitted(actor, also) if also else among)


def heard_of(actor: Actor, text: str, also: Rule | None = None) -> User:
    """The same; Http404 when there is none."""
    user = find_heard_of(actor, text, also)
    if user is None:
        raise Http404
    return user


def require_user(
    actor: Actor,
    rule: Rule,
    text: str,
    annotate: Callable[[QuerySet[User], Actor], QuerySet[User]] | None = None,
) -> User:
    """The user whom `text` names, to whom the actor may do it: mostly one statement.

    `annotate` adds to that statement. Raises Denied when the rule refuses, and Http404 when there
    is no such user, or one of whom the actor may not even hear.
    """
    among = permitted(actor, rule)
    user = find_user(actor, text, among=annotate(among, actor) if annotate else among)
    if user is None:
        heard_of(actor, text)
        raise Denied(rule)
    return user


def find_account(actor: Actor, text: str) -> Account | None:
    """The account of the tenant that `text` names; `self` and `default` are the root account."""
    if text in ("self", "default", str(actor.root_account.pk)):
        return actor.root_account
    if is_plain_id(text):
        return numbered(Account, actor, text)
    condition = id_condition(text, _ACCOUNT_FORMS)
    accounts = Account.objects.live().filter(root_account=actor.root_account)
    return accounts.filter(condition).first() if condition else None


def get_account(actor: Actor, text: str) -> Account:
    """The same; Http404 when there is none, or one of which the actor may not even hear."""
    account = find_account(actor, text)
    if account == actor.root_account:
        return actor.root_account
    if account is None or not may_hear_of(actor, text, account, SEE_ACCOUNT):
        raise Http404
    return account


def is_plain_id(text: str) -> bool:
    """Whether it is a number, and no other form of an id."""
    return text.isascii() and text.isdecimal()


def _number_in(plain_id: str) -> int | None:
    """None: it is larger than any in a database."""
    return int(plain_id) if len(plain_id) < 20 and int(plain_id) <= _MOST else None


def numbered(model: type[M], actor: Actor, plain_id: str) -> M | None:
    """The one of the tenant that has this id, unless deleted; for users, accounts and courses,
    which have both, and of which nothing else tells whether they are there.

    By hand: nearly every address has one, and the ORM takes ten times as long to ask for it.
    """
    number = _number_in(plain_id)
    if number is None:
        return None
    return row_of(model, _NUMBERED, id=number, root=actor.root_account.pk)


_NUMBERED = "WHERE id = %(id)s AND root_account_id = %(root)s AND state <> 'deleted'"


def id_condition(text: str, forms: dict[str, Any]) -> Q | None:
    """The filter for a plain id or one of `forms`; None when it is neither."""
    if is_plain_id(text):
        number = _number_in(text)
        return Q(pk=number) if number is not None else None
    match = _FORM.fullmatch(text)
    if match is None or match["name"] not in forms:
        return None
    value = _unhexed(match["value"]) if match["hex"] else match["value"]
    if value is None or "\x00" in value or (match["name"] in _UUIDS and not _is_uuid(value)):
        return None
    found: Q = forms[match["name"]](value)
    return found


def _unhexed(value: str) -> str | None:
    try:
        return bytes.fromhex(value).decode()
    except ValueError:
        return None


def _is_uuid(value: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", value) is not None
