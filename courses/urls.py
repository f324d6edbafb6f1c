"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from courses import api as rest
from courses import views

pages = [
    # The person's courses
    path("courses", views.course_list, name="course-list"),
    path(
        "courses/invitations/<int:enrolment_id>/accept",
        views.invitation_accept,
        name="invitation-accept",
    ),
    path(
        "courses/invitations/<int:enrolment_id>/decline",
        views.invitation_decline,
        name="invitation-decline",
    ),
    # A course's people
    path("courses/<int:course_id>/users", views.people, name="people"),
    path("courses/<int:course_id>/users/<int:user_id>", views.user_details, name="user-details"),
]
api = [
    path("users/<str:user_id>/enrollments", rest.EnrolmentsOfUser.as_view()),
]
