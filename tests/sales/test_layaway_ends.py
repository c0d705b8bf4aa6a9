"""How a layaway ends: handed over or given up, once; the money that goes back, and what the business keeps of it."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.models import Account
from accounts.roles import Role
from sales import sums
from tests.answers import refused
from tests.conftest import open_shop
from tests.places import add_member, approved_by, give_pin
from tests.sales.asides import ask, body_of, cancel, complete, laid, money, pay, shown, took
from tests.sales.test_layaways import adds_up, available
from tests.stock import on_hand

pytestmark = pytest.mark.django_db

SALES = "/api/v1/sales/sales/"
CLOSED = (409, "layaway_closed")


def mixed(shop):
    """Ten of the first product, of whose 100.00 the customer has paid 30 in cash, 20 by card and 10 in cash."""
    pk = laid(shop, "10", paid="30")["id"]
    took(pay(shop, pk, ("CARD", "20"), ("CASH", "10")))
    return pk


def went_back(shop, pk):
    return [row for row in money(shown(shop, pk)["payments"]) if row[1].startswith("-")]


def wallet_of(shop):
    with shop.inside():
        return shop.account.customers.get().wallet


# --- Given up ---------------------------------------------------------------------------------------------------------


def test_what_was_paid_goes_back_by_the_ways_it_came_and_the_goods_are_free(one):
    pk = mixed(one)
    assert available(one, one.products[0]) == ("10.000", "90.000")
    done = took(cancel(one, pk))
    assert (done["status"], done["paid"], done["fee"], done["open_amount"]) == ("CANCELLED", "0.00", "0.00", "0.00")
    assert done["closing_reason"] == "Moved away"
    assert went_back(one, pk) == [("CASH", "-40.00"), ("CARD", "-20.00")]
    assert available(one, one.products[0]) == ("0.000", "100.000")
    with one.inside():
        one.register.refresh_from_db()
        assert (one.account.sales.count(), one.register.last_number) == (0, 0)
    assert adds_up(one)


def test_a_fee_stays_in_the_drawer_and_is_on_the_layaway(one):
    pk = mixed(one)
    refused(one, lambda: cancel(one, pk, fee="20.01"), 409, "fee_too_large")
    refused(one, lambda: cancel(one, pk, fee="-1"), 400, "invalid_input")
    done = took(cancel(one, pk, fee="15"))
    assert (done["fee"], done["paid"]) == ("15.00", "15.00")
    assert went_back(one, pk) == [("CASH", "-40.00"), ("CARD", "-5.00")]
    assert adds_up(one)


def test_no_more_is_kept_than_was_paid(one):
    one.client().patch("/api/v1/accounts/account/", {"layaway_deposit_rate": "0"})
    pk = laid(one, "10", paid="7")["id"]
    body = refused(one, lambda: cancel(one, pk, fee="7.01"), 409, "fee_too_large")
    assert body["meta"] == {"most": "7.00"}
    took(cancel(one, pk, fee="7"))
    assert went_back(one, pk) == []
    assert adds_up(one)


def test_any_of_it_may_go_to_the_wallet_and_the_rest_by_a_tender_that_came(one):
    pk = mixed(one)
    took(cancel(one, pk, back=[("WALLET", "44.50"), ("CARD", "5.50")], fee="10"))
    assert went_back(one, pk) == [("WALLET", "-44.50"), ("CARD", "-5.50")]
    assert wallet_of(one) == Decimal("44.50")
    with one.inside():
        entry = one.account.customer_entries.get()
        assert (entry.kind, entry.amount, entry.balance_after) == ("REFUNDED", Decimal("44.50"), Decimal("44.50"))
        assert (entry.source, str(entry.source_id)) == ("layaway", pk)
    assert adds_up(one)


@pytest.mark.parametrize(
    "back",
    [
        [("CASH", "40.01"), ("CARD", "19.99")],
        [("BANK", "60")],
        [("CASH", "40"), ("CARD", "19.99")],
        [("CASH", "40"), ("CARD", "20"), ("WALLET", "0.01")],
        [("WALLET", "60"), ("CARD", "60")],
    ],
)
def test_another_split_is_refused_and_nothing_goes_back(one, back):
    pk = mixed(one)
    body = refused(one, lambda: cancel(one, pk, back=back), 409, "refund_tender_mismatch")
    assert body["meta"] == {"total": "60.00", "left": {"CASH": "40.00", "CARD": "20.00"}}
    assert wallet_of(one) == 0


def test_s41_back_in_a_currency_without_coins(db):
    """S41."""
    shop = open_shop("Cotonou", country="BJ", currency="XOF", time_zone="Africa/Porto-Novo", prices=("333",), stock="9")
    pk = laid(shop, "1", paid="100")["id"]
    body = refused(shop, lambda: cancel(shop, pk, fee="68"), 409, "fee_too_large")
    assert body["meta"] == {"most": "67"}  # a fifth of 333 is 66.6
    done = took(cancel(shop, pk, fee="67"))
    assert (done["fee"], went_back(shop, pk)) == ("67", [("CASH", "-33")])
    assert adds_up(shop)


def test_who_may_not_refund_gives_nothing_back_without_a_managers_pin(one):
    pk = mixed(one)
    refused(one, lambda: cancel(one, pk, member=one.cashier), 403, "capability_missing")
    manager = give_pin(one, add_member(one, Role.MANAGER, name="Manager"))
    took(cancel(one, pk, member=one.cashier, **approved_by(manager)))
    with one.inside():
        event = one.account.audit_events.get(action="layaway.cancelled")
        assert (event.by_id, event.approved_by_id) == (one.cashier.pk, manager.pk)
        assert event.after["reason"] == "Moved away"


def test_more_than_a_manager_gives_back_at_once_takes_an_owner(one):
    manager = add_member(one, Role.MANAGER, name="Manager")
    with one.inside():
        one.account.products.update(retail_price=Decimal("20000.00"))
    pk = laid(one, "1", paid="5000")["id"]
    refused(one, lambda: cancel(one, pk, member=manager), 403, "approval_required")
    took(cancel(one, pk, member=manager, fee="3000"))  # 2,000.00 goes back


# --- Once only --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [complete, cancel])
def test_what_has_ended_is_neither_paid_nor_handed_over_nor_given_up_again(one, end):
    pk = laid(one, "1", paid="10")["id"]
    took(end(one, pk))
    refused(one, lambda: pay(one, pk, ("CASH", "1")), *CLOSED)
    refused(one, lambda: complete(one, pk), *CLOSED)
    refused(one, lambda: cancel(one, pk), *CLOSED)


@pytest.mark.parametrize("end", [complete, cancel])
def test_the_same_end_sent_twice_comes_once_and_is_answered_alike(one, end):
    pk, key = laid(one, "1", paid="10")["id"], str(uuid7())
    first, again = (end(one, pk, key=key) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    with one.inside():
        assert one.account.payments.filter(layaway=pk).count() == (1 if end is complete else 2)


def test_a_product_that_is_switched_off_is_handed_over_when_it_is_on_again(one):
    pk = laid(one, "1", paid="10")["id"]
    product = one.account.products
    with one.inside():
        product.filter(pk=one.products[0].pk).update(is_active=False)
    refused(one, lambda: complete(one, pk), 409, "product_inactive")
    with one.inside():
        product.filter(pk=one.products[0].pk).update(is_active=True)
    took(complete(one, pk))


# --- Goods that come back after all -----------------------------------------------------------------------------------


def refund(shop, sale, quantity, **extra):
    body = {"id": str(uuid7()), "lines": [{"line": sale["lines"][0]["id"], "quantity": quantity}], **extra}
    return shop.client().post(f"{SALES}{sale['id']}/refunds/", body)


def test_what_was_laid_aside_and_sold_is_refunded_by_the_tenders_that_came(one):
    pk = mixed(one)
    took(pay(one, pk, ("CARD", "40")))
    sale = took(complete(one, pk))
    first = took(refund(one, sale, "3"))
    assert money(first["payments"]) == [("CASH", "-30.00")]
    split = [{"method": "DEPOSIT", "amount": "70"}]
    refused(one, lambda: refund(one, sale, "7", payments=split), 409, "refund_tender_mismatch")
    second = took(refund(one, sale, "7"))
    assert money(second["payments"]) == [("CASH", "-10.00"), ("CARD", "-60.00")]
    assert on_hand(one)[0] == 100
    assert adds_up(one)


@pytest.mark.parametrize("quantities", [("1",), ("0.5", "0.5"), ("0.3", "0.3", "0.4")], ids=" ".join)
def test_s34_of_cash_that_was_not_rounded_when_it_was_laid_aside_exactly_that_goes_back(db, quantities):
    """S34."""
    shop = open_shop("Ama Provisions", prices=("1003",), currency="XOF")
    with shop.inside():
        Account.across_accounts.filter(pk=shop.id).update(cash_rounding=Decimal(5))
    pk = laid(shop, "1", paid="401")["id"]
    took(pay(shop, pk, ("CASH", "602")))
    sale = took(complete(shop, pk))
    back = [row for quantity in quantities for row in money(took(refund(shop, sale, quantity))["payments"])]
    assert sum(Decimal(amount) for _, amount in back) == -1003
    assert adds_up(shop)


def test_a_sale_that_was_never_laid_aside_takes_no_deposit(one):
    line = {"product": str(one.products[0].pk), "quantity": "1"}
    body = one.basket(lines=[line], payments=[{"method": "DEPOSIT", "amount": "10"}])
    refused(one, lambda: one.client().post(SALES, body), 400, "invalid_input")


def test_a_strangers_layaway_is_not_there(one, stranger):
    theirs = laid(stranger, "1", paid="4")["id"]
    for call in (pay, complete, cancel):
        facts = [("CASH", "1")] if call is pay else []
        refused(one, lambda call=call, facts=facts: call(one, theirs, *facts), 404, "not_found")
    assert shown(stranger, theirs)["paid"] == "4.00"
    with one.inside():
        assert list(sums.find_disagreements(using="default")) == []
    body = body_of(stranger, "1", paid="4")
    refused(one, lambda: ask(one, "", body), 400, "invalid_input")
