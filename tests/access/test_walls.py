"""Tenants are walls: an id of another tenant names nothing, wherever somebody puts it.

Southfield gets a twin of whatever Northfield has. Every route is walked with the twins' ids by
everyone; then every parameter of the API, field of a page and name that a view reads which holds
an id. What comes must be what comes for an id that nobody has.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, get_args, get_origin, is_typeddict
from urllib.parse import quote

import pytest
from django import forms
from django.conf import settings
from django.db import transaction
from django.template.backends.django import Template
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone

from accounts.confirming import link_to_confirm
from accounts.models import Account, Session, User
from accounts.tokens import digest_of, make_token
from courses.models import Course
from oauth.models import AuthorizationCode, DeveloperKey, Integration, SessionToken
from pairing.codes import digest_of as code_digest
from pairing.codes import new_code
from pairing.models import ObservationLink, PairingCode
from pairing_service.http.described import description_of
from pairing_service.http.params import Everywhere
from pairing_service.http.shapes import hints_of
from permissions.models import Role
from sis.models import SisImport
from tests.access.test_routes import METHODS, TABLE, filled, ids_of, patterns
from tests.access.test_rules import PEOPLE
from tests.cast import (
    PASSWORD,
    Cast,
    enrol,
    make_account,
    make_account_role,
    make_admin,
    make_course,
    make_user,
)
from tests.effort import some_of, walkers

# Whoever may do less is refused before ids are looked at, mostly.
WALKERS = walkers(PEOPLE, ("root_admin", "anonymous"))
OURS, THEIRS = "testserver", "southfield.localhost"
# In addresses, but no ids of anything: what is done, and which permission.
NO_IDS = {"step", "context_type", "permission", "key", "provider_id", "uidb36"}
NOBODYS = 10**9 + 7
APPS = ("accounts", "audit", "courses", "pairing", "oauth", "permissions", "sis")
Ids = dict[str, int | str]


def twin_of(cast: Cast) -> Cast:
    """The same people and places in Southfield; its administrator is the stranger."""
    root = Account.objects.select_related("settings").get(pk=cast.stranger.root_account_id)
    twin = deepcopy(cast)
    twin.root, twin.root_admin = root, cast.stranger
    twin.roles = {role.base_role: role for role in Role.objects.filter(root_account=root)}
    twin.accounts.high = make_account(root, "High")
    twin.accounts.science = make_account(twin.accounts.high, "Science")
    twin.courses.biology = make_course(twin.accounts.science, "Biology")
    for name in ("sub_admin", "teacher", "student", "observer"):
        setattr(twin, name, make_user(root, getattr(cast, name).name))
    make_admin(twin, twin.sub_admin, twin.accounts.high)
    enrol(twin, twin.student, twin.courses.biology, "StudentEnrollment")
    enrol(twin, twin.teacher, twin.courses.biology, "TeacherEnrollment")
    return twin


class Walker:
    """Anyone, in their own tenant; what they do there is rolled back."""

    def __init__(self, cast: Cast, signed_in: Callable[..., Any], rest: Callable[..., Any]) -> None:
        self._cast, self._signed_in, self._rest = cast, signed_in, rest
        self.ours, self.theirs = cast, twin_of(cast)
        self._ids = [_ids(self.ours), _ids(self.theirs)]
        self._known: dict[tuple[str, bool], tuple[Any, Any]] = {}
        self.draws = False

    def ids(self, person: str) -> tuple[Ids, Ids]:
        """Of the person's own tenant, and of the other."""
        own, foreign = self._ids if person != "stranger" else reversed(self._ids)
        return own, foreign

    def values(self, person: str) -> tuple[Ids, Ids]:
        """The same, with what else parameters hold."""
        ids = [
            _values(self.ours, self._ids[0], "ours"),
            _values(self.theirs, self._ids[1], "theirs"),
        ]
        own, foreign = ids if person != "stranger" else reversed(ids)
        return own, foreign

    def ask(
        self, person: str, method: str, path: str, data: dict[str, Any] | None = None
    ) -> tuple[int, str]:
        """Status and body; a redirect's body is where it leads."""
        client = self.client(person, is_api=path.startswith(("/api/", "/login/oauth2/token")))
        host = THEIRS if person == "stranger" else OURS
        with transaction.atomic():
            response = getattr(client, method.lower())(path, data or {}, HTTP_HOST=host)
            transaction.set_rollback(True)
        return response.status_code, response.headers.get("Location") or b"".join(response).decode()

    def client(self, person: str, *, is_api: bool) -> Any:
        if (person, is_api) not in self._known:
            user = getattr(self._cast, person, None)
            client = (self._rest if is_api else self._signed_in)(user)
            self._known[person, is_api] = client, client.cookies
        client, cookies = self._known[person, is_api]
        client.cookies = deepcopy(cookies)
        return client


