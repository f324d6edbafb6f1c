from django.apps import AppConfig

from pairing_service.triggers import keep_triggers


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit.triggers import drop_triggers, make_triggers

        keep_triggers(self, make=make_triggers, drop=drop_triggers, table="audit_forgetting")
