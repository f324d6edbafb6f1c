"""Writes to imports by people: asking for one, ending it. What runs one is in `running`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account
from audit.actions import record
from permissions.policy import require
from sis import uploads
from sis.models import SisImport
from sis.rules import IMPORT_SIS
from sis.tasks import run_imports

State = SisImport.State


class ImportEnded(Exception):
    """There is nothing to stop any more."""


def request_import(
    *,
    actor: Actor,
    account: Account,
    files: Iterable[tuple[str, Callable[[Path], None]]],
    skip_deletes: bool = False,
    warnings: Iterable[str] = (),
) -> SisImport:
    """Keep the files (name, what writes it to a path) and let a worker import them.

    `warnings` are told with the import's own. Raises Denied, UploadRefused.
    """
    require(actor, IMPORT_SIS, account)
    upload, names = uploads.keep(files)
    try:
        return _request(actor, account, upload, names, skip_deletes, list(warnings))
    except BaseException:
        uploads.throw_away(upload)
        raise


@transaction.atomic
def _request(
    actor: Actor,
    account: Account,
    upload: str,
    names: list[str],
    skip_deletes: bool,
    warnings: list[str],
) -> SisImport:
    # Again, for the files may have taken an hour to come.
    require(actor, IMPORT_SIS, account)
    sis_import = SisImport.objects.create(
        root_account=account, user=actor.person, real_user=actor.real, address=actor.address,
        files=names, upload=upload, skip_deletes=skip_deletes, foretold=warnings,
    )  # fmt: skip
    record(
        actor, "sis_import_requested", account=account, sis_import=sis_import.pk, files=len(names)
    )
    run_imports.enqueue(account.pk)
    return sis_import


@transaction.atomic
def abort_import(*, actor: Actor, sis_import: SisImport) -> SisImport:
    """Stop an import: one that waits is not begun, one that runs ends before its next batch.

    What it has imported until then stays. Aborting again changes nothing.
    Raises Denied, ImportEnded.
    """
    require(actor, IMPORT_SIS, sis_import.root_account)
    if not _abort(actor, sis_import):
        sis_import.refresh_from_db()
        if sis_import.state != State.ABORTED:
            raise ImportEnded
    sis_import.refresh_from_db()
    return sis_import


@transaction.atomic
def abort_all_imports(*, actor: Actor, account: Account) -> int:
    """Stop every import that waits or runs; how many there were. Raises Denied."""
    require(actor, IMPORT_SIS, account)
    # Newest first, so that none begins because the one before it ended.
    pending = SisImport.objects.of(account).pending().order_by("-pk")
    return sum(_abort(actor, one) for one in pending)


def _abort(actor: Actor, sis_import: SisImport) -> bool:
    """Whether it was this that ended it: one conditional UPDATE per state that it may be in."""
    now = timezone.now()
    ended = {"state": State.ABORTED, "ended_at": now, "updated_at": now}
    there = SisImport.objects.filter(pk=sis_import.pk)
    # Its files are nobody's yet; those of a running one are thrown away by whoever runs it.
    was_waiting = there.waiting().update(**ended, upload="")
    if not (was_waiting or there.running().update(**ended)):
        return False
    if was_waiting:
        transaction.on_commit(lambda: uploads.throw_away(sis_import.upload))
    record(actor, "sis_import_aborted", account=sis_import.root_account, sis_import=sis_import.pk)
    return True
