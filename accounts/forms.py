"""Input of the account pages: sign-in, passwords, one's own settings, an account's settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from allauth.core.ratelimit import consume
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.actions import check_password
from accounts.addresses import is_safe_address
from accounts.look_alikes import DECEIVES, may_deceive
from accounts.models import Account, SignOnProvider, User, login_key
from accounts.time_zones import current_time_zones
from pairing_service.moments import has_a_day_everywhere
from pairing_service.naming import NameField
from permissions.models import Role

PASSWORD_HELP = _("At least 8 characters, and not one that is easy to guess.")


class PasswordField(forms.CharField):
    """A password as it was typed; `autocomplete` tells the browser which one is meant."""

    def __init__(self, *, autocomplete: str, **more: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=1024, widget=widget, **more)


def _tied_to_tenant(user: User | None) -> bool:
    return (
        user is not None
        and (user.is_active or user.state == User.State.UNPROVEN)
        and user.root_account_id == context.request.root_account.pk
    )


# --- Signing in (allauth's forms, in our words) ---


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label = _("Login"), _("Password")
        login.help_text = _("For parents and observers it is the e-mail address.")
        login.error_messages["required"] = _("Type in your login.")
        password.error_messages["required"] = _("Type in your password.")
        password.help_text = ""
        for field in (login, password):
            field.widget.attrs.pop("placeholder", None)
        login.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        self.fields["remember"].label = _("Keep me signed in on this device for two weeks")

    def clean_login(self) -> str:
        """As it is compared, so that spellings of one login share one count of failures."""
        return login_key(self.cleaned_data["login"])[:255]


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """Finds whoever has this address in this tenant; says the same whether there is anyone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.label = _("E-mail")
        email.error_messages["required"] = _("Type in your e-mail address.")
        email.widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        here = User.objects.with_email(context.request.root_account.pk, email)
        self.users = list(here.exclude(state=User.State.SUSPENDED))
        return email


