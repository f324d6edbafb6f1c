from django.apps import AppConfig
from django.core.checks import Error, register


class PermissionsConfig(AppConfig):
    name = "permissions"

    def ready(self) -> None:
        from permissions import rules  # noqa: F401  (the rules are known by name)
        from permissions.catalogue import problems

        @register
        def catalogue_is_sound(app_configs: object, **kwargs: object) -> list[Error]:
            return [Error(problem, id="permissions.E001") for problem in problems()]
