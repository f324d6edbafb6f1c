"""What the events' actions are called, in groups; and which of them should catch the eye."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GROUPS: dict[str | Promise, dict[str, str | Promise]] = {
    _("Pairing codes"): {
        "code_issued": _("Pairing code made"),
        "code_revoked": _("Pairing code revoked"),
        "code_superseded": _("Pairing code replaced by newer ones"),
        "codes_exported": _("Pairing codes exported"),
        "redemptions_refused": _("Too many wrong pairing codes"),
        "guess_limit_reached": _("Too many wrong pairing codes in one day"),
    },
    _("Observers"): {
        "link_created": _("Observer linked"),
        "link_restored": _("Observer linked again"),
        "link_removed": _("Observer removed"),
        "link_questioned": _("Student says that an observer isn't right"),
        "link_question_settled": _("Observer found to be right"),
        "observer_registered": _("Observer registered"),
    },
    _("Signing in"): {
        "acting_started": _("Acting as somebody began"),
        "acting_stopped": _("Acting as somebody ended"),
        "session_opened": _("Signed in from an app"),
        "qr_sign_in_made": _("QR code for signing in made"),
        "qr_sign_in_used": _("Signed in by a QR code"),
        "sessions_ended": _("Signed out everywhere"),
        "signed_out_everywhere": _("Signed out everywhere"),
        "email_confirmed": _("E-mail address confirmed"),
        "confirmation_mailed": _("Asked to confirm the e-mail address"),
        "session_ended": _("Signed out on one device"),
        "password_changed": _("Password changed"),
        "password_set": _("Password set by an administrator"),
        "password_replaced": _("One-time password given"),
        "first_sign_in_given": _("First sign-in given"),
        "first_sign_in_mailed": _("First sign-in sent by e-mail"),
        "login_added": _("Login added"),
        "login_changed": _("Login changed"),
        "login_removed": _("Login removed"),
        "terms_accepted": _("Terms accepted"),
    },
    _("People"): {
        "person_added": _("Person added"),
        "person_registered": _("Person registered"),
        "person_made_by_sign_on": _("Person added by single sign-on"),
        "person_changed": _("Person changed"),
        "person_suspended": _("Person suspended"),
        "suspension_lifted": _("Suspension lifted"),
        "vouched_for": _("Let in without a confirmed e-mail"),
        "person_deleted": _("Person deleted"),
    },
    _("Courses and enrolments"): {
        "course_created": _("Course added"),
        "course_changed": _("Course changed"),
        "course_deleted": _("Course deleted"),
        "section_created": _("Section added"),
        "section_changed": _("Section changed"),
        "section_deleted": _("Section deleted"),
        "enrolled": _("Enrolled"),
        "enrolment_changed": _("Enrolment changed"),
    },
    _("Roles and permissions"): {
        "override_changed": _("Permission changed"),
        "role_created": _("Role added"),
        "role_renamed": _("Role renamed"),
        "role_activated": _("Role activated"),
        "role_deactivated": _("Role deactivated"),
        "administrator_added": _("Administrator added"),
        "administrator_removed": _("Administrator removed"),
    },
    _("Accounts"): {
        "root_account_created": _("Root account made"),
        "account_created": _("Sub-account added"),
        "account_moved": _("Account moved"),
        "account_deleted": _("Account removed"),
        "settings_changed": _("Settings changed"),
        "sign_on_changed": _("Single sign-on changed"),
        "sign_on_removed": _("Single sign-on removed"),
        "sis_import_requested": _("Import asked for"),
        "sis_imported": _("Roster imported"),
        "sis_import_aborted": _("Import stopped"),
        "sis_import_cut_off": _("Import cut off"),
        "events_removed": _("Events removed, after the time for which they are kept"),
        "events_pseudonymised": _("Events of an erased person pseudonymised"),
    },
    _("Tokens and integrations"): {
        "token_created": _("Access token made"),
        "token_changed": _("Access token changed"),
        "token_regenerated": _("Access token renewed"),
        "token_activated": _("Access token activated"),
        "token_deleted": _("Access token ended"),
        "integration_approved": _("Integration approved"),
        "integration_started": _("Integration began to work for a person"),
        "integration_denied": _("Integration refused"),
        "integration_renewed": _("Integration's access renewed"),
        "integration_ended": _("Integration ended"),
        "code_sent_again": _("Sign-in code of an integration used twice"),
        "developer_key_created": _("Developer key added"),
        "developer_key_changed": _("Developer key changed"),
        "developer_key_secret_renewed": _("Developer key's secret renewed"),
        "developer_key_switched_on": _("Developer key switched on"),
        "developer_key_switched_off": _("Developer key switched off"),
        "developer_key_deleted": _("Developer key deleted"),
    },
}
ACTIONS = {action: said for group in GROUPS.values() for action, said in group.items()}
# Somebody is guessing pairing codes; and beside it, a secret is in two hands.
GUESSING = ("redemptions_refused", "guess_limit_reached")
ALARMING = (*GUESSING, "code_sent_again")


def said(action: str) -> str:
    """The action in words; one that is not known here as it stands."""
    return str(ACTIONS.get(action, action.replace("_", " ")))
