"""`manage.py import_sis FILES_OR_ZIP… --account ID`: a roster into a tenant."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import InterfaceError, InternalError, OperationalError
from tqdm import tqdm

from accounts.actor import Actor
from accounts.ids import find_account
from accounts.models import Account
from pairing_service.commands import JsonCommand
from sis.archives import Unusable
from sis.following import Follower
from sis.recording import LostRun
from sis.report import Report
from sis.running import run_here


class Command(JsonCommand):
    help = """Import accounts, courses, sections, users, enrollments, admins and user_observers.

The kind of a file is told by its header, so names and order do not matter. Rows with a problem are
reported with file, line and reason and do not stop the others; running the same files again
changes nothing. Each run is in the account's history of imports.

Exit status: 0 when the run finished, even with bad rows; 1 when there is no such root account, or
no file in the zips, or the database failed; 2 when the arguments are wrong, a file can't be opened
(nothing was imported), or a whole file was refused (the others were imported); 3 when somebody
stopped it; 130 when Ctrl-C did."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="CSV files, or zips of them")
        parser.add_argument(
            "--account", required=True, help="the root account's id, or sis_account_id:…"
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        # With it, Django would keep every statement, so the memory would grow with the files.
        settings.DEBUG = False
        with _in_a_sentence():
            root = root_account(options["account"])
            with tqdm(unit=" lines", unit_scale=True, disable=None) as bar:
                report = run_here(root_account=root, paths=options["files"], also=_Showing(bar))
        if options["json"]:
            self.stdout.write(json.dumps({"account_id": root.pk} | report.as_json()))
        else:
            self.stdout.write(as_text(report))
        if report.refused_files:
            sys.exit(2)
        if report.has_no_file:
            sys.exit(1)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """What ends a run before its end ends the command with a sentence and an exit status."""
    try:
        yield
    except Unusable as unusable:
        raise CommandError(str(unusable), returncode=2) from unusable
    except LostRun as lost:
        said = "The import was stopped by somebody. What it had imported stays."
        raise CommandError(said, returncode=3) from lost
    except KeyboardInterrupt as stopped:
        said = "The import was stopped. What it had imported stays; run it again."
        raise CommandError(said, returncode=130) from stopped
    except (OperationalError, InternalError, InterfaceError) as error:
        # The first line alone: a further one may repeat what was to be written.
        why = str(error).partition("\n")[0]
        raise CommandError(f"The database failed: {why}. What was imported stays.") from error
    except OSError as error:
        said = f"A file can't be read or written: {error.strerror}. What was imported stays."
        raise CommandError(said) from error


def root_account(text: str) -> Account:
    """The root account that `text` names, in whichever tenant. CommandError when it is none."""
    roots = Account.objects.live().roots().select_related("settings", "override_version")
    found = {account for root in roots if (account := find_account(Actor(root), text))}
    if not found:
        raise CommandError(f"There is no account {text}.")
    if len(found) > 1:
        raise CommandError(f"Several tenants have an account {text}: give the root account's id.")
    account = found.pop()
    if not account.is_root:
        raise CommandError(
            f"Account {text} ({account}) is not a root account; rosters are imported into "
            f"its root account, {account.root_account_id}."
        )
    return roots.get(pk=account.pk)


class _Showing(Follower):
    """Draws the progress on the terminal."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def wait(self) -> None:
        self._bar.set_description("Waiting for another import of this account to end")
        time.sleep(1)

    def begin(self, report: Report, kinds: Sequence[str], lines: int) -> None:
        self._bar.set_description("")
        self._bar.total = lines

    def move(self, done: int) -> None:
        self._bar.update(done - self._bar.n)


def as_text(report: Report) -> str:
    """A short table, then what was wrong."""
    lines = [f"{'':16}{'created':>9}{'updated':>9}{'deleted':>9}"]
    lines += [
        f"{kind:16}{counts['created']:9}{counts['updated']:9}{counts['deleted']:9}"
        for kind, counts in report.changes.items()
        if counts.total()
    ]
    total = report.total_changes
    as_before = (
        "1 row as it was" if report.unchanged == 1 else f"{report.unchanged} rows as they were"
    )
    summary = f"{total} change{'' if total == 1 else 's'}, {as_before}"
    if report.error_count:
        summary += f", {report.error_count} not imported"
    problems = [str(problem) for problem in report.sorted_problems()]
    return "\n".join([*(lines if total else []), f"{summary}.", *problems])
