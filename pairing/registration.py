"""Pages on which a visitor becomes an observer: the code first, then who they are.

spec/pairing.md "Redeeming" 6; spec/pages.md "The parent's road".
"""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume, respond_429
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import (
    FOLLOWED,
    LINK_DAYS,
    WAITING_FOR,
    link_to_confirm,
    mail_link,
    whom_it_confirms,
)
from accounts.middleware import TYPED_LOGIN, TenantRequest
from accounts.models import User
from pairing.actions import (
    CodeRefused,
    LoginTaken,
    Redemption,
    RegistrationClosed,
    register_observer,
    student_of_code,
)
from pairing.cookies import KeptCode, browser_of, drop_code, keep_code, kept_code, know_browser
from pairing.forms import CodeForm, RegistrationForm
from pairing.guesses import TooManyGuesses
from pairing.models import ObservationLink
from pairing.proofs import may_try_to_register
from pairing.refusals import why_refused
from pairing.views import CAME_TO_REGISTER, WELCOME, retry_later


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: TenantRequest) -> HttpResponse:
    """The code, or for whose code is kept: who they are; POST registers them and signs them in."""
    if request.actor.person is not None:
        return _to_observing()
    if not request.root_account.settings.is_open:
        return _closed(request)
    kept = kept_code(request)
    if kept is None:
        return _code_page(request, CodeForm())
    form = _registration_form(request)
    if request.method == "POST":
        return _register(request, form, kept)
    return _details_page(request, form, kept)


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def register_code(request: TenantRequest) -> HttpResponse:
    """The first step: whom the code is for. A code that works is kept by the browser."""
    if request.method != "POST":
        return redirect("pairing:register")  # who changes the language beside an error comes so
    if request.actor.person is not None:
        return _to_observing()
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, form, status=422)
    text = form.cleaned_data["code"]
    student = _student_of(request, form, text)
    if isinstance(student, HttpResponse):
        return student
    response = redirect("pairing:register")
    keep_code(response, request.root_account, KeptCode(text[:1000], student.guarded_name))
    know_browser(request, response)
    return response


def _to_observing() -> HttpResponse:
    """Whoever is signed in adds students there; on a family's device it may be somebody else."""
    return redirect(f"{reverse('pairing:observees')}?{CAME_TO_REGISTER}=1")


@login_not_required
@require_POST
def register_again(request: TenantRequest) -> HttpResponse:
    """Back to the first step, for another code."""
    response = redirect("pairing:register")
    drop_code(response)
    return response


def _student_of(request: TenantRequest, form: CodeForm, text: str) -> User | HttpResponse:
    """Whose code it is, or the page that says why it can't be used. Each try is counted."""
    try:
        return student_of_code(actor=request.actor, text=text, browser=browser_of(request))
    except RegistrationClosed:
        return _closed(request)
    except TooManyGuesses as error:
        form.add_error("code", why_refused(error))
        return retry_later(_code_page(request, form, status=429), error)
    except CodeRefused as error:
        form.add_error("code", why_refused(error))
        return _code_page(request, form, status=422)


def _register(request: TenantRequest, form: RegistrationForm, kept: KeptCode) -> HttpResponse:
    """The code is looked up first: with a dead one nothing else is told."""
    code_form = CodeForm({"code": kept.text})
    code_form.is_valid()
    student = _student_of(request, code_form, kept.text)
    if isinstance(student, HttpResponse):
        return student
    if not may_try_to_register(request, kept.text):
        return respond_429(request)
    if not form.is_valid():
        return _details_page(request, form, kept, status=422)
    try:
        done = _make_account(request, form.cleaned_data, kept)
    except ValidationError as error:
        form.add_error("password", error)
        return _details_page(request, form, kept, status=422)
    except LoginTaken:
        return _to_sign_in(request, form.cleaned_data["email"])
    except CodeRefused as error:
        # It was live a moment ago: somebody else has just used it.
        code_form.add_error("code", why_refused(error))
        return _code_page(request, code_form, status=422)
    return _signed_in(request, done)


