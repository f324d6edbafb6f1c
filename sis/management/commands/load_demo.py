"""`manage.py load_demo`: the fictional district Northfield, through the very importer."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.models import Account, User
from permissions.actions import create_root_account
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership, Override, Role
from permissions.table import bump
from sis.importing import import_files

ROSTERS = Path(settings.BASE_DIR) / "demo"
# Public, and the same for everyone: the demonstration is for one's own machine.
PASSWORD = "northfield-demo"  # noqa: S105


class SignIn(NamedTuple):
    """Someone to sign in as, and what to try as them."""

    login: str
    who: str
    what: str


SIGN_INS = [
    SignIn("admin", "administrator of Northfield", "settings, people, act as a student"),
    SignIn("principal", "administrator of the High School", "its people; nothing next door"),
    SignIn("teacher", "teaches Biology and World History", "People, a student, Pair with observer"),
    SignIn("assistant", "helps in Biology", "sees People, may not pair"),
    SignIn("student", "Ada Okafor", "Settings, Pair with observer: make a code"),
    SignIn("parent", "Joy Okafor, observes Emeka", "Observing: add Ada with her code"),
]


class Command(BaseCommand):
    help = "Load the demonstration district, unless there is a root account already; say who's who."

    def handle(self, *args: Any, **options: Any) -> None:
        if not Account.objects.roots().exists():
            load()
        root = Account.objects.roots().filter(name="Northfield").first()
        if root is not None and User.objects.with_login(root.pk, "student").exists():
            self.stdout.write(as_table())


@transaction.atomic
def load() -> None:
    """Northfield with its rosters from `demo/`; the people above get the public password."""
    founder = create_root_account(
        name="Northfield", login_id="founder", password=secrets.token_urlsafe(),
        self_registration="observer", domain=None,
    )  # fmt: skip
    root = Account.objects.select_related("settings", "override_version").get(
        pk=founder.root_account_id
    )
    report = import_files(root_account=root, paths=sorted(ROSTERS.glob("*.csv")))
    if report.error_count:
        raise RuntimeError(f"{report.error_count} rows of the demonstration were not imported.")
    people = User.objects.filter(root_account=root)
    logins = [sign_in.login for sign_in in SIGN_INS]
    people.filter(login_id__in=logins).update(password=make_password(PASSWORD))
    # The tenant's own administrator is in the roster; the one who founded it is not needed.
    AccountMembership.objects.filter(user=founder).update(state=AccountMembership.State.DELETED)
    people.filter(pk=founder.pk).update(state=User.State.DELETED)
    Account.objects.filter(pk=root.pk).update(time_zone="America/Denver")
    _let_teachers_pair(root)


def _let_teachers_pair(root: Account) -> None:
    """No teacher may make codes by default; here they may, so that there is something to see."""
    Override.objects.create(
        root_account=root,
        account=root,
        role=Role.objects.get(root_account=root, base_role=BaseRole.TEACHER, state="built_in"),
        permission="generate_observer_pairing_code",
        enabled=True,
    )
    bump(root)


def as_table() -> str:
    """Who can sign in, with what, to try what."""
    lines = ["", f"Sign in to the demonstration (password: {PASSWORD}):", ""]
    lines += [f"  {s.login:11}{s.who:36}{s.what}" for s in SIGN_INS]
    return "\n".join([*lines, ""])
