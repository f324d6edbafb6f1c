"""`manage.py create_root_account NAME`: a new tenant with its first administrator."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.actor import Actor
from accounts.models import RootAccountSettings
from accounts.tokens import create_token
from pairing_service.commands import JsonCommand
from permissions.actions import TenantRefused, create_root_account

_ARGUMENTS = {"name": "NAME", "login_id": "--login", "password": "--password"}


class Command(JsonCommand):
    help = "Create a root account (a tenant) with its first administrator and a token for them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--login", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument(
            "--self-registration",
            choices=RootAccountSettings.SelfRegistration.values,
            default=RootAccountSettings.SelfRegistration.NONE,
        )
        parser.add_argument("--domain", help="its host name; without, every host nobody claims")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = create_root_account(
                name=options["name"],
                login_id=options["login"],
                password=options["password"],
                self_registration=options["self_registration"],
                domain=options["domain"],
            )
        except ValidationError as error:
            raise CommandError(_told(error)) from error
        except TenantRefused as error:
            raise CommandError(str(error)) from error
        operator = Actor(user.root_account, is_operator=True)
        answer = {
            "account_id": user.root_account_id,
            "user_id": user.pk,
            "token": create_token(actor=operator, user=user, purpose="first administrator")[1],
        }
        lines = (f"{name}: {value}" for name, value in answer.items())
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(lines))


def _told(error: ValidationError) -> str:
    told = error.message_dict.items()
    return " ".join(f"{_ARGUMENTS[field]}: {' '.join(said)}" for field, said in told)