def _ids(cast: Cast) -> Ids:
    later = timezone.now() + timedelta(days=1)
    session = Session.objects.create(
        session_key=token_hex(32), user=cast.student, seen_at=timezone.now(), expire_date=later
    )
    newcomer = make_user(cast.root, "Noor New", email="noor@home.example", state="unproven")
    link = link_to_confirm(RequestFactory().get("/"), newcomer)
    return ids_of(cast) | {
        "import_id": SisImport.objects.create(root_account=cast.root).pk,
        "session_id": session.pk,
        "text": link.rpartition("/")[2],
    }


@pytest.fixture
def walker(
    cast: Cast,
    signed_in: Callable[..., Any],
    rest: Callable[..., Any],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Walker:
    """Most pages are not drawn: that is most of their time, and mostly their status tells."""
    settings.RATE_LIMITS = False
    walker = Walker(cast, signed_in, rest)
    draw = Template.render

    def render(*args: Any, **named: Any) -> str:
        return draw(*args, **named) if walker.draws else ""

    monkeypatch.setattr(Template, "render", render)
    return walker


# --- Addresses ---


def _named(route: str) -> list[str]:
    """The ids in a route."""
    return [name for name in re.findall(r"<\w+:(\w+)>", route) if name not in NO_IDS]


WITH_IDS = [line.split()[:2] for line in TABLE if _named(line.split()[1])]


def test_every_id_in_an_address_has_one_of_the_other_tenant(walker: Walker) -> None:
    own, foreign = walker.ids("student")
    names = {name for route, _ in patterns(get_resolver()) for name in _named(route)}
    assert names - own.keys() == set()
    assert {name for name in names if own[name] == foreign[name]} == set()


GOT = {tuple(line.split()[:2]): line.split()[2:] for line in TABLE}


def gets_in(person: str, method: str, route: str) -> bool:
    """Whether the table of routes lets them in, with ids of their own tenant; else it is refused
    before anything else that was sent is looked at."""
    if person in ("anonymous", "deactivated_admin"):
        return False
    person = "root_admin" if person == "stranger" else person
    got = GOT[method, route][PEOPLE.index(person)]
    return got not in ("401", "403", "404")


@pytest.mark.parametrize("person", WALKERS)
def test_no_address_leads_into_another_tenant(walker: Walker, person: str) -> None:
    own, foreign = walker.ids(person)
    shut_out = person in ("anonymous", "deactivated_admin")
    wrong = []
    for method, route in some_of(WITH_IDS, 0) if person == "root_admin" else WITH_IDS:
        names = _named(route)
        cases = [names] + ([[name] for name in names] if len(names) > 1 else [])
        for case in cases if gets_in(person, method, route) else cases[:1]:
            path = filled(route, own | {name: foreign[name] for name in case})
            told = walker.ask(person, method, path)
            if told[0] in (404, 405) or (shut_out and told[0] in (302, 401)):
                continue
            path = filled(route, own | dict.fromkeys(case, NOBODYS))
            if told[0] < 300 or told != walker.ask(person, method, path):
                wrong.append(f"{method} {route} with a foreign {', '.join(case)}: {told}")
    assert wrong == [], "\n".join(wrong)


# How clients write ids in addresses of the API, beside numbers (contract §1.9).
FORMS = {
    "user_id": ("sis_user_id:s-{}", "sis_login_id:l-{}@school.example", "sis_integration_id:i-{}",
                "hex:sis_user_id:{hex}", "uuid:{user}", "lti_user_id:{user}"),
    "account_id": ("sis_account_id:a-{}", "sis_integration_id:i-{}", "uuid:{account}",
                   "lti_context_id:{account}"),
    "course_id": ("sis_course_id:c-{}", "sis_integration_id:i-{}", "uuid:{course}",
                  "lti_context_id:{course}"),
}  # fmt: skip
LOOKED_UP_ALIKE = {
    "observee_id": "user_id", "observer_id": "user_id", "sub_account_id": "account_id",
}  # fmt: skip


def _give_sis_ids(cast: Cast, mark: str) -> dict[str, str]:
    """Everyone and everything of the tenant that FORMS names; what to fill in there."""
    User.objects.filter(pk=cast.student.pk).update(
        sis_id=f"s-{mark}",
        integration_id=f"i-{mark}",
        login_id=f"l-{mark}@school.example",
        login_key=f"l-{mark}@school.example",
    )
    cast.student.logins.update(
        login_id=f"l-{mark}@school.example", login_key=f"l-{mark}@school.example"
    )
    fields = {"integration_id": f"i-{mark}"}
    Account.objects.filter(pk=cast.accounts.high.pk).update(sis_id=f"a-{mark}", **fields)
    Account.objects.filter(pk=cast.accounts.science.pk).update(sis_id=f"b-{mark}")
    Course.objects.filter(pk=cast.courses.biology.pk).update(sis_id=f"c-{mark}", **fields)
    cast.courses.biology.sections.update(sis_id=f"x-{mark}", **fields)
    return {
        "hex": f"s-{mark}".encode().hex(), "user": str(cast.student.uuid),
        "account": str(cast.accounts.high.uuid), "course": str(cast.courses.biology.uuid),
    }  # fmt: skip


def test_no_form_of_an_id_reaches_into_another_tenant(walker: Walker) -> None:
    own, _ = walker.ids("root_admin")
    ours, theirs = _give_sis_ids(walker.ours, "ours"), _give_sis_ids(walker.theirs, "theirs")
    wrong, unseen = [], {form for forms in FORMS.values() for form in forms}
    routes = [route for method, route in WITH_IDS if method == "GET" and route.startswith("api/")]
    for route in some_of(routes, 1):
        for name in _named(route):
            for form in FORMS.get(LOOKED_UP_ALIKE.get(name, name), ()):
                path = filled(route, own | {name: form.format("theirs", **theirs)})
                if walker.ask("root_admin", "GET", path)[0] != 404:
                    wrong.append(path)
                path = filled(route, own | {name: form.format("ours", **ours)})
                if form in unseen and walker.ask("root_admin", "GET", path)[0] == 200:
                    unseen.remove(form)
    assert (wrong, unseen) == ([], set())


# --- Parameters of the API, fields of pages, and what views read by hand ---

# METHOD route, the parameter as forms name it, what it holds, what an administrator of the root
# account gets for their own tenant's and for the other's; then what else is sent. `by=` somebody
# else, `@id=other`: another of the ids in the address; `alike=`: one's own are not told from any.
PARAMETERS = """
GET    api/v1/users/<str:user_id>/profile                     as_user_id                  user_id      200 401
GET    api/v1/audit/events                                    account_id                  account_id   200 404
GET    api/v1/audit/events                                    user_id                     user_id      200 404
GET    api/v1/accounts/<str:account_id>/users                 role_filter_id              role_id      200 200
POST   api/v1/accounts/<str:account_id>/users                 pseudonym[sis_user_id]      sis          400 200 pseudonym[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/users                 pseudonym[integration_id]   integration  200 200 pseudonym[unique_id]=new @account_id=root_id alike=1
POST   api/v1/accounts/<str:account_id>/users                 pseudonym[authentication_provider_id] root_id 200 200 pseudonym[unique_id]=new @account_id=root_id alike=1
POST   api/v1/accounts/<str:account_id>/users                 pseudonym[unique_id]        login        400 200 @account_id=root_id
POST   api/v1/accounts/<str:account_id>/users                 pseudonym[unique_id]        login        400 200 by=anonymous pairing_code[code]={code} pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id
POST   api/v1/accounts/<str:account_id>/users                 pairing_code[code]          code         200 400 by=anonymous pseudonym[unique_id]=j@new.example pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id
POST   api/v1/accounts/<str:account_id>/self_registration     pairing_code[code]          code         200 400 by=anonymous pseudonym[unique_id]=j@new.example pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id
POST   api/v1/accounts/<str:account_id>/self_registration     pseudonym[unique_id]        login        400 200 by=anonymous pairing_code[code]={code} pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id
POST   api/v1/accounts/<str:account_id>/self_registration     pseudonym[sis_user_id]      sis          200 200 by=anonymous pairing_code[code]={code} pseudonym[unique_id]=j@new.example pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id alike=1
POST   api/v1/accounts/<str:account_id>/self_registration     pseudonym[integration_id]   integration  200 200 by=anonymous pairing_code[code]={code} pseudonym[unique_id]=j@new.example pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id alike=1
POST   api/v1/accounts/<str:account_id>/self_registration     pseudonym[authentication_provider_id] root_id 200 200 by=anonymous pairing_code[code]={code} pseudonym[unique_id]=j@new.example pseudonym[password]=correct-horse user[name]=J user[initial_enrollment_type]=observer @account_id=root_id alike=1
PUT    api/v1/accounts/<str:account_id>/logins/<str:login_id> login[unique_id]            login        400 200 @account_id=root_id @login_id=others_login_id
GET    api/v1/accounts/<str:account_id>/logins                user[id]                    user_id      200 404
POST   api/v1/accounts/<str:account_id>/logins                user[id]                    user_id      200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                user[existing_user_id]      user_id      200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                user[existing_sis_user_id]  sis          200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                user[existing_integration_id] integration 200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                existing_user_id            user_id      200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                existing_sis_user_id        sis          200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                existing_integration_id     integration  200 404 login[unique_id]=new @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                login[authentication_provider_id] root_id 200 400 login[unique_id]=new existing_user_id={user_id} @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                login[unique_id]            login        400 200 existing_user_id={user_id} @account_id=root_id
POST   api/v1/accounts/<str:account_id>/logins                login[sis_user_id]          sis          400 400 login[unique_id]=new existing_user_id={user_id} @account_id=root_id alike=1
POST   api/v1/accounts/<str:account_id>/logins                login[integration_id]       integration  400 400 login[unique_id]=new existing_user_id={user_id} @account_id=root_id alike=1
PUT    api/v1/accounts/<str:account_id>/logins/<str:login_id> login[sis_user_id]          sis          400 200 @account_id=root_id @login_id=others_login_id
PUT    api/v1/accounts/<str:account_id>/logins/<str:login_id> login[integration_id]       integration  200 200 @account_id=root_id @login_id=others_login_id alike=1
PUT    api/v1/accounts/<str:account_id>/logins/<str:login_id> login[authentication_provider_id] root_id 200 400 @account_id=root_id
PUT    api/v1/accounts/<str:account_id>                       account[sis_account_id]     account_sis  400 200 @account_id=sub_account_id
POST   api/v1/accounts/<str:account_id>/sub_accounts          account[sis_account_id]     account_sis  400 200 account[name]=New
GET    api/v1/accounts/<str:account_id>/admins                user_id[]                   admin_id     200 200
POST   api/v1/accounts/<str:account_id>/admins                user_id                     user_id      200 404
POST   api/v1/accounts/<str:account_id>/admins                role_id                     admin_role_id 200 404 user_id={user_id}
DELETE api/v1/accounts/<str:account_id>/admins/<str:user_id>  role_id                     admin_role_id 200 404 @user_id=admin_id
GET    api/v1/accounts/<str:account_id>/permissions/explain   actor                       user_id      200 404 permission=read_roster
GET    api/v1/accounts/<str:account_id>/permissions/explain   target                      user_id      200 404 actor={user_id} action=act_as
GET    api/v1/accounts/<str:account_id>/permissions/explain   context                     course_text  200 404 actor={user_id} permission=read_roster
GET    api/v1/accounts/<str:account_id>/permissions/explain   context                     account_text 200 404 actor={user_id} permission=read_roster
GET    api/v1/courses/<str:course_id>/permissions/explain     actor                       user_id      200 404 permission=read_roster
GET    api/v1/courses/<str:course_id>/permissions/explain     target                      user_id      200 404 actor={user_id} action=act_as
GET    api/v1/users/<str:user_id>/enrollments                 role_id[]                   student_role_id 200 200
POST   api/v1/users/<str:user_id>/observees                   root_account_id             root_id      200 404 pairing_code={code} @user_id=admin_id
POST   api/v1/users/<str:user_id>/observees                   access_token                token        200 422 @user_id=admin_id
POST   api/v1/users/<str:user_id>/observees                   pairing_code                code         200 422 @user_id=admin_id
POST   api/v1/users/<str:user_id>/observees                   observee[unique_id]         login        200 422 observee[password]=correct-horse-battery @user_id=admin_id
PUT    api/v1/users/<str:user_id>/observees/<str:observee_id> root_account_id             root_id      200 404 @user_id=admin_id
DELETE api/v1/users/<str:user_id>/observees/<str:observee_id> root_account_id             root_id      200 404 @user_id=observer_id
POST   login/oauth2/token                                     client_id                   client       200 400 by=anonymous client_secret=known code={grant}
POST   login/oauth2/token                                     code                        grant        200 400 by=anonymous client_secret=known client_id={client}
POST   login/oauth2/token                                     refresh_token               refresh      200 400 by=anonymous client_secret=known client_id={client} grant_type=refresh_token
GET    api/v1/mobile_verify.json                              domain                      host         200 200 alike=1
GET    api/v1/courses                                         enrollment_role_id          student_role_id 200 200 by=student
GET    api/v1/users/<str:user_id>/courses                     enrollment_role_id          student_role_id 200 200
POST   api/v1/accounts/<str:account_id>/courses               course[sis_course_id]       course_sis   400 200 course[name]=New
POST   api/v1/accounts/<str:account_id>/courses               course[integration_id]      integration  200 200 course[name]=New alike=1
PUT    api/v1/courses/<str:course_id>                         course[account_id]          account_id   200 400
PUT    api/v1/courses/<str:course_id>                         course[sis_course_id]       course_sis   400 200 @course_id=other_course_id
PUT    api/v1/courses/<str:course_id>                         course[integration_id]      integration  200 200 alike=1
GET    api/v1/courses/<str:course_id>/enrollments             role_id[]                   student_role_id 200 200
GET    api/v1/courses/<str:course_id>/enrollments             user_id                     user_id      200 200
GET    api/v1/courses/<str:course_id>/enrollments             sis_account_id[]            courses_account_sis 200 200
GET    api/v1/courses/<str:course_id>/enrollments             sis_course_id[]             course_sis   200 200
GET    api/v1/courses/<str:course_id>/enrollments             sis_section_id[]            section_sis  200 200
GET    api/v1/courses/<str:course_id>/enrollments             sis_user_id[]               sis          200 200
GET    api/v1/sections/<str:section_id>/enrollments           role_id[]                   student_role_id 200 200
GET    api/v1/sections/<str:section_id>/enrollments           user_id                     user_id      200 200
GET    api/v1/sections/<str:section_id>/enrollments           sis_account_id[]            courses_account_sis 200 200
GET    api/v1/sections/<str:section_id>/enrollments           sis_course_id[]             course_sis   200 200
GET    api/v1/sections/<str:section_id>/enrollments           sis_section_id[]            section_sis  200 200
GET    api/v1/sections/<str:section_id>/enrollments           sis_user_id[]               sis          200 200
GET    api/v1/users/<str:user_id>/enrollments                 sis_account_id[]            courses_account_sis 200 200
GET    api/v1/users/<str:user_id>/enrollments                 sis_course_id[]             course_sis   200 200
GET    api/v1/users/<str:user_id>/enrollments                 sis_section_id[]            section_sis  200 200
GET    api/v1/users/<str:user_id>/enrollments                 sis_user_id[]               sis          200 200
GET    api/v1/courses/<str:course_id>/search_users            enrollment_role_id          student_role_id 200 200
GET    api/v1/courses/<str:course_id>/search_users            user_ids[]                  user_id      200 200
GET    api/v1/courses/<str:course_id>/users                   enrollment_role_id          student_role_id 200 200
GET    api/v1/courses/<str:course_id>/users                   user_ids[]                  user_id      200 200
POST   api/v1/courses/<str:course_id>/enrollments             enrollment[user_id]         observer_id  200 404 enrollment[type]=StudentEnrollment
POST   api/v1/courses/<str:course_id>/enrollments             enrollment[role_id]         student_role_id 200 400 enrollment[user_id]={observer_id}
POST   api/v1/courses/<str:course_id>/enrollments             enrollment[course_section_id] section_id   200 404 enrollment[user_id]={observer_id} enrollment[type]=StudentEnrollment
POST   api/v1/courses/<str:course_id>/enrollments             enrollment[associated_user_id] user_id      200 404 enrollment[user_id]={observer_id} enrollment[type]=ObserverEnrollment
POST   api/v1/sections/<str:section_id>/enrollments           enrollment[user_id]         observer_id  200 404 enrollment[type]=StudentEnrollment
POST   api/v1/sections/<str:section_id>/enrollments           enrollment[role_id]         student_role_id 200 400 enrollment[user_id]={observer_id}
POST   api/v1/sections/<str:section_id>/enrollments           enrollment[course_section_id] section_id   200 200 enrollment[user_id]={observer_id} enrollment[type]=StudentEnrollment alike=1
POST   api/v1/sections/<str:section_id>/enrollments           enrollment[associated_user_id] user_id      200 404 enrollment[user_id]={observer_id} enrollment[type]=ObserverEnrollment
POST   api/v1/courses/<str:course_id>/sections                course_section[sis_section_id] section_sis  400 200 course_section[name]=New
POST   api/v1/courses/<str:course_id>/sections                course_section[integration_id] integration  200 200 course_section[name]=New alike=1
PUT    api/v1/sections/<str:section_id>                       course_section[sis_section_id] section_sis  400 200 @section_id=other_section_id
PUT    api/v1/sections/<str:section_id>                       course_section[integration_id] integration  200 200 alike=1
GET    login/oauth2/auth                                      client_id                   client       200 400 redirect_uri=app:/x response_type=code
GET    login/session                                          session_token               session      302 302 by=anonymous
GET    accounts/<int:account_id>/audit                        person                      user_id      200 200 alike=1
GET    accounts/<int:account_id>/audit/events.csv             person                      user_id      200 200 alike=1
GET    accounts/<int:account_id>/permissions                  role                        role_id      200 200
GET    accounts/<int:account_id>/permissions/roles/new        copy                        role_id      200 200
POST   accounts/<int:account_id>/permissions/roles/new        start                       copy_text    302 422 label=New confirmed=on
GET    accounts/<int:account_id>/permissions/explain          person                      user_id      200 422 what=permission:read_roster
GET    accounts/<int:account_id>/permissions/explain          target                      user_id      200 422 person={user_id} what=action:act_as
GET    accounts/<int:account_id>/permissions/explain          context                     course_text  200 422 person={user_id} what=permission:read_roster
GET    users/<int:user_id>                                    removed                     ended_id     200 200
POST   users/<int:user_id>/edit                               sis_id                      sis          422 302 name=A short_name=A sortable_name=A @user_id=observer_id
POST   users/<int:user_id>/logins                             login-login                 login        422 302
POST   users/<int:user_id>/observers                          observer-login              login        422 422
POST   users/<int:user_id>/students                           student-login               login        422 422
POST   accounts/<int:account_id>/users/new                    login_id                    login        422 302 name=New
POST   accounts/<int:account_id>/sub_accounts/new             parent                      sub_account_id 302 422 name=New
POST   accounts/<int:account_id>/sub_accounts/<int:sub_account_id> parent                 root_id      302 422 form=move
POST   accounts/<int:account_id>/admins/new                   person                      user_id      302 422 role={admin_role_id}
POST   accounts/<int:account_id>/admins/new                   role                        admin_role_id 302 422 person={user_id}
POST   accounts/<int:account_id>/admins/<int:membership_id>   role                        other_role_id 302 422
GET    courses/<int:course_id>/users                          role                        student_role_id 200 200
POST   courses/<int:course_id>/users/new                      people                      observer_id  302 422 role={student_role_id} section={section_id}
POST   courses/<int:course_id>/users/new                      role                        student_role_id 302 422 people={observer_id} section={section_id}
POST   courses/<int:course_id>/users/new                      section                     section_id   302 422 people={observer_id} role={student_role_id}
POST   profile/observees                                      code                        code         302 422
POST   register/observer/code                                 code                        code         302 422 by=anonymous
POST   login                                                  login                       login        302 200 by=anonymous password=correct-horse-battery
""".strip().splitlines()


@dataclass(frozen=True)
class Parameter:
    """One line of the table."""

    method: str
    route: str
    name: str
    holds: str
    own: int
    foreign: int
    by: str
    is_alike: bool
    swapped: dict[str, str]
    more: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.name}={self.holds}"

    def path(self, ids: Ids) -> str:
        return filled(self.route, ids | {name: ids[other] for name, other in self.swapped.items()})

    def sent(self, ids: Ids, value: int | str) -> dict[str, Any]:
        return {key: text.format(**ids) for key, text in self.more.items()} | {self.name: value}


