from django.contrib.admin import apps


class ConsoleConfig(apps.AdminConfig):
    """Django's admin with a door and a policy of our own."""

    default = False
    default_site = "app.admin.Console"