def _make_account(request: TenantRequest, given: dict[str, Any], kept: KeptCode) -> Redemption:
    return register_observer(
        actor=request.actor,
        text=kept.text,
        login_id=given["email"],
        password=given["password"],
        fields={"name": given["name"], "locale": get_language() or ""},
        link_for=lambda user: link_to_confirm(request, user),
    )


def _signed_in(request: TenantRequest, done: Redemption) -> HttpResponse:
    """On Observing; where e-mail addresses are confirmed, told to look for the mail."""
    request.session[WELCOME] = done.student.pk
    if done.observer.is_active:
        login(request, done.observer, backend="accounts.signin.TenantBackend")
        response = redirect("pairing:observees")
    else:
        request.session[WAITING_FOR] = done.observer.pk
        response = redirect("pairing:register-confirm")
    drop_code(response)
    return response


# --- Where e-mail addresses are confirmed ---


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def register_confirm(request: TenantRequest) -> HttpResponse:
    """Whoever registered, or signed in without having confirmed: look for the mail. POST mails
    another link."""
    here = User.objects.filter(root_account=request.root_account, state=User.State.UNPROVEN)
    user = here.filter(pk=request.session.get(WAITING_FOR)).first()
    if user is None:
        return redirect("account_login")
    context = {"user": user, "contact": request.root_account.settings.contact, "days": LINK_DAYS}
    if request.method != "POST":
        return render(request, "pairing/register_confirm.html", context)
    if not consume(request, action="confirm_email", key=f"confirm {user.pk}"):
        context["is_too_soon"] = True
        return render(request, "pairing/register_confirm.html", context, status=429)
    mail_link(actor=request.actor, user=user, link=link_to_confirm(request, user))
    messages.success(request, _("Another message is on its way."))
    return redirect("pairing:register-confirm")


@login_not_required
@require_safe
def register_confirmed(request: TenantRequest) -> HttpResponse:
    """Where the link in the mail leads: to the password, which makes it count."""
    user = whom_it_confirms(request.root_account, request.GET.get("key", ""))
    if user is None:
        return render(request, "pairing/register_confirm_dead.html", status=410)
    if request.actor.person is not None:
        return render(request, "pairing/register_confirm_other.html", {"user": user})
    request.session[FOLLOWED] = [user.pk, user.email]
    request.session[TYPED_LOGIN] = user.login_id
    # In the browser in which they registered it is there; the mail may be read in another one.
    made = ObservationLink.objects.active().filter(observer=user).order_by("-pk")
    request.session[WELCOME] = made.values_list("student", flat=True).first()
    messages.info(request, _("One last step: sign in with the password that you chose."))
    return redirect(_sign_in_url())


def _to_sign_in(request: TenantRequest, email: str) -> HttpResponse:
    """They have an account here; the code stays kept, and is filled in on Observing."""
    request.session[TYPED_LOGIN] = email
    messages.info(
        request,
        _(
            "You have an account here already. Sign in with it: your pairing code is kept."
            " If you never chose a password, “Forgot your password?” lets you."
        ),
    )
    return redirect(_sign_in_url())


def _sign_in_url() -> str:
    return f"{reverse('account_login')}?{urlencode({'next': reverse('pairing:observees')})}"


def _registration_form(request: TenantRequest) -> RegistrationForm:
    data = request.POST if request.method == "POST" else None
    return RegistrationForm(data, has_terms=bool(request.root_account.settings.terms))


def _details_page(
    request: TenantRequest, form: RegistrationForm, kept: KeptCode, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "student_name": kept.student_name,
        "terms": request.root_account.settings.terms,
        "sign_in_url": _sign_in_url(),
    }
    return render(request, "pairing/register_details.html", context, status=status)


def _code_page(request: TenantRequest, form: CodeForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "contact": request.root_account.settings.contact,
        "sign_in_url": _sign_in_url(),
    }
    response = render(request, "pairing/register_code.html", context, status=status)
    know_browser(request, response)
    if status != 429:
        drop_code(response)
    return response


def _closed(request: TenantRequest) -> HttpResponse:
    status = 200 if request.method in ("GET", "HEAD") else 403
    context = {"contact": request.root_account.settings.contact, "sign_in_url": _sign_in_url()}
    return render(request, "pairing/register_closed.html", context, status=status)
