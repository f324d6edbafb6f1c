"""Running an import's record: taken by exactly one worker, followed, ended; taken up again when the
worker is killed.

A run has a secret of its own, and writes only while the record still carries it: a worker that was
thought dead and wakes up again finds that it has lost it before it writes another batch.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, Login, User
from audit.actions import record
from audit.models import Event
from courses.models import Course, Enrolment, Section
from pairing.models import ObservationLink
from pairing_service.statements import learn_sizes
from permissions.models import AccountMembership
from permissions.policy import may
from sis import uploads
from sis.archives import Unusable
from sis.following import Follower, Stopped
from sis.importing import import_files
from sis.models import ImportProblem, SisImport
from sis.recording import LostRun, NoRight, Recorder, tell_error
from sis.report import Report
from sis.rules import IMPORT_SIS

log = logging.getLogger(__name__)

State = SisImport.State
# An upload that kills its worker each time must not do so for ever.
MOST_RUNS = 3
# After so many changes the database looks how much there is: a first roster fills tables that it
# takes for empty.
_MANY = 1_000
_FILLED = (
    Account, Course, Section, User, Login, Enrolment, AccountMembership, ObservationLink, Event
)  # fmt: skip
# How often a run says that it is alive; models.SILENCE is several times that.
_BEAT = 5
# Set when this process is told to end: the run goes back to the waiting ones.
stopping = threading.Event()


def run_next(root_account_id: int) -> bool:
    """Run the tenant's oldest waiting import. False when none waits, or another is running."""
    give_back_silent(root_account_id)
    sis_import = claim_next(root_account_id)
    if sis_import is None:
        return False
    run_claimed(sis_import)
    return not stopping.is_set()


# --- Taking one ---


def claim_next(root_account_id: int) -> SisImport | None:
    """The tenant's oldest waiting import, which is now this caller's alone to run."""
    waiting = SisImport.objects.filter(root_account=root_account_id).waiting().order_by("pk")
    for pk in waiting.values_list("pk", flat=True)[:10]:
        if claimed := claim(pk):
            return claimed
    return None


def claim(pk: int) -> SisImport | None:
    """The import, unless it waits no more or another one of its tenant is running.

    One conditional UPDATE; a unique index decides between two at the same instant.
    """
    run, now = secrets.token_hex(16), timezone.now()
    running = SisImport.objects.running().filter(root_account=OuterRef("root_account"))
    waiting = SisImport.objects.waiting().filter(~Exists(running), pk=pk)
    try:
        with transaction.atomic():
            taken = waiting.update(
                state=State.IMPORTING, run=run, runs=F("runs") + 1, started_at=now, seen_at=now,
                updated_at=now, lines=0, lines_done=0, taken={}, unchanged=0, error_count=0,
                warning_count=0,
            )  # fmt: skip
            if not taken:
                return None
            # What a run before it has told of rows, this one will tell again; what that has
            # changed is changed, and stays counted.
            ImportProblem.objects.filter(sis_import=pk).delete()
    except IntegrityError:
        return None
    return SisImport.objects.select_related("user", "real_user").get(pk=pk)


def give_back_silent(root_account_id: int | None = None) -> set[int]:
    """Let dead runs wait again, or fail when they died too often; the tenants of the former."""
    silent = SisImport.objects.silent()
    if root_account_id is not None:
        silent = silent.filter(root_account=root_account_id)
    silent = silent.select_related("root_account")
    return {one.root_account_id for one in silent if _give_back_dead(one)}


def as_it_is(sis_import: SisImport) -> SisImport:
    """The import; when its run is dead, after that was seen.

    Whoever waits for its end hears of it, even where no worker is left that would look after it.
    """
    if sis_import.is_silent:
        give_back_silent(sis_import.root_account_id)
        sis_import.refresh_from_db()
    return sis_import


def _give_back_dead(sis_import: SisImport) -> bool:
    log.warning("The worker of import %s is gone after run %s.", sis_import.pk, sis_import.runs)
    # Only if it is still the same silent run.
    same = SisImport.objects.silent().filter(pk=sis_import.pk, run=sis_import.run)
    now = timezone.now()
    if not sis_import.upload or sis_import.runs >= MOST_RUNS:
        failed = {"state": State.FAILED_WITH_MESSAGES, "ended_at": now, "updated_at": now}
        with transaction.atomic():
            if same.update(**failed, upload=""):
                tell_error(sis_import, _said_of(sis_import))
                _tell_cut_off(sis_import)
                transaction.on_commit(lambda: uploads.throw_away(sis_import.upload))
        return False
    with transaction.atomic():
        waits = same.update(state=State.CREATED, run="", seen_at=None, updated_at=now)
        if waits:
            _tell_cut_off(sis_import)
    return bool(waits)


