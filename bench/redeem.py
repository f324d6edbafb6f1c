"""Redeeming over REST beside its floors, in one run: `python -m bench.redeem`.

Three figures, each over the same number of redemptions: the product (2 workers, 8 connections); the
same writes in raw SQL by 2 processes, same rows and durability; a bare token-checked DRF view. They
take turns in ROUNDS, after one that warms them up and is not counted; the medians of the rounds'
ratios count. Equal counts of rows are asserted. Ends with 1 when a ratio is below what the project
promises.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import secrets
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

from bench.client import request, send_all, serving
from bench.databases import fresh_database

COUNT = int(os.environ.get("COUNT", "400"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
COURSES = 2
PROMISED = {"sqlite": 0.15, "postgresql": 0.20}
PROMISED_OF_BARE = 0.30


PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "pairing_service.settings",
    "DEBUG": "False",
    "HTTPS": "False",
    "SECRET_KEY": secrets.token_hex(),
    "ALLOWED_HOSTS": "127.0.0.1",
}


def prepare() -> list[dict[str, Any]]:
    """A tenant with students in two courses, a code and an observer for each: 2 × COUNT a round."""
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from accounts.models import AccessToken, User
    from accounts.tokens import digest_of as token_digest
    from courses.models import Course, Enrolment, Section
    from pairing.codes import digest_of, new_code
    from pairing.models import PairingCode
    from permissions.actions import create_root_account
    from permissions.models import Role

    admin = create_root_account(
        name="Bench", login_id="bench", password=secrets.token_hex(), self_registration="observer",
        domain=None,
    )  # fmt: skip
    root = admin.root_account
    role = Role.objects.get(root_account=root, base_role="StudentEnrollment")
    now = timezone.now()
    unusable = make_password(None)

    def people(kind: str) -> list[User]:
        users = [
            User(root_account=root, login_id=f"{kind}{n}", login_key=f"{kind}{n}", password=unusable,
                 name=f"{kind} {n}", sortable_name=f"{n}, {kind}", short_name=kind)
            for n in range(2 * COUNT * (ROUNDS + 1))
        ]  # fmt: skip
        return User.objects.bulk_create(users, batch_size=500)

    students, observers = people("student"), people("observer")
    for n in range(COURSES):
        course = Course.objects.create(root_account=root, account=root, name=f"Course {n}")
        section = Section.objects.create(root_account=root, course=course, is_default=True)
        Enrolment.objects.bulk_create(
            [Enrolment(root_account=root, user=s, course=course, section=section, role=role,
                       type=role.base_role, state="active", activated_at=now) for s in students],
            batch_size=500,
        )  # fmt: skip
    codes = [new_code() for _ in students]
    PairingCode.objects.bulk_create(
        [PairingCode(root_account=root, student=s, issued_by=s, surface="rest", hint=c[-2:],
                     digest=digest_of(c), expires_at=now + timedelta(days=7))
         for s, c in zip(students, codes, strict=True)],
        batch_size=500,
    )  # fmt: skip
    tokens = [f"bench~{secrets.token_urlsafe(32)}" for _ in observers]
    AccessToken.objects.bulk_create(
        [AccessToken(root_account=root, user=o, purpose="bench", digest=token_digest(t),
                     hint=t[:5], last_used_at=now) for o, t in zip(observers, tokens, strict=True)],
        batch_size=500,
    )  # fmt: skip
    return [
        {"root": root.pk, "student": s.pk, "observer": o.pk, "digest": digest_of(c), "code": c,
         "token": t}
        for s, o, c, t in zip(students, observers, codes, tokens, strict=True)
    ]  # fmt: skip


RAW = (
    "UPDATE pairing_pairingcode SET state='redeemed', ended_at={now}, redeemed_by_id={p}"
    " WHERE digest={p} AND state='active'",
    "INSERT INTO pairing_observationlink (root_account_id, observer_id, student_id, state, linked_at)"
    " VALUES ({p}, {p}, {p}, 'active', {now})",
    "INSERT INTO courses_enrolment (root_account_id, user_id, course_id, section_id, role_id, type,"
    " state, associated_user_id, limited_to_section, created_at, updated_at)"
    " SELECT root_account_id, {p}, course_id, section_id, role_id, 'ObserverEnrollment', 'active',"
    " user_id, FALSE, {now}, {now} FROM courses_enrolment"
    " WHERE user_id={p} AND type='StudentEnrollment'",
    "INSERT INTO audit_event (root_account_id, created_at, action, actor_id, real_actor_id,"
    " subject_id, address, data) VALUES ({p}, {now}, 'link_created', {p}, {p}, {p}, '127.0.0.1', {p})",
)


def raw(url: str, share: list[dict[str, Any]], start: Any) -> None:
    """One process that redeems its share with hand-written SQL."""
    postgres = url.startswith("postgres")
    words = {"p": "%s" if postgres else "?", "now": "now()" if postgres else "datetime('now')"}
    statements = [statement.format(**words) for statement in RAW]
    if postgres:
        import psycopg

        connection: Any = psycopg.connect(url, autocommit=True)
    else:
        import sqlite3

        connection = sqlite3.connect(
            url.removeprefix("sqlite:///"), timeout=20, isolation_level=None
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    begin = "BEGIN" if postgres else "BEGIN IMMEDIATE"
    start.wait()
    for one in share:
        root, student, observer = one["root"], one["student"], one["observer"]
        data = json.dumps({"observer": observer, "how": "code"})
        connection.execute(begin)
        connection.execute(statements[0], (observer, one["digest"]))
        connection.execute(statements[1], (root, observer, student))
        connection.execute(statements[2], (observer, student))
        connection.execute(statements[3], (root, observer, observer, student, data))
        connection.execute("COMMIT")


def time_raw(url: str, todo: list[dict[str, Any]]) -> float:
    start = multiprocessing.Barrier(3)
    processes = [
        multiprocessing.Process(target=raw, args=(url, todo[n::2], start)) for n in range(2)
    ]
    for process in processes:
        process.start()
    start.wait()
    begin = time.perf_counter()
    for process in processes:
        process.join()
    return time.perf_counter() - begin


def counts() -> dict[str, int]:
    from audit.models import Event
    from courses.models import Enrolment
    from pairing.models import ObservationLink, PairingCode

    return {
        "redeemed": PairingCode.objects.filter(state="redeemed").count(),
        "links": ObservationLink.objects.count(),
        "enrolments": Enrolment.objects.filter(type="ObserverEnrollment").count(),
        "events": Event.objects.filter(action="link_created").count(),
    }


def main() -> None:
    os.environ |= PRODUCTION
    with fresh_database() as url:
        todo = prepare()
        with (
            serving("pairing_service.wsgi:application") as product,
            serving("bench.bare:application") as bare,
        ):
            rounds = [_round(url, todo, n, product, bare) for n in range(ROUNDS + 1)][1:]
        done = (ROUNDS + 1) * COUNT
        assert counts() == {
            "redeemed": 2 * done, "links": 2 * done, "enrolments": COURSES * 2 * done,
            "events": 2 * done,
        }  # fmt: skip
    sys.exit(not _report("postgresql" if url.startswith("postgres") else "sqlite", rounds))


def _round(
    url: str, todo: list[dict[str, Any]], n: int, product: int, bare: int
) -> tuple[float, float, float]:
    """Redemptions (or calls) a second: the product's, in raw SQL, of the bare view."""
    ours, raws = todo[2 * n * COUNT :][:COUNT], todo[(2 * n + 1) * COUNT :][:COUNT]
    path = "/api/v1/users/self/observees"
    redeem = [request(path, one["token"], f"pairing_code={one['code']}") for one in ours]
    call = [request("/bare", one["token"]) for one in ours]
    before = counts()
    seconds = send_all(product, redeem)
    between = counts()
    floor = time_raw(url, raws)
    after = counts()
    for name in before:  # the same rows, or it would be no floor
        assert after[name] - between[name] == between[name] - before[name], (name, before, after)
    return COUNT / seconds, COUNT / floor, COUNT / send_all(bare, call)


def _report(kind: str, rounds: list[tuple[float, float, float]]) -> bool:
    """Print the medians; whether they are what the project promises."""
    ours, floor, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    of_raw = [r[0] / r[1] for r in rounds]
    of_bare = [r[0] / r[2] for r in rounds]
    print(f"redeeming on {kind}, {len(rounds)} rounds of {COUNT}, medians: "
          f"REST {ours:.0f}/s, raw SQL {floor:.0f}/s, bare view {bare:.0f}/s")  # fmt: skip
    good = True
    for name, ratios, promised in [
        ("raw SQL", of_raw, PROMISED[kind]), ("bare view", of_bare, PROMISED_OF_BARE)
    ]:  # fmt: skip
        median = statistics.median(ratios)
        good = good and median >= promised
        print(f"  share of {name:<9} {median:.2f} ({min(ratios):.2f} to {max(ratios):.2f};"
              f" at least {promised})")  # fmt: skip
    return good


if __name__ == "__main__":
    main()
