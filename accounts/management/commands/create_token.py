"""`manage.py create_token LOGIN`: a personal access token for scripts and integrations."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.tokens import create_token
from pairing_service.commands import JsonCommand


def root_account_named(account_id: int | None) -> Account:
    """The root account of that id, or the only one. CommandError when it can't be told."""
    roots = Account.objects.roots().live().select_related("settings", "override_version")
    found = list(roots.filter(pk=account_id) if account_id is not None else roots[:2])
    if len(found) == 1:
        return found[0]
    if account_id is not None or not found:
        raise CommandError("There is no such root account.")
    raise CommandError("There are several root accounts: name one with --account ID.")


def person_with_login(root_account: Account, login_id: str) -> User:
    """The active person with this login. CommandError when there is none."""
    user = User.objects.with_login(root_account.pk, login_id).active().first()
    if user is None:
        raise CommandError(f"Nobody active has the login “{login_id}” in {root_account.name}.")
    user.root_account = root_account
    return user


class Command(JsonCommand):
    help = "Make a personal access token for a person; it is printed here and never again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--purpose", default="command line")
        parser.add_argument("--account", type=int, help="the root account's id, when several exist")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        root_account = root_account_named(options["account"])
        user = person_with_login(root_account, options["login"])
        operator = Actor(root_account, is_operator=True)
        _token, text = create_token(actor=operator, user=user, purpose=options["purpose"])
        self.stdout.write(json.dumps({"token": text}) if options["json"] else text)
