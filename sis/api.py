"""REST: importing rosters (contract §8.2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest, token_in_header
from accounts.ids import get_account, id_condition
from accounts.models import Account
from pairing_service.http.described import described
from pairing_service.http.errors import Errors, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from pairing_service.http.parsing import Form, MultiPart, kind_of_body
from pairing_service.http.uploads import take_files
from permissions.policy import require
from sis import uploads
from sis.actions import ImportEnded, abort_all_imports, abort_import, request_import
from sis.models import ImportProblem, SisImport
from sis.rules import IMPORT_SIS
from sis.running import as_it_is, give_back_silent
from sis.serializers import (
    AbortedJson,
    ImportProblemsJson,
    ImportsParams,
    NewImportParams,
    ProblemsParams,
    SisImportJson,
    SisImportsJson,
    asked,
    filters,
    imports_json,
    problem_json,
)


class _Raw(BaseParser):
    """A body that is the file: it stays in the stream, whoever asks for parameters."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return {}


class _Csv(_Raw):
    media_type = "text/csv"


class _Zip(_Raw):
    media_type = "application/zip"


class _Bytes(_Raw):
    """Its `extension` tells; and in the end the file itself does."""

    media_type = "application/octet-stream"


_RAW: tuple[type[_Raw], ...] = (_Csv, _Zip, _Bytes)


class SisImports(APIView):
    parser_classes = [JSONParser, Form, MultiPart, *_RAW]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the body is read: its size, and that files come to the disk for who has a token.

        Who sends their token in the body itself sends no file with it.
        """
        if request.method == "POST":
            if _length(request) > uploads.most_bytes():
                raise refusal(400, str(uploads.too_large()))
            if token_in_header(request) or "access_token" in request.query_params:
                take_files(request._request, uploads.folder())
        super().initial(request, *args, **kwargs)

    @described(SisImportsJson, takes=ImportsParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The tenant's imports, newest first."""
        account = _root(request, account_id)
        found = SisImport.objects.of(account).filter(filters(params_of(request)))
        return _page(request, found)

    @described(SisImportJson, takes=NewImportParams, refuses={507: Errors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Import a roster: CSV files, or a zip of them."""
        account = _root(request, account_id)
        wanted = asked(params_of(request))
        try:
            sis_import = request_import(
                actor=request.actor, account=account, files=_files(request), **wanted._asdict()
            )
        except uploads.UploadRefused as refused:
            raise refusal(refused.status, str(refused)) from refused
        return _one(sis_import)


def _length(request: Request) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0


def _files(request: ApiRequest) -> list[tuple[str, Callable[[Path], None]]]:
    """What is to be imported, from a form's `attachment` or the bare body. Raises a 400."""
    kind = kind_of_body(request)
    if any(kind == parser.media_type for parser in _RAW):
        if not _length(request):
            raise refusal(400, "the body is empty: it must be the file to import")
        name = f"roster.{'zip' if kind == _Zip.media_type else 'csv'}"
        return [(name, uploads.streamed(request._request.read, _length(request)))]
    files: list[UploadedFile[Any]] = request.FILES.getlist("attachment")
    if not files:
        raise refusal(400, "attachment is missing: a CSV file or a zip of them")
    return [(file.name or "", uploads.moved(file)) for file in files]


class RunningImports(APIView):
    @described(SisImportsJson)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """Those that are running now: one at most."""
        account = _root(request, account_id)
        give_back_silent(account.pk)
        return _page(request, SisImport.objects.of(account).running())


class PendingImports(APIView):
    @described(AbortedJson)
    def put(self, request: ApiRequest, account_id: str) -> Response:
        """Stop all that wait or run."""
        abort_all_imports(actor=request.actor, account=_root(request, account_id))
        return Response({"aborted": True})


class OneSisImport(APIView):
    @described(SisImportJson)
    def get(self, request: ApiRequest, account_id: str, import_id: str) -> Response:
        """One import, as a client that waits for its end asks for it."""
        return _one(_import(request, account_id, import_id))


class AbortSisImport(APIView):
    @described(SisImportJson)
    def put(self, request: ApiRequest, account_id: str, import_id: str) -> Response:
        """Stop one; what it has imported until then stays."""
        sis_import = _import(request, account_id, import_id)
        try:
            return _one(abort_import(actor=request.actor, sis_import=sis_import))
        except ImportEnded as ended:
            raise refusal(400, "the import has ended already") from ended


class RestoreStates(APIView):
    @described(SisImportJson)
    def put(self, request: ApiRequest, account_id: str, import_id: str) -> Response:
        """Refused: what a row was before an import is not kept."""
        _import(request, account_id, import_id)
        said = "states can't be restored here: import the roster of before instead"
        raise refusal(400, said)


class ErrorsOfImport(APIView):
    @described(ImportProblemsJson, takes=ProblemsParams)
    def get(self, request: ApiRequest, account_id: str, import_id: str) -> Response:
        """An import's errors and warnings; `failure` leaves the warnings out."""
        problems = ImportProblem.objects.filter(sis_import=_import(request, account_id, import_id))
        return _problems(request, problems.order_by("-is_error", "number"))


class ErrorsOfImports(APIView):
    @described(ImportProblemsJson, takes=ProblemsParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The errors and warnings of all imports, the newest import's first."""
        imports = SisImport.objects.of(_root(request, account_id))
        problems = ImportProblem.objects.filter(sis_import__in=imports)
        return _problems(request, problems.order_by("-sis_import", "-is_error", "number"))


def _root(request: ApiRequest, text: str) -> Account:
    """The root account, for who may import. Raises Http404, Denied, and a 400 for one below it."""
    account = get_account(request.actor, text)
    require(request.actor, IMPORT_SIS, account)
    if not account.is_root:
        said = f"rosters are imported into the root account: {account.root_account_id}"
        raise refusal(400, said)
    return account


def _import(request: ApiRequest, account_id: str, text: str) -> SisImport:
    condition = id_condition(text, {})
    found = SisImport.objects.of(_root(request, account_id)).select_related("root_account")
    sis_import = found.filter(condition).first() if condition else None
    if sis_import is None:
        raise Http404
    return as_it_is(sis_import)


def _one(sis_import: SisImport) -> Response:
    # As it is now: without a worker it has run meanwhile.
    sis_import.refresh_from_db()
    return Response(imports_json([sis_import])[0])


def _page(request: ApiRequest, imports: Any) -> Response:
    response = page_of(request, imports.order_by("-pk"), imports_json)
    response.data = {"sis_imports": response.data}
    return response


def _problems(request: ApiRequest, problems: Any) -> Response:
    if params_of(request).boolean("failure"):
        problems = problems.filter(is_error=True)
    response = page_of(request, problems, lambda page: map(problem_json, page), counted=False)
    response.data = {"sis_import_errors": response.data}
    return response