def _read(line: str) -> Parameter:
    method, route, name, holds, own, foreign, *rest = line.split()
    more = dict(part.split("=", 1) for part in rest)
    swapped = {key[1:]: more.pop(key) for key in [*more] if key[0] == "@"}
    by, is_alike = more.pop("by", "root_admin"), bool(more.pop("alike", ""))
    return Parameter(
        method, route, name, holds, int(own), int(foreign), by, is_alike, swapped, more
    )


ROWS = [_read(line) for line in PARAMETERS]


def _values(cast: Cast, ids: Ids, mark: str) -> Ids:
    """What the parameters hold in one tenant; Ada's SIS ids and login end with `mark`."""
    _give_sis_ids(cast, mark)
    root, student = cast.root, cast.student
    ended = ObservationLink.objects.create(
        root_account=root, observer=cast.teacher, student=student, state="deleted"
    )
    other = make_course(cast.accounts.high, "Botany")
    code, grant, refresh, session = new_code(), f"pc~{mark}", f"pr~{mark}", f"pa~{mark}"
    later = timezone.now() + timedelta(days=1)
    PairingCode.objects.create(
        root_account=root, student=student, issued_by=student, surface="rest", hint=code[-2:],
        digest=code_digest(code), expires_at=later,
    )  # fmt: skip
    key = DeveloperKey.objects.get(pk=ids["key_id"])
    DeveloperKey.objects.filter(pk=key.pk).update(secret_digest=digest_of("known"))
    more = {"root_account": root, "user": student}
    Integration.objects.filter(key=key).update(refresh_digest=digest_of(refresh))
    AuthorizationCode.objects.create(
        key=key, digest=digest_of(grant), redirect_uri="app:/x", expires_at=later, **more
    )
    SessionToken.objects.create(
        digest=digest_of(session), made_with=digest_of(refresh), return_to="/", expires_at=later,
        **more,
    )  # fmt: skip
    return ids | {
        "root_id": root.pk,
        "admin_id": cast.sub_admin.pk,
        "admin_role_id": cast.roles["AccountAdmin"].pk,
        "other_role_id": make_account_role(cast, "Other").pk,
        "student_role_id": cast.roles["StudentEnrollment"].pk,
        "section_id": cast.courses.biology.sections.get().pk,
        "others_login_id": cast.observer.logins.get().pk,
        "ended_id": ended.pk,
        "other_course_id": other.pk,
        "other_section_id": other.sections.get().pk,
        "sis": f"s-{mark}",
        "integration": f"i-{mark}",
        "account_sis": f"a-{mark}",
        "courses_account_sis": f"b-{mark}",
        "course_sis": f"c-{mark}",
        "section_sis": f"x-{mark}",
        "login": f"l-{mark}@school.example",
        "course_text": f"course:{cast.courses.biology.pk}",
        "account_text": f"account:{cast.accounts.science.pk}",
        "copy_text": f"copy:{cast.roles['TeacherEnrollment'].pk}",
        "token": make_token(student, "proof")[1],
        "code": code,
        "client": key.client_id,
        "grant": grant,
        "refresh": refresh,
        "session": session,
        "host": THEIRS if mark == "theirs" else OURS,
    }


