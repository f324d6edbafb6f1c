"""Pages of 100 over REST beside the bare DRF list of the same rows: `python -m bench.lists`.

The bare list is what one writes without thinking: a token looked up, a ModelSerializer with as many
of the row's own columns, PageNumberPagination, and no middleware but Django's common one. Both run
in this process and take turns; the medians of the rounds' ratios count. Ends with 1 when one is
more than what the project promises.
"""

from __future__ import annotations

import os
import secrets
import statistics
import sys
import tempfile
import time
from typing import Any

from bench.databases import fresh_database
from bench.redeem import PRODUCTION

ROUNDS = int(os.environ.get("ROUNDS", "40"))
SIZE = 100
PEOPLE = 1_000  # of whom the pages show some
PROMISED = 3

urlpatterns: list[Any] = []


def serve(static_files: str) -> None:
    """The product, with bare lists beside its own."""
    import django
    from django.conf import settings

    django.setup()
    settings.ROOT_URLCONF = "bench.lists"
    settings.RATE_LIMITS = False  # the whole run is one client's
    settings.STATIC_ROOT = static_files
    from django.urls import path
    from rest_framework.generics import ListAPIView
    from rest_framework.pagination import PageNumberPagination
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.renderers import JSONRenderer
    from rest_framework.serializers import ModelSerializer

    from accounts.models import User
    from bench.bare import OneQuery
    from courses.models import Enrolment
    from pairing_service.urls import urlpatterns as products

    class Pages(PageNumberPagination):
        page_size = SIZE

    def bare(rows: Any, *columns: str) -> Any:
        meta = type("Meta", (), {"model": rows.model, "fields": columns})
        serializer = type("Bare", (ModelSerializer,), {"Meta": meta})
        parts = {
            "queryset": rows,
            "serializer_class": serializer,
            "pagination_class": Pages,
            "authentication_classes": [OneQuery],
            "permission_classes": [IsAuthenticated],
            "renderer_classes": [JSONRenderer],
        }
        return type("BareList", (ListAPIView,), parts).as_view()

    of_user = (
        "id", "name", "created_at", "sortable_name", "short_name", "sis_id", "integration_id",
        "login_id", "email",
    )  # fmt: skip
    of_enrolment = (
        "id", "user", "course", "type", "created_at", "updated_at", "associated_user", "start_at",
        "end_at", "section", "root_account", "limited_to_section", "state", "role",
    )  # fmt: skip
    by_name = User.objects.order_by("name_key", "pk")
    linked = by_name.filter(observer_links__observer__login_id="bench")
    own = Enrolment.objects.filter(user__login_id="student0").order_by("pk")
    there = Enrolment.objects.filter(course__name="Full").order_by("pk")
    urlpatterns[:] = [
        *products,
        path("bare/users", bare(by_name, *of_user)),
        path("bare/observees", bare(linked, *of_user)),
        path("bare/enrollments", bare(own, *of_enrolment)),
        path("bare/people", bare(there, *of_enrolment)),
    ]


def prepare() -> tuple[str, list[tuple[str, str, str]]]:
    """A token of the administrator, and the lists: what they are, the product's, the bare one."""
    from django.utils import timezone

    from accounts.actions import names
    from accounts.models import User
    from accounts.tokens import make_token
    from courses.models import Course, Enrolment, Section
    from pairing.models import ObservationLink
    from permissions.actions import create_root_account
    from permissions.models import Role

    admin = create_root_account(
        name="Bench", login_id="bench", password=secrets.token_hex(), self_registration="observer",
        domain=None,
    )  # fmt: skip
    root = admin.root_account
    User.objects.bulk_create(
        User(
            root_account=root, login_id=f"student{n}", login_key=f"student{n}", password="!",
            email=f"student{n}@bench.example", sis_id=f"s{n}", **names(f"Student Number{n}"),
        )
        for n in range(PEOPLE)
    )  # fmt: skip
    students = list(User.objects.filter(login_id__startswith="student").order_by("pk"))
    ObservationLink.objects.bulk_create(
        ObservationLink(root_account=root, observer=admin, student=student)
        for student in students[:SIZE]
    )
    role = Role.objects.get(root_account=root, base_role="StudentEnrollment")
    enrolment = {
        "root_account": root, "role": role, "type": role.base_role, "state": "active",
        "activated_at": timezone.now(),
    }  # fmt: skip
    courses = Course.objects.bulk_create(
        Course(root_account=root, account=root, name=name, state=Course.State.AVAILABLE)
        for name in ["Full", *(f"Course {n}" for n in range(SIZE))]
    )
    sections = Section.objects.bulk_create(
        Section(root_account=root, course=course, is_default=True) for course in courses
    )
    places = [(section, students[0]) for section in sections[1:]]
    places += [(sections[0], student) for student in students[-SIZE:]]
    Enrolment.objects.bulk_create(
        Enrolment(user=user, course=section.course, section=section, **enrolment)
        for section, user in places
    )
    return make_token(admin, "bench")[1], [
        ("users of an account", f"accounts/{root.pk}/users", "users"),
        ("observees", "users/self/observees", "observees"),
        ("enrolments of a user", f"users/{students[0].pk}/enrollments", "enrollments"),
        ("enrolments of a course", f"courses/{courses[0].pk}/enrollments", "people"),
    ]


def main() -> None:
    os.environ |= PRODUCTION
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        serve(folder)
        from django.test import Client
        from django.test.utils import override_settings

        token, lists = prepare()
        headers = {"host": "127.0.0.1", "authorization": f"Bearer {token}"}
        ours, bare = Client(headers=headers), Client(headers=headers)
        ours.get("/api/v1/users/self")
        with override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"]):
            bare.get("/bare/users")  # a client keeps the middleware of its first request
        print(f"pages of {SIZE} on {url.partition(':')[0]}, {ROUNDS} rounds, medians")
        good = [
            _measure(name, (ours, f"/api/v1/{path}?per_page={SIZE}"), (bare, f"/bare/{bare_path}"))
            for name, path, bare_path in lists
        ]
    sys.exit(not all(good))


def _measure(name: str, ours: tuple[Any, str], bare: tuple[Any, str]) -> bool:
    rounds = [(_time(*ours), _time(*bare)) for _ in range(ROUNDS + 3)][3:]
    our, floor = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    print(
        f"  {name:<22} {our:5.1f} ms, bare {floor:5.1f} ms: {ratio:.2f} times (at most {PROMISED})"
    )
    return ratio <= PROMISED


def _time(client: Any, url: str) -> float:
    start = time.perf_counter()
    response = client.get(url)
    seconds = time.perf_counter() - start
    body = response.json()
    assert response.status_code == 200, (url, response.status_code, body)
    assert len(body if isinstance(body, list) else body["results"]) == SIZE, url
    return seconds


if __name__ == "__main__":
    from bench import lists  # the one that ROOT_URLCONF names, not __main__

    lists.main()
