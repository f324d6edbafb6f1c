"""`manage.py prune_events`: remove events kept long enough, or pseudonymise an erased person's."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.ids import id_condition
from accounts.models import Account, User
from audit.forgetting import NotErased, pseudonymise, remove_expired
from pairing_service.commands import JsonCommand


class Command(JsonCommand):
    help = """Remove events that are older than their root account keeps them (Settings; for ever
by default), in all tenants or in one. With --erase, take the names, logins and addresses of a
person who has been deleted out of their record and out of all events instead. Both are events."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", help="the root account's id; all of them by default")
        parser.add_argument("--erase", metavar="USER_ID", help="the id of a deleted person")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        roots = _root_accounts(options["account"])
        if options["erase"]:
            told = {"pseudonymised": _erase(roots, options["erase"])}
        else:
            told = {"removed": sum(remove_expired(root) for root in roots)}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write("".join(f"{count} events {verb}." for verb, count in told.items()))


def _root_accounts(text: str | None) -> list[Account]:
    roots = Account.objects.live().roots().select_related("settings")
    if text is None:
        return list(roots)
    condition = id_condition(text, {})
    found = list(roots.filter(condition)) if condition else []
    if not found:
        raise CommandError(f"There is no root account {text}.")
    return found


def _erase(roots: list[Account], text: str) -> int:
    condition = id_condition(text, {})
    people = User.objects.filter(root_account__in=roots).select_related("root_account")
    person = people.filter(condition).first() if condition else None
    if person is None:
        raise CommandError(f"There is no person {text}.")
    try:
        return pseudonymise(person)
    except NotErased as error:
        raise CommandError(f"{person} has not been deleted: that comes first.") from error