# What nobody has, in the forms of those that somebody has.
NOBODYS_TEXTS = {
    "sis": "s-nobody", "integration": "i-nobody", "account_sis": "a-nobody", "course_sis": "c-nobody", "courses_account_sis": "b-nobody", "section_sis": "x-nobody", "login": "l-nobody@school.example",
    "course_text": f"course:{NOBODYS}", "account_text": f"account:{NOBODYS}",
    "copy_text": f"copy:{NOBODYS}", "token": "ps~nobody", "code": "ZZZZZZZZZZ", "client": "nobody",
    "grant": "pc~nobody", "refresh": "pr~nobody", "session": "pa~nobody", "host": "no.localhost",
}  # fmt: skip


def _same(answer: tuple[int, str], value: int | str) -> tuple[int, str]:
    """The answer without what was asked for, numbers, and what is new each time."""
    status, body = answer
    body = re.sub(r"[A-Za-z0-9_~-]{24,}", "…", body)
    for text in (quote(value), value) if isinstance(value, str) else ():
        body = _plain(body).replace(_plain(text), "ID")
    return status, _plain(body)


def _plain(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def _rows_for(person: str) -> Iterator[Parameter]:
    """Those of doors that open to the person. Visitors have theirs, which are nobody else's."""
    for row in some_of(ROWS, 1) if person == "root_admin" else ROWS:
        if row.by == person or ("anonymous" not in (row.by, person)
                                and gets_in(person, row.method, row.route)):  # fmt: skip
            yield row


@pytest.mark.parametrize("person", [one for one in WALKERS if one != "deactivated_admin"])
def test_no_parameter_reaches_into_another_tenant(walker: Walker, person: str) -> None:
    own, foreign = walker.values(person)

    def told(row: Parameter, value: int | str) -> tuple[int, str]:
        return _same(walker.ask(person, row.method, row.path(own), row.sent(own, value)), value)

    wrong = []
    for row in _rows_for(person):
        walker.draws = row.by == person and row.own == row.foreign
        got = told(row, foreign[row.holds])
        nobodys = told(row, NOBODYS_TEXTS.get(row.holds, NOBODYS))
        if got != nobodys:
            wrong.append(f"{row}: {got} is not what nobody's gets: {nobodys}")
        if row.by == person:
            owns = told(row, own[row.holds])
            if (owns[0], got[0]) != (row.own, row.foreign):
                wrong.append(f"{row}: {owns[0]} {got[0]}")
            if (owns == nobodys) != row.is_alike:
                wrong.append(f"{row}: even one's own is not found: {owns}")
    assert wrong == [], "\n".join(wrong)


# --- Nothing is left out ---

# What holds an id, though its name does not say so.
IDS_BY_OTHER_NAMES = {
    "access_token", "actor", "code", "context", "domain", "pairing_code", "pairing_code[code]",
    "refresh_token", "target",
}  # fmt: skip


def _is_an_id(name: str) -> bool:
    return name in IDS_BY_OTHER_NAMES or bool(re.search(r"(^|_|\[)ids?\]?(\[\])?$", name))


def _flat(shape: Any, above: str = "") -> Iterator[str]:
    """The parameters of a TypedDict as forms name them; of groups of any name those within."""
    for key, hint in hints_of(shape).items():
        name = f"{above}[{key}]" if above else key
        within = get_args(hint)[1] if get_origin(hint) is dict else hint
        if is_typeddict(within):
            yield from _flat(within, name)
        else:
            yield f"{name}[]" if get_origin(hint) is list else name


def test_every_parameter_of_the_api_that_holds_an_id_has_a_row() -> None:
    asked = set()
    for route, pattern in patterns(get_resolver()):
        for method in METHODS:
            told = description_of(getattr(pattern.callback, "cls", None), method)
            for name in _flat(told.takes) if told and told.takes else ():
                if _is_an_id(name):
                    asked.add((method, route, name))
    assert asked - {(row.method, row.route, row.name) for row in ROWS} == set()
    assert set(_flat(Everywhere)) - {row.name for row in ROWS} == set()


# What pages take that names nothing, beside switches, numbers and days: texts, and what is compared
# with what is there (`newest`, `seen`). `email`, `key` and `uidb36` are of the way to a new password,
# which tests/accounts/test_password_reset.py walks with both tenants.
NO_IDS_IN_PAGES = {
    # of single sign-on
    "claim", "issuer", "secret",
    # of events: where the page goes on, and from where it was done
    "address", "after", "before",
    "again", "back", "contact", "course_code", "current_password", "decision", "email", "error",
    "force_login", "form", "key", "kind", "label", "language", "list", "locale", "name", "newest", "next", "open",
    "own_networks", "page", "password", "password1", "purpose", "q", "redirect_uris", "scopes", "seen",
    "short_name", "show", "sort", "sortable_name", "state", "terms", "time_zone", "tokens", "uidb36",
    "unique_id", "what",
}  # fmt: skip


def _fields(form: type) -> Iterator[str]:
    """The fields of the product's forms, without those of a kind that holds no id."""
    for below in form.__subclasses__():
        if below.__module__.partition(".")[0] in APPS:
            yield from (name for name, field in below.base_fields.items() if _may_name(field))
        yield from _fields(below)


def _may_name(field: forms.Field) -> bool:
    """A choice whose choices stand in the code names nothing; one that is made of rows does."""
    if isinstance(field, forms.ChoiceField):
        return isinstance(field, forms.ModelChoiceField) or not field.choices
    plain = (
        forms.BooleanField,
        forms.DateTimeField,
        forms.IntegerField,
        forms.DateField,
        forms.FileField,
        forms.URLField,
    )
    return not isinstance(field, plain)


def _read_by_hand() -> Iterator[str]:
    """The names in `request.GET.get("…")`, `"…" in request.POST` and their like."""
    for app in APPS:
        for file in (settings.BASE_DIR / app).rglob("*.py"):
            text = file.read_text()
            reads = "GET" in text or "POST" in text
            for node in ast.walk(ast.parse(text)) if reads else ():
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Attribute(attr="GET" | "POST")),
                        args=[ast.Constant(value=str(name)), *_],
                    ):
                        yield name
                    case ast.Subscript(
                        value=ast.Attribute(attr="GET" | "POST"),
                        slice=ast.Constant(value=str(name)),
                    ):
                        yield name
                    case ast.Compare(
                        left=ast.Constant(value=str(name)),
                        comparators=[ast.Attribute(attr="GET" | "POST")],
                    ):
                        yield name


