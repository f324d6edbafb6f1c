"""What lists cost in statements: no more with many rows than with few, and never beyond a budget.

One school grows by some of everything; each list is asked for before and after. A list that is
described and has no budget here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import AccessToken, Login
from courses.models import Section
from oauth.models import DeveloperKey
from pairing.models import ObservationLink, PairingCode
from pairing_service.http.described import description_of
from permissions.table import bump
from sis.models import ImportProblem, SisImport
from tests.access.test_routes import filled, patterns
from tests.cast import (
    Cast,
    enrol,
    make_account,
    make_account_role,
    make_admin,
    make_course,
    make_user,
)

# The list, who asks, the most statements; then parameters.
BUDGETS = """
api/v1/accounts                                                   root_admin   4
api/v1/accounts/<str:account_id>/admins                           root_admin   7
api/v1/accounts/<str:account_id>/admins/<str:user_id>             root_admin   7 user_id=self
api/v1/accounts/<str:account_id>/authentication_providers         root_admin   5 account_id=self
api/v1/accounts/<str:account_id>/courses                          root_admin   6 include[]=permissions,concluded,total_students,account
api/v1/accounts/<str:account_id>/developer_keys                   root_admin   5 account_id=self
api/v1/accounts/<str:account_id>/logins                           root_admin   6 account_id=self user[id]={user_id}
api/v1/accounts/<str:account_id>/roles                            root_admin   5 account_id=self
api/v1/accounts/<str:account_id>/sis_import_errors                root_admin   5 account_id=self
api/v1/accounts/<str:account_id>/sis_imports                      root_admin   6 account_id=self
api/v1/accounts/<str:account_id>/sis_imports/<str:import_id>/errors root_admin  6 account_id=self
api/v1/accounts/<str:account_id>/sis_imports/importing            root_admin   6 account_id=self
api/v1/accounts/<str:account_id>/sub_accounts                     root_admin   6
api/v1/accounts/<str:account_id>/sub_accounts                     root_admin   6 recursive=1
api/v1/accounts/<str:account_id>/users                            root_admin   5 account_id=self include[]=email,last_login,time_zone,avatar_url
api/v1/accounts/<str:account_id>/users                            sub_admin    6
api/v1/course_accounts                                            teacher      3
api/v1/courses                                                    teacher      5 include[]=permissions,concluded,total_students,account
api/v1/courses                                                    observer     6 include[]=observed_users
api/v1/courses/<str:course_id>/enrollments                        root_admin   6 include[]=email,observed_users,avatar_url
api/v1/courses/<str:course_id>/enrollments                        teacher      7
api/v1/courses/<str:course_id>/search_users                       teacher      7 include[]=enrollments,email
api/v1/courses/<str:course_id>/sections                           root_admin   5 include[]=students,total_students
api/v1/courses/<str:course_id>/users                              teacher      7 include[]=enrollments,email
api/v1/manageable_accounts                                        root_admin   4
api/v1/sections/<str:section_id>/enrollments                      root_admin   6
api/v1/users/<str:user_id>/courses                                student      6
api/v1/users/<str:user_id>/enrollments                            student      5
api/v1/users/<str:user_id>/enrollments                            observer     6 user_id=self include[]=observed_users
api/v1/users/<str:user_id>/logins                                 root_admin   5
api/v1/users/<str:user_id>/observees                              root_admin   5 user_id={observer_id} include[]=email
api/v1/users/<str:user_id>/observees                              observer     5 user_id=self
api/v1/users/<str:user_id>/observer_pairing_codes                 student      5
api/v1/users/<str:user_id>/observers                              student      5
api/v1/users/<str:user_id>/user_generated_tokens                  student      6
""".strip().splitlines()  # noqa: E501
ASKING = {line.split()[1] for line in BUDGETS}
# Of these there is one at most.
OF_ONE = {
    "api/v1/accounts/<str:account_id>/authentication_providers",
    "api/v1/accounts/<str:account_id>/sis_imports/importing",
}


def grow(cast: Cast, times: int) -> None:
    """Some more of everything that is listed."""
    for _ in range(times):
        _one_more(cast, token_hex(4))
    bump(cast.root)


def _one_more(cast: Cast, mark: str) -> None:
    root, student, now = cast.root, cast.student, timezone.now()
    of_student = {"root_account": root, "user": student}
    person = make_user(root, f"Person {mark}", sis_id=mark, email=f"{mark}@school.example")
    account = make_account(cast.accounts.high, f"Account {mark}")
    role = make_account_role(cast, f"Role {mark}", "read_roster")
    make_admin(cast, person, cast.accounts.high, role)
    make_admin(cast, cast.root_admin, cast.accounts.high, role)
    make_admin(cast, cast.root_admin, account)
    course = make_course(account, f"Course {mark}", sis_id=mark)
    enrol(cast, cast.teacher, course, "TeacherEnrollment")
    enrol(cast, student, course, "StudentEnrollment")
    enrol(cast, cast.observer, course, "ObserverEnrollment", associated_user=student)
    enrol(cast, person, cast.courses.biology, "StudentEnrollment")
    Section.objects.create(root_account=root, course=cast.courses.biology, name=mark)
    Login.objects.create(login_id=mark, login_key=mark, **of_student)
    AccessToken.objects.create(purpose=mark, digest=token_hex(32), **of_student)
    for observer, observed in ((person, student), (cast.observer, person)):
        ObservationLink.objects.create(root_account=root, observer=observer, student=observed)
    PairingCode.objects.create(
        root_account=root, student=student, issued_by=student, digest=token_hex(32),
        surface="rest", hint="00", expires_at=now.replace(year=2999),
    )  # fmt: skip
    DeveloperKey.objects.create(root_account=root, name=mark, client_id=mark, redirect_uris="a:/b")
    SisImport.objects.create(root_account=root, state="imported", ended_at=now)
    first = SisImport.objects.filter(root_account=root).order_by("pk")[0]
    problem = {"sis_import": first, "is_error": True, "file": "users.csv", "reason": "No."}
    ImportProblem.objects.create(number=first.problems.count() + 1, **problem)


def ids_of(cast: Cast) -> dict[str, Any]:
    return {
        "user_id": cast.student.pk,
        "observer_id": cast.observer.pk,
        "account_id": cast.accounts.high.pk,
        "course_id": cast.courses.biology.pk,
        "section_id": cast.courses.biology.sections.get(is_default=True).pk,
        "import_id": SisImport.objects.order_by("pk")[0].pk,
    }


def asked(cast: Cast, rest: Callable[..., Any]) -> Iterator[tuple[str, int, int]]:
    """Each line of the table with the rows that came, and the statements that they took."""
    ids = ids_of(cast)
    clients = {person: rest(getattr(cast, person)) for person in ASKING}
    for client in clients.values():
        client.get("/api/v1/users/self")  # what is read once per process is read, and the token
    for line in BUDGETS:
        route, person, _, *more = line.split()
        given = {key: text.format(**ids) for key, text in (one.split("=") for one in more)}
        path = filled(route, ids | {key: given.pop(key) for key in ids.keys() & given.keys()})
        given["per_page"] = "100"
        given = {key: text.split(",") for key, text in given.items()}
        with CaptureQueriesContext(connection) as seen:
            answer = clients[person].get(path, given)
        assert answer.status_code == 200, (line, answer.content)
        body = answer.json()
        rows = body if isinstance(body, list) else next(iter(body.values()))
        yield line, len(rows), len(seen)


def test_every_list_has_a_budget() -> None:
    lists = {
        route
        for route, pattern in patterns(get_resolver())
        if (told := description_of(getattr(pattern.callback, "cls", None), "GET")) and told.is_paged
    }
    assert lists == {line.split()[0] for line in BUDGETS}


def test_no_list_costs_more_with_more_rows(
    cast: Cast, rest: Callable[..., Any], settings: Any
) -> None:
    settings.RATE_LIMITS = False
    grow(cast, 2)
    few = list(asked(cast, rest))
    grow(cast, 5)
    many = list(asked(cast, rest))
    wrong = []
    for (line, rows, before), (_, more_rows, after) in zip(few, many, strict=True):
        if after > before or after > int(line.split()[2]):
            wrong.append(f"{line}: {before}, then {after} statements")
        if more_rows < rows + 5 and line.split()[0] not in OF_ONE:
            wrong.append(f"{line}: {rows} rows, then {more_rows}")
    assert wrong == [], "\n".join(wrong)
