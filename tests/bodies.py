"""A right body for every write, what it may name, and a business that is filled by sending them all.

A new write has to get a body in `BODIES`, with every key that it can send, or an empty one; and where not any row will
do for it, its row in `ROWS`.
"""

import json
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django.conf import settings
from django.core.files.base import File
from rest_framework.relations import RelatedField
from rest_framework.serializers import BaseSerializer, ListField, ListSerializer
from uuid_utils.compat import uuid7

from core.api.fields import IdField
from core.api.parsers import UploadParser
from core.api.views import AccountViewSet
from tests.making import (
    add_notice,
    add_notification,
    add_pieces,
    add_task,
    adjustment,
    another_session,
    approved_count,
    barcode,
    closed_shift,
    code_of_card,
    coded_pack,
    customer_group,
    drafted,
    due_day,
    exchange,
    expired_at,
    free_prefix,
    keeper_of_a_wallet,
    layaway,
    layaway_line,
    leased,
    leaver,
    line_of,
    made,
    meant,
    money,
    nothing,
    offer,
    on_the_road,
    open_cart,
    open_count,
    open_debt,
    open_invitation,
    order,
    order_that_is,
    pack,
    paid_layaway,
    paper,
    parked_cart,
    picture,
    price_rule,
    product,
    promotion,
    prompted,
    proved,
    quote,
    refund,
    refundable,
    requested,
    reserved,
    returnable,
    sale,
    sell_by_coupon,
    send_offline,
    serial,
    spending,
    supplier,
    table,
    top_shelf,
    transfer,
    transferred,
    undecided,
    unpaid_layaway,
    unwatched,
    waiting,
    with_attachment,
    with_keys,
    working_shift,
)
from tests.routes import NO_ATTACHMENT, NO_LEASE, NO_LINE, Route, by_name, routes
from tests.subscriptions.paying import pay


@dataclass
class Cast:
    """A business with at least two rows of every kind, as its owner's till sees it."""

    shop: Any

    def __post_init__(self):
        self.client = self.shop.client()

    def call(self, route: Route, pk: Any = "", body: Any = None, **query: str):
        address = route.url(
            pk,
            product=self.shop.products[0].pk,
            attachment=self.attachment_of(route, pk),
            lease=self.lease_of(route, pk),
            line=self.line_of(route, pk),
        )
        if route.method == "GET":
            return self.client.get(address, query)
        key = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
        form = {"format": "multipart"} if UploadParser in route.declared("parser_classes") else {}
        for part in body.values() if form and body else ():
            if isinstance(part, File):
                part.seek(0)
        return getattr(self.client, route.method.lower())(address, body if body is not None else {}, **form, **key)

    def attachment_of(self, route: Route, pk: Any) -> Any:
        """The first of a document's attachments, where the route names one."""
        if "{attachment}" not in route.path:
            return NO_ATTACHMENT
        found = self.client.get(f"/api/v1/{route.collection}{pk}/attachments/").json()
        return found["data"][0]["id"] if found.get("data") else NO_ATTACHMENT

    def lease_of(self, route: Route, pk: Any) -> Any:
        """The open lease of a register, where the route names one."""
        if "{lease}" not in route.path:
            return NO_LEASE
        found = self.client.get(f"/api/v1/{route.collection}{pk}/").json()
        return found.get("data", {}).get("open_lease_id") or NO_LEASE

    def line_of(self, route: Route, pk: Any) -> Any:
        """The first line of a cart, where the route names one."""
        if "{line}" not in route.path:
            return NO_LINE
        found = self.client.get(f"/api/v1/{route.collection}{pk}/").json()
        return found["data"]["lines"][0]["id"] if found.get("data") else NO_LINE

    def rows(self, collection: str) -> list[dict[str, Any]]:
        response = self.client.get(f"/api/v1/{collection}")
        assert response.status_code == 200, (collection, response.content)
        return response.json()["results"]

    def first(self, collection: str) -> str:
        return self.rows(collection)[0]["id"]

    def send(self, name: str, body: Any = None) -> dict[str, Any]:
        route = by_name()[name]
        response = self.call(route, pk_for(self, route), body or BODIES[name](self))
        content = content_of(response)
        assert response.status_code in (200, 201, 202, 204), (name, content)
        return json.loads(content)["data"] if content else {}


