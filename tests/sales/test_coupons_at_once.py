"""The last use of a coupon, at many tills at the same instant; and what goes wrong without the guards."""

import threading
from decimal import Decimal

from django.db import IntegrityError

from sales import services
from sales.errors import CouponUsedUp
from sales.models import Sale
from sales.models.offers import OfferQuerySet
from tests.conftest import Shop
from tests.races import at_once, count_of, meeting_before, without
from tests.sales.offers import add_coupon, add_customer
from tests.sales.offline import codes, problems, sale, sync

TILLS = 4


def at_many_tills(shop: Shop, *, together: bool = False, **extra):
    """A sale with the coupon at each of four tills at the same instant; or all having looked at it before any counts
    its use."""
    with shop.inside():
        tills = [
            services.add_register(by=shop.owner, storefront=shop.storefront, code=f"T{i}", name="Till").pk
            for i in range(TILLS)
        ]
    barrier = threading.Barrier(TILLS)

    def buy(till):
        with shop.inside():
            if together:
                with meeting_before('UPDATE "coupons"', barrier):
                    return _sell(shop, till, **extra)
            return _sell(shop, till, **extra)

    return at_once([lambda till=till: buy(till) for till in tills])


def _sell(shop, till, **extra):
    return services.complete_sale(
        by=shop.owner,
        storefront=shop.storefront.pk,
        register=till,
        lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
        payments=[{"method": "CASH", "amount": Decimal(10)}],
        coupon="AMA-10",
        **extra,
    )


def counted(shop: Shop) -> tuple[int, int, int]:
    """What the coupon counts, its uses, and the sales that were made."""
    with shop.inside():
        return shop.account.coupons.get().use_count, shop.account.coupon_uses.count(), shop.account.sales.count()


def unlocked(monkeypatch) -> None:
    monkeypatch.setattr(OfferQuerySet, "locked", lambda rows: rows)


def test_of_many_at_once_one_has_the_last_use(busy):
    add_coupon(busy, max_uses=1)
    found = at_many_tills(busy)
    assert (count_of(found, Sale), count_of(found, CouponUsedUp)) == (1, TILLS - 1)
    assert counted(busy) == (1, 1, 1)


def test_one_customer_at_many_tills_at_once_has_the_last_use_once(busy):
    add_coupon(busy, max_uses_per_customer=1)
    found = at_many_tills(busy, customer=add_customer(busy).pk)
    assert (count_of(found, Sale), count_of(found, CouponUsedUp)) == (1, TILLS - 1)
    assert counted(busy) == (1, 1, 1)


def test_who_looked_at_a_coupon_without_its_lock_is_stopped_by_the_rule_of_its_row(busy, monkeypatch):
    add_coupon(busy, max_uses=1)
    unlocked(monkeypatch)
    found = at_many_tills(busy, together=True)
    assert (count_of(found, Sale), count_of(found, IntegrityError)) == (1, TILLS - 1)
    assert all("coupon_used_at_most" in str(error) for error in found if isinstance(error, IntegrityError))
    assert counted(busy) == (1, 1, 1)


def test_control_without_lock_and_rule_everybody_has_the_last_use(busy, monkeypatch):
    add_coupon(busy, max_uses=1)
    unlocked(monkeypatch)
    with without("coupon_used_at_most"):
        assert count_of(at_many_tills(busy, together=True), Sale) == TILLS
        assert counted(busy) == (TILLS, TILLS, TILLS)


def test_control_without_the_lock_one_customer_has_the_last_use_at_every_till(busy, monkeypatch):
    add_coupon(busy, max_uses_per_customer=1)
    unlocked(monkeypatch)
    found = at_many_tills(busy, together=True, customer=add_customer(busy).pk)
    assert count_of(found, Sale) == TILLS
    assert counted(busy) == (TILLS, TILLS, TILLS)


def offline(shop, register=None):
    extra = {"register": register} if register else {}
    return sale(shop, coupon="AMA-10", payments=[{"method": "CASH", "amount": "9"}], **extra)


def test_of_two_offline_tills_at_once_both_have_sold_and_one_is_noted(busy):
    add_coupon(busy, max_uses=1)
    with busy.inside():
        other = services.add_register(by=busy.owner, storefront=busy.storefront, code="R2", name="Till")
    items = [offline(busy), offline(busy, str(other.pk))]
    busy.client()
    answers = at_once([lambda item=item: sync(busy, item)[0] for item in items])
    assert sorted(map(codes, answers)) == [[], ["coupon_used_up"]]
    assert (counted(busy), problems(busy)) == ((2, 2, 2), [])
    with busy.inside():
        assert busy.account.coupons.get().over_count == 1
