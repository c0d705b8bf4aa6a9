"""Ghana's levies on sales since 2026-01-01: VAT, NHIL and GETFund on one base (Value Added Tax Act, 2025)."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import migrations

LEVIES = [
    (UUID("019a0000-0000-7000-8000-000000000011"), "VAT", "VAT", Decimal("0.15")),
    (UUID("019a0000-0000-7000-8000-000000000012"), "NHIL", "NHIL", Decimal("0.025")),
    (UUID("019a0000-0000-7000-8000-000000000013"), "GETFUND", "GETFund levy", Decimal("0.025")),
]


def add_levies(apps, schema_editor):
    Levy = apps.get_model("sales", "Levy")
    for key, code, name, rate in LEVIES:
        Levy.objects.using(schema_editor.connection.alias).create(
            id=key,
            country="GH",
            tax_class="STANDARD",
            code=code,
            name=name,
            rate=rate,
            starts_on=date(2026, 1, 1),
        )


def remove_levies(apps, schema_editor):
    Levy = apps.get_model("sales", "Levy")
    Levy.objects.using(schema_editor.connection.alias).filter(id__in=[row[0] for row in LEVIES]).delete()


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]

    operations = [migrations.RunPython(add_levies, remove_levies)]