class ResetPasswordKeyForm(forms.Form):
    """A new password, after following the link."""

    password1 = PasswordField(
        label=_("New password"), help_text=PASSWORD_HELP, autocomplete="new-password"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        check_password(password, self.user)
        return password

    def save(self) -> None:
        allauth_forms.flows.password_reset.reset_password(self.user, self.cleaned_data["password1"])


class UserTokenForm(allauth_forms.UserTokenForm):
    """Whose link it is; nobody's when they are of another tenant, or may not sign in."""

    def _get_user(self, uidb36: str) -> User | None:
        user: User | None = super()._get_user(uidb36)
        return user if _tied_to_tenant(user) else None


class ChoosePasswordForm(forms.Form):
    """The first password of one's own, after a handed-out one."""

    password = PasswordField(
        label=_("New password"), help_text=PASSWORD_HELP, autocomplete="new-password"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(password, self.user)
        if self.user.check_password(password):
            raise ValidationError(_("Choose another one than the password that you were given."))
        return password


# --- One's own settings ---


@lru_cache(maxsize=2048, typed=True)  # a label that is safe is another one than its text
def _option(value: str, label: str, *, is_chosen: bool) -> SafeString:
    """Kept, for the zones are the same for everybody."""
    selected = SafeString(" selected" if is_chosen else "")
    return format_html('<option value="{}"{}>{}</option>', value, selected, label)


class PlainSelect(forms.Select):
    """A select without groups. Django's renders a template for each option: that was two fifths of
    the time of the page with the time zones."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = self.format_value(value)
        options = (
            _option(str(key), str(label), is_chosen=str(key) in chosen)
            for key, label in self.choices
        )
        given = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", given, SafeString("\n".join(options)))


def _time_zones(*, also: str = "") -> list[tuple[str, str]]:
    """The zones that people know, by place; `also` is one that is set and may be none of them."""
    wanted = sorted(current_time_zones() | {"UTC"} | ({also} if also else set()))
    return [(name, name.replace("_", " ")) for name in wanted]


class AboutForm(forms.Form):
    """Names, language and time zone."""

    name = NameField(
        label=_("Full name"),
        max_length=255,
        error_messages={"required": _("Type in your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    short_name = NameField(
        label=_("Display name"),
        max_length=255,
        help_text=_("How others see you in courses."),
        error_messages={"required": _("Type in how others should see you.")},
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    sortable_name = NameField(
        label=_("Name in lists"),
        max_length=255,
        help_text=_("Last name, comma, first name: lists are sorted by it."),
        error_messages={"required": _("Type in your last name, a comma, and your first name.")},
    )
    locale = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, widget=PlainSelect)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["locale"].choices = [("", _("As the browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("As the school: %s") % user.root_account.time_zone.replace("_", " ")),
            *_time_zones(also=user.time_zone),
        ]


class WithCurrentPassword(forms.Form):
    """Asks for the current password; too many wrong ones in a minute are refused."""

    current_password = PasswordField(
        label=_("Current password"),
        autocomplete="current-password",
        error_messages={"required": _("Type in your current password.")},
    )

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if not consume(self.request, action="change_password", user=self.user):
            raise ValidationError(_("There were too many tries. Wait a minute, then try again."))
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your current password."))
        return password


class EmailForm(WithCurrentPassword):
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    field_order = ("email", "current_password")


class PasswordForm(WithCurrentPassword):
    password = PasswordField(
        label=_("New password"),
        help_text=PASSWORD_HELP,
        autocomplete="new-password",
        error_messages={"required": _("Type in a new password.")},
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(password, self.user)
        return password


class TokenForm(forms.Form):
    """What a new access token is for, and until when it works."""

    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=255,
        help_text=_("So that you recognise it later: the program, and where it runs."),
        error_messages={"required": _("Say what the token is for.")},
    )
    last_day = forms.DateField(
        label=_("Last day on which it works"),
        required=False,
        help_text=_("Without one it works until you end it."),
        error_messages={"invalid": _("Choose a date.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day and not (timezone.localdate() <= day and has_a_day_everywhere(day)):
            raise ValidationError(_("Choose today or a later day."))
        return day


# --- Accounts ---


class AccountForm(forms.Form):
    """Name and time zone: what every account has."""

    name = NameField(
        label=_("Name"),
        max_length=255,
        error_messages={"required": _("An account needs a name.")},
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Used for people who have not chosen one."),
        widget=PlainSelect,
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not account.is_root:
            self.fields["time_zone"].help_text = _(
                "What programs are told of this account. On pages people see times in the zone that"
                " they have chosen, or else in the school's."
            )
        self.initial = {"name": account.name, "time_zone": account.time_zone}
        self.fields["time_zone"].choices = _time_zones(also=account.time_zone)  # type: ignore[attr-defined]


_LIFETIME = ("lifetime", "lifetime_unit")
_LIFETIME_RANGE = _("Choose from 1 hour to 30 days.")
_YEARS_RANGE = _("Choose from 1 to 100, or leave it empty.")
_LIVE_RANGE = _("Choose from 1 to 50.")


class RootAccountForm(AccountForm):
    """The same, and what a root account decides for all below it."""

    self_registration = forms.ChoiceField(
        label=_("Who may make an account for themself?"),
        help_text=_("Without it no pairing codes can be made or used."),
        choices=[
            ("none", _("Nobody")),
            ("observer", _("Observers, with a pairing code")),
            ("all", _("Everyone")),
        ],
        widget=forms.RadioSelect,
    )
    lifetime = forms.IntegerField(
        label=_("A pairing code lives for"),
        min_value=1,
        help_text=_("From 1 hour to 30 days. Codes that were made before keep their time."),
        error_messages={"min_value": _LIFETIME_RANGE, "required": _LIFETIME_RANGE},
    )
    lifetime_unit = forms.ChoiceField(
        label=_("Hours or days"), choices=[("hours", _("hours")), ("days", _("days"))]
    )
    live_codes_per_student = forms.IntegerField(
        label=_("Live codes per student"),
        min_value=1,
        max_value=50,
        help_text=_("One more ends an older one. Two parents need two codes."),
        error_messages={
            "min_value": _LIVE_RANGE,
            "max_value": _LIVE_RANGE,
            "required": _LIVE_RANGE,
        },
    )
    confirms_email = forms.BooleanField(
        label=_("Observers confirm their e-mail before they sign in for the first time"),
        help_text=_(
            "A link is mailed to them. Check first that mail from here arrives."
            " While people come in by single sign-on with their login, it is always so."
        ),
        required=False,
    )
    students_may_remove_observers = forms.BooleanField(
        label=_("Students may remove their observers"),
        help_text=_("Otherwise they can only say that one isn't right, which tells you."),
        required=False,
    )
    qr_sign_in = forms.BooleanField(
        label=_("People may sign in on their phone with a QR code"),
        help_text=_(
            "They draw it in their settings, for themselves alone. Switched off, codes that are"
            " already drawn stop working."
        ),
        required=False,
    )
    own_networks = forms.CharField(
        label=_("Your own networks"),
        help_text=_(
            "One per line, like 192.0.2.0/24. A whole school behind one address is then not "
            "mistaken for one person who guesses codes."
        ),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    terms = forms.CharField(
        label=_("Terms of use"),
        help_text=_("Whoever registers has to accept them. Empty: nothing is asked."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    school_site = forms.URLField(
        label=_("The school's site"),
        help_text=_("Where parents go on to once they are linked."),
        required=False,
        max_length=200,
        assume_scheme="https",
    )
    contact = forms.CharField(
        label=_("Contact"),
        help_text=_("Whom parents ask when a code does not work: a phone number or an address."),
        required=False,
        max_length=255,
    )
    years_events_are_kept = forms.IntegerField(
        label=_("Years for which events are kept"),
        help_text=_(
            "Empty: for ever. Older ones are gone once whoever operates the service has run "
            "“manage.py prune_events”."
        ),
        required=False,
        min_value=1,
        max_value=100,
        error_messages={"min_value": _YEARS_RANGE, "max_value": _YEARS_RANGE},
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        held = account.settings
        self.initial = {
            **self.initial,
            **{name: getattr(held, name) for name in self.fields_of_settings},
        }
        days, rest = divmod(held.code_lifetime_hours, 24)
        self.initial["lifetime"] = held.code_lifetime_hours if rest else days
        self.initial["lifetime_unit"] = "hours" if rest else "days"

    @property
    def fields_of_settings(self) -> list[str]:
        """The fields that RootAccountSettings stores as they are."""
        return [n for n in self.fields if n not in ("name", "time_zone", *_LIFETIME)]

    def clean_own_networks(self) -> str:
        lines = [line.strip() for line in self.cleaned_data["own_networks"].splitlines()]
        return "\n".join(_network(line) for line in lines if line)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "lifetime" in cleaned and not 1 <= self._hours(cleaned) <= 720:
            self.add_error("lifetime", _LIFETIME_RANGE)
        return cleaned

    @staticmethod
    def _hours(cleaned: dict[str, Any]) -> int:
        hours: int = cleaned["lifetime"] * (24 if cleaned.get("lifetime_unit") == "days" else 1)
        return hours

    @property
    def settings(self) -> dict[str, Any]:
        """The cleaned values by their names in RootAccountSettings."""
        stored = {name: self.cleaned_data[name] for name in self.fields_of_settings}
        return stored | {"code_lifetime_hours": self._hours(self.cleaned_data)}


def _network(line: str) -> str:
    try:
        return str(ipaddress.ip_network(line))
    except ValueError as error:
        wrong = _("“%s” is no network: write it like 192.0.2.0/24 or 2001:db8::/32.") % line
        raise ValidationError(wrong) from error


class SignOnForm(forms.Form):
    """A root account's OpenID Connect provider. The secret is never shown again."""

    issuer = forms.CharField(
        label=_("Issuer"),
        max_length=255,
        help_text=_("An address like https://login.example.org, to the letter."),
        error_messages={"required": _("Type in the issuer's address.")},
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        max_length=255,
        error_messages={"required": _("Type in the client id.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = PasswordField(label=_("Secret"), autocomplete="off", required=False)
    label = forms.CharField(
        label=_("Name of the service"),
        max_length=60,
        help_text=_("On the sign-in page: “Sign in with …”."),
        error_messages={"required": _("Type in what people call it.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    claim = forms.CharField(
        label=_("Claim"),
        max_length=60,
        initial="preferred_username",
        help_text=_(
            "What the service says of people that is known here, too: preferred_username, email"
            " (only if it has verified it), sub, or another one."
        ),
        error_messages={"required": _("Type in a claim.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    match = forms.ChoiceField(
        label=_("What it is here"),
        choices=SignOnProvider.Match.choices,
        initial=SignOnProvider.Match.LOGIN,
        widget=forms.RadioSelect,
    )
    creates_people = forms.BooleanField(
        label=_("Make an account for whoever is not here yet"),
        help_text=_("Otherwise only people who are here already come in."),
        required=False,
    )
    is_on = forms.BooleanField(
        label=_("Offer it on the sign-in page"), required=False, initial=True
    )

    def __init__(self, *args: Any, provider: SignOnProvider | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if provider is None:
            self.fields["secret"].required = True
            self.fields["secret"].error_messages["required"] = _("Type in the secret.")
            return
        self.fields["secret"].help_text = _("Leave it empty to keep the one that is kept here.")
        self.initial = {name: getattr(provider, name) for name in self.fields if name != "secret"}

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"].strip()
        if not is_safe_address(issuer):
            raise ValidationError(_("Type in an address that begins with https://."))
        return issuer


class RenameForm(forms.Form):
    """The name of an account."""

    name = NameField(
        label=_("Name"),
        max_length=255,
        error_messages={"required": _("An account needs a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class MoveForm(forms.Form):
    """Below which account one hangs."""

    parent = forms.TypedChoiceField(label=_("Below"), coerce=int)

    def __init__(self, *args: Any, parents: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = parents  # type: ignore[attr-defined]


class SubAccountForm(MoveForm, RenameForm):
    """A new account: its name, and below which one."""

    field_order = ("name", "parent")


# --- Administrators ---


class AdministratorsFilter(forms.Form):
    """Which administrators are listed."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("In this account")),
            ("below", _("Here and below")),
            ("suspended", _("Suspended people, here and below")),
            ("deactivated", _("Deactivated roles, here and below")),
        ],
    )


class RoleForm(forms.Form):
    """Which of some roles."""

    role = forms.ChoiceField(
        label=_("Role"), error_messages={"required": _("Choose what they may do.")}
    )

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._roles = {str(role.pk): role for role in roles}
        self.fields["role"].choices = [(pk, role.label) for pk, role in self._roles.items()]  # type: ignore[attr-defined]

    def clean_role(self) -> Role:
        return self._roles[self.cleaned_data["role"]]


class AdministratorForm(RoleForm):
    """Whom to make an administrator, and in which role."""

    person = forms.ModelChoiceField(
        queryset=User.objects.none(), error_messages={"required": _("Find somebody first.")}
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # None is chosen beforehand: the first one is the mightiest.
        self.fields["role"].choices.insert(0, ("", _("Choose a role")))  # type: ignore[attr-defined]
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


# --- People ---


class LoginOfPersonForm(forms.Form):
    """The login of somebody who is there already."""

    login = forms.CharField(
        label=_("Login"),
        max_length=255,
        error_messages={"required": _("Type in a login.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class DetailsForm(forms.Form):
    """Someone's names, and the e-mail address and SIS id where these may be changed."""

    name = NameField(
        label=_("Full name"),
        max_length=255,
        error_messages={"required": _("A person needs a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    short_name = NameField(
        label=_("Display name"),
        max_length=255,
        help_text=_("How others see them in courses."),
        error_messages={"required": _("A person needs a display name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    sortable_name = NameField(
        label=_("Name in lists"),
        max_length=255,
        help_text=_("Last name, comma, first name: lists are sorted by it."),
        error_messages={"required": _("A person needs a name in lists.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("Links to choose a new password go there."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    sis_id = forms.CharField(
        label=_("SIS ID"),
        max_length=255,
        required=False,
        help_text=_("By it imports know the person."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, without: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in without:
            del self.fields[name]
        self.initial = {name: getattr(user, name) for name in self.fields}

    def clean_sis_id(self) -> str | None:
        return self.cleaned_data["sis_id"] or None


class PersonForm(forms.Form):
    """A new person."""

    # Shorter than the column: the name in lists, which follows from it, is one letter longer.
    name = NameField(
        label=_("Full name"),
        max_length=250,
        error_messages={"required": _("A person needs a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    sortable_name = NameField(
        label=_("Name in lists"),
        max_length=255,
        required=False,
        help_text=_("Last name, comma, first name. Empty: the last word of the name comes first."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    login_id = forms.CharField(
        label=_("Login"),
        max_length=255,
        help_text=_("What they type in to sign in. Capital letters make no difference."),
        error_messages={"required": _("Type in a login.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_login_id(self) -> str:
        login: str = self.cleaned_data["login_id"]
        if len(login_key(login)) > 255:  # some letters are compared as several
            raise ValidationError(_("This login is too long."))
        if may_deceive(login):
            raise ValidationError(DECEIVES)
        return login


class PeopleFilter(forms.Form):
    """Which people of an account are listed."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Everyone")),
            ("without_sign_in", _("Without a first sign-in")),
            ("suspended", _("Suspended")),
            ("unproven", _("Without a confirmed e-mail")),
            ("unobserved", _("Students without an observer")),
            ("code_ends", _("Students whose code ends within a day")),
            ("questioned", _("Students who say an observer isn't right")),
        ],
    )
