"""Three shops to try Makola with: one on trial, one that pays, one whose currency has no decimals."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import queries
from accounts import services as accounts
from accounts.models import Account, Membership
from accounts.roles import Role
from core import tenancy
from inventory import services as inventory
from subscriptions import services as subscriptions

PASSWORD = "try-makola-2026"


class Shop(NamedTuple):
    name: str
    slug: str
    country: str
    currency: str
    time_zone: str
    is_paying: bool
    products: list[tuple[str, str, str, str]]  # sku, name, barcode, price


SHOPS = [
    Shop(
        "Ama's Provisions",
        "ama",
        "GH",
        "GHS",
        "Africa/Accra",
        False,
        [
            ("MILO-400", "Milo tin 400 g", "5901234123457", "45.00"),
            ("RICE-5KG", "Perfumed rice 5 kg", "5901234123464", "120.50"),
            ("SOAP", "Key soap", "5901234123471", "9.99"),
        ],
    ),
    Shop(
        "Kofi Electricals",
        "kofi",
        "GH",
        "GHS",
        "Africa/Accra",
        True,
        [
            ("BULB-9W", "LED bulb 9 W", "5901234123457", "12.00"),
            ("EXT-4", "Extension board, 4 sockets", "5901234123488", "65.00"),
        ],
    ),
    Shop(
        "Boutique Awa",
        "awa",
        "SN",
        "XOF",
        "Africa/Dakar",
        True,
        [
            ("PAGNE", "Pagne wax 6 yards", "5901234123495", "15000"),
            ("SAVON", "Savon noir", "5901234123501", "750"),
        ],
    ),
]


class Command(BaseCommand):
    help = "Loads three demonstration businesses, once, and prints how to sign in to them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the logins as JSON")

    def handle(self, *args: Any, json: bool = False, **options: Any) -> None:
        for shop in SHOPS:
            with transaction.atomic():
                is_here = queries.find_login(email_of(shop, Role.OWNER))
            if is_here is None:
                open_shop(shop)
        logins = [login for shop in SHOPS for login in logins_of(shop)]
        self.stdout.write(as_json(logins) if json else as_table(logins))


def email_of(shop: Shop, role: Role) -> str:
    return f"{role.lower()}@{shop.slug}.example"


def open_shop(shop: Shop) -> None:
    account_id = uuid7()
    with tenancy.scope(account_id):
        owner = accounts.open_account(
            account_id=account_id,
            business_name=shop.name,
            name=f"{shop.slug.title()} (owner)",
            email=email_of(shop, Role.OWNER),
            password=PASSWORD,
            country=shop.country,
            currency=shop.currency,
            time_zone=shop.time_zone,
            is_verified=True,
        )
        accounts.add_member(
            account=owner.account,
            name="Esi (cashier)",
            email=email_of(shop, Role.CASHIER),
            password=PASSWORD,
            role=Role.CASHIER,
            is_verified=True,
        )
        if shop.is_paying:
            subscriptions.renew_subscription(
                by=owner,
                subscription=owner.account.subscription,
                ends_on=owner.account.today + timedelta(days=365),
            )
        fill_shelves(owner, shop)


def fill_shelves(owner: Membership, shop: Shop) -> None:
    products = [
        inventory.add_product(by=owner, sku=sku, name=name, barcode=barcode, retail_price=Decimal(price))
        for sku, name, barcode, price in shop.products
    ]
    inventory.receive_stock(
        by=owner,
        location=owner.account.locations.storefronts().get().pk,
        reference="Opening stock",
        items=[
            {
                "product": product.pk,
                "quantity": Decimal(100),
                "unit_cost": product.retail_price * Decimal("0.7"),
            }
            for product in products
        ],
    )


def logins_of(shop: Shop) -> Iterator[dict[str, Any]]:
    for role in (Role.OWNER, Role.CASHIER):
        with transaction.atomic():
            user = queries.find_login(email_of(shop, role))
            if user is None:
                raise CommandError("The demonstration was loaded only in part: its people are missing.")
            tenancy.enter(user.account_id)
            account = Account.across_accounts.get()
            register = account.registers.earliest("code")
            yield {
                "business": shop.name,
                "role": str(role),
                "email": user.email,
                "password": PASSWORD,
                "currency": account.currency,
                "storefront": str(register.storefront_id),
                "register": str(register.pk),
                "products": [str(product.pk) for product in account.products.order_by("id")],
            }


def as_json(logins: list[dict[str, Any]]) -> str:
    return json.dumps(logins, indent=2)


def as_table(logins: list[dict[str, Any]]) -> str:
    rows = [f"  {row['email']:<22} {row['role']:<8} {row['business']}" for row in logins]
    return "\n".join([f"Sign in with the password {PASSWORD} as", *rows])
