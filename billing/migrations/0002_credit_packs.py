from decimal import Decimal
from uuid import UUID

from django.db import migrations

PACKS = [
    (UUID("019a0000-0000-7000-8000-000000000101"), "ghs-500", "500 credits", 500, Decimal("50.00"), "GHS"),
    (UUID("019a0000-0000-7000-8000-000000000102"), "ghs-2000", "2,000 credits", 2000, Decimal("180.00"), "GHS"),
    (UUID("019a0000-0000-7000-8000-000000000103"), "ghs-10000", "10,000 credits", 10000, Decimal("800.00"), "GHS"),
    (UUID("019a0000-0000-7000-8000-000000000111"), "xof-500", "500 crédits", 500, Decimal("2500.00"), "XOF"),
    (UUID("019a0000-0000-7000-8000-000000000112"), "xof-2000", "2 000 crédits", 2000, Decimal("9000.00"), "XOF"),
    (UUID("019a0000-0000-7000-8000-000000000113"), "xof-10000", "10 000 crédits", 10000, Decimal("40000.00"), "XOF"),
]


def add_packs(apps, schema_editor):
    CreditPack = apps.get_model("billing", "CreditPack")
    for key, code, name, count, price, currency in PACKS:
        CreditPack.objects.using(schema_editor.connection.alias).create(
            id=key, code=code, name=name, credits=count, price=price, currency=currency
        )


def remove_packs(apps, schema_editor):
    CreditPack = apps.get_model("billing", "CreditPack")
    CreditPack.objects.using(schema_editor.connection.alias).filter(id__in=[row[0] for row in PACKS]).delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(add_packs, remove_packs)]
