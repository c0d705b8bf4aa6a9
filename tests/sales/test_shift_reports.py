"""What a shift adds up to: so far, when it was closed, and what came to it afterwards."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from sales import sums
from tests.answers import ids, paths_of, refused
from tests.conftest import Shop
from tests.sales.drawer import SHIFTS, close, move, ok, post, report, row, start
from tests.sales.requests import REFUNDS, SALES, back, refund, sell
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

ZERO = Decimal(0)


def cash(amount: str):
    return [{"method": "CASH", "amount": amount}]


def at(hours: float) -> str:
    """So many hours ago."""
    return (timezone.now() - timedelta(hours=hours)).isoformat()


def is_same_moment(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


def add_up(shop: Shop, shift) -> dict:
    """The figures of a shift by plain addition over its rows."""
    with shop.inside():
        kept = shop.account.shifts.get(pk=shift["id"])
        sales = list(shop.account.sales.filter(shift=kept).prefetch_related("lines"))
        refunds = list(shop.account.refunds.filter(shift=kept))
        payments = list(shop.account.payments.filter(shift=kept))
        events = list(shop.account.cash_events.filter(shift=kept))
    levies, tenders = defaultdict(Decimal), defaultdict(lambda: [ZERO, ZERO])
    for sale in sales:
        for line in sale.lines.all():
            for tax in line.taxes:
                levies[tax["code"]] += Decimal(tax["amount"])
    for payment in payments:
        tenders[payment.method][payment.amount < 0] += abs(payment.amount)
    drawer = kept.opening_float + sum(event.amount for event in events)
    return {
        "sales": (len(sales), sum(sale.total for sale in sales), sum(sale.tax_total for sale in sales)),
        "discounts": sum(sale.discount_total for sale in sales),
        "refunds": (len(refunds), sum(each.total for each in refunds), sum(each.tax_total for each in refunds)),
        "change_given": sum(sale.change_due for sale in sales),
        "levies": dict(levies),
        "tenders": {method: tuple(sums) for method, sums in tenders.items()},
        "expected": drawer + sum(payment.amount for payment in payments if payment.method == "CASH"),
        "receipts": (min(sale.receipt_number for sale in sales), max(sale.receipt_number for sale in sales)),
    }


def told(z: dict) -> dict:
    """What a report says of the same."""
    sold, refunded = z["sales"], z["refunds"]
    return {
        "sales": (sold["count"], Decimal(sold["total"]), Decimal(sold["tax_total"])),
        "discounts": Decimal(sold["discount_total"]),
        "refunds": (refunded["count"], Decimal(refunded["total"]), Decimal(refunded["tax_total"])),
        "change_given": Decimal(z["change_given"]),
        "levies": {tax["code"]: Decimal(tax["amount"]) for tax in z["taxes"]},
        "tenders": {each["method"]: (Decimal(each["paid_in"]), Decimal(each["paid_out"])) for each in z["payments"]},
        "expected": Decimal(z["expected"]),
        "receipts": (z["first_receipt_number"], z["last_receipt_number"]),
    }


def work(shop: Shop, shift) -> None:
    """A day: sales by cash, card and both, one with a discount, a refund of each tender, cash moved by hand."""
    sell(shop, "1", payments=cash("20"), member=shop.cashier)
    sold = sell(shop, "2", payments=[{"method": "CARD", "amount": "28.64"}])
    sell(shop, "3", discount="2.96", payments=[{"method": "MOBILE_MONEY", "amount": "30"}, *cash("50")])
    split = sell(shop, "1", payments=[*cash("5"), {"method": "CARD", "amount": "9.32"}])
    for sale, quantity in ((sold, "1"), (split, "1")):
        assert refund(shop, sale, quantity).status_code == 201
    ok(move(shop, shift, "PAID_IN", "12.50"), 201)
    ok(move(shop, shift, "PAID_OUT", "3.25"), 201)
    ok(move(shop, shift, "DROP", "40"), 201)


def test_s32_cash_50_for_42_leaves_42_in_the_drawer(one):
    """S32."""
    with one.inside():
        one.account.products.filter(pk=one.products[0].pk).update(retail_price=Decimal(42))
    shift = start(one, "0")
    sale = sell(one, payments=cash("50"))
    assert (sale["total"], sale["change_due"]) == ("42.00", "8.00")
    assert report(one, shift, "x")["expected"] == "42.00"
    assert report(one, shift, "x")["change_given"] == "8.00"
    assert ok(close(one, shift, ("42", 1)))["difference"] == "0.00"


def test_s38_the_z_report_equals_a_plain_addition_of_what_happened(shop):
    """S38."""
    shift = start(shop, "100")
    work(shop, shift)
    assert told(report(shop, shift, "x")) == add_up(shop, shift)
    closed = ok(close(shop, shift, ("100", 1), ("0.05", 3)))
    z = report(shop, shift, "z")
    assert told(z) == add_up(shop, shift)
    assert (z["sales"]["count"], z["refunds"]["count"], z["voids"]) == (4, 2, {"count": 0, "total": "0.00"})
    assert [(each["kind"], each["count"], each["amount"]) for each in z["cash_events"]] == [
        ("DROP", 1, "40.00"),
        ("PAID_IN", 1, "12.50"),
        ("PAID_OUT", 1, "3.25"),
    ]
    assert sorted(z["cashiers"]) == sorted([str(shop.owner.pk), str(shop.cashier.pk)])
    assert Decimal(z["difference"]) == Decimal("100.15") - Decimal(z["expected"])
    assert [closed[name] for name in ("expected", "counted", "difference", "z_number")] == [
        z[name] for name in ("expected", "counted", "difference", "z_number")
    ]
    assert (z["shift"], z["register"], z["register_code"], z["currency"]) == (
        *(shift["id"], str(shop.register.pk)),
        *("R1", "GHS"),
    )
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []


def test_each_thing_is_in_the_report_of_its_shift_and_in_no_other(shop):
    first = start(shop, "10")
    sale = sell(shop, payments=cash("20"))
    ok(close(shop, first, ("24.32", 1)))
    between = sell(shop, payments=cash("20"))
    second = start(shop, "10")
    assert refund(shop, sale).status_code == 201
    ok(close(shop, second))
    assert (sale["shift"], between["shift"]) == (first["id"], None)
    one, two = report(shop, first, "z"), report(shop, second, "z")
    assert (one["sales"]["count"], one["refunds"]["count"], one["expected"]) == (1, 0, "24.32")
    assert (two["sales"]["count"], two["refunds"]["count"], two["expected"]) == (0, 1, "0.00")
    assert (two["first_receipt_number"], two["last_receipt_number"], two["taxes"]) == (None, None, [])
    assert ids(shop, SALES, shift=first["id"]) == {sale["id"]}
    assert len(ids(shop, REFUNDS, shift=second["id"])) == 1


def test_receipts_are_in_the_order_of_their_numbers_also_beyond_six_digits(shop):
    with shop.inside():
        shop.account.registers.update(last_number=999_998)
    shift = start(shop)
    for _ in range(2):
        sell(shop)
    x = report(shop, shift, "x")
    assert (x["first_receipt_number"], x["last_receipt_number"]) == ("R1-999999", "R1-1000000")


def test_s38_what_comes_after_the_z_is_an_addendum_and_the_z_does_not_change(shop):
    """S38."""
    shift = start(shop, "50", opened_at=at(5))
    sale = sell(shop, sold_at=at(4), payments=cash("20"))
    ok(close(shop, shift, ("64.32", 1), closed_at=at(1)))
    before, kept = report(shop, shift, "z"), row(shop, shift)
    assert before["addenda"] == []
    later = start(shop, "0")
    moment = at(2)
    late = sell(shop, sold_at=moment, shift=shift["id"], payments=[*cash("10"), {"method": "CARD", "amount": "6"}])
    taken_back = ok(refund(shop, sale, "1", refunded_at=at(1.5), shift=shift["id"]), 201)
    dropped = ok(move(shop, shift, "DROP", "1000", occurred_at=at(1.2)), 201)
    assert (late["shift"], taken_back["shift"], dropped["is_late"]) == (shift["id"], shift["id"], True)
    after = report(shop, shift, "z")
    addenda = after.pop("addenda")
    assert before == {**after, "addenda": []}
    assert row(shop, shift).z_report == kept.z_report
    assert [(each["kind"], each["id"], each["receipt_number"], each["total"], each["cash"]) for each in addenda] == [
        ("SALE", late["id"], late["receipt_number"], "14.32", "8.32"),
        ("REFUND", taken_back["id"], sale["receipt_number"], "10.00", "-10.00"),
        ("CASH_EVENT", dropped["id"], None, None, "-1000.00"),
    ]
    assert is_same_moment(addenda[0]["occurred_at"], moment)
    assert addenda[0]["tax_total"] == late["tax_total"]
    assert report(shop, later, "x")["sales"]["count"] == 0
    assert report(shop, later, "x")["expected"] == "0.00"
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []


def test_a_closed_shift_takes_only_what_happened_while_it_was_open(shop):
    shift = start(shop, opened_at=at(5))
    sale = sell(shop, sold_at=at(4))
    ok(close(shop, shift, closed_at=at(3)))
    line = sale["lines"][0]["id"]
    client = shop.client()
    for hours in (5.1, 2.9, 0):
        late = {"sold_at": at(hours), "shift": shift["id"]}
        refused(shop, lambda late=late: client.post(SALES, shop.basket(**late)), 409, "shift_closed")
        refused(shop, lambda hours=hours: move(shop, shift, "PAID_IN", "5", occurred_at=at(hours)), 409, "shift_closed")
    body = back(line, id=str(uuid7()), shift=shift["id"])
    refused(shop, lambda: client.post(f"{SALES}{sale['id']}/refunds/", body), 409, "shift_closed")
    refused(shop, lambda: client.post(SALES, shop.basket(shift=shift["id"])), 409, "shift_closed")


def test_a_late_sale_needs_no_open_shift_where_shifts_are_required(shop):
    ok(shop.client().patch("/api/v1/accounts/account/", {"is_shift_required": True}))
    shift = start(shop, opened_at=at(5))
    ok(close(shop, shift, closed_at=at(1)))
    assert sell(shop, sold_at=at(2), shift=shift["id"])["shift"] == shift["id"]
    refused(shop, lambda: shop.client().post(SALES, shop.basket(sold_at=at(2))), 409, "shift_required")


def test_a_shift_of_another_register_or_business_is_as_unknown_as_none(shop, stranger):
    here, theirs = start(shop), start(stranger)
    client = shop.client()
    body = ok(
        shop.client().post(
            "/api/v1/sales/registers/", {"storefront": str(shop.storefront.pk), "code": "R2", "name": "Till"}
        ),
        201,
    )
    for register, shift in ((body["id"], here), (str(shop.register.pk), theirs)):
        basket = shop.basket(register=register, shift=shift["id"])
        answer = refused(shop, lambda basket=basket: client.post(SALES, basket), 400, "invalid_input")
        assert paths_of(answer) == [("shift", "does_not_exist")]
    assert sell(shop, shift=here["id"])["shift"] == here["id"]
    assert sell(shop, shift=None)["shift"] == here["id"]


def test_a_shift_over_midnight_is_one_shift(shop):
    evening = timezone.now().replace(hour=21, minute=0, second=0, microsecond=0) - timedelta(days=1)
    shift = start(shop, "50", opened_at=evening.isoformat())
    for hours in (1, 2.99, 3.01, 5):
        sell(shop, sold_at=(evening + timedelta(hours=hours)).isoformat(), payments=cash("20"))
    ok(close(shop, shift, ("107.28", 1), closed_at=(evening + timedelta(hours=7)).isoformat()))
    z = report(shop, shift, "z")
    assert (z["sales"]["count"], z["expected"], z["difference"]) == (4, "107.28", "0.00")
    assert is_same_moment(z["opened_at"], evening.isoformat())


def test_a_report_and_a_closing_cost_the_same_whatever_was_sold(shop):
    def costs(shift):
        client = shop.client()
        asked = statements(lambda: client.get(f"{SHIFTS}{shift['id']}/x-report/"))
        return len(asked), len(statements(lambda: close(shop, shift, ("1", 1))))

    small = start(shop)
    work(shop, small)
    few = costs(small)
    large = start(shop)
    for _ in range(3):
        work(shop, large)
        ok(post(shop, f"{large['id']}/hand-over/", {"counted": "1"}))
    assert costs(large) == few
    assert few[0] <= 14, few


def test_a_sale_that_names_the_open_shift_costs_no_statement_more(shop):
    shift, client = start(shop), shop.client()
    sell(shop)
    plain = statements(lambda: ok(client.post(SALES, shop.basket()), 201))
    named = statements(lambda: ok(client.post(SALES, shop.basket(shift=shift["id"])), 201))
    assert len(named) == len(plain) <= 12, "\n\n".join(plain)
