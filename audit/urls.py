"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from audit import api as rest
from audit import views

pages = [
    path("accounts/<int:account_id>/audit", views.events, name="events"),
    path("accounts/<int:account_id>/audit/events.csv", views.events_file, name="events-file"),
]
api = [
    path("audit/events", rest.Events.as_view()),
]
