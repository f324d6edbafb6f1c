"""Pages about imports of the root account: upload, progress, what was wrong, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.middleware import TenantRequest
from accounts.people import searched
from accounts.sight import Crumbs, account_in_sight, breadcrumbs, breadcrumbs_below
from pairing_service.http.spreadsheets import csv_response
from pairing_service.http.uploads import take_files
from sis import uploads
from sis.actions import ImportEnded, abort_import, request_import
from sis.forms import ProblemsFilter, UploadForm
from sis.models import ImportProblem, SisImport
from sis.panels import Shown
from sis.rules import IMPORT_SIS
from sis.running import as_it_is

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

IMPORTS_PER_PAGE = 25
PROBLEMS_PER_PAGE = 50
_SHOWN = {"errors": Q(is_error=True), "warnings": Q(is_error=False)}


@require_safe
def sis_imports(request: TenantRequest, account_id: int) -> HttpResponse:
    """A form for files, and the history. Below the root account: on to the root account's."""
    account = account_in_sight(request, account_id, required=IMPORT_SIS)
    if not account.is_root:
        return redirect("sis:imports", account.root_account_id)
    return _imports_page(request, account, UploadForm())


def _imports_page(
    request: TenantRequest, account: SeenAccount, form: UploadForm, status: int = 200
) -> HttpResponse:
    request.page_url = reverse("sis:imports", args=[account.pk])
    history = SisImport.objects.of(account).select_related("user", "real_user").order_by("-pk")
    page = Paginator(history, IMPORTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Imports")),
        "form": form,
        "page": page,
        "imports": [Shown(one) for one in page],
    }
    return render(request, "sis/imports.html", context, status=status)


@csrf_exempt
@require_POST
def import_upload(request: TenantRequest, account_id: int) -> HttpResponse:
    """Keep the files and import them in the background; then the import's page.

    Who may, and how much it is, is settled before the body is read; only then comes what Django
    does for every other page first: the check against forged requests, which reads the body.
    """
    account = account_in_sight(request, account_id, required=IMPORT_SIS)
    if not account.is_root:
        return redirect("sis:imports", account.root_account_id)
    size = request.META.get("CONTENT_LENGTH") or "0"
    if size.isdecimal() and int(size) > uploads.most_bytes():
        said = _("The files are too large: together they may have %(bytes)s.")
        messages.error(request, said % {"bytes": filesizeformat(uploads.most_bytes())})
        return _imports_page(request, account, UploadForm(), 413)
    take_files(request, uploads.folder())
    answer: HttpResponse = _upload(request, account)
    return answer


@csrf_protect
def _upload(request: TenantRequest, account: SeenAccount) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        files = [(file.name or "", uploads.moved(file)) for file in form.cleaned_data["roster"]]
        try:
            sis_import = request_import(
                actor=request.actor,
                account=account,
                files=files,
                skip_deletes=form.cleaned_data["skip_deletes"],
            )
        except uploads.UploadRefused as refused:
            form.add_error("roster", str(refused))
        else:
            return redirect("sis:import", account.pk, sis_import.pk)
    return _imports_page(request, account, form, 422)


@require_safe
def sis_import(request: TenantRequest, account_id: int, import_id: int) -> HttpResponse:
    """How far it is, what it did, and which rows were not taken."""
    account, one = _found(request, account_id, import_id)
    if request.headers.get("HX-Target") == "import-progress":
        # What came to its end changes more of the page than the bar.
        if not one.is_pending:
            return HttpResponseClientRefresh()
        return render(request, "sis/_progress.html", {"account": account, "shown": Shown(one)})
    show, text = request.GET.get("show", ""), searched(request.GET.get("q", ""))
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, _name(one)),
        "heading": _name(one),
        "shown": Shown(one),
        "page": Paginator(_problems(one, show, text), PROBLEMS_PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "filters": ProblemsFilter(request.GET),
        "is_narrowed": bool(text or show in _SHOWN),
    }
    return render(request, "sis/import.html", context)


@require_safe
def import_problems(
    request: TenantRequest, account_id: int, import_id: int
) -> StreamingHttpResponse:
    """All that was wrong, as a file for whoever repairs the roster."""
    _account, one = _found(request, account_id, import_id)
    rows = _problems(one, "", "").values_list("file", "line", "is_error", "reason")
    words = {True: _("error"), False: _("warning")}
    return csv_response(
        f"import-{one.pk}-messages.csv",
        [_("File"), _("Line"), _("Kind"), _("What is wrong")],
        ((file, line, words[is_error], reason) for file, line, is_error, reason in rows),
    )


@require_POST
def import_abort(request: TenantRequest, account_id: int, import_id: int) -> HttpResponse:
    """Stop it; what it has imported stays."""
    account, one = _found(request, account_id, import_id)
    try:
        abort_import(actor=request.actor, sis_import=one)
    except ImportEnded:
        messages.info(request, _("It had come to its end already."))
    else:
        messages.success(request, _("The import is stopped. What it had imported stays."))
    return redirect("sis:import", account.pk, one.pk)


def _found(
    request: TenantRequest, account_id: int, import_id: int
) -> tuple[SeenAccount, SisImport]:
    account = account_in_sight(request, account_id, required=IMPORT_SIS)
    imports = SisImport.objects.of(account).select_related("user", "real_user", "root_account")
    return account, as_it_is(get_object_or_404(imports, pk=import_id))


def _problems(one: SisImport, show: str, text: str) -> QuerySet[ImportProblem]:
    found = one.problems.filter(_SHOWN.get(show, Q()))
    if text:
        found = found.filter(Q(file__icontains=text) | Q(reason__icontains=text))
    return found.order_by("file", "line", "number")


def _name(one: SisImport) -> str:
    return _("Import %(number)s") % {"number": one.pk}


def _crumbs(request: TenantRequest, account: Any, page: str) -> Crumbs:
    return breadcrumbs_below(request, account, (_("Imports"), "sis:imports"), page)
