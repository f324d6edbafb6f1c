"""`manage.py explain`: why a person may, or may not, do something; as text or JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.actor import Actor
from accounts.management.commands.create_token import root_account_named
from pairing_service.commands import JsonCommand
from permissions.explaining.as_json import explanation_json
from permissions.explaining.explain import explain
from permissions.explaining.questions import (
    Unclear,
    Unknown,
    actions,
    find_person,
    find_place,
    question_of,
)
from permissions.explaining.telling import text


class Command(JsonCommand):
    help = (
        "Say why LOGIN may, or may not, do something. In a course, issue_code is User Details "
        "there; in an account it is the student's User Settings (as the student, or acting as "
        "them)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--actor", required=True, help="a login, an id or sis_user_id:…")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--action", default="", help=f"one of {', '.join(actions())}")
        what.add_argument("--permission", default="", help="a key of the catalogue")
        parser.add_argument("--target", help="the person to whom it is done, like --actor")
        parser.add_argument("--context", help="course:ID or account:ID; else the root account")
        parser.add_argument("--account", type=int, help="the root account's id, when several exist")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        root = root_account_named(options["account"])
        operator = Actor(root, is_operator=True)
        target = options["target"]
        try:
            question = question_of(
                operator,
                person=find_person(operator, "actor", options["actor"]),
                action=options["action"],
                permission=options["permission"],
                target=find_person(operator, "target", target) if target else None,
                place=find_place(operator, options["context"] or "account:self", within=root),
            )
        except (Unclear, Unknown) as error:
            raise CommandError(f"--{error.field}: {error}") from error
        explained = explain(operator, question)
        if options["json"]:
            self.stdout.write(json.dumps(explanation_json(explained, lambda change: None)))
        else:
            self.stdout.write(text(explained))