def test_everything_that_a_page_takes_has_a_row_or_names_nothing() -> None:
    in_table = {row.name.rpartition("-")[2] for row in ROWS if not row.route.startswith("api/")}
    taken = {*_fields(forms.BaseForm), *_read_by_hand()}
    assert taken - in_table - NO_IDS_IN_PAGES == set()


# --- Who is let in ---


def test_a_session_of_one_tenant_is_none_on_anothers_host(walker: Walker) -> None:
    """Cookies are the host's, but who sends one by hand gets nowhere, and is signed out there."""
    for person, host in (("root_admin", THEIRS), ("stranger", OURS)):
        client = walker.client(person, is_api=False)
        answer = client.get("/profile/settings", HTTP_HOST=host)
        assert answer.headers["Location"] == "/login?next=/profile/settings"


def test_a_token_of_one_tenant_is_unknown_on_anothers_host(walker: Walker) -> None:
    for person, host in (("root_admin", THEIRS), ("stranger", OURS)):
        client = walker.client(person, is_api=True)
        answer = client.get("/api/v1/users/self", HTTP_HOST=host)
        unknown = client.get(
            "/api/v1/users/self", HTTP_HOST=host, HTTP_AUTHORIZATION="Bearer ps~nobody"
        )
        assert (answer.status_code, answer.content) == (401, unknown.content)


@pytest.mark.parametrize(("host", "whose"), [(OURS, "ours"), (THEIRS, "theirs")])
def test_one_login_in_two_tenants_is_two_people(walker: Walker, host: str, whose: str) -> None:
    """The same login and password, and each host knows its own."""
    same = {"login_id": "ada@home.example", "login_key": "ada@home.example"}
    people = {"ours": walker.ours.student, "theirs": walker.theirs.student}
    for user in people.values():
        User.objects.filter(pk=user.pk).update(**same)
        user.logins.update(**same)
    client = Client(headers={"host": host})
    client.post("/login", {"login": "ada@home.example", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(people[whose].pk)
