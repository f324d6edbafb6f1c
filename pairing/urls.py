"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from pairing import api as rest
from pairing import registration, views

pages = [
    # Making a code
    path("profile/settings/pair", views.issue_on_settings, name="issue-on-settings"),
    path(
        "courses/<int:course_id>/users/<int:user_id>/pair",
        views.issue_on_details,
        name="issue-on-details",
    ),
    # Codes for all students of a course
    path("courses/<int:course_id>/observer_pairing_codes", views.codes_export, name="codes-export"),
    path(
        "courses/<int:course_id>/observer_pairing_codes.csv",
        views.codes_export_file,
        name="codes-export-file",
    ),
    # Ending one
    path("pairing/codes/<int:code_id>/revoke", views.code_revoke, name="code-revoke"),
    # Who observes me
    path(
        "profile/observers/<int:link_id>/question",
        views.observer_question,
        name="observer-question",
    ),
    path("profile/observers/<int:link_id>/remove", views.observer_remove, name="observer-remove"),
    # Observing
    path("profile/observees", views.observees, name="observees"),
    path("profile/observees/<int:link_id>/stop", views.observee_stop, name="observee-stop"),
    # Registering as an observer
    path("register/observer", registration.register, name="register"),
    path("register/observer/code", registration.register_code, name="register-code"),
    path("register/observer/confirm", registration.register_confirm, name="register-confirm"),
    path(
        "register/observer/confirm/link",
        registration.register_confirmed,
        name="register-confirmed",
    ),
    path("register/observer/again", registration.register_again, name="register-again"),
]
api = [
    # Codes
    path("users/<str:user_id>/observer_pairing_codes", rest.PairingCodes.as_view()),
    path("users/<str:user_id>/observer_pairing_codes/<str:code_id>", rest.OnePairingCode.as_view()),
    path("courses/<str:course_id>/observer_pairing_codes", rest.CodesOfCourse.as_view()),
    path("accounts/<str:account_id>/observer_pairing_codes", rest.CodesOfAccount.as_view()),
    # Links
    path("users/<str:user_id>/observees", rest.Observees.as_view()),
    path("users/<str:user_id>/observees/<str:observee_id>", rest.OneObservee.as_view()),
    path("users/<str:user_id>/observers", rest.Observers.as_view()),
    path("users/<str:user_id>/observers/<str:observer_id>", rest.OneObserver.as_view()),
]
