"""REST: pairing codes, observees and observers, registration (contract §2, §3, §6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.authentication import ApiRequest, token_in_header
from accounts.confirming import link_to_confirm
from accounts.disclosure import told
from accounts.ids import (
    find_account,
    get_account,
    get_user,
    heard_of,
    id_condition,
    require_user,
    users_named,
)
from accounts.models import User
from accounts.rules import SEE_PEOPLE_OF_ACCOUNT, SEE_PERSON
from accounts.signin import link_to_choose_password
from courses.ids import get_course
from courses.rules import SEE_COURSE_PEOPLE, SEE_SIS_IDS_OF_ACCOUNT, SEE_SIS_IN_COURSE
from pairing.actions import (
    CodeRefused,
    LoginTaken,
    NotLive,
    OwnCode,
    Redemption,
    RegistrationClosed,
    issue_code,
    link,
    link_by_proof,
    redeem_code,
    register_observer,
    register_person,
    revoke_code,
    student_of_code,
    unlink,
)
from pairing.exports import Scope, export_codes, of_account, of_course
from pairing.guesses import TooManyGuesses
from pairing.models import ObservationLink, PairingCode, PairingCodeQuerySet
from pairing.proofs import (
    RETRY_AFTER_SECONDS,
    TooManyFailures,
    UnknownObservee,
    WrongPassword,
    may_try_to_register,
    student_by_password,
    student_by_token,
)
from pairing.reasons import reason_for, reason_for_all
from pairing.rules import ISSUE_OVER_REST, MANAGE_OBSERVERS, REDEEM, SEE_CODE, SEE_LINKS_OF, UNLINK
from pairing.serializers import (
    CodeJson,
    DeniedCode,
    ExportJson,
    IssuedCodeJson,
    LinkedUserJson,
    RegisteredJson,
    code_json,
    export_json,
    issued_code_json,
    linked_json,
    password_refused,
    read_registration,
    registered_json,
    registration_refused,
)
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import (
    Errors,
    FieldErrors,
    Refusal,
    invalid,
    refusal,
    too_many,
)
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.policy import Denied, Rule, may, permitted, require

# --- Codes ---


class PairingCodes(APIView):
    @described(Paged[CodeJson])
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """A student's live codes, as far as the caller may see them."""
        codes = _live_codes(request.actor, user_id).order_by("created_at", "pk")
        seen = users_named(request.actor, user_id, among=permitted(request.actor, SEE_PERSON))
        # Whoever made a code may revoke it still, though they see the student no longer.
        if not seen.exists() and not codes.exists():
            raise Http404
        return page_of(request, codes, lambda page: map(code_json, page))

    @described(IssuedCodeJson, refuses={403: DeniedCode})
    def post(self, request: ApiRequest, user_id: str) -> Response:
        """Make a code for a student."""
        actor = request.actor
        student = heard_of(actor, user_id, also=ISSUE_OVER_REST)
        try:
            issued = issue_code(
                actor=actor,
                action=ISSUE_OVER_REST,
                target=student,
                surface=PairingCode.Surface.REST,
            )
        except Denied as denied:
            denied.reason = reason_for(actor, student)
            if denied.reason is None:
                raise Http404 from denied
            if path := denied.reason["explain_url"]:
                denied.reason["explain_url"] = request.build_absolute_uri(path)
            raise
        return Response(issued_code_json(issued))


class OnePairingCode(APIView):
    @described(CodeJson)
    def delete(self, request: ApiRequest, user_id: str, code_id: str) -> Response:
        """Revoke a live code; one that the caller may not see, or that has ended, is 404."""
        condition = id_condition(code_id, {})
        codes = _live_codes(request.actor, user_id)
        code = codes.filter(condition).first() if condition else None
        if code is None:
            raise Http404
        try:
            revoke_code(actor=request.actor, code=code)
        except NotLive as error:
            raise Http404 from error
        return Response(code_json(code) | {"workflow_state": "deleted"})


def _live_codes(actor: Actor, user_id: str) -> QuerySet[PairingCode]:
    """A student's that the actor may see, be the student there or not."""
    codes: PairingCodeQuerySet = permitted(actor, SEE_CODE)
    return codes.live().filter(student__in=users_named(actor, user_id)).select_related("issued_by")


class CodesOfCourse(APIView):
    @described(ExportJson, refuses={403: DeniedCode})
    def post(self, request: ApiRequest, course_id: str) -> Response:
        """Make a code for each student of a course.

        Students whose place in the course does not count get none, and are counted.
        """
        scope = of_course(get_course(request.actor, course_id))
        return _exported(request.actor, scope, SEE_COURSE_PEOPLE, SEE_SIS_IN_COURSE)


