"""People × every route: what each gets. A route without a row fails, and so does a new public one.

Columns: root_admin sub_admin neighbour_admin teacher ta designer student classmate elsewhere
observer deactivated_admin stranger anonymous. The stranger asks from their own tenant's host, where
nothing of this tenant exists. Pages send the signed out to sign in (302); the API answers 401.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from secrets import token_hex
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import AccessToken
from oauth.models import DeveloperKey, Integration
from pairing.models import ObservationLink, PairingCode
from tests.access.test_rules import PEOPLE
from tests.cast import Cast
from tests.effort import some_of, walkers

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

pytestmark = pytest.mark.usefixtures("not_drawn")
WALKERS = walkers(PEOPLE)

TABLE = """
GET    api/v1/users/<str:user_id>                                     200 200 404 200 200 200 200 200 404 200 401 404 401
GET    api/v1/users/<str:user_id>/user_generated_tokens               200 403 403 403 403 403 200 403 403 403 401 404 401
POST   api/v1/users/<str:user_id>/tokens                              400 403 403 403 403 403 400 403 403 403 401 404 401
GET    api/v1/users/<str:user_id>/tokens/<str:token_id>               200 403 403 403 403 403 200 403 403 403 401 404 401
PUT    api/v1/users/<str:user_id>/tokens/<str:token_id>               400 403 403 403 403 403 400 403 403 403 401 404 401
DELETE api/v1/users/<str:user_id>/tokens/<str:token_id>               200 403 403 403 403 403 200 403 403 403 401 404 401
POST   api/v1/users/<str:user_id>/tokens/<str:token_id>/activate      403 403 403 403 403 403 200 403 403 403 401 404 401
GET    api/v1/accounts                                                200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/course_accounts                                         200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/manageable_accounts                                     200 200 200 200 200 200 200 200 200 200 401 200 200
GET    api/v1/accounts/<str:account_id>/settings                      200 200 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>                               200 200 403 200 200 200 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>                               400 400 400 400 400 400 400 400 400 400 401 404 401
GET    api/v1/accounts/<str:account_id>/terms_of_service              200 200 200 200 200 200 200 200 200 200 401 404 404
GET    api/v1/accounts/<str:account_id>/roles                         200 200 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/roles/<str:role_id>           200 200 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>/roles/<str:role_id>           200 200 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/roles                         400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/roles/permissions             200 200 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/accounts/<str:account_id>/roles/<str:role_id>           400 400 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/roles/<str:role_id>/activate  400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/permissions/groups                                      200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/permissions/<str:context_type>/<str:permission>/help    200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/accounts/<str:account_id>/permissions                   200 200 403 200 200 200 403 403 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/permissions                     200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/admins                        200 200 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/admins                        400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/admins/<str:user_id>          404 404 403 404 404 404 403 403 403 403 401 404 401
DELETE api/v1/accounts/<str:account_id>/admins/<str:user_id>          404 404 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sub_accounts                  200 200 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/sub_accounts                  400 400 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/accounts/<str:account_id>/sub_accounts/<str:sub_account_id> 409 409 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/permissions/explain           400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/permissions/explain             400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/courses                                                 200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/courses/<str:course_id>                                 200 200 403 200 200 200 200 200 403 403 401 404 401
PUT    api/v1/courses/<str:course_id>                                 400 400 403 400 400 400 400 400 403 403 401 404 401
DELETE api/v1/courses/<str:course_id>                                 400 400 403 400 400 400 400 400 403 403 401 404 401
GET    api/v1/users/<str:user_id>/courses                             200 403 403 403 403 403 200 403 403 200 401 404 401
GET    api/v1/accounts/<str:account_id>/courses                       200 200 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/courses                       400 400 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/courses/<str:course_id>       200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/users                           200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/search_users                    200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/users/<str:user_id>             200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/enrollments                     200 200 403 200 200 200 200 200 403 403 401 404 401
POST   api/v1/courses/<str:course_id>/enrollments                     400 400 403 400 400 400 400 400 403 403 401 404 401
GET    api/v1/sections/<str:section_id>/enrollments                   200 200 403 200 200 200 200 200 403 403 401 404 401
POST   api/v1/sections/<str:section_id>/enrollments                   400 400 403 400 400 400 400 400 403 403 401 404 401
DELETE api/v1/courses/<str:course_id>/enrollments/<str:enrollment_id> 200 200 403 200 200 200 403 403 403 403 401 404 401
PUT    api/v1/courses/<str:course_id>/enrollments/<str:enrollment_id>/reactivate 400 400 403 400 400 400 403 403 403 403 401 404 401
POST   api/v1/courses/<str:course_id>/enrollments/<str:enrollment_id>/accept 403 403 403 403 403 403 400 403 403 403 401 404 401
POST   api/v1/courses/<str:course_id>/enrollments/<str:enrollment_id>/reject 403 403 403 403 403 403 400 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/enrollments/<str:enrollment_id> 200 200 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/sections                        200 200 403 200 200 200 200 200 403 403 401 404 401
POST   api/v1/courses/<str:course_id>/sections                        400 400 403 400 400 400 400 400 403 403 401 404 401
GET    api/v1/courses/<str:course_id>/sections/<str:section_id>       200 200 403 200 200 200 200 200 403 403 401 404 401
GET    api/v1/sections/<str:section_id>                               200 200 403 200 200 200 200 200 403 403 401 404 401
PUT    api/v1/sections/<str:section_id>                               400 400 403 400 400 400 400 400 403 403 401 404 401
DELETE api/v1/sections/<str:section_id>                               400 400 403 400 403 400 403 403 403 403 401 404 401
GET    api/v1/users/<str:user_id>/enrollments                         200 403 403 403 403 403 200 403 403 200 401 404 401
GET    api/v1/users/<str:user_id>/observer_pairing_codes              200 200 404 200 200 200 200 200 404 200 401 404 401
POST   api/v1/users/<str:user_id>/observer_pairing_codes              200 200 404 403 403 403 200 403 404 403 401 404 401
POST   api/v1/courses/<str:course_id>/observer_pairing_codes          200 200 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/observer_pairing_codes        200 200 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/users/<str:user_id>/observer_pairing_codes/<str:code_id> 200 200 404 404 404 404 200 404 404 404 401 404 401
GET    api/v1/users/<str:user_id>/observees                           200 403 403 403 403 403 200 403 403 403 401 404 401
POST   api/v1/users/<str:user_id>/observees                           400 400 400 400 400 400 400 400 400 400 401 404 401
GET    api/v1/users/<str:user_id>/observees/<str:observee_id>         404 403 403 403 403 403 404 403 403 403 401 404 401
PUT    api/v1/users/<str:user_id>/observees/<str:observee_id>         422 403 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/users/<str:user_id>/observees/<str:observee_id>         404 403 403 403 403 403 404 403 403 403 401 404 401
GET    api/v1/users/<str:user_id>/observers                           200 403 403 403 403 403 200 403 403 403 401 404 401
GET    api/v1/users/<str:user_id>/observers/<str:observer_id>         200 403 403 403 403 403 200 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/users                         400 403 403 403 403 403 403 403 403 403 401 404 403
GET    api/v1/users/<str:user_id>/profile                             200 200 404 200 200 200 200 200 404 200 401 404 401
PUT    api/v1/users/<str:user_id>                                     400 403 403 403 403 403 400 403 403 403 401 404 401
GET    api/v1/users/<str:user_id>/settings                            200 403 403 403 403 403 200 403 403 403 401 404 401
PUT    api/v1/users/<str:user_id>/settings                            200 403 403 403 403 403 200 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/users                         200 200 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/accounts/<str:account_id>/users/<str:user_id>           200 403 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/self_registration             403 403 403 403 403 403 403 403 403 403 401 404 403
GET    api/v1/users/<str:user_id>/logins                              200 200 403 403 403 403 200 403 403 403 401 404 401
DELETE api/v1/users/<str:user_id>/logins/<str:login_id>               400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/logins                        400 400 400 400 400 400 400 400 400 400 401 404 401
POST   api/v1/accounts/<str:account_id>/logins                        404 404 404 404 404 404 404 404 404 404 401 404 401
PUT    api/v1/accounts/<str:account_id>/logins/<str:login_id>         404 404 404 404 404 404 404 404 404 404 401 404 401
GET    api/v1/settings/environment                                    200 200 200 200 200 200 200 200 200 200 401 200 401
GET    api/v1/accounts/<str:account_id>/authentication_providers      404 404 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/authentication_providers      404 404 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/authentication_providers/<str:provider_id> 404 404 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>/authentication_providers/<str:provider_id> 404 404 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/accounts/<str:account_id>/authentication_providers/<str:provider_id> 404 404 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sis_imports                   400 403 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/sis_imports                   400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sis_imports/importing         400 403 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>/sis_imports/abort_all_pending 400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sis_imports/<str:import_id>   400 403 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>/sis_imports/<str:import_id>/abort 400 403 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/accounts/<str:account_id>/sis_imports/<str:import_id>/restore_states 400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sis_imports/<str:import_id>/errors 400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/accounts/<str:account_id>/sis_import_errors             400 403 403 403 403 403 403 403 403 403 401 404 401
GET    api/v1/audit/events                                            200 403 403 403 403 403 403 403 403 403 401 200 401
GET    api/v1/mobile_verify.json                                      200 200 200 200 200 200 200 200 200 200 401 200 200
GET    api/v1/                                                        404 404 404 404 404 404 404 404 404 404 404 404 404
POST   api/v1/                                                        404 404 404 404 404 404 404 404 404 404 404 404 404
PUT    api/v1/                                                        404 404 404 404 404 404 404 404 404 404 404 404 404
DELETE api/v1/                                                        404 404 404 404 404 404 404 404 404 404 404 404 404
GET    login                                                          302 302 302 302 302 302 302 302 302 302 200 302 200
POST   login                                                          302 302 302 302 302 302 302 302 302 302 200 302 200
GET    login/oauth2/auth                                              400 400 400 400 400 400 400 400 400 400 400 400 400
POST   login/oauth2/auth                                              400 400 400 400 400 400 400 400 400 400 400 400 400
GET    login/oauth2/token                                             405 405 405 405 405 405 405 405 405 405 405 405 405
POST   login/oauth2/token                                             400 400 400 400 400 400 400 400 400 400 400 400 400
DELETE login/oauth2/token                                             401 401 401 401 401 401 401 401 401 401 401 401 401
GET    login/session_token                                            401 401 401 401 401 401 401 401 401 401 401 401 401
GET    login/session                                                  302 302 302 302 302 302 302 302 302 302 302 302 302
GET    logout                                                         200 200 200 200 200 200 200 200 200 200 302 200 302
GET    password/reset                                                 200 200 200 200 200 200 200 200 200 200 200 200 200
POST   password/reset                                                 200 200 200 200 200 200 200 200 200 200 200 200 200
GET    password/reset/sent                                            200 200 200 200 200 200 200 200 200 200 200 200 200
GET    password/reset/choose                                          410 410 410 410 410 410 410 410 410 410 410 410 410
POST   password/reset/choose                                          410 410 410 410 410 410 410 410 410 410 410 410 410
GET    password/reset/done                                            200 200 200 200 200 200 200 200 200 200 200 200 200
GET    login/inactive                                                 302 302 302 302 302 302 302 302 302 302 302 302 302
GET    signup                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
GET    /                                                              200 200 200 200 200 200 200 200 200 200 200 200 200
GET    password/choose                                                302 302 302 302 302 302 302 302 302 302 302 302 302
GET    profile/settings                                               200 200 200 200 200 200 200 200 200 200 302 200 302
POST   profile/integrations/<int:key_id>/end                          404 404 404 404 404 404 302 404 404 404 302 404 302
POST   profile/settings                                               200 200 200 200 200 200 200 200 200 200 302 200 302
GET    accounts                                                       200 200 200 200 200 200 200 200 200 200 302 200 302
GET    accounts/<int:account_id>                                      200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/settings                             200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/settings                             422 422 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions                          200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions/roles/<int:role_id>      200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions/roles/<int:role_id>/<slug:key> 200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions/explain                  200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/permissions/roles/<int:role_id>/<slug:key> 422 422 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions/roles/new                200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/permissions/roles/new                422 422 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/permissions/roles/<int:role_id>/rename 404 404 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/permissions/roles/<int:role_id>/deactivate 404 404 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/permissions/roles/<int:role_id>/activate 404 404 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/permissions/undo                     405 405 405 405 405 405 405 405 405 405 302 405 302
POST   accounts/<int:account_id>/permissions/undo                     404 404 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/users                                200 200 404 404 404 404 404 404 404 404 302 404 302
GET    users/<int:user_id>                                            200 200 404 404 404 404 404 404 404 404 302 404 302
GET    users/<int:user_id>/edit                                       200 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/edit                                       422 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/suspend                                    302 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/lift                                       302 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/delete                                     302 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/logins                                     422 422 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/logins/<int:login_id>/remove               422 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/observers                                  422 422 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/students                                   422 422 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/links/<int:link_id>/remove                 302 404 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/links/<int:link_id>/settle                 404 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/links/<int:link_id>/restore                302 403 404 404 404 404 404 404 404 404 302 404 302
GET    users/<int:user_id>/masquerade                                 200 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/masquerade                                 302 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/first_sign_in                              403 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/password                                   200 403 404 404 404 404 404 404 404 404 302 404 302
POST   users/<int:user_id>/first_sign_in/mail                         404 404 404 404 404 404 404 404 404 404 302 404 302
GET    courses/<int:course_id>/first_sign_ins                         200 403 404 403 403 403 403 403 404 404 302 404 302
POST   courses/<int:course_id>/first_sign_ins                         200 403 404 403 403 403 403 403 404 404 302 404 302
GET    courses                                                        200 200 200 200 200 200 200 200 200 200 302 200 302
GET    accounts/<int:account_id>/users/new                            200 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/users/new                            422 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sub_accounts                         200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sub_accounts/new                     200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/sub_accounts/new                     422 422 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sub_accounts/<int:sub_account_id>    200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/sub_accounts/<int:sub_account_id>    200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/sub_accounts/<int:sub_account_id>/remove 422 422 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/admins                               200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/admins/new                           200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/admins/new                           422 422 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/admins/<int:membership_id>           200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/admins/<int:membership_id>           422 422 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/admins/<int:membership_id>/remove    302 302 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/audit                                200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/audit/events.csv                     200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sis_imports                          302 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/sis_imports/upload                   302 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sis_imports/<int:import_id>          404 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/sis_imports/<int:import_id>/abort    404 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/sis_imports/<int:import_id>/messages.csv 404 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/courses                              200 200 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/courses/new                          200 200 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/courses/new                          422 422 404 404 404 404 404 404 404 404 302 404 302
GET    courses/<int:course_id>/settings                               200 200 404 200 403 200 403 403 404 404 302 404 302
POST   courses/<int:course_id>/settings                               422 422 404 403 403 403 403 403 404 404 302 404 302
POST   courses/<int:course_id>/settings/<str:step>                    302 302 404 302 403 302 403 403 404 404 302 404 302
POST   courses/invitations/<int:enrolment_id>/accept                  404 404 404 404 404 404 302 404 404 404 302 404 302
POST   courses/invitations/<int:enrolment_id>/decline                 404 404 404 404 404 404 302 404 404 404 302 404 302
GET    courses/<int:course_id>/users                                  200 200 404 200 200 200 200 200 404 404 302 404 302
GET    courses/<int:course_id>/users/<int:user_id>                    200 200 404 200 403 403 403 403 404 404 302 404 302
GET    courses/<int:course_id>/users/new                              200 200 404 200 200 200 403 403 404 404 302 404 302
POST   courses/<int:course_id>/users/new                              422 422 404 422 422 422 403 403 404 404 302 404 302
GET    courses/<int:course_id>/users/<int:user_id>/enrolments         200 200 404 200 200 200 403 403 404 404 302 404 302
POST   courses/<int:course_id>/enrolments/<int:enrolment_id>/<str:step> 302 302 404 302 302 302 403 403 404 404 302 404 302
GET    profile/settings/pair                                          403 403 403 403 403 403 200 200 200 403 302 403 302
POST   profile/settings/pair                                          403 403 403 403 403 403 200 200 200 403 302 403 302
GET    courses/<int:course_id>/users/<int:user_id>/pair               200 200 404 403 403 403 403 403 404 404 302 404 302
POST   courses/<int:course_id>/users/<int:user_id>/pair               200 200 404 403 403 403 403 403 404 404 302 404 302
GET    courses/<int:course_id>/observer_pairing_codes                 200 200 404 403 403 403 403 403 404 404 302 404 302
GET    courses/<int:course_id>/observer_pairing_codes.csv             302 302 404 302 302 302 302 302 404 404 302 404 302
POST   courses/<int:course_id>/observer_pairing_codes.csv             200 200 404 403 403 403 403 403 404 404 302 404 302
POST   pairing/codes/<int:code_id>/revoke                             302 302 404 404 404 404 302 404 404 404 302 404 302
POST   profile/observers/<int:link_id>/question                       404 404 404 404 404 404 302 404 404 404 302 404 302
POST   profile/observers/<int:link_id>/remove                         302 404 404 404 404 404 404 404 404 302 302 404 302
GET    profile/tokens/new                                             200 200 200 200 200 200 200 200 200 200 302 200 302
POST   profile/tokens/new                                             422 422 422 422 422 422 422 422 422 422 302 422 302
POST   profile/tokens/<int:token_id>/end                              404 404 404 404 404 404 302 404 404 404 302 404 302
POST   profile/tokens/<int:token_id>/activate                         404 404 404 404 404 404 302 404 404 404 302 404 302
GET    profile/observees                                              200 200 200 200 200 200 200 200 200 200 302 200 302
POST   profile/observees                                              422 422 422 422 422 422 422 422 422 422 302 422 302
POST   profile/observees/<int:link_id>/stop                           302 404 404 404 404 404 404 404 404 302 302 404 302
GET    register/observer                                              302 302 302 302 302 302 302 302 302 302 200 302 200
POST   register/observer                                              302 302 302 302 302 302 302 302 302 302 200 302 200
GET    register/observer/code                                         302 302 302 302 302 302 302 302 302 302 302 302 302
POST   register/observer/code                                         302 302 302 302 302 302 302 302 302 302 422 302 422
GET    language                                                       405 405 405 405 405 405 405 405 405 405 405 405 405
POST   language                                                       302 302 302 302 302 302 302 302 302 302 302 302 302
GET    masquerade/stop                                                405 405 405 405 405 405 405 405 405 405 302 405 302
POST   masquerade/stop                                                302 302 302 302 302 302 302 302 302 302 302 302 302
GET    api/v1/accounts/<str:account_id>/developer_keys                403 403 403 403 403 403 403 403 403 403 401 404 401
POST   api/v1/accounts/<str:account_id>/developer_keys                403 403 403 403 403 403 403 403 403 403 401 404 401
PUT    api/v1/developer_keys/<str:key_id>                             400 403 403 403 403 403 403 403 403 403 401 404 401
DELETE api/v1/developer_keys/<str:key_id>                             200 403 403 403 403 403 403 403 403 403 401 404 401
GET    accounts/<int:account_id>/developer_keys                       403 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/developer_keys/new                   403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/developer_keys/new                   403 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/developer_keys/<int:key_id>          403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/developer_keys/<int:key_id>          403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/developer_keys/<int:key_id>/secret   403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/developer_keys/<int:key_id>/switch   403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/developer_keys/<int:key_id>/delete   403 403 404 404 404 404 404 404 404 404 302 404 302
GET    docs/api                                                       200 200 200 200 200 200 200 200 200 200 200 200 200
GET    docs/api/openapi.json                                          200 200 200 200 200 200 200 200 200 200 200 200 200
GET    login/sso/<slug:provider_id>                                   302 302 302 302 302 302 302 302 302 302 404 302 404
POST   login/sso/<slug:provider_id>                                   405 405 405 405 405 405 405 405 405 405 405 405 405
GET    login/sso/<slug:provider_id>/callback                          404 404 404 404 404 404 404 404 404 404 404 404 404
POST   login/sso/<slug:provider_id>/callback                          405 405 405 405 405 405 405 405 405 405 405 405 405
GET    accounts/<int:account_id>/authentication                       403 403 404 404 404 404 404 404 404 404 302 404 302
POST   accounts/<int:account_id>/authentication                       403 403 404 404 404 404 404 404 404 404 302 404 302
GET    accounts/<int:account_id>/authentication/remove                405 405 405 405 405 405 405 405 405 405 302 405 302
POST   accounts/<int:account_id>/authentication/remove                403 403 404 404 404 404 404 404 404 404 302 404 302
GET    register/observer/confirm                                      302 302 302 302 302 302 302 302 302 302 302 302 302
POST   register/observer/confirm                                      302 302 302 302 302 302 302 302 302 302 302 302 302
GET    profile/qr_mobile_login                                        200 200 200 200 200 200 200 200 200 200 302 200 302
POST   profile/qr_mobile_login                                        200 200 200 200 200 200 200 200 200 200 302 200 302
GET    canvas/login                                                   404 404 404 404 404 404 404 404 404 404 404 404 404
POST   canvas/login                                                   404 404 404 404 404 404 404 404 404 404 404 404 404
GET    register/observer/confirm/link                                 410 410 410 410 410 410 410 410 410 410 410 410 410
POST   register/observer/confirm/link                                 405 405 405 405 405 405 405 405 405 405 405 405 405
GET    register/observer/again                                        405 405 405 405 405 405 405 405 405 405 405 405 405
POST   register/observer/again                                        302 302 302 302 302 302 302 302 302 302 302 302 302
PUT    login                                                          302 302 302 302 302 302 302 302 302 302 200 302 200
POST   logout                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
PUT    password/reset                                                 200 200 200 200 200 200 200 200 200 200 200 200 200
POST   login/inactive                                                 302 302 302 302 302 302 302 302 302 302 302 302 302
PUT    login/inactive                                                 302 302 302 302 302 302 302 302 302 302 302 302 302
PATCH  login/inactive                                                 302 302 302 302 302 302 302 302 302 302 302 302 302
DELETE login/inactive                                                 302 302 302 302 302 302 302 302 302 302 302 302 302
POST   signup                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
PUT    signup                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
PATCH  signup                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
DELETE signup                                                         302 302 302 302 302 302 302 302 302 302 302 302 302
POST   password/choose                                                302 302 302 302 302 302 302 302 302 302 302 302 302
DELETE api/v1/users/<str:user_id>/sessions                            200 403 403 403 403 403 200 403 403 403 401 404 401
GET    profile/sessions/<slug:session_id>/end                         405 405 405 405 405 405 405 405 405 405 302 405 302
POST   profile/sessions/<slug:session_id>/end                         302 302 302 302 302 302 302 302 302 302 302 302 302
GET    profile/sessions/end                                           405 405 405 405 405 405 405 405 405 405 302 405 302
POST   profile/sessions/end                                           302 302 302 302 302 302 302 302 302 302 302 302 302
GET    users/<int:user_id>/sign_out                                   405 405 405 405 405 405 405 405 405 405 302 405 302
POST   users/<int:user_id>/sign_out                                   302 403 404 404 404 404 404 404 404 404 302 404 302
""".strip().splitlines()

# What answers the signed out with these methods; everything else sends them to sign in, or says 401.
PUBLIC = """
/ GET
api/v1/ GET POST PUT PATCH DELETE OPTIONS
api/v1/accounts/<str:account_id>/self_registration POST
api/v1/accounts/<str:account_id>/terms_of_service GET
api/v1/accounts/<str:account_id>/users POST
api/v1/manageable_accounts GET
api/v1/mobile_verify.json GET
canvas/login GET POST
docs/api GET
docs/api/openapi.json GET
language POST
login GET POST PUT OPTIONS
login/inactive GET POST PUT PATCH DELETE OPTIONS
login/oauth2/auth GET POST
login/oauth2/token POST
login/session GET
login/sso/<slug:provider_id> GET
login/sso/<slug:provider_id>/callback GET
password/reset GET POST PUT OPTIONS
password/reset/choose GET POST
password/reset/done GET OPTIONS
password/reset/sent GET OPTIONS
register/observer GET POST
register/observer/again POST
register/observer/code GET POST
register/observer/confirm GET POST
register/observer/confirm/link GET
signup GET POST PUT PATCH DELETE OPTIONS
""".strip().splitlines()


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route or "/", pattern


def methods_of(view: Any) -> list[str]:
    """What a view serves: the methods of its class, or those that its decorator lets through."""
    if of_class := getattr(view, "cls", None) or getattr(view, "view_class", None):
        return [method for method in METHODS if hasattr(of_class, method.lower())]
    while view is not None:
        held = dict(zip(view.__code__.co_freevars, view.__closure__ or (), strict=True))
        if "request_method_list" in held:
            let_through = held["request_method_list"].cell_contents
            return [method for method in METHODS if method in let_through]
        view = getattr(view, "__wrapped__", None)
    return ["GET", "POST", "PUT", "DELETE"]


def ids_of(cast: Cast) -> dict[str, int | str]:
    """What stands for the ids in routes: Ada, Biology, High and their like.

    test_walls makes them for two tenants: what must be unique in the whole database is random.
    """
    link = ObservationLink.objects.create(
        root_account=cast.root, observer=cast.observer, student=cast.student
    )
    code = PairingCode.objects.create(
        root_account=cast.root, student=cast.student, issued_by=cast.student, digest=token_hex(32),
        surface="rest", hint="00", expires_at=link.linked_at.replace(year=2999),
    )  # fmt: skip
    token = AccessToken.objects.create(
        root_account=cast.root,
        user=cast.student,
        purpose="a row",
        digest=token_hex(32),
        is_pending=True,
    )
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="App", client_id=token_hex(8), redirect_uris="app:/x"
    )
    Integration.objects.create(
        root_account=cast.root, user=cast.student, key=key, refresh_digest=token_hex(32)
    )
    return {
        "user_id": cast.student.pk,
        "token_id": token.pk,
        "account_id": cast.accounts.high.pk,
        "course_id": cast.courses.biology.pk,
        "enrolment_id": cast.enrolment(cast.student, cast.courses.biology).pk,
        "enrollment_id": cast.enrolment(cast.student, cast.courses.biology).pk,
        "section_id": cast.courses.biology.sections.get().pk,
        "link_id": link.pk,
        "code_id": code.pk,
        "observee_id": cast.student.pk,
        "observer_id": cast.observer.pk,
        "step": "conclude",
        "sub_account_id": cast.accounts.science.pk,
        "membership_id": cast.sub_admin.memberships.get().pk,
        "context_type": "course",
        "permission": "read_roster",
        "key_id": key.pk,
        "role_id": cast.roles["TeacherEnrollment"].pk,
        "key": "read_roster",
        "login_id": cast.student.logins.get().pk,
        "session_id": "0" * 64,
        "text": "nonsense",
        "provider_id": "canvas",
        "import_id": 1,
    }


def filled(route: str, ids: dict[str, int | str]) -> str:
    """The route as an address."""
    for name, value in ids.items():
        for kind in ("str", "int", "slug"):
            route = route.replace(f"<{kind}:{name}>", str(value))
    return "/" + route.removeprefix("^").removesuffix("$").replace(
        "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)", "1-abc"
    )


class Door:
    """Anyone at every address; what they do there is rolled back."""

    def __init__(self, cast: Cast, signed_in: Callable[..., Any], rest: Callable[..., Any]) -> None:
        self._ids = ids_of(cast)
        self._page = lambda person: signed_in(getattr(cast, person, None))
        self._rest = lambda person: rest(getattr(cast, person, None))
        self._known: dict[tuple[str, bool], tuple[Any, Any]] = {}

    def ask(self, person: str, method: str, route: str) -> Any:
        path = filled("" if route == "/" else route, self._ids)
        client = self._client(person, is_api=path.startswith("/api/"))
        host = "southfield.localhost" if person == "stranger" else "testserver"
        with transaction.atomic():
            response = getattr(client, method.lower())(path, HTTP_HOST=host)
            transaction.set_rollback(True)
        return response

    def _client(self, person: str, *, is_api: bool) -> Any:
        """As it was when they signed in: some routes sign out, or act as someone."""
        if (person, is_api) not in self._known:
            client = (self._rest if is_api else self._page)(person)
            self._known[person, is_api] = client, client.cookies
        client, cookies = self._known[person, is_api]
        client.cookies = deepcopy(cookies)
        return client


@pytest.fixture
def door(cast: Cast, signed_in: Callable[..., Any], rest: Callable[..., Any]) -> Door:
    return Door(cast, signed_in, rest)


@pytest.mark.parametrize("person", WALKERS)
def test_each_person_gets_what_the_table_says(door: Door, person: str) -> None:
    wrong = []
    for line in some_of(TABLE, WALKERS.index(person)):
        method, route, *expected = line.split()
        answer = door.ask(person, method, route)
        if str(answer.status_code) != expected[PEOPLE.index(person)]:
            wrong.append(f"{method:4} {route:62} {answer.status_code}")
        if "no-store" not in answer["Cache-Control"]:
            wrong.append(f"{method:4} {route:62} is kept by caches")
    assert wrong == [], "\n".join(wrong)


def test_everything_that_is_served_has_a_row() -> None:
    in_table = {tuple(line.split()[:2]) for line in TABLE}
    served = {
        (method, route)
        for route, pattern in patterns(get_resolver())
        for method in methods_of(pattern.callback)
    }
    assert served - in_table == set()


def test_what_is_public_is_listed(door: Door) -> None:
    """With every method: a page may be closed and its form open, or the other way round."""
    answered = set()
    for route, _ in patterns(get_resolver()):
        if open_to := [m for m in (*METHODS, "OPTIONS") if not is_closed(door, m, route)]:
            answered.add(f"{route} {' '.join(open_to)}")
    assert answered ^ set(PUBLIC) == set()


def is_closed(door: Door, method: str, route: str) -> bool:
    """Whether nobody gets there signed out: 401, the way to sign in, or no such method."""
    answer = door.ask("anonymous", method, route)
    return answer.status_code in (401, 405) or answer.headers.get("Location", "").startswith(
        "/login?next="
    )
