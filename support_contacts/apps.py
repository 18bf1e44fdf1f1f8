from django.apps import AppConfig


class SupportContactsConfig(AppConfig):
    name = "support_contacts"
