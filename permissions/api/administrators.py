"""REST: the administrators of an account (contract §5.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Required, TypedDict

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import find_user, get_account, users_named
from accounts.models import Account, User
from accounts.rules import SEE_ACCOUNT, SEE_PERSON
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import Errors, Message, Refusal, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, is_number, params_of
from permissions.actions import (
    AdministratorRefused,
    LastAdministrator,
    add_administrator,
    remove_administrator,
)
from permissions.api.roles import role_named
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership, Role
from permissions.policy import permitted, require
from permissions.rules import MANAGE_ADMINISTRATORS
from permissions.serializers import AdministratorJson, administrator_json


class AdministratorsParams(TypedDict, total=False):
    user_id: list[str]


class RoleParams(TypedDict, total=False):
    """A role by its id, or by its name; AccountAdmin when neither is given."""

    role_id: str
    role: str


class NewAdministratorParams(RoleParams, total=False):
    user_id: Required[str]


class Administrators(APIView):
    @described(Paged[AdministratorJson], takes=AdministratorsParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """Who administers the account itself."""
        account = _account(request, account_id)
        memberships = _of(account)
        if texts := params_of(request).texts("user_id"):
            memberships = memberships.filter(user__in=_ids(request.actor, texts))
        return page_of(request, memberships, lambda page: _json(request.actor, page))

    @described(
        AdministratorJson, takes=NewAdministratorParams, refuses={400: Message, 404: Message}
    )
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Make somebody an administrator."""
        account = _account(request, account_id)
        params = params_of(request)
        user = find_user(
            request.actor, params.required("user_id"), among=permitted(request.actor, SEE_PERSON)
        )
        if user is None:
            raise Http404
        role = _role(account, params)
        try:
            membership = add_administrator(
                actor=request.actor, account=account, user=user, role=role
            )
        except AdministratorRefused as error:
            raise Refusal(400, {"message": str(error)}) from error
        return Response(_json(request.actor, [membership])[0])


class OneAdministrator(APIView):
    @described(Paged[AdministratorJson])
    def get(self, request: ApiRequest, account_id: str, user_id: str) -> Response:
        """One's own roles in an account; `user_id` can only be `self`."""
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_ACCOUNT, account)
        if user_id != "self" or request.actor.person is None:
            raise Http404
        own = _of(account).filter(user=request.actor.person)
        return page_of(request, own, lambda page: _json(request.actor, page))

    @described(AdministratorJson, takes=RoleParams, refuses={404: Message, 409: Errors})
    def delete(self, request: ApiRequest, account_id: str, user_id: str) -> Response:
        """Take somebody's role away."""
        account = _account(request, account_id)
        role = _role(account, params_of(request))
        named = users_named(request.actor, user_id)
        membership = _of(account).filter(user__in=named, role=role).first()
        if membership is None:
            raise Http404
        try:
            remove_administrator(actor=request.actor, membership=membership)
        except LastAdministrator as error:
            message = "The last administrator of the root account who can sign in must stay"
            raise refusal(409, message) from error
        return Response(_json(request.actor, [membership])[0])


def _account(request: ApiRequest, text: str) -> Account:
    account = get_account(request.actor, text)
    require(request.actor, MANAGE_ADMINISTRATORS, account)
    return account


def _of(account: Account) -> QuerySet[AccountMembership]:
    memberships = AccountMembership.objects.active().filter(account=account)
    return memberships.exclude(user__state=User.State.DELETED).select_related("role").order_by("pk")


def _ids(actor: Actor, texts: list[str]) -> set[int]:
    """Of the people named; plain numbers need no looking up."""
    plain = {int(text) for text in texts if is_number(text)}
    found = (find_user(actor, text) for text in texts if not is_number(text))
    return plain | {user.pk for user in found if user is not None}


def _role(account: Account, params: Params) -> Role:
    named = params.text("role_id") or params.text("role")
    return role_named(account, named or BaseRole.ACCOUNT_ADMIN)


def _json(actor: Actor, memberships: Iterable[AccountMembership]) -> list[AdministratorJson]:
    """With the people as the caller may see them: one statement for all."""
    memberships = list(memberships)
    people = told(User.objects.filter(root_account=actor.root_account), actor)
    by_id = people.in_bulk([membership.user_id for membership in memberships])
    return [administrator_json(one, by_id[one.user_id]) for one in memberships]
