"""Nobody but the owner may say which migrations are applied: /readyz believes that table."""

from django.db import migrations

from core.provision import APP_ROLE, STAFF_ROLE

WRITES = "INSERT, UPDATE, DELETE ON django_migrations"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"REVOKE {WRITES} FROM {APP_ROLE}, {STAFF_ROLE}",
            f"GRANT {WRITES} TO {APP_ROLE}, {STAFF_ROLE}",
        )
    ]