def _tell_cut_off(dead: SisImport) -> None:
    """The event of a run that could record none of its own; by nobody."""
    root = dead.root_account
    record(Actor(root, is_operator=True), "sis_import_cut_off", account=root, sis_import=dead.pk,
           changes=dead.changes)  # fmt: skip


def _said_of(dead: SisImport) -> str:
    if dead.upload:
        return (
            f"It was cut off {dead.runs} times and is not tried again. What it had imported stays."
        )
    return "The command was cut off. What it had imported stays; run it again."


# --- Running it ---

_NO_RIGHT = "Whoever asked for this import may not import any more. What it had imported stays."
_NOT_HERE = (
    "The uploaded files are not on the machine that imports: SIS_UPLOADS must be one folder for"
    " all."
)
_OWN_FAULT = (
    "It failed for a reason that is not in the files; the server's log tells more."
    " What it had imported stays."
)


def run_claimed(sis_import: SisImport) -> None:
    """Import the files of a claimed record and end it, or hand it back.

    Only a database that does not answer is raised: the run then counts as dead after a while.
    """
    recorder = Recorder(sis_import, stopping)
    with alive(sis_import):
        try:
            _import(sis_import, recorder)
        except LostRun:
            recorder.let_go()
        except NoRight:
            recorder.fail(_NO_RIGHT)
        except Stopped:
            recorder.hand_back()
        except Unusable as unusable:
            recorder.fail(str(unusable))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Its words may repeat a row, so they are for the operator's log alone.
            log.exception("Import %s failed.", sis_import.pk)
            recorder.fail(_OWN_FAULT)
    _throw_away_if_ended(sis_import)


def _import(sis_import: SisImport, recorder: Recorder) -> None:
    roots = Account.objects.select_related("settings", "override_version")
    root = roots.get(pk=sis_import.root_account_id)
    actor = Actor(root, sis_import.user, sis_import.real_user, sis_import.address)
    # At once, and not only with the first batch: files without a row would never ask.
    if not may(actor, IMPORT_SIS, root):
        raise NoRight
    try:
        paths = uploads.paths_of(sis_import.upload)
    except FileNotFoundError as error:
        raise Unusable(_NOT_HERE) from error
    report = import_files(
        root_account=root, paths=paths, actor=actor, follower=recorder,
        skip_deletes=sis_import.skip_deletes, sis_import=sis_import.pk,
    )  # fmt: skip
    _learn_sizes(report)


def _learn_sizes(report: Report) -> None:
    if report.total_changes >= _MANY:
        learn_sizes(_FILLED)


def _throw_away_if_ended(sis_import: SisImport) -> None:
    ended = SisImport.objects.filter(pk=sis_import.pk).exclude(state__in=SisImport.PENDING)
    if ended.update(upload=""):
        uploads.throw_away(sis_import.upload)


@contextmanager
def alive(sis_import: SisImport) -> Iterator[None]:
    """Says every few seconds that this run is alive, whatever keeps it busy."""
    is_over = threading.Event()
    mine = SisImport.objects.running().filter(pk=sis_import.pk, run=sis_import.run)

    def beat() -> None:
        while not is_over.wait(_BEAT):
            try:
                mine.update(seen_at=timezone.now())
            except DatabaseError:  # perhaps only busy: the next beat asks with a new connection
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


# --- The command line ---


def run_here(*, root_account: Account, paths: Sequence[Path], also: Follower) -> Report:
    """Import the operator's files in this process, once nobody else imports for the tenant.

    The record is in the history like any other. Raises Unusable, LostRun (somebody stopped it).
    """
    sis_import = _begin(root_account, [path.name for path in paths], also)
    recorder = Recorder(sis_import, also=also)
    with alive(sis_import):
        try:
            report = import_files(
                root_account=root_account, paths=paths, follower=recorder, sis_import=sis_import.pk
            )
        except LostRun:
            recorder.let_go()
            raise
        except Unusable as unusable:
            recorder.fail(str(unusable))
            raise
        except BaseException:
            recorder.abort()
            raise
    _learn_sizes(report)
    return report


def _begin(root_account: Account, files: list[str], also: Follower) -> SisImport:
    """A record that runs already: it waits here, not as a row that a worker would take."""
    while True:
        give_back_silent(root_account.pk)
        now = timezone.now()
        try:
            with transaction.atomic():
                return SisImport.objects.create(
                    root_account=root_account, files=files, state=State.IMPORTING,
                    run=secrets.token_hex(16), runs=1, started_at=now, seen_at=now,
                )  # fmt: skip
        except IntegrityError:
            also.wait()
