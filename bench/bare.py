"""The floor for a REST call: a Django with nothing but one DRF view that checks a token.

Settings, address and application in one module, so that nothing of the product's runs here except
its two tables: `granian bench.bare:application`.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

import environ
from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY=os.urandom(32).hex(),
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.bare",
        DATABASES={"default": environ.Env().db("DATABASE_URL") | {"CONN_MAX_AGE": 60}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "accounts",
            "audit",
            "permissions",
            "courses",
        ],
        AUTH_USER_MODEL="accounts.User",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
        USE_TZ=True,
    )

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import AccessToken


class OneQuery(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any]:
        text = request.headers["Authorization"].removeprefix("Bearer ")
        digest = hashlib.sha256(text.encode()).hexdigest()
        token = AccessToken.objects.select_related("user").get(digest=digest)
        return token.user, token


class Bare(APIView):
    authentication_classes = [OneQuery]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request) -> Response:
        return Response({"id": request.user.pk, "name": request.user.name})


urlpatterns = [path("bare", Bare.as_view())]
