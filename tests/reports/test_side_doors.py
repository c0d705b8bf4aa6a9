"""A report is closed for who does not pay any more by whichever door it is reached; a list stays open."""

import pytest

from tests.access import put_in_state
from tests.answers import refused
from tests.system.test_modules import switch

pytestmark = pytest.mark.django_db

DAYS = {"first_on": "2026-03-01", "last_on": "2026-03-31"}
REPORTS = {
    "reports/tax/": DAYS,
    "sales/tax-report/": DAYS,
    "inventory/valuation/": {"on": "2026-03-31"},
    "inventory/dead-stock/": {},
}
LISTS = {
    "sales/sales/summary/": DAYS,
    "sales/sales/summary/tenders/": DAYS,
    "sales/sales/summary/cashiers/": DAYS,
    "sales/sales/summary/products/": DAYS,
    "sales/receivables/ageing/": {},
    "inventory/stock-products/": {},
    "inventory/alerts/": {},
    "inventory/order-suggestions/": {},
}


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED", "CANCELLED", "NONE"])
def test_who_does_not_pay_any_more_reads_lists_and_no_reports(shop, state):
    put_in_state(shop, state)
    client = shop.client()
    for path, asked in REPORTS.items():
        refused(shop, lambda path=path, asked=asked: client.get(f"/api/v1/{path}", asked), 402, "subscription_expired")
    for path, asked in LISTS.items():
        assert client.get(f"/api/v1/{path}", asked).status_code == 200, path


def test_in_the_days_of_grace_both_are_read(shop):
    put_in_state(shop, "GRACE")
    for path, asked in {**REPORTS, **LISTS}.items():
        assert shop.client().get(f"/api/v1/{path}", asked).status_code == 200, path


@pytest.mark.parametrize("module", ["reports", "sales"])
def test_s44_the_taxes_are_told_while_reports_and_sales_are_on(shop, module):
    """S44."""
    switch(shop, **{module: False})
    for path in ("sales/tax-report/", "reports/tax/"):
        refused(shop, lambda path=path: shop.client().get(f"/api/v1/{path}", DAYS), 403, "module_disabled")
    switch(shop, **{module: True})
    assert shop.client().get("/api/v1/sales/tax-report/", DAYS).status_code == 200
