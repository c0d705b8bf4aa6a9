"""What a business holds that a sale, a refund or a delivery could change: compare it to prove that nothing did."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Shop

COLLECTIONS = (
    "sales",
    "sale_lines",
    "payments",
    "refunds",
    "refund_lines",
    "receipt_prints",
    "number_leases",
    "fiscal_documents",
    "stock",
    "stock_products",
    "stock_movements",
    "serial_numbers",
    "adjustments",
    "adjustment_lines",
    "stock_counts",
    "stock_count_lines",
    "transfers",
    "transfer_lines",
    "transfer_picks",
    "attachments",
    "private_files",
    "idempotency_keys",
    "products",
    "customers",
    "carts",
    "cart_lines",
    "layaways",
    "layaway_lines",
    "customer_entries",
    "debts",
    "gift_cards",
    "gift_card_entries",
)


def state_of(shop: Shop) -> dict[str, Any]:
    with shop.inside():
        counts = {name: getattr(shop.account, name).count() for name in COLLECTIONS}
        return {
            **counts,
            # Who calls may have to sign in first.
            "audit_events": shop.account.audit_events.exclude(action="session.opened").count(),
            "numbers": list(
                shop.account.registers.order_by("code").values_list("code", "last_number", "last_refund_number")
            ),
            "on_hand": list(shop.account.stock_products.order_by("id").values_list("id", "quantity", "movement_count")),
            "pieces": list(shop.account.serial_numbers.order_by("id").values_list("id", "stock_product_id")),
            "decided": list(shop.account.adjustments.order_by("id").values_list("id", "status")),
            "counts": list(shop.account.stock_counts.order_by("id").values_list("id", "status", "version")),
            "prices": list(shop.account.products.order_by("id").values_list("id", "retail_price", "wholesale_price")),
            "transfer_steps": list(
                shop.account.transfers.order_by("id").values_list("id", "status", "version", "reason")
            ),
            "owed": list(shop.account.customers.order_by("id").values_list("id", "debt", "wallet", "entry_count")),
            "settled": list(shop.account.debts.order_by("id").values_list("id", "amount", "settled")),
            "on_cards": list(shop.account.gift_cards.order_by("id").values_list("id", "balance", "entry_count")),
            "statuses": list(shop.account.sales.order_by("id").values_list("id", "status")),
            "carts": list(shop.account.carts.order_by("id").values_list("id", "status", "version", "register_id")),
            "layaways": list(shop.account.layaways.order_by("id").values_list("id", "status", "version", "paid")),
            "held": list(shop.account.reservations.order_by("id").values_list("id", "quantity", "expires_at")),
            "refunded": list(shop.account.sale_lines.order_by("id").values_list("id", "refunded_quantity")),
        }


def refused_with(shop: Shop, error: type[Exception], call: Callable[[], Any]) -> Any:
    """The call is refused with this error, and nothing has changed; the error."""
    before = state_of(shop)
    with pytest.raises(error) as caught:
        call()
    assert state_of(shop) == before
    return caught.value
