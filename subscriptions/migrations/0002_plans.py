from decimal import Decimal
from uuid import UUID

from django.db import migrations

PLANS = [
    (
        UUID("019a0000-0000-7000-8000-000000000001"),
        "standard",
        "Standard",
        Decimal("120.00"),
        "GHS",
    ),
]


def add_plans(apps, schema_editor):
    SubscriptionPlan = apps.get_model("subscriptions", "SubscriptionPlan")
    for key, code, name, price, currency in PLANS:
        SubscriptionPlan.objects.using(schema_editor.connection.alias).create(
            id=key, code=code, name=name, price=price, currency=currency
        )


def remove_plans(apps, schema_editor):
    SubscriptionPlan = apps.get_model("subscriptions", "SubscriptionPlan")
    SubscriptionPlan.objects.using(schema_editor.connection.alias).filter(id__in=[row[0] for row in PLANS]).delete()


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [migrations.RunPython(add_plans, remove_plans)]
