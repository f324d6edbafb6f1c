"""REST: roles and what they may do (contract §4)."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account, id_condition
from accounts.models import Account
from pairing_service.http.errors import Refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from permissions.actions import update_overrides
from permissions.models import Role
from permissions.overrides import OverrideRefused
from permissions.policy import require
from permissions.rules import MANAGE_OVERRIDES
from permissions.serializers import override_changes, role_json
from permissions.table import newest_table, table_of

BUILT_IN = Q(state=Role.State.BUILT_IN)


class Roles(APIView):
    """The roles of an account: the built-in ones, its own, and inherited ones when asked for."""

    def get(self, request: ApiRequest, account_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        params = params_of(request)
        states = params.texts("state") or [Role.State.ACTIVE]
        inherited = params.boolean("show_inherited") or False
        table = table_of(request.actor.root_account)
        return page_of(
            request,
            _listed(account, states, inherited=inherited),
            lambda page: [role_json(role, account, table) for role in page],
        )


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


class OneRole(APIView):
    """A role in an account, and changing what it may do there."""

    def get(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        role = _role(account, role_id)
        return Response(role_json(role, account, table_of(request.actor.root_account)))

    def put(self, request: ApiRequest, account_id: str, role_id: str) -> Response:
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_OVERRIDES, account)
        role = _role(account, role_id)
        params = params_of(request)
        _refuse_label(role, account, params.text("label"))
        changes = override_changes(params.group("permissions"))
        try:
            update_overrides(actor=request.actor, account=account, role=role, changes=changes)
        except OverrideRefused as error:
            raise Refusal(400, {"message": str(error)}) from error
        return Response(role_json(role, account, newest_table(request.actor.root_account)))


def _role(account: Account, text: str) -> Role:
    """The role, by id or (older clients) by name, among those that the account can use."""
    if "\x00" in text:
        raise Refusal(404, {"message": "role not found"})
    named = id_condition(text, {}) or Q(label=text) | Q(BUILT_IN, base_role=text)
    roles = Role.objects.filter(
        BUILT_IN | Q(account__in=account.chain_ids), root_account=account.root_account_id
    )
    role = roles.filter(named).select_related("account").order_by("pk").first()
    if role is None:
        raise Refusal(404, {"message": "role not found"})
    return role


def _refuse_label(role: Role, account: Account, label: str | None) -> None:
    """Renaming comes with the rest of the Roles API; until then only the label that it has."""
    kind = "a built-in" if role.state == Role.State.BUILT_IN else "an inherited"
    if label and (kind == "a built-in" or role.account_id != account.pk):
        raise Refusal(400, {"message": f"cannot update the 'label' for {kind} role"})
    if label and label != role.label:
        raise Refusal(400, {"message": "cannot update the 'label' of a role here"})