class CodesOfAccount(APIView):
    @described(ExportJson, refuses={403: DeniedCode})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Make a code for each student of an account and all below it.

        The permissions are judged again in the courses of each student; who has none in which they
        suffice gets no code, and is counted.
        """
        scope = of_account(get_account(request.actor, account_id))
        return _exported(request.actor, scope, SEE_PEOPLE_OF_ACCOUNT, SEE_SIS_IDS_OF_ACCOUNT)


def _exported(actor: Actor, scope: Scope, names: Rule, sis_ids: Rule) -> Response:
    try:
        export = export_codes(actor=actor, scope=scope)
    except Denied as denied:
        denied.reason = reason_for_all(actor, scope)
        raise
    place = scope.place
    shown = {
        "with_names": may(actor, names, place),
        "with_sis_ids": may(actor, sis_ids, place),
    }
    return Response(export_json(export, **shown))


# --- Links ---


class IncludeParams(TypedDict, total=False):
    include: list[str]


class RootAccountParams(TypedDict, total=False):
    root_account_id: str


class Login(TypedDict, total=False):
    unique_id: str
    password: str


class ProofParams(RootAccountParams, total=False):
    access_token: str
    pairing_code: str
    observee: Login


class Observees(APIView):
    @described(Paged[LinkedUserJson], takes=IncludeParams)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """Whom a person observes."""
        observer = require_user(request.actor, SEE_LINKS_OF, user_id)
        return _listed(request, _students_of(observer))

    @described(
        LinkedUserJson,
        takes=ProofParams,
        refuses={401: Errors, 422: Errors | FieldErrors, 429: Errors},
    )
    def post(self, request: ApiRequest, user_id: str) -> Response:
        """Link an observer to a student by proof: the student's token, a code, or their login."""
        actor, params = request.actor, params_of(request)
        observer = heard_of(actor, user_id)
        _require_own_root(actor, params)
        with _wire_refusals():
            student = _linked(request, observer, params).student
        # Who links themself gets the names; managers are told more, for one statement more.
        if observer != actor.person:
            student = told(User.objects.filter(pk=student.pk), actor).get()
        return Response(linked_json(student, [actor.root_account.pk]))


class OneObservee(APIView):
    @described(LinkedUserJson)
    def get(self, request: ApiRequest, user_id: str, observee_id: str) -> Response:
        """One link, seen from the observer."""
        observer = require_user(request.actor, SEE_LINKS_OF, user_id)
        return _shown(request, _students_of(observer), observee_id)

    @described(LinkedUserJson, takes=RootAccountParams, refuses={422: FieldErrors})
    def put(self, request: ApiRequest, user_id: str, observee_id: str) -> Response:
        """Link by hand, or restore the link; again is the same."""
        actor = request.actor
        observer = require_user(actor, MANAGE_OBSERVERS, user_id)
        student = require_user(actor, MANAGE_OBSERVERS, observee_id)
        _require_own_root(actor, params_of(request))
        with _wire_refusals():
            link(actor=actor, observer=observer, student=student)
        return _shown(request, _students_of(observer), observee_id)

    @described(LinkedUserJson, takes=RootAccountParams)
    def delete(self, request: ApiRequest, user_id: str, observee_id: str) -> Response:
        """End the link; the answer is the student, who is linked in no root account any more."""
        actor = request.actor
        _require_own_root(actor, params_of(request))
        observers, students = users_named(actor, user_id), users_named(actor, observee_id)
        named = ObservationLink.objects.active().filter(
            observer__in=observers, student__in=students
        )
        there = (named & permitted(actor, UNLINK)).select_related("observer", "student").first()
        if there is None:
            # Nobody learns by trying, not from the time either, who is there and who is linked.
            for text in (user_id, observee_id):
                heard_of(actor, text)
            require_user(actor, SEE_LINKS_OF, user_id)
            raise Denied(UNLINK) if named.exists() else Http404
        try:
            unlink(actor=actor, link=there)
        except NotLive as error:
            raise Http404 from error
        student = told(User.objects.filter(pk=there.student_id), actor).get()
        return Response(linked_json(student, []))


class Observers(APIView):
    @described(Paged[LinkedUserJson], takes=IncludeParams)
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """Who observes a student."""
        return _listed(request, _observers_of(require_user(request.actor, SEE_LINKS_OF, user_id)))


class OneObserver(APIView):
    @described(LinkedUserJson)
    def get(self, request: ApiRequest, user_id: str, observer_id: str) -> Response:
        """One link, seen from the student."""
        student = require_user(request.actor, SEE_LINKS_OF, user_id)
        return _shown(request, _observers_of(student), observer_id)


def _students_of(observer: User) -> QuerySet[User]:
    users: QuerySet[User] = User.objects.existing()
    active = ObservationLink.State.ACTIVE
    return users.filter(observer_links__observer=observer, observer_links__state=active)


def _observers_of(student: User) -> QuerySet[User]:
    users: QuerySet[User] = User.objects.existing()
    active = ObservationLink.State.ACTIVE
    return users.filter(observee_links__student=student, observee_links__state=active)


def _listed(request: ApiRequest, users: QuerySet[User]) -> Response:
    roots = [request.actor.root_account.pk]
    include = params_of(request).texts("include")
    ordered = told(users, request.actor).order_by("sortable_name", "pk")
    return page_of(
        request, ordered, lambda page: [linked_json(user, roots, include) for user in page]
    )


