"""Imports that meet one another, or end in the middle of a portion."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from core import tenancy
from inventory import sums
from inventory.importing import running
from inventory.services import import_opening_stock, import_products
from subscriptions.models import Subscription, SubscriptionPlan
from system import services as system
from tests.inventory.importing import as_csv, bring, counts, post, shown, start
from tests.races import at_once, count_of, meeting_before, without

ROWS = 40
PRODUCTS = [("sku", "name", "retail_price", "category"), *((f"M{n}", "Much", "1", "New") for n in range(ROWS))]
STOCK = [("sku", "quantity", "unit_cost"), *(("SKU-0", "5", f"{n}") for n in range(ROWS))]


@pytest.fixture(autouse=True)
def _in_four_portions(monkeypatch):
    monkeypatch.setattr(running, "PORTION", ROWS // 4)


@pytest.fixture(autouse=True)
def _without_limits(busy):
    """The plan has none: where products are counted, one import waits for the other."""
    with busy.inside():
        unlimited = SubscriptionPlan.objects.get(code="unlimited")
        Subscription.across_accounts.filter(account=busy.account).update(plan=unlimited)


class Killed(BaseException):
    """What nobody catches: the process ends here."""


def stocked(shop):
    return start(shop, STOCK, what="OPENING_STOCK", location=str(shop.storefront.pk))


def received(shop):
    with shop.inside():
        batches = shop.account.stock_products.filter(stock__reference="Opening stock")
        assert list(sums.find_disagreements(using="default", account_id=shop.id)) == []
        return batches.count(), shop.account.stock.filter(reference="Opening stock").count()


def killed_in_the_second_portion(shop, pk, monkeypatch, write):
    """Run the task by a worker that ends when it has just written its second portion, and then by another."""
    portions = []

    def write_and_die(**what):
        outcome = write(**what)
        portions.append(outcome)
        if len(portions) == 2:
            raise Killed
        return outcome

    kind = running.KINDS[running.What.OPENING_STOCK]
    monkeypatch.setitem(
        running.KINDS, running.What.OPENING_STOCK, running.Kind(kind.row, write_and_die, kind.needed, kind.unique)
    )
    with pytest.raises(Killed):
        system.run_task(account_id=shop.id, task_id=pk)
    assert shown(shop, pk)["done"] == ROWS // 4
    system.run_task(account_id=shop.id, task_id=pk)


def test_s46_stock_that_a_killed_worker_had_begun_to_receive_is_received_once(busy, monkeypatch):
    """S46."""
    pk = stocked(busy)
    killed_in_the_second_portion(busy, pk, monkeypatch, import_opening_stock)
    assert shown(busy, pk)["result"] == counts(created=ROWS)
    assert received(busy) == (ROWS, 4)


def test_s46_control_what_is_committed_apart_from_the_progress_is_received_twice(busy, monkeypatch):
    """S46."""

    def apart(**what):
        def write():
            try:
                with tenancy.scope(busy.id):
                    return import_opening_stock(**what)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(write).result()

    pk = stocked(busy)
    killed_in_the_second_portion(busy, pk, monkeypatch, apart)
    assert shown(busy, pk)["result"] == counts(created=ROWS)
    assert received(busy) == (ROWS + ROWS // 4, 5)


def test_s46_two_workers_at_one_task_do_it_once(busy):
    """S46."""
    pk = stocked(busy)
    at_once([lambda: system.run_task(account_id=busy.id, task_id=pk)] * 4)
    assert shown(busy, pk)["result"] == counts(created=ROWS)
    assert received(busy) == (ROWS, 4)


def both(shop, barrier=None):
    """Two imports of the same products that meet before they write; how often each product and history is there."""
    tasks = [start(shop, PRODUCTS), start(shop, PRODUCTS)]

    def work(pk):
        if barrier is None:
            return system.run_task(account_id=shop.id, task_id=pk)
        with meeting_before('INSERT INTO "categories"', barrier):
            return system.run_task(account_id=shop.id, task_id=pk)

    assert at_once([lambda pk=pk: work(pk) for pk in tasks]) == [None, None]
    results = [shown(shop, pk)["result"] for pk in tasks]
    with shop.inside():
        products = shop.account.products.filter(sku__startswith="M").count()
        added = shop.account.audit_events.filter(action="product.added", after__sku__startswith="M").count()
    return results, products, added


def test_two_imports_of_the_same_file_at_once_make_each_product_once(busy):
    results, products, added = both(busy, threading.Barrier(2))
    assert products == added == ROWS
    assert sum(result["created"] for result in results) == ROWS
    assert sum(result["unchanged"] for result in results) == ROWS
    assert sum(result["errors"] for result in results) == 0
    with busy.inside():
        assert busy.account.categories.count() == 1


def test_control_where_nothing_says_that_a_sku_is_one_products_they_make_some_twice(busy):
    with without("one_product_per_sku"):
        barrier = threading.Barrier(2)
        tasks = [start(busy, [row[:3] for row in PRODUCTS]) for _ in range(2)]

        def work(pk):
            with meeting_before('INSERT INTO "products"', barrier):
                return system.run_task(account_id=busy.id, task_id=pk)

        assert at_once([lambda pk=pk: work(pk) for pk in tasks]) == [None, None]
        with busy.inside():
            assert busy.account.products.filter(sku__startswith="M").count() > ROWS


def test_a_colleague_who_was_quicker_costs_that_row_and_no_other(busy, monkeypatch):
    rows = [("sku", "name", "retail_price", "barcode"), *((f"M{n}", "Much", "1", f"B{n}") for n in range(ROWS // 4))]
    product, tried = str(busy.products[0].pk), []

    def write(**what):
        if not tried:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(colleague).result()
        tried.append(len(what["rows"]))
        return import_products(**what)

    def colleague():
        try:
            response = busy.client().post(
                "/api/v1/inventory/packs/",
                {"product": product, "name": "Six", "factor": "6", "retail_price": "50", "barcode": "B3"},
                format="json",
            )
            assert response.status_code == 201, response.content
        finally:
            connections.close_all()

    kind = running.KINDS[running.What.PRODUCTS]
    monkeypatch.setitem(running.KINDS, running.What.PRODUCTS, running.Kind(kind.row, write, kind.needed, kind.unique))
    pk = start(busy, rows)
    system.run_task(account_id=busy.id, task_id=pk)
    task = shown(busy, pk)
    assert task["errors"] == [(5, "barcode", "barcode_taken")]
    assert task["result"] == counts(created=ROWS // 4 - 1, errors=1)
    assert tried[0] == ROWS // 4
    assert min(tried) == 1


def posts(shop):
    file = bring(shop, as_csv(STOCK))
    body = {"what": "OPENING_STOCK", "location": str(shop.storefront.pk)}
    shop.bearer()
    return at_once([lambda: post(shop, file, **body).status_code] * 2)


def test_stock_from_one_file_is_asked_for_by_two_at_once_and_begun_once(busy):
    results = posts(busy)
    assert (count_of(results, 202), count_of(results, 409)) == (1, 1)


def test_control_where_the_file_is_no_lock_both_are_begun(busy, monkeypatch):
    barrier = threading.Barrier(2)
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))
    file = bring(busy, as_csv(STOCK))
    body = {"what": "OPENING_STOCK", "location": str(busy.storefront.pk)}
    busy.bearer()

    def ask():
        with meeting_before("SELECT pg_advisory_xact_lock", barrier):  # by which they are counted one after another
            return post(busy, file, **body).status_code

    assert at_once([ask, ask]) == [202, 202]
