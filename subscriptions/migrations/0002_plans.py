"""What is sold at first, for whoever runs the platform to change; Ghana's taxes since 2026-01-01; Paystack's fee."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import migrations

COVERED = ("max_users", "max_storefronts", "max_products", "monthly_credits")
PLANS = [
    (1, "standard", "Standard", (25, 20, 100_000, 200), "Sales, stock, customers and reports\nOffline tills"),
    (2, "starter", "Starter", (5, 2, 500, 50), "Sales, stock and customers"),
    (3, "unlimited", "Unlimited", (None, None, None, 1_000), "Everything, however many shops"),
]
# The plan, from how many storefronts to how many, the price of a month, and of each storefront beyond the first.
TIERS = [
    ("standard", 1, 3, Decimal("120.00"), Decimal("80.00")),
    ("standard", 4, None, Decimal("340.00"), Decimal("60.00")),
    ("starter", 1, 2, Decimal("60.00"), Decimal("40.00")),
    ("unlimited", 1, None, Decimal("600.00"), Decimal("50.00")),
]
CYCLES = [("MONTHLY", Decimal(1)), ("QUARTERLY", Decimal(3)), ("YEARLY", Decimal(10))]  # months that are paid
TAXES = [
    ("VAT", "VAT", Decimal("0.15")),
    ("NHIL", "NHIL", Decimal("0.025")),
    ("GETFUND", "GETFund levy", Decimal("0.025")),
]
BEGINNING = date(2026, 1, 1)


def _key(number):
    return UUID(int=UUID("019a0000-0000-7000-8000-000000000000").int + number)


def add_plans(apps, schema_editor):
    def add(model, **facts):
        apps.get_model("subscriptions", model).objects.using(schema_editor.connection.alias).create(**facts)

    keys = {code: _key(number) for number, code, *_ in PLANS}
    for _, code, name, covered, features in PLANS:
        add(
            "SubscriptionPlan",
            id=keys[code],
            code=code,
            name=name,
            currency="GHS",
            features=features,
            **dict(zip(COVERED, covered, strict=True)),
        )
    for i, (code, fewest, most, base, extra) in enumerate(TIERS):
        for j, (cycle, months) in enumerate(CYCLES):
            add(
                "SubscriptionPricingTier",
                id=_key(0x100 + 0x10 * i + j),
                plan_id=keys[code],
                cycle=cycle,
                min_storefronts=fewest,
                max_storefronts=most,
                base=base * months,
                per_extra=extra * months,
            )
    for i, (code, name, rate) in enumerate(TAXES):
        facts = {"country": "GH", "code": code, "name": name, "rate": rate, "position": 1 + i, "starts_on": BEGINNING}
        add("TaxConfiguration", id=_key(0x200 + i), **facts)
    fee = {"gateway": "PAYSTACK", "currency": "GHS", "rate": Decimal("0.0195"), "starts_on": BEGINNING}
    add("ServiceCharge", id=_key(0x300), **fee)


def remove_plans(apps, schema_editor):
    for name in ("ServiceCharge", "TaxConfiguration", "SubscriptionPricingTier", "SubscriptionPlan"):
        apps.get_model("subscriptions", name).objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [migrations.RunPython(add_plans, remove_plans)]
