"""Decisions beside django-guardian, rules, casbin and a plain walk: `python -m bench.decide`.

The question is who may make pairing codes in a course. Three districts (bench.district), each in a
process and a database of its own: 401 accounts, 6 roles, 300 overrides, 30,000 people, 1,000
courses, 62,000 enrolments; the same with ten times the people; the same with ten times the
overrides. In every round each contender answers the same questions in each district, so that other
work on the machine meets them all; the medians of the rounds' ratios count. On SQLite the processor's
time is measured, on PostgreSQL (DATABASE_URL) the clock's. Every answer is checked against a slow
oracle. Ends with 1 when an answer is wrong or a goal is missed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bench.databases import fresh_database

ROUNDS = int(os.environ.get("ROUNDS", "7"))
# Asked about in each round: a new person for each request, and further courses in the same request.
PEOPLE = int(os.environ.get("PEOPLE", "60"))
FURTHER = 4
TEACHERS = 24  # whose students are listed in each round
CHANGES = 9

PLAIN, PEOPLED, OVERRIDDEN = "as it is", "ten times the people", "ten times the overrides"
DISTRICTS = {PLAIN: (1, 1), PEOPLED: (10, 1), OVERRIDDEN: (1, 10)}
FIRST, AGAIN, TEACHER, ROOT = "first decision", "further one", "a teacher's", "root admin's"
OURS, GUARDIAN, RULES, WALK = "this engine", "django-guardian", "rules", "plain ORM walk"

# By contender and what is measured: seconds, or statements.
Figures = dict[tuple[str, str], float]


def main() -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "pairing_service.settings", "DEBUG": "False", "HTTPS": "False",
        "SECRET_KEY": secrets.token_hex(), "ALLOWED_HOSTS": "bench.example",
    }  # fmt: skip
    pipes = {name: begin(*factors) for name, factors in DISTRICTS.items()}
    statements = {name: ask(pipe, "statements") for name, pipe in pipes.items()}
    rounds = [
        {name: ask(pipe, "round", n) for name, pipe in pipes.items()} for n in range(ROUNDS + 1)
    ][1:]
    rebuilding = ask(pipes[OVERRIDDEN], "change")
    for pipe in pipes.values():
        pipe.close()
    tell(statements, rounds)
    sys.exit(not reached(statements, rounds, rebuilding))


def begin(users: int, overrides: int) -> Any:
    """A district in a process of its own, which ends when the pipe is closed."""
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    spawn.Process(target=work, args=(its_end, users, overrides)).start()
    its_end.close()
    return pipe


def ask(pipe: Any, *command: Any) -> Any:
    pipe.send(command)
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        raise SystemExit("a district has ended; its reason is above") from None


# --- In the process of a district ---


def work(pipe: Any, users: int, overrides: int) -> None:
    with fresh_database():
        import django
        from django.conf import settings

        settings.INSTALLED_APPS += ["guardian"]
        settings.ANONYMOUS_USER_NAME = None
        django.setup()
        from django.db import connection

        measured = Measured(users, overrides)
        with contextlib.suppress(EOFError):
            while True:
                name, *arguments = pipe.recv()
                pipe.send(getattr(measured, name)(*arguments))
        connection.close()


class Question(NamedTuple):
    """One person and the courses that are asked about, with the right answers."""

    user: Any
    courses: list[Any]
    right: list[bool]


class Measured:
    """A district and its contenders. The public methods answer `ask`."""

    def __init__(self, users: int, overrides: int) -> None:
        from django.db import connection

        from bench.contenders import ALL
        from bench.district import District

        # A file's work is all in this process; what a server does only the wall's clock tells.
        in_process = connection.vendor == "sqlite"
        self._now = time.process_time if in_process else time.perf_counter
        self._district = District(users, overrides)
        self._contenders = [contender(self._district) for contender in ALL]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self._teachers = [pk for pk in self._district.staff if self._pairs(pk)][:40]

    def _pairs(self, user_id: int) -> bool:
        held = self._district.enrolments[user_id]
        return any(self._district.may_pair(user_id, course_id) for _, course_id in held)

    def statements(self) -> Figures:
        """How many each contender needs, once what is kept between requests is there."""
        [question] = self._questions(random.Random(0), self._teachers[:1])
        root_admin = self._user(self._district.root_admin)
        self.round(0)
        for one in self._contenders:
            for pk in self._teachers if one.lists else ():
                set(one.students(self._user(pk)))
        found: Figures = {}
        for one in self._contenders:
            with counted() as count:
                may = one.request(question.user)
                may(question.courses[0])
                found[one.name, FIRST] = count()
                may(question.courses[1])
                found[one.name, AGAIN] = count() - found[one.name, FIRST]
            for name, user in ((TEACHER, question.user), (ROOT, root_admin)) if one.lists else ():
                with counted() as count:
                    set(one.students(user))
                    found[one.name, name] = count()
        return found

    def round(self, n: int) -> Figures:
        """Seconds for one of each; SystemExit when an answer is wrong."""
        chance = random.Random(n)
        questions = self._questions(chance, self._people(chance))
        lists = {
            TEACHER: chance.sample(self._teachers, TEACHERS),
            ROOT: [self._district.root_admin],
        }
        rights = {pk: self._district.may_be_paired(pk) for who in lists.values() for pk in who}
        figures: Figures = {}
        for one in [*self._contenders[n % 5 :], *self._contenders[: n % 5]]:
            figures |= self._decisions(one, questions)
            for name, people in lists.items() if one.lists else ():
                seconds = [self._list(one, pk, rights[pk]) for pk in people]
                figures[one.name, name] = sum(seconds) / len(seconds)
        return figures

    def change(self) -> float:
        """Seconds to read the table anew after a change, which the next request must see."""
        from bench.contenders import Engine
        from permissions.catalogue import BaseRole
        from permissions.inheritance import Row
        from permissions.table import bump, table_of

        district, seconds = self._district, []
        questions = self._questions(random.Random(0), self._people(random.Random(0)))
        for n in range(CHANGES):
            role = district.roles[BaseRole.TEACHER]
            row = Row(n % 2 > 0, False, True, True)
            district.override(role, district.pairing[0], district.root.pk, row)
            bump(district.root)
            root_account = Engine.actor(questions[0].user).root_account
            begun = self._now()
            table_of(root_account)
            seconds.append(self._now() - begun)
            asked = [
                question._replace(right=self._right(question.user.pk, question.courses))
                for question in questions
            ]
            assert asked != questions or n % 2, "nothing has changed"
            self._decisions(self._contenders[0], asked)
        return statistics.median(seconds)

    def _people(self, chance: random.Random) -> list[int]:
        """Mostly staff, some students, some administrators; nobody twice."""
        share = PEOPLE // 5
        return [
            *chance.sample(self._district.staff, 3 * share),
            *chance.sample(self._district.students, share),
            *chance.sample(self._district.administrators, share),
        ]

    def _questions(self, chance: random.Random, people: list[int]) -> list[Question]:
        """About a course of their own for most, and about any."""
        from accounts.models import User
        from courses.models import Course

        users = User.objects.in_bulk(people)
        courses = Course.objects.select_related("account").in_bulk()
        questions = []
        for pk in people:
            ids = chance.sample([*courses], 1 + FURTHER)
            own = [course_id for _, course_id in self._district.enrolments.get(pk, ())]
            ids[: len(own[:3])] = own[:3]
            ids = [*dict.fromkeys(ids)]
            asked = [courses[course_id] for course_id in ids]
            questions.append(Question(users[pk], asked, self._right(pk, asked)))
        return questions

    def _right(self, user_id: int, courses: list[Any]) -> list[bool]:
        return [self._district.may_pair(user_id, course.pk) for course in courses]

    def _decisions(self, one: Any, questions: list[Question]) -> Figures:
        first = again = 0.0
        further = 0
        for user, courses, right in questions:
            begun = self._now()
            may = one.request(user)
            answers = [may(courses[0])]
            between = self._now()
            answers += [may(course) for course in courses[1:]]
            again += self._now() - between
            first += between - begun
            further += len(courses) - 1
            if answers != right:
                raise SystemExit(f"{one.name} is wrong about user {user.pk}: {answers}, {right}")
        return {(one.name, FIRST): first / len(questions), (one.name, AGAIN): again / further}

    def _list(self, one: Any, user_id: int, right: set[int]) -> float:
        user = self._user(user_id)
        begun = self._now()
        answer = set(one.students(user))
        seconds = self._now() - begun
        if answer != right:
            raise SystemExit(f"{one.name} is wrong about the students of user {user_id}")
        return seconds

    def _user(self, user_id: int) -> Any:
        from accounts.models import User

        return User.objects.get(pk=user_id)


@contextlib.contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """Tells how many statements have been executed since it began."""
    from django.db import connection

    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield lambda: len(seen)


# --- The report ---


def tell(statements: dict[str, Figures], rounds: list[dict[str, Figures]]) -> None:
    """Medians, in a table per district."""
    for name in DISTRICTS:
        print(f"\n{name}: decisions a second, milliseconds for a list, (statements)")
        print(f"  {'':24}" + "".join(f"{what:>22}" for what in (FIRST, AGAIN, TEACHER, ROOT)))
        for one in dict.fromkeys(contender for contender, _ in statements[name]):
            cells = []
            for what in (FIRST, AGAIN, TEACHER, ROOT):
                if (one, what) not in statements[name]:
                    cells.append(f"{'–':>22}")
                    continue
                seconds = statistics.median(figures[name][one, what] for figures in rounds)
                listed = what in (TEACHER, ROOT)
                shown = f"{seconds * 1000:.2f} ms" if listed else f"{1 / seconds:,.0f}/s"
                cells.append(f"{shown:>17} ({statements[name][one, what]:2})")
            print(f"  {one:24}" + "".join(cells))


def reached(
    statements: dict[str, Figures], rounds: list[dict[str, Figures]], rebuilding: float
) -> bool:
    """Print every goal with its figure; whether all are reached."""
    print(f"\ngoals, medians of {len(rounds)} rounds' ratios (from the least to the greatest)")
    good = []

    def goal(text: str, ratios: list[float], *, least: float = 0, most: float = 1e9) -> None:
        median = statistics.median(ratios)
        good.append(least <= median <= most)
        wanted = f"at least {least:g}" if least else f"at most {most:g}"
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
        verdict = "" if good[-1] else "   MISSED"
        print(f"  {text:74}{median:8.2f}  {spread:20} {wanted}{verdict}")

    def ratio(name: str, one: tuple[str, str], other: tuple[str, str]) -> list[float]:
        return [figures[name][one] / figures[name][other] for figures in rounds]

    for name in DISTRICTS:
        for other, times in ((GUARDIAN, 2), (RULES, 2), (WALK, 6)):
            text = f"{name}: first decision, times as quick as {other}"
            goal(text, ratio(name, (other, FIRST), (OURS, FIRST)), least=times)
        text = f"{name}: a further one, times as quick as {GUARDIAN}'s first"
        goal(text, ratio(name, (GUARDIAN, FIRST), (OURS, AGAIN)), least=20)
        for what, most in ((FIRST, 3), (AGAIN, 0), (TEACHER, 3), (ROOT, 3)):
            goal(f"{name}: statements, {what}", [statements[name][OURS, what]], most=most)
    for what, most in ((TEACHER, 0.5), (ROOT, 1.2)):
        text = f"{PLAIN}: {what} students, of {GUARDIAN}'s time"
        goal(text, ratio(PLAIN, (OURS, what), (GUARDIAN, what)), most=most)
    for name in (PEOPLED, OVERRIDDEN):
        for what in (FIRST, AGAIN):
            growth = [f[name][OURS, what] / f[PLAIN][OURS, what] for f in rounds]
            goal(f"{name}: {what}, of the time without", growth, most=1.25)
    goal("rebuilding the table at 3,000 overrides, milliseconds", [rebuilding * 1000], most=10)
    return all(good)


if __name__ == "__main__":
    main()