def fill(shop: Any) -> Cast:
    cast = Cast(shop)
    cast.client.patch("/api/v1/accounts/account/", {"is_fiscal": True})  # whose receipts are certified, too
    for _ in range(2):
        for name in BODIES:
            if name.startswith("POST") and input_of(by_name()[name]):
                cast.send(name)
    add_pieces(cast)
    add_task(cast)
    paid_layaway(cast)  # which is still to be handed over
    send_offline(cast)
    sell_by_coupon(cast)
    add_notice(cast)
    for _ in range(2):
        pay(cast.shop)  # for the plan, which makes an invoice
    add_notification(cast)
    with_keys(cast)
    cast.send("PATCH system/settings/user/")
    cast.send("PATCH system/settings/account-modules/")
    cast.send("PATCH accounts/memberships/{pk}/")  # which puts somebody at a place
    return cast


# --- A right body for every write; every key that can be sent is sent -------------------------------------------------


BODIES = {
    "POST accounts/invitations/": lambda cast: {
        "email": f"yaa{next(serial)}@x.example",
        "name": "Yaa",
        "role": "CASHIER",
        "locations": [str(cast.shop.storefront.pk)],
    },
    "POST accounts/devices/": lambda cast: {"name": f"Phone {next(serial)}"},
    "POST inventory/categories/": lambda cast: {
        "name": f"Shelf {next(serial)}",
        "parent": next((row["id"] for row in cast.rows("inventory/categories/")), None),
    },
    "POST inventory/products/": lambda cast: {
        "id": str(uuid7()),
        **product(cast),
        "category": cast.first("inventory/categories/"),
    },
    "POST inventory/packs/": lambda cast: {
        "id": str(uuid7()),
        "product": str(cast.shop.products[0].pk),
        "name": f"Pair {next(serial)}",
        "factor": "2",
        "barcode": barcode(),
        "retail_price": "19",
    },
    "PATCH inventory/packs/{pk}/": lambda cast: {"name": f"Pair {next(serial)}", "barcode": barcode()},
    "POST inventory/suppliers/": lambda cast: {
        "id": str(uuid7()),
        "name": f"Trader {next(serial)}",
        "phone": f"+233{next(serial)}",
    },
    "PATCH inventory/suppliers/{pk}/": lambda cast: {"name": f"Trader {next(serial)}", "contact": "Yaa"},
    "POST inventory/suppliers/{pk}/erase/": nothing,
    "POST inventory/barcode-rules/": lambda cast: {"prefix": free_prefix(cast), "kind": "WEIGHT"},
    "DELETE inventory/barcode-rules/{pk}/": nothing,
    "POST inventory/reorder-points/": lambda cast: {
        "product": unwatched(cast),
        "location": str(cast.shop.storefront.pk),
        "minimum": "3",
        "target": "10",
    },
    "PATCH inventory/reorder-points/{pk}/": lambda cast: {"minimum": "2", "target": f"{100 + next(serial)}"},
    "DELETE inventory/reorder-points/{pk}/": nothing,
    "POST inventory/storefronts/": lambda cast: {"name": f"Shop {next(serial)}"},
    "POST inventory/warehouses/": lambda cast: {"name": f"Store {next(serial)}"},
    "POST inventory/stock/": lambda cast: {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "supplier": supplier(cast),
        "items": [
            {"product": str(cast.shop.products[0].pk), "pack": pack(cast), "quantity": "5", "unit_cost": "1"},
        ],
    },
    "POST inventory/stock/{pk}/return/": lambda cast: {
        "id": str(uuid7()),
        "items": [{"batch": returnable(cast)["id"], "quantity": "1"}],
    },
    "POST inventory/purchase-orders/": lambda cast: {"id": str(uuid7()), **order(cast)},
    "PATCH inventory/purchase-orders/{pk}/": order,
    "POST inventory/purchase-orders/{pk}/order/": nothing,
    "POST inventory/purchase-orders/{pk}/receive/": lambda cast: {
        "items": [{"product": str(cast.shop.products[0].pk), "quantity": "1"}],
    },
    "POST inventory/purchase-orders/{pk}/close/": lambda cast: {"reason": "No more to come"},
    "POST inventory/purchase-orders/{pk}/cancel/": lambda cast: {"reason": "Too dear"},
    "POST inventory/reservations/": lambda cast: {
        "cart": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "product": str(cast.shop.products[0].pk),
        "quantity": "0.5",
        "minutes": 5,
    },
    "DELETE inventory/reservations/{pk}/": nothing,
    "POST inventory/imports/": lambda cast: {
        "file": table(cast),
        "what": "OPENING_STOCK",
        "location": str(cast.shop.storefront.pk),
        "is_dry_run": True,
    },
    "POST inventory/stock-counts/": lambda cast: {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "reason": "Year's end",
        "is_blind": False,
    },
    "POST inventory/stock-counts/{pk}/scan/": lambda cast: {
        "items": [{"product": str(cast.shop.products[0].pk), "counted": "90", "serials": []}]
    },
    "POST inventory/stock-counts/{pk}/approve/": nothing,
    "POST inventory/stock-counts/{pk}/cancel/": lambda cast: {"reason": "The shop burns"},
    "POST inventory/stock-counts/{pk}/reverse/": lambda cast: {"reason": "Counted twice"},
    "POST inventory/adjustments/": adjustment,
    "POST inventory/adjustments/write-off-expired/": lambda cast: {
        "location": expired_at(cast),
        "reason": "Past its day",
    },
    "POST inventory/adjustments/{pk}/approve/": nothing,
    "POST inventory/adjustments/{pk}/reject/": lambda cast: {"reason": "It is there"},
    "DELETE inventory/adjustments/{pk}/attachments/{attachment}/": nothing,
    "DELETE inventory/transfers/{pk}/attachments/{attachment}/": nothing,
    # Every fill leaves a draft that is not dispatched.
    "POST inventory/transfers/{pk}/dispatch/": lambda cast: {
        "lines": [{"line": line_of(cast, drafted(cast)), "serials": []}]
    },
    "POST inventory/transfers/": transfer,
    "POST inventory/transfers/{pk}/receive/": lambda cast: {
        "items": [
            {
                "line": line_of(cast, on_the_road(cast)),
                "accepted": "0.001",
                "damaged": "0.001",
                "missing": "0.001",
                "accepted_serials": [],
                "damaged_serials": [],
                "missing_serials": [],
            }
        ]
    },
    "POST inventory/transfers/{pk}/accept/": nothing,
    "POST inventory/transfers/{pk}/cancel/": lambda cast: {"reason": "No lorry"},
    "PATCH inventory/transfers/{pk}/": lambda cast: {
        "reason": f"Reason {next(serial)}",
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "0.25"}],
    },
    "POST system/files/": lambda cast: {"id": str(uuid7()), "file": picture(cast)},
    "POST system/tasks/{pk}/cancel/": nothing,
    "POST system/tasks/{pk}/link/": nothing,
    "POST system/audit-logs/export/": lambda cast: {
        "format": "CSV",
        "by": str(cast.shop.owner.pk),
        "action": "sale.",
        "subject": "sale",
        "subject_id": str(uuid7()),
        "since": "2020-01-01T00:00:00Z",
        "until": "2100-01-01T00:00:00Z",
    },
    "PATCH system/settings/account/": lambda cast: {
        "time_zone": "Africa/Accra",
        "is_tax_registered": True,
        "prices_include_tax": True,
        "is_shift_required": False,
        "cash_rounding": "0.00",
        "is_fiscal": False,
        "layaway_deposit_rate": "0.2",
        "receipt_header": f"Header {next(serial)}",
        "receipt_footer": "Come again",
        "approval_limits": {
            role: {"discount": "30", "refund": "2000", "adjustment": "2000"}
            for role in ("MANAGER", "CASHIER", "WAREHOUSE")
        },
    },
    "PATCH system/settings/user/": lambda cast: {
        "location": str(cast.shop.storefront.pk),
        "notifications": {"till.unmatched": {"app": True, "mail": False}},
    },
    "PUT system/settings/integrations/{provider}/": lambda cast: {
        "keys": {"secret_key": f"sk_live_{next(serial):012d}", "email": "till@shop.example"}
    },
    "DELETE system/settings/integrations/{provider}/": with_keys,
    "POST system/settings/integrations/{provider}/check/": with_keys,
    "POST system/notifications/{pk}/read/": nothing,
    "POST system/notifications/read-all/": nothing,
    "POST inventory/exports/": lambda cast: {
        "what": "MOVEMENTS",
        "format": "CSV",
        "location": str(cast.shop.storefront.pk),
        "first_on": "2020-01-01",
        "last_on": "2100-01-01",
    },
    "POST inventory/labels/": lambda cast: {
        "lines": [{"product": str(cast.shop.products[0].pk), "pack": coded_pack(cast), "copies": 2}],
        "layout": "A4_24",
        "with_price": True,
    },
    "POST subscriptions/payments/": lambda cast: {
        "id": str(uuid7()),
        "gateway": "PAYSTACK",
        "plan": "unlimited",
        "cycle": "MONTHLY",
        "return_url": f"{settings.TILL_ORIGINS[0]}/paid",
    },
    "POST subscriptions/payments/{pk}/verify/": nothing,
    "POST subscriptions/next-plan/": lambda cast: {"plan": "unlimited"},
    "POST subscriptions/cancel/": nothing,
    "POST subscriptions/resume/": nothing,
    "POST sales/registers/": lambda cast: {
        "storefront": str(cast.shop.storefront.pk),
        "code": f"T{next(serial)}",
        "name": "Till",
    },
    "POST sales/customer-groups/": lambda cast: {"name": f"Resellers {next(serial)}"},
    "POST sales/registers/{pk}/leases/": lambda cast: {"count": 5},
    "POST sales/registers/{pk}/leases/{lease}/return/": lambda cast: {"next_number": 1},
    "POST sales/shifts/": lambda cast: {
        "id": str(uuid7()),
        "register": cast.send("POST sales/registers/")["id"],
        "opening_float": "50",
        "opened_at": "2026-01-31T08:00:00Z",
    },
    "POST sales/shifts/{pk}/cash-events/": lambda cast: {
        "id": str(uuid7()),
        "kind": "PAID_IN",
        "amount": "5",
        "reason": "Small change",
    },
    "POST sales/shifts/{pk}/hand-over/": lambda cast: {"to": str(cast.shop.cashier.pk), "counted": "50"},
    "POST sales/shifts/{pk}/close/": lambda cast: {"denominations": [{"value": "10", "count": 5}]},
    "POST sales/customers/": lambda cast: {
        "id": str(uuid7()),
        "name": f"Efua {next(serial)}",
        "phone": f"+233{next(serial)}",
        "group": cast.first("sales/customer-groups/"),
        "credit_limit": "1000",
        "terms_days": 14,
        "is_blocked": False,
    },
    "POST sales/mobile-payments/": lambda cast: {
        "id": str(uuid7()),
        "register": str(cast.shop.register.pk),
        "customer": cast.first("sales/customers/"),
        "amount": "5",
        "phone": f"0244{next(serial):06d}",
        "gateway": "PAYSTACK",
        "network": "MTN",
    },
    "POST sales/mobile-payments/{pk}/cancel/": nothing,
    "POST sales/incoming-transfers/{pk}/match/": lambda cast: {
        "customer": cast.first("sales/customers/"),
        "register": str(cast.shop.register.pk),
        "pays_debt": True,
    },
    "POST sales/incoming-transfers/{pk}/dismiss/": lambda cast: {"reason": "Sent back"},
    "POST sales/incoming-transfers/{pk}/see/": nothing,
    "POST sales/price-rules/": price_rule,
    "POST sales/coupons/": lambda cast: {**offer(cast), "code": f"CODE-{next(serial)}", "percent": "5"},
    "POST sales/promotions/": promotion,
    "POST sales/quotes/": quote,
    "POST sales/sales/": sale,
    "POST sales/customers/{pk}/payments/": lambda cast: {
        **money(cast),
        "debts": [{"debt": open_debt(cast)["id"], "amount": "0.01"}],
    },
    "POST sales/customers/{pk}/top-up/": money,
    "POST sales/customers/{pk}/pay-out/": lambda cast: {
        "id": str(uuid7()),
        "register": str(cast.shop.register.pk),
        "amount": "0.01",
        "method": "CASH",
        "reason": "They moved",
    },
    "POST sales/debts/{pk}/write-off/": lambda cast: {"amount": "0.01", "reason": "They are gone"},
    "POST sales/gift-cards/": lambda cast: {**money(cast), "amount": "0.01", "expires_on": "2099-12-31"},
    "POST sales/gift-cards/look-up/": lambda cast: {"code": code_of_card(cast)},
    "PATCH sales/gift-cards/{pk}/": lambda cast: {"is_blocked": False, "expires_on": "2099-11-30"},
    "PATCH sales/customer-groups/{pk}/": lambda cast: {"name": f"Resellers {next(serial)}"},
    "DELETE sales/customer-groups/{pk}/": nothing,
    "POST sales/sales/{pk}/refunds/": refund,
    "POST sales/sales/{pk}/prints/": lambda cast: {"format": "ESCPOS", "columns": 32},
    "POST sales/refunds/{pk}/prints/": lambda cast: {"format": "JSON"},
    "POST sales/sales/{pk}/exchanges/": exchange,
    "POST sales/sales/{pk}/void/": lambda cast: {"id": str(uuid7()), "reason": "Wrong goods"},
    "POST sales/carts/": lambda cast: {
        "id": str(uuid7()),
        "storefront": str(cast.shop.storefront.pk),
        "register": str(cast.shop.register.pk),
        "customer": cast.first("sales/customers/"),
        "name": "Red dress",
        "price_level": "WHOLESALE",
    },
    "PATCH sales/carts/{pk}/": lambda cast: {
        "customer": cast.first("sales/customers/"),
        "name": f"Name {next(serial)}",
        "price_level": "RETAIL",
    },
    "POST sales/carts/{pk}/lines/": lambda cast: {
        "product": str(cast.shop.products[0].pk),
        "pack": pack(cast),
        "quantity": "1",
        "unit_price": "9",
        "discount": "0.5",
        "serials": [],
    },
    "PATCH sales/carts/{pk}/lines/{line}/": lambda cast: {"quantity": "2", "unit_price": None, "discount": "0"},
    "DELETE sales/carts/{pk}/lines/{line}/": nothing,
    "POST sales/carts/{pk}/park/": nothing,
    "POST sales/carts/{pk}/resume/": lambda cast: {"register": str(cast.shop.register.pk)},
    "POST sales/carts/{pk}/hold/": lambda cast: {"minutes": 5},
    "POST sales/carts/{pk}/release/": nothing,
    "POST sales/carts/{pk}/abandon/": lambda cast: {"reason": "Went home"},
    "POST sales/layaways/": layaway,
    "PATCH sales/layaways/{pk}/": lambda cast: {"due_on": due_day(cast, 60)},
    "POST sales/layaways/{pk}/payments/": lambda cast: {
        "register": str(cast.shop.register.pk),
        "payments": [{"method": "CARD", "amount": "1", "reference": "4711"}],
    },
    "POST sales/layaways/{pk}/complete/": lambda cast: {
        "register": str(cast.shop.register.pk),
        "lines": [{"line": layaway_line(cast), "serials": []}],
    },
    "POST sales/layaways/{pk}/cancel/": lambda cast: {
        "register": str(cast.shop.register.pk),
        "reason": "Too dear",
        "fee": "0",
        "payments": [{"method": "CASH", "amount": "18"}],
    },
    "POST sales/exports/": lambda cast: {
        "what": "PAYMENTS",
        "format": "CSV",
        "first_on": "2020-01-01",
        "last_on": "2100-01-01",
    },
    "POST reports/{name}/exports/": lambda cast: {
        "format": "CSV",
        "location": str(cast.shop.storefront.pk),
        "first_on": "2026-01-01",
        "last_on": "2026-12-31",
    },
    "POST reports/schedules/": lambda cast: {
        "id": str(uuid7()),
        "report": "sales-by-day",
        "period": "WEEK",
        "format": "PDF",
        "hour": 7,
        "location": str(cast.shop.storefront.pk),
    },
    "PATCH reports/schedules/{pk}/": lambda cast: {"format": "XLSX", "hour": 8},
    "DELETE reports/schedules/{pk}/": nothing,
    "POST sales/sync-issues/{pk}/review/": nothing,
    "POST billing/credits/deduct/": spending,
    "POST billing/credits/reservations/": lambda cast: {**spending(cast), "minutes": 5},
    "POST billing/credits/reservations/{pk}/commit/": lambda cast: {"amount": 100},
    "POST billing/credits/reservations/{pk}/release/": nothing,
    "POST billing/credits/purchases/": lambda cast: {
        "id": str(uuid7()),
        "pack": "ghs-500",
        "gateway": "MOMO",
        "network": "MTN",
        "payer_phone": f"0244{next(serial):06d}",
        "payer_email": "ama@x.example",
    },
    "POST billing/credits/purchases/{pk}/check/": nothing,
    "PATCH system/settings/account-modules/": lambda cast: {"thinker_enabled": False},
    "PATCH accounts/account/": lambda cast: {"name": f"Name {next(serial)}"},
    "PATCH accounts/memberships/{pk}/": lambda cast: {
        "name": f"Kofi {next(serial)}",
        "role": "CASHIER",
        "is_limited": True,
        "locations": [str(cast.shop.storefront.pk)],
    },
    "POST accounts/memberships/{pk}/deactivate/": nothing,
    "POST accounts/memberships/{pk}/reactivate/": nothing,
    "POST accounts/memberships/{pk}/remove-pin/": nothing,
    "POST accounts/memberships/{pk}/hand-over/": nothing,
    "POST accounts/memberships/{pk}/erase/": nothing,
    "POST accounts/invitations/{pk}/resend/": nothing,
    "POST accounts/invitations/{pk}/revoke/": nothing,
    "PATCH accounts/devices/{pk}/": lambda cast: {"name": f"Phone {next(serial)}", "is_active": True},
    "DELETE accounts/auth/sessions/{pk}/": nothing,
    "DELETE accounts/auth/sessions/": nothing,
    "PATCH inventory/categories/{pk}/": lambda cast: {"name": f"Shelf {next(serial)}", "parent": top_shelf(cast)},
    "PATCH inventory/products/{pk}/": lambda cast: {
        **product(cast),
        "category": cast.first("inventory/categories/"),
    },
    "PATCH inventory/storefronts/{pk}/": lambda cast: {"name": f"Shop {next(serial)}"},
    "PATCH inventory/warehouses/{pk}/": lambda cast: {"name": f"Store {next(serial)}"},
    "PATCH sales/price-rules/{pk}/": lambda cast: {
        **offer(cast),
        "customer_group": customer_group(cast),
        "unit_price": "9.25",
    },
    "PATCH sales/coupons/{pk}/": lambda cast: {**offer(cast), "max_uses": 1000 + next(serial)},
    "PATCH sales/promotions/{pk}/": lambda cast: {**offer(cast), **meant(cast)},
    "PATCH sales/registers/{pk}/": lambda cast: {"name": f"Till {next(serial)}"},
    "PATCH sales/customers/{pk}/": lambda cast: {
        "name": f"Efua {next(serial)}",
        "group": cast.first("sales/customer-groups/"),
    },
    "POST sales/customers/{pk}/erase/": nothing,
    # After what they are attached to.
    **{
        f"POST inventory/{collection}/{{pk}}/attachments/": paper
        for collection in ("adjustments", "stock", "supplier-returns", "transfers")
    },
}


