"""REST: accounts (contract §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NotRequired, Required, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import (
    AccountOccupied,
    TooDeep,
    create_sub_account,
    delete_sub_account,
    update_account,
)
from accounts.authentication import ApiRequest
from accounts.ids import get_account
from accounts.models import Account, AccountQuerySet
from accounts.rules import (
    CHANGE_ACCOUNTS_SIS_ID,
    MANAGE_ACCOUNT_SETTINGS,
    SEE_ACCOUNT,
    SEE_ACCOUNTS_OWN_SIS_ID,
)
from accounts.serializers import (
    AccountJson,
    AccountParams,
    TermsJson,
    account_changes,
    account_json,
    account_refused,
    managed_account_json,
    registration_json,
    terms_json,
)
from courses.models import Course, Enrolment
from courses.rules import ADD_COURSE, ADMINISTER_ACCOUNT
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import Errors, FieldErrors, Nothing, invalid, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from permissions.catalogue import STAFF_BASE_ROLES
from permissions.models import AccountMembership
from permissions.policy import answered, permitted, require


class Accounts(APIView):
    @described(Paged[AccountJson])
    def get(self, request: ApiRequest) -> Response:
        """Those in which the person has an account role; none for teachers, students, observers."""
        roles = AccountMembership.objects.active().filter(user=request.actor.person)
        own = permitted(request.actor, ADMINISTER_ACCOUNT).filter(pk__in=roles.values("account"))
        return _page(request, own)


class CourseAccounts(APIView):
    @described(Paged[AccountJson])
    def get(self, request: ApiRequest) -> Response:
        """The accounts of the courses that the person teaches, helps in or designs, read-only."""
        courses = Course.objects.existing().filter(
            pk__in=Enrolment.objects.live()
            .filter(user=request.actor.person, type__in=STAFF_BASE_ROLES)
            .values("course")
        )
        found = Account.objects.live().filter(pk__in=courses.values("account")).order_by("pk")
        return page_of(request, found, lambda page: [account_json(one) for one in page])


class ManageableAccounts(APIView):
    permission_classes = (AllowAny,)

    @described(Paged[AccountJson])
    def get(self, request: ApiRequest) -> Response:
        """Those in which the person may add courses, all below included; none for visitors."""
        return _page(request, permitted(request.actor, ADD_COURSE))


class ShownParams(TypedDict, total=False):
    includes: list[str]


class OneAccount(APIView):
    @described(AccountJson, takes=ShownParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """An account."""
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_ACCOUNT, account)
        return Response(_shown(request, account))

    @described(AccountJson, takes=AccountParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, account_id: str) -> Response:
        """Change an account's name, time zone, SIS id and (the root's) settings."""
        account = get_account(request.actor, account_id)
        given = params_of(request).group("account")
        if not given:
            raise refusal(400, "account is missing")
        fields, settings = account_changes(account, given)
        try:
            update_account(actor=request.actor, account=account, fields=fields, settings=settings)
        except ValidationError as error:
            raise account_refused(error) from error
        return Response(_shown(request, account))


def _shown(request: ApiRequest, account: Account) -> AccountJson:
    """One account, with what else is asked for."""
    [body] = _json(_with_answers(request, Account.objects.filter(pk=account.pk)))
    if "registration_settings" in params_of(request).texts("includes"):
        return {**body, **registration_json(account, request.actor.root_account.settings)}
    return body


def _with_answers(request: ApiRequest, accounts: QuerySet[Account]) -> QuerySet[Account]:
    return answered(
        accounts,
        request.actor,
        shows_all=MANAGE_ACCOUNT_SETTINGS,
        shows_sis=SEE_ACCOUNTS_OWN_SIS_ID,
        shows_sis_import=CHANGE_ACCOUNTS_SIS_ID,
    )


def _page(request: ApiRequest, accounts: AccountQuerySet, *, counted: bool = True) -> Response:
    live = _with_answers(request, accounts.live()).order_by("pk")
    return page_of(request, live, _json, counted=counted)


def _json(accounts: Iterable[Any]) -> list[AccountJson]:
    """The full form of those that the caller manages, the read-only one of the others."""
    return [
        managed_account_json(one, sis=one.shows_sis, sis_import=one.shows_sis_import)
        if one.shows_all
        else account_json(one)
        for one in accounts
    ]


class SubAccountsParams(TypedDict, total=False):
    recursive: bool


class NewAccount(TypedDict, total=False):
    name: Required[str]
    sis_account_id: str


class NewAccountParams(TypedDict):
    account: NewAccount
    includes: NotRequired[list[str]]


class SubAccounts(APIView):
    @described(Paged[AccountJson], takes=SubAccountsParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The accounts right below one, or all below it."""
        account = get_account(request.actor, account_id)
        require(request.actor, ADMINISTER_ACCOUNT, account)
        recursive = params_of(request).boolean("recursive") or False
        below = Account.objects.within(account).exclude(pk=account.pk)
        found = below if recursive else Account.objects.filter(parent=account)
        return _page(request, found, counted=not recursive)

    @described(AccountJson, takes=NewAccountParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Make an account right below one."""
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_ACCOUNT_SETTINGS, account)
        given = params_of(request).group("account")
        if not given:
            raise refusal(400, "account is missing")
        try:
            made = create_sub_account(
                actor=request.actor,
                parent=account,
                name=given.text("name") or "",
                sis_id=given.text("sis_account_id"),
            )
        except ValidationError as error:
            raise account_refused(error) from error
        except TooDeep as error:
            raise invalid(parent_account_id=("invalid", "is too deep in the tree")) from error
        return Response(_shown(request, made))


class OneSubAccount(APIView):
    @described(AccountJson, takes=ShownParams, refuses={409: Errors})
    def delete(self, request: ApiRequest, account_id: str, sub_account_id: str) -> Response:
        """Remove an account that is empty."""
        account = get_account(request.actor, account_id)
        sub = get_account(request.actor, sub_account_id)
        require(request.actor, MANAGE_ACCOUNT_SETTINGS, account)
        if sub == account or account.pk not in sub.chain_ids:
            raise Http404
        try:
            delete_sub_account(actor=request.actor, account=sub)
        except AccountOccupied as error:
            raise refusal(409, "the account has sub-accounts or courses") from error
        return Response(_shown(request, sub))


class Settings(APIView):
    @described(Nothing)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The contract has only another product's keys here: there are none."""
        account = get_account(request.actor, account_id)
        require(request.actor, MANAGE_ACCOUNT_SETTINGS, account)
        return Response({})


class TermsOfService(APIView):
    permission_classes = (AllowAny,)

    @described(TermsJson)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """Terms of the account's root, for visitors: the apps ask before anyone has signed in."""
        account = get_account(request.actor, account_id)
        # A visitor learns of no school below, and of no SIS id by trying some.
        if request.actor.person is None and not account.is_root:
            raise Http404
        return Response(terms_json(request.actor.root_account))
