"""`manage.py issue_code STUDENT --by LOGIN`: a code, by the rule that holds for LOGIN."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.actor import Actor
from accounts.ids import find_user
from accounts.management.commands.create_token import person_with_login, root_account_named
from accounts.models import User
from accounts.rules import ACT_AS
from courses.ids import find_course
from courses.models import Enrolment
from pairing.actions import IssuedCode, issue_code
from pairing.models import PairingCode
from pairing.refusals import why_not_on_details, why_not_on_settings
from pairing.rules import ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS
from pairing_service.commands import JsonCommand
from pairing_service.http.rendering import wire_time
from permissions.policy import Denied, Rule, may


class Command(JsonCommand):
    help = (
        "Make a pairing code for STUDENT (a login, an id or sis_user_id:…) on behalf of LOGIN. "
        "With --course it is User Details in that course, without it the student's User Settings; "
        "LOGIN must be allowed it there: operators have no bypass."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("student")
        parser.add_argument("--by", required=True, metavar="LOGIN")
        parser.add_argument("--course", help="an id or sis_course_id:…")
        parser.add_argument("--account", type=int, help="the root account's id, when several exist")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        issued = _issue(options)
        answer = {
            "user_id": issued.student.pk,
            "code": issued.text,
            "expires_at": wire_time(issued.expires_at),
        }
        self.stdout.write(json.dumps(answer) if options["json"] else issued.shown)


def _issue(options: dict[str, Any]) -> IssuedCode:
    root_account = root_account_named(options["account"])
    actor = Actor.themself(person_with_login(root_account, options["by"]))
    student = _student(actor, options["student"])
    if options["course"] is not None:
        enrolment = _enrolment(actor, student, options["course"])
        return _issue_as(actor, ISSUE_ON_DETAILS, enrolment)
    if student == actor.person:
        return _issue_as(actor, ISSUE_ON_SETTINGS, student)
    if not may(actor, ACT_AS, student):
        raise CommandError(
            f"{options['by']} may not act as {student.name}: for User Details give --course."
        )
    return _issue_as(actor.acting_as(student), ISSUE_ON_SETTINGS, student)


def _issue_as(actor: Actor, rule: Rule, target: User | Enrolment) -> IssuedCode:
    try:
        return issue_code(
            actor=actor, action=rule, target=target, surface=PairingCode.Surface.COMMAND
        )
    except Denied as error:
        if isinstance(target, Enrolment):
            why = why_not_on_details(actor, target)
        else:
            why = why_not_on_settings(actor, target)
        raise CommandError(why or f"{target} is no student.") from error


def _student(actor: Actor, text: str) -> User:
    by_login = User.objects.with_login(actor.root_account.pk, text).first()
    student = by_login or find_user(actor, text)
    if student is None:
        raise CommandError(f"There is no “{text}” in {actor.root_account.name}.")
    return student


def _enrolment(actor: Actor, student: User, course_text: str) -> Enrolment:
    """The student's enrolment in the course; of several the one that allows most."""
    course = find_course(actor, course_text)
    if course is None:
        raise CommandError(f"There is no course “{course_text}” (an id or sis_course_id:…).")
    enrolments = Enrolment.objects.students().filter(user=student, course=course)
    enrolment = enrolments.order_by("-activated_at", "state", "pk").first()
    if enrolment is None:
        raise CommandError(f"{student.name} is not a student in “{course_text}”.")
    return enrolment