# Of each collection the first row will do, but for these.
ROWS = {
    "POST billing/credits/reservations/{pk}/commit/": reserved,
    "POST billing/credits/reservations/{pk}/release/": reserved,
    "PATCH inventory/categories/{pk}/": lambda cast: cast.send("POST inventory/categories/")["id"],
    "PATCH accounts/memberships/{pk}/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/deactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/reactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/hand-over/": lambda cast: str(cast.shop.owner.pk),
    "POST accounts/memberships/{pk}/erase/": leaver,
    "POST accounts/invitations/{pk}/resend/": open_invitation,
    "POST sales/customers/{pk}/erase/": lambda cast: cast.send("POST sales/customers/")["id"],
    "POST sales/customers/{pk}/payments/": lambda cast: open_debt(cast)["customer"],
    "POST sales/customers/{pk}/pay-out/": keeper_of_a_wallet,
    "POST sales/debts/{pk}/write-off/": lambda cast: open_debt(cast)["id"],
    "DELETE sales/customer-groups/{pk}/": lambda cast: cast.send("POST sales/customer-groups/")["id"],
    "DELETE reports/schedules/{pk}/": lambda cast: cast.send("POST reports/schedules/")["id"],
    "PATCH sales/carts/{pk}/": open_cart,
    "POST sales/carts/{pk}/lines/": open_cart,
    "PATCH sales/carts/{pk}/lines/{line}/": open_cart,
    "DELETE sales/carts/{pk}/lines/{line}/": open_cart,
    "POST sales/carts/{pk}/park/": open_cart,
    "POST sales/carts/{pk}/resume/": parked_cart,
    "POST sales/carts/{pk}/hold/": open_cart,
    "POST sales/carts/{pk}/release/": open_cart,
    "POST sales/carts/{pk}/abandon/": open_cart,
    "PATCH sales/layaways/{pk}/": unpaid_layaway,
    "POST sales/layaways/{pk}/payments/": unpaid_layaway,
    "POST sales/layaways/{pk}/complete/": paid_layaway,
    "POST sales/layaways/{pk}/cancel/": unpaid_layaway,
    "PATCH inventory/transfers/{pk}/": drafted,
    "POST inventory/transfers/{pk}/accept/": requested,
    "POST inventory/transfers/{pk}/cancel/": requested,
    "POST inventory/transfers/{pk}/dispatch/": drafted,
    "POST inventory/transfers/{pk}/receive/": on_the_road,
    "POST accounts/invitations/{pk}/revoke/": open_invitation,
    "POST sales/sales/{pk}/exchanges/": refundable,
    "POST sales/sales/{pk}/refunds/": refundable,
    "POST sales/sales/{pk}/void/": lambda cast: cast.send("POST sales/sales/")["id"],
    "DELETE accounts/auth/sessions/{pk}/": another_session,
    "POST inventory/stock-counts/{pk}/scan/": open_count,
    "POST inventory/stock-counts/{pk}/approve/": open_count,
    "POST inventory/stock-counts/{pk}/cancel/": open_count,
    "POST inventory/stock-counts/{pk}/reverse/": approved_count,
    "POST inventory/adjustments/{pk}/approve/": undecided,
    "POST inventory/adjustments/{pk}/reject/": undecided,
    "POST inventory/stock/{pk}/return/": lambda cast: returnable(cast)["stock"],
    "POST system/tasks/{pk}/cancel/": waiting,
    "POST system/tasks/{pk}/link/": made,
    "POST sales/mobile-payments/{pk}/cancel/": prompted,
    "POST sales/incoming-transfers/{pk}/match/": transferred,
    "POST sales/incoming-transfers/{pk}/dismiss/": transferred,
    "DELETE inventory/adjustments/{pk}/attachments/{attachment}/": proved("adjustments", undecided),
    "DELETE inventory/transfers/{pk}/attachments/{attachment}/": proved("transfers", drafted),
    **{
        f"GET inventory/{collection}/{{pk}}/attachments/{{attachment}}/": with_attachment(collection)
        for collection in ("adjustments", "stock", "supplier-returns", "transfers")
    },
    "POST sales/registers/{pk}/leases/": lambda cast: cast.send("POST sales/registers/")["id"],
    "POST sales/registers/{pk}/leases/{lease}/return/": leased,
    "POST sales/shifts/{pk}/cash-events/": working_shift,
    "POST sales/shifts/{pk}/hand-over/": working_shift,
    "GET sales/shifts/{pk}/x-report/": working_shift,
    "POST sales/shifts/{pk}/close/": lambda cast: cast.send("POST sales/shifts/")["id"],
    "GET sales/shifts/{pk}/z-report/": closed_shift,
    "PATCH inventory/purchase-orders/{pk}/": lambda cast: order_that_is(cast, "DRAFT"),
    "POST inventory/purchase-orders/{pk}/order/": lambda cast: order_that_is(cast, "DRAFT"),
    "POST inventory/purchase-orders/{pk}/receive/": lambda cast: order_that_is(cast, "ORDERED", "PARTLY_RECEIVED"),
    "POST inventory/purchase-orders/{pk}/close/": lambda cast: order_that_is(cast, "ORDERED"),
    "POST inventory/purchase-orders/{pk}/cancel/": lambda cast: order_that_is(cast, "ORDERED"),
}


