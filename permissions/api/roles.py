"""REST: roles and what they may do (contract §4.1, §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account, id_condition
from accounts.models import Account
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, Message, Refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.actions import (
    RoleRefused,
    activate_role,
    create_role,
    deactivate_role,
    update_role,
)
from permissions.catalogue import BASE_ROLE_LABELS, BaseRole
from permissions.models import Role
from permissions.overrides import OverrideChange, OverrideRefused
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES
from permissions.serializers import (
    OverrideParams,
    RoleJson,
    label_refused,
    override_changes,
    role_json,
)
from permissions.table import newest_table, table_of

BUILT_IN = Q(state=Role.State.BUILT_IN)


class RolesParams(TypedDict, total=False):
    state: list[str]
    show_inherited: bool


class ChangedRoleParams(TypedDict, total=False):
    label: str
    permissions: dict[str, OverrideParams]


class NewRoleParams(ChangedRoleParams, total=False):
    """`role` is an older name of `label`; one of them is needed."""

    role: str
    base_role_type: str


class Roles(APIView):
    @described(Paged[RoleJson], takes=RolesParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The roles of an account: the built-in ones, its own, and inherited ones if asked for."""
        account = _account(request, account_id)
        params = params_of(request)
        states = params.texts("state") or [Role.State.ACTIVE]
        inherited = params.boolean("show_inherited") or False
        table = table_of(request.actor.root_account)
        return page_of(
            request,
            _listed(account, states, inherited=inherited),
            lambda page: [role_json(role, account, table) for role in page],
        )

    @described(RoleJson, takes=NewRoleParams, refuses={400: Message | FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Make a role."""
        account = _account(request, account_id)
        params = params_of(request)
        label = params.text("label") or params.text("role")
        if not label:
            raise Refusal(400, {"message": "missing required parameter 'role'"})
        base_role = params.text("base_role_type") or BaseRole.ACCOUNT_MEMBERSHIP
        changes = _changes(params)
        role = _done(
            lambda: create_role(
                actor=request.actor,
                account=account,
                label=label,
                base_role=base_role,
                changes=changes,
            ),
            label,
        )
        body = _shown(request, role, account)
        body["base_role_type_label"] = BASE_ROLE_LABELS[role.base_role]
        return Response(body)


class OneRole(APIView):
    @described(RoleJson, refuses={404: Message})
    def get(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        """A role in an account, and what it may do there."""
        account = _account(request, account_id)
        role = role_named(account, role_id)
        return Response(role_json(role, account, table_of(request.actor.root_account)))

    @described(
        RoleJson, takes=ChangedRoleParams, refuses={400: Message | FieldErrors, 404: Message}
    )
    def put(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        """Change a role's label, and what it may do in the account and below it."""
        account = _account(request, account_id)
        role = role_named(account, role_id)
        params = params_of(request)
        label, changes = params.text("label"), _changes(params)
        _done(
            lambda: update_role(
                actor=request.actor, account=account, role=role, label=label, changes=changes
            ),
            label or "",
        )
        return Response(_shown(request, role, account))

    @described(RoleJson, refuses={400: Message, 404: Message})
    def delete(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        """Switch a role of the account off."""
        account = _account(request, account_id)
        role = role_named(account, role_id)
        if role.state != Role.State.BUILT_IN and role.account_id != account.pk:
            raise Http404
        _done(lambda: deactivate_role(actor=request.actor, role=role))
        return Response(_shown(request, role, account))


class RoleActivation(APIView):
    @described(RoleJson, refuses={400: Message, 404: Message})
    def post(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        """Switch a role of the account on again."""
        account = _account(request, account_id)
        role = role_named(account, role_id)
        if role.state != Role.State.BUILT_IN and role.account_id != account.pk:
            raise Http404
        _done(lambda: activate_role(actor=request.actor, role=role))
        return Response(_shown(request, role, account))


def role_named(account: Account, text: str) -> Role:
    """The role, by id or (older clients) by name, among those that the account can use.

    Of two of one name it is that of the nearer account, and rather one in use. The contract's 404.
    """
    if "\x00" in text:
        raise Refusal(404, {"message": "role not found"})
    named = id_condition(text, {}) or Q(label=text) | Q(BUILT_IN, base_role=text)
    roles = Role.objects.filter(
        BUILT_IN | Q(account__in=account.chain_ids), named, root_account=account.root_account_id
    )
    in_use = Case(
        When(state=Role.State.INACTIVE, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    nearest = roles.select_related("account").order_by(in_use, -Length("account__path"), "pk")
    role = nearest.first()
    if role is None:
        raise Refusal(404, {"message": "role not found"})
    return role


def _account(request: ApiRequest, text: str) -> Account:
    account = get_account(request.actor, text)
    require(request.actor, MANAGE_OVERRIDES, account)
    return account


def _listed(account: Account, states: list[str], *, inherited: bool) -> QuerySet[Role]:
    above = account.chain_ids if inherited else [account.pk]
    wanted = Q(account__in=above, state__in={*states} - {Role.State.BUILT_IN})
    if Role.State.ACTIVE in states:
        wanted |= BUILT_IN
    place = Case(
        When(BUILT_IN, then=Value(0)),
        When(account=account, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    roles = Role.objects.filter(wanted, root_account=account.root_account_id)
    return roles.select_related("account").order_by(place, "pk")


def _shown(request: ApiRequest, role: Role, account: Account) -> RoleJson:
    """The role after it has been written."""
    return role_json(role, account, newest_table(request.actor.root_account))


def _changes(params: Params) -> Mapping[str, OverrideChange]:
    return override_changes(params.group("permissions"))


def _done(change: Callable[[], Any], label: str = "") -> Any:
    """Do it; what nobody can do is the contract's 400."""
    try:
        return change()
    except (OverrideRefused, RoleRefused) as error:
        raise Refusal(400, {"message": str(error)}) from error
    except ValidationError as error:
        raise label_refused(error, label) from error