def _shown(request: ApiRequest, users: QuerySet[User], user_id: str) -> Response:
    user = get_user(request.actor, user_id, among=told(users, request.actor))
    return Response(linked_json(user, [request.actor.root_account.pk]))


def _require_own_root(actor: Actor, params: Params) -> None:
    """`root_account_id` is accepted when it is this one, or `all`: a user is of one only."""
    text = params.text("root_account_id")
    if text and text != "all" and find_account(actor, text) != actor.root_account:
        raise Http404


# --- Linking by proof ---


def _linked(request: ApiRequest, observer: User, params: Params) -> Redemption:
    """By the first kind of proof that is given: the student's token, a code, login and password.

    A token counts as proof only if the caller's own came in the header.
    """
    actor = request.actor
    token = params.text("access_token")
    if token and token_in_header(request):
        require(actor, REDEEM, observer)
        student = student_by_token(request._request, actor.root_account, actor.real, token)
        return link_by_proof(actor=actor, observer=observer, student=student, how="access token")
    if "pairing_code" in params:
        return redeem_code(actor=actor, observer=observer, text=params.text("pairing_code") or "")
    proof = params.group("observee")
    if not proof:
        raise refusal(400, "observee is missing")
    require(actor, REDEEM, observer)
    student = student_by_password(
        request._request,
        actor.root_account,
        proof.text("unique_id") or "",
        proof.secret("password") or "",
    )
    return link_by_proof(actor=actor, observer=observer, student=student, how="login")


@contextmanager
def _wire_refusals() -> Iterator[None]:
    """What stands against a link, in the contract's words (§3.3)."""
    try:
        yield
    except CodeRefused as error:
        raise refusal(422, "Invalid pairing code.") from error
    except OwnCode as error:
        raise invalid(422, observer_id=("invalid", "Cannot observe yourself")) from error
    except UnknownObservee as error:
        raise refusal(422, "Unknown observee.") from error
    except WrongPassword as error:
        raise refusal(401, "Invalid credentials provided.") from error
    except TooManyFailures as error:
        message = "There were too many wrong tries. Wait five minutes, then try again."
        raise too_many(message, RETRY_AFTER_SECONDS) from error
    except TooManyGuesses as error:
        raise too_many(str(error), error.retry_after) from error


# --- Registering as an observer ---


def register_over_rest(request: ApiRequest, params: Params) -> Response:
    """A visitor becomes an observer: what the apps for parents send before any sign-in."""
    with _wire_registration_refusals():
        return Response(_registered(request, params))


def register_without_student(request: ApiRequest, params: Params) -> Response:
    """A visitor makes an account while everyone may; they choose a password by mail."""
    actor = request.actor
    settings = actor.root_account.settings
    if settings.self_registration != settings.SelfRegistration.ALL:
        raise Refusal(403, {})
    given = read_registration(params, terms_required=bool(settings.terms))
    _limit_tries(request, given.login_id)
    with _wire_registration_refusals():
        made = register_person(
            actor=actor,
            login_id=given.login_id,
            fields=given.fields,
            link_for=lambda user: link_to_choose_password(request._request, user),
        )
    return Response(registered_json(made, given))


def _limit_tries(request: ApiRequest, what: str) -> None:
    if not may_try_to_register(request._request, what):
        raise too_many("There were too many tries. Wait an hour, then try again.", 3600)


def _registered(request: ApiRequest, params: Params) -> RegisteredJson:
    """The code first: with one that is not live nothing else is told."""
    actor = request.actor
    code = params.group("pairing_code").text("code") or ""
    student_of_code(actor=actor, text=code)
    _limit_tries(request, code)
    given = read_registration(params, terms_required=bool(actor.root_account.settings.terms))
    done = register_observer(
        actor=actor,
        text=code,
        login_id=given.login_id,
        password=given.password,
        fields=given.fields,
        link_for=lambda user: _link_to_come_in(request, user),
    )
    return registered_json(done.observer, given)


def _link_to_come_in(request: ApiRequest, user: User) -> str:
    """Who gave no password chooses one, which confirms the address as well."""
    make_link = link_to_confirm if user.has_usable_password() else link_to_choose_password
    return make_link(request._request, user)


@contextmanager
def _wire_registration_refusals() -> Iterator[None]:
    """What stands against a registration, in the contract's words (§1.5, §6.3)."""
    try:
        yield
    except RegistrationClosed as error:
        raise Refusal(403, {}) from error
    except CodeRefused as error:
        raise registration_refused(pairing_code={"code": ("invalid", "invalid")}) from error
    except LoginTaken as error:
        taken = "ID already in use for this account and authentication provider"
        raise registration_refused(pseudonym={"unique_id": ("taken", taken)}) from error
    except ValidationError as error:
        raise password_refused(error) from error
    except TooManyGuesses as error:
        raise too_many(str(error), error.retry_after) from error