def pk_for(cast: Cast, route: Route) -> str:
    if route.name in ROWS:
        return ROWS[route.name](cast)
    return cast.first(route.collection) if route.is_detail else ""


# --- What a body may name, found by introspection ---------------------------------------------------------------------


def writes() -> list[Route]:
    """What changes rows of a business; signing in and what is about oneself alone come before any row is named."""
    return [route for route in routes() if route.method != "GET" and issubclass(route.view, AccountViewSet)]


def input_of(route: Route) -> BaseSerializer[Any] | None:
    found = (route.declared("input_classes") or {}).get(route.action)
    return found(context={"view": route.view()}) if found else None


FREE_IDS = {"id", "cart", "subject_id"}  # which the client makes up, or which need be no row's


def references(serializer: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all fields that take the id of a row which is already there."""
    found = []
    for name, field in serializer.fields.items():
        here = (*before, name)
        if field.read_only or name in FREE_IDS:
            continue
        found += [here] if isinstance(field, IdField | RelatedField) else nested(field, here)
    return found


def nested(field: Any, here: tuple[str, ...]) -> list[tuple[str, ...]]:
    if isinstance(field, ListField | ListSerializer):
        child, first = field.child, (*here, "0")
        if isinstance(child, IdField | RelatedField):
            return [first]
        return references(child, first) if hasattr(child, "fields") else []
    return references(field, here) if hasattr(field, "fields") else []


def takes_id(route: Route) -> bool:
    serializer = input_of(route)
    return serializer is not None and "id" in serializer.fields and not serializer.fields["id"].read_only


def named() -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for route in routes():
        serializer = input_of(route)
        found += [(route.name, path) for path in references(serializer)] if serializer else []
    return found


def at(body: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        body = body[int(step) if step.isdigit() else step]
    return body


def with_value(body: Any, path: tuple[str, ...], value: Any) -> Any:
    *before, last = path
    at(body, tuple(before))[int(last) if last.isdigit() else last] = value
    return body


# In a take-out, what tells of the take-out itself.
OF_ITSELF = {"README.txt", "manifest.json", "audit_events.csv", "audit_events.json"}


def said(response: Any) -> tuple[int, Any]:
    """Status and body, but for what every answer has of its own: the request's id, a page's nonce, a cursor."""
    if is_json(response):
        body = json.loads(content_of(response))
        if isinstance(body.get("data"), dict):
            body["data"].pop("cursor", None)  # sealed anew each time
        return response.status_code, {key: value for key, value in body.items() if key != "request_id"}
    if response.streaming:
        return response.status_code, {name: text for name, text in files_of(response).items() if name not in OF_ITSELF}
    return response.status_code, re.sub(r' nonce="[^"]*"', "", response.content.decode())


def text_of(response: Any) -> str:
    """All that an answer says."""
    is_file = response.streaming and not is_json(response)
    return "\n".join(files_of(response).values()) if is_file else content_of(response).decode()


def is_json(response: Any) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")


def content_of(response: Any) -> bytes:
    """The body, also one that comes in pieces."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def files_of(response: Any) -> dict[str, str]:
    """What is in the file that is answered, or in each of an archive."""
    content = BytesIO(b"".join(response.streaming_content))
    if response["Content-Type"] != "application/zip":
        return {response["Content-Disposition"]: content.read().decode("latin-1")}
    archive = ZipFile(content)
    return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


def everything(cast: Cast) -> dict[str, Any]:
    """All that every list of the business shows, but its own history."""
    lists = [route for route in routes() if route.method == "GET" and route.action == "list"]
    return {
        route.name: cast.rows(route.path + "?page_size=200") for route in lists if route.path != "system/audit-logs/"
    }
