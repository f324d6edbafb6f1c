"""REST: people (contract §6)."""

from __future__ import annotations

from typing import Literal, TypedDict, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import mail_first_sign_in
from accounts.actions.people import add_person, change_person, delete_person
from accounts.actions.preferences import set_preferences
from accounts.actions.sessions import sign_out_everywhere
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_account, get_user, require_user
from accounts.listing import people_asked_for
from accounts.models import User
from accounts.people import people_of
from accounts.rules import (
    ADD_PERSON,
    DELETE_PERSON,
    EDIT_DETAILS,
    SEE_PEOPLE_OF_ACCOUNT,
    SEE_PERSON,
    SIGN_OUT,
    SUSPEND,
)
from accounts.serializers import UserDetailsJson, user_details_json, user_json
from accounts.serializers.people import (
    ChangedUserJson,
    ChangedUserParams,
    DeletedUserJson,
    ListedUserJson,
    PreferencesJson,
    PreferencesParams,
    ProfileJson,
    change_refused,
    changed_json,
    creation_refused,
    faults,
    listed_json,
    new_person,
    person_changes,
    preferences_json,
    profile_json,
    read_preferences,
)
from accounts.signin import link_to_choose_password
from pairing.api import register_over_rest, register_without_student
from pairing.serializers import NewPersonParams, RegisteredJson, RegistrationRefused
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import Errors, FieldErrors, Nothing, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.actions.administrators import LastAdministrator
from permissions.policy import may, permitted, require

_REFUSES = {400: RegistrationRefused, 403: Nothing, 429: Errors}
LAST_ADMINISTRATOR = "The last Account Admin who can sign in must stay."


class PeopleParams(TypedDict, total=False):
    search_term: str
    enrollment_type: Literal["student", "teacher", "ta", "observer", "designer"]
    role_filter_id: int
    sort: str
    order: str
    include: list[str]
    include_deleted_users: bool


class UsersOfAccount(APIView):
    permission_classes = (AllowAny,)

    @described(Paged[ListedUserJson], takes=PeopleParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The people of an account."""
        if request.actor.person is None:
            raise NotAuthenticated
        account = get_account(request.actor, account_id)
        require(request.actor, SEE_PEOPLE_OF_ACCOUNT, account)
        params = params_of(request)
        include = params.texts("include")
        people = people_asked_for(request.actor, account, params)
        return page_of(
            request,
            told(people, request.actor),
            lambda page: [listed_json(user, include) for user in page],
            counted=False,
        )

    @described(RegisteredJson, takes=NewPersonParams, refuses=_REFUSES)
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Add a person, as who may, or oneself, as a visitor.

        With the type `observer` it is a registration with a pairing code, whoever asks.
        """
        get_account(request.actor, account_id)
        params = params_of(request)
        if params.group("user").text("initial_enrollment_type") == "observer":
            return register_over_rest(request, params)
        if request.actor.person and may(request.actor, ADD_PERSON, request.actor.root_account):
            return _added(request, params)
        return register_without_student(request, params)


class SelfRegistration(APIView):
    permission_classes = (AllowAny,)

    @described(RegisteredJson, takes=NewPersonParams, refuses=_REFUSES)
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """The same as a visitor's POST to the people of the account; kept for old clients."""
        get_account(request.actor, account_id)
        params = params_of(request)
        if params.group("user").text("initial_enrollment_type") == "observer":
            return register_over_rest(request, params)
        return register_without_student(request, params)


@transaction.atomic
def _added(request: ApiRequest, params: Params) -> Response:
    """The person and the mail to them, or neither: who acts as somebody may not send it."""
    try:
        user = add_person(actor=request.actor, **new_person(params))
    except ValidationError as error:
        raise creation_refused(faults(error)) from error
    pseudonym = params.group("pseudonym")
    wants_mail = pseudonym.boolean("send_confirmation") or pseudonym.boolean(
        "force_self_registration"
    )
    if wants_mail and user.email and not user.has_usable_password():
        link = link_to_choose_password(request._request, user)
        mail_first_sign_in(actor=request.actor, user=user, link=link)
    body = cast(RegisteredJson, user_json(_as_told(request, user), ["uuid"]))
    body["locale"] = user.locale or None
    return Response(body)


def _as_told(request: ApiRequest, user: User) -> User:
    """The user as they are now, with what the caller may be told of them."""
    found: User = told(User.objects.filter(pk=user.pk), request.actor).get()
    return found


class OneUserOfAccount(APIView):
    @described(DeletedUserJson)
    def delete(self, request: ApiRequest, account_id: str, user_id: str) -> Response:
        """Delete a person, who is of the account, with all that they are in."""
        account = get_account(request.actor, account_id)
        user = require_user(request.actor, DELETE_PERSON, user_id)
        if not people_of(account).filter(pk=user.pk).exists():
            raise Http404
        body = user_json(_as_told(request, user))
        try:
            delete_person(actor=request.actor, person=user)
        except LastAdministrator as error:
            raise refusal(400, LAST_ADMINISTRATOR) from error
        answer: DeletedUserJson = {**body, "user": body, "status": "deleted"}
        return Response(answer)


class UserParams(TypedDict, total=False):
    include: list[str]


class OneUser(APIView):
    @described(UserDetailsJson, takes=UserParams)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person; whoever may not see them gets 404, as for nobody."""
        people = told(permitted(request.actor, SEE_PERSON), request.actor)
        user = get_user(request.actor, user_id, among=people)
        return Response(user_details_json(user, params_of(request).texts("include")))

    @described(ChangedUserJson, takes=ChangedUserParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, user_id: str) -> Response:
        """Change a person. Each field needs its own right; one that is refused refuses all."""
        given = params_of(request).group("user")
        only_suspends = set(given) == {"event"}
        user = require_user(request.actor, SUSPEND if only_suspends else EDIT_DETAILS, user_id)
        if not given:
            raise refusal(400, "user is missing")
        fields, suspended = person_changes(given)
        try:
            change_person(
                actor=request.actor,
                person=user,
                fields=fields,
                suspended=suspended,
                accepts_terms=given.boolean("terms_of_use") or False,
            )
        except ValidationError as error:
            raise change_refused(error) from error
        except LastAdministrator as error:
            raise refusal(400, LAST_ADMINISTRATOR) from error
        return Response(changed_json(_as_told(request, user)))


class Sessions(APIView):
    @described(str)
    def delete(self, request: ApiRequest, user_id: str) -> Response:
        """Sign a person out everywhere: browsers, applications, and all of their access tokens."""
        user = require_user(request.actor, SIGN_OUT, user_id)
        sign_out_everywhere(actor=request.actor, person=user, tokens=True)
        return Response("ok")


class Profile(APIView):
    @described(ProfileJson)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """What of a person others see, and a little more for themself."""
        people = told(permitted(request.actor, SEE_PERSON), request.actor)
        user = get_user(request.actor, user_id, among=people)
        user.root_account = request.actor.root_account
        return Response(profile_json(user, own=user == request.actor.person))


class Preferences(APIView):
    @described(PreferencesJson)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A person's switches for clients' looks: kept for the clients, and nothing else here."""
        return _preferences(require_user(request.actor, EDIT_DETAILS, user_id))

    @described(PreferencesJson, takes=PreferencesParams)
    def put(self, request: ApiRequest, user_id: str) -> Response:
        """Set some of them; the others stay."""
        user = require_user(request.actor, EDIT_DETAILS, user_id)
        given = read_preferences(params_of(request))
        set_preferences(actor=request.actor, user=user, given=given)
        return _preferences(user)


def _preferences(user: User) -> Response:
    return Response(preferences_json(user))
