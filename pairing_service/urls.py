"""All addresses: each app lists its pages and its part of the REST API in its own urls.py."""

from django.urls import include, path, re_path

import accounts.urls
import audit.urls
import courses.urls
import oauth.urls
import pairing.urls
import permissions.urls
import sis.urls
from pairing_service import docs
from pairing_service.http.errors import api_not_found

# What is asked most comes first: addresses are tried one after the other.
api = [
    *pairing.urls.api,
    *accounts.urls.api,
    *audit.urls.api,
    *permissions.urls.api,
    *courses.urls.api,
    *sis.urls.api,
    *oauth.urls.api,
    re_path("", api_not_found),
]
urlpatterns = [
    path("api/v1/", include((api, "api"))),
    path("", include(accounts.urls.signing_in)),
    path("", include((accounts.urls.pages, "accounts"))),
    path("", include((audit.urls.pages, "audit"))),
    path("", include((courses.urls.pages, "courses"))),
    path("", include((pairing.urls.pages, "pairing"))),
    path("", include((oauth.urls.pages, "oauth"))),
    path("", include((permissions.urls.pages, "permissions"))),
    path("", include((sis.urls.pages, "sis"))),
    path("", include(docs.pages)),
]

handler403 = "pairing_service.denied.permission_denied"
handler404 = "pairing_service.not_found.page_not_found"
