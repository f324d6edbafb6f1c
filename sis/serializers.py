"""JSON of imports, out and in (contract §8.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple, Required, TypedDict

from django.db.models import Q

from pairing_service.http.described import Paged
from pairing_service.http.errors import refusal
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import File, Time
from sis.models import ImportProblem, SisImport

IMPORT_TYPE = "instructure_csv"
# How many of an import's errors, and of its warnings, stand in its own JSON; `errors` has them all.
_SHOWN = 25
# The contract's kinds that no file here is of.
_NEVER = ("terms", "xlists", "logins", "change_sis_ids")
_KINDS = ("accounts", "courses", "sections", "users", "enrollments", "admins", "user_observers")

# --- Out ---


class Importer(TypedDict):
    id: int


class ImportDataJson(TypedDict):
    """What was in the files; `statistics` tells by kind what was created, updated, deleted."""

    import_type: str
    supplied_batches: list[str]
    counts: dict[str, int]
    statistics: dict[str, dict[str, int]]


class ImportChangesJson(TypedDict):
    total_state_changes: int


class SisImportJson(TypedDict):
    """An import; its first errors and warnings, each as the file and what is wrong in it."""

    id: int
    account_id: int
    created_at: Time
    started_at: Time | None
    ended_at: Time | None
    updated_at: Time
    progress: int
    workflow_state: str
    data: ImportDataJson
    statistics: ImportChangesJson
    batch_mode: bool
    batch_mode_term_id: None
    multi_term_batch_mode: None
    skip_deletes: bool
    override_sis_stickiness: bool
    add_sis_stickiness: bool
    clear_sis_stickiness: bool
    diffing_data_set_identifier: None
    diffed_against_import_id: None
    errors_attachment: None
    user: Importer | None
    processing_warnings: list[list[str]]
    processing_errors: list[list[str]]


class SisImportsJson(TypedDict):
    sis_imports: Paged[SisImportJson]


class AbortedJson(TypedDict):
    aborted: Literal[True]


class ImportProblemJson(TypedDict):
    """An error, or a warning (then `failure` is false), in a row or in a whole file."""

    sis_import_id: int
    file: str
    message: str
    row: int | None
    row_info: None
    failure: bool


class ImportProblemsJson(TypedDict):
    sis_import_errors: Paged[ImportProblemJson]


def imports_json(imports: Iterable[SisImport]) -> list[SisImportJson]:
    """Imports with their first errors and warnings: one statement for all of these."""
    imports = list(imports)
    told: dict[tuple[int, bool], list[list[str]]] = defaultdict(list)
    shown = ImportProblem.objects.filter(sis_import__in=imports, number__lte=_SHOWN)
    for one in shown.order_by("number"):
        told[one.sis_import_id, one.is_error].append([one.file, _message(one)])
    return [_import_json(one, told[one.pk, True], told[one.pk, False]) for one in imports]


def _import_json(
    one: SisImport, errors: list[list[str]], warnings: list[list[str]]
) -> SisImportJson:
    return {
        "id": one.pk,
        "account_id": one.root_account_id,
        "created_at": wire_time(one.created_at),
        "started_at": wire_time(one.started_at),
        "ended_at": wire_time(one.ended_at),
        "updated_at": wire_time(one.updated_at),
        "progress": one.progress,
        "workflow_state": one.state,
        "data": {
            "import_type": IMPORT_TYPE,
            "supplied_batches": [kind.removesuffix("s") for kind in one.kinds],
            "counts": _counts(one),
            "statistics": one.changes,
        },
        "statistics": {"total_state_changes": one.total_changes},
        "batch_mode": False,
        "batch_mode_term_id": None,
        "multi_term_batch_mode": None,
        "skip_deletes": one.skip_deletes,
        # What a file says always counts here, whoever changed it by hand.
        "override_sis_stickiness": True,
        "add_sis_stickiness": False,
        "clear_sis_stickiness": False,
        "diffing_data_set_identifier": None,
        "diffed_against_import_id": None,
        "errors_attachment": None,
        "user": {"id": one.user_id} if one.user_id else None,
        "processing_warnings": warnings,
        "processing_errors": errors,
    }


def _counts(one: SisImport) -> dict[str, int]:
    """Rows that were taken, by kind."""
    counts = {kind: one.taken.get(kind, 0) for kind in _KINDS} | dict.fromkeys(_NEVER, 0)
    return counts | {"error_count": one.error_count, "warning_count": one.warning_count}


def _message(problem: ImportProblem) -> str:
    return problem.reason if problem.line is None else f"Line {problem.line}: {problem.reason}"


def problem_json(problem: ImportProblem) -> ImportProblemJson:
    """An error or a warning. What the row held is not kept: it may have had a password in it."""
    return {
        "sis_import_id": problem.sis_import_id,
        "file": problem.file,
        "message": problem.reason,
        "row": problem.line,
        "row_info": None,
        "failure": problem.is_error,
    }


# --- In ---


class ImportsParams(TypedDict, total=False):
    workflow_state: list[str]
    created_since: Time
    created_before: Time


class NewImportParams(TypedDict, total=False):
    """The files are `attachment`, or one is the body itself. Refused is what is not done here."""

    attachment: Required[File]
    import_type: Literal["instructure_csv"]
    extension: Literal["csv", "zip"]
    skip_deletes: bool
    override_sis_stickiness: bool
    batch_mode: Literal[False]
    multi_term_batch_mode: Literal[False]
    add_sis_stickiness: Literal[False]
    update_sis_id_if_login_claimed: Literal[False]
    diffing_data_set_identifier: Literal[""]


class ProblemsParams(TypedDict, total=False):
    failure: bool


class Asked(NamedTuple):
    """What the parameters ask for, as far as it is done here."""

    skip_deletes: bool
    warnings: list[str]


# What would delete, keep or claim things that this service would not: refused, never passed over.
_NOT_DONE = {
    "batch_mode": "batch_mode would delete what the files do not name, which is not done here:"
    " give the rows to delete the status deleted",
    "multi_term_batch_mode": "multi_term_batch_mode is not done here: there are no terms",
    "add_sis_stickiness": "add_sis_stickiness is not done here: the next import's rows would"
    " overwrite these all the same",
    "update_sis_id_if_login_claimed": "update_sis_id_if_login_claimed is not done here: a login"
    " stays with the person who has it",
}
_HAND_MADE = (
    "override_sis_stickiness was switched off, but changes made by hand are not kept here: the"
    " files' values have replaced them."
)


def asked(params: Params) -> Asked:
    """The parameters of a new import. Raises a refusal (400) for what can't be done as asked.

    Without effect here, and so passed over: clear_sis_stickiness (nothing sticks), and whatever
    only bears on batch_mode or on a data set to differ from.
    """
    given = params.text("import_type") or IMPORT_TYPE
    if given != IMPORT_TYPE:
        raise refusal(400, f"import_type must be {IMPORT_TYPE}")
    if params.text("extension") not in (None, "", "csv", "zip"):
        raise refusal(400, "extension must be csv or zip")
    for name, said in _NOT_DONE.items():
        if params.boolean(name):
            raise refusal(400, said)
    if params.text("diffing_data_set_identifier"):
        raise refusal(400, "diffing_data_set_identifier is not done here: send whole files")
    keeps = params.boolean("override_sis_stickiness") is False
    return Asked(bool(params.boolean("skip_deletes")), [_HAND_MADE] if keeps else [])


def filters(params: Params) -> Q:
    """`created_since`, `created_before`, `workflow_state[]` of a list."""
    found = Q()
    if states := params.texts("workflow_state"):
        found &= Q(state__in=states)
    if since := params.moment("created_since"):
        found &= Q(created_at__gte=since)
    if before := params.moment("created_before"):
        found &= Q(created_at__lt=before)
    return found
