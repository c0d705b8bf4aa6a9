from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from sales.models import SyncIssue
from tests.sales.offline import SYNC, codes, customer, on_hand, problems, refund_of, sale, sync, verdicts

ISSUES = "/api/v1/sales/sync-issues/"


def test_s40_a_batch_that_is_sent_three_times_happens_once(shop):
    """S40."""
    batch = [sale(shop), sale(shop, "2"), customer(phone="0244000001")]
    first = sync(shop, *batch)
    assert verdicts(first) == [("customer", "ACCEPTED"), ("sale", "ACCEPTED"), ("sale", "ACCEPTED")]
    for _ in range(2):
        again = sync(shop, *batch)
        assert {verdict for _, verdict in verdicts(again)} == {"DUPLICATE"}
        assert [result["row"] for result in again] == [result["row"] for result in first]
    with shop.inside():
        assert (shop.account.sales.count(), shop.account.customers.count()) == (2, 1)
    assert on_hand(shop) == [97, 97, 97]


def test_s40_the_order_in_a_batch_does_not_matter(shop):
    """S40."""
    known = customer()
    sold = sale(shop, customer=known["id"])
    answers = sync(shop, sold, known)
    assert verdicts(answers) == [("customer", "ACCEPTED"), ("sale", "ACCEPTED")]
    line = answers[1]["row"]["lines"][0]["id"]
    assert verdicts(sync(shop, refund_of(sold, line))) == [("refund", "ACCEPTED")]
    assert on_hand(shop) == [100, 99, 99]


def test_s40_what_was_sold_online_before_is_a_duplicate(shop):
    """S40."""
    item = sale(shop)
    online = shop.client().post("/api/v1/sales/sales/", {**item["content"], "id": item["id"]}).json()["data"]
    [answer] = sync(shop, item)
    assert (answer["verdict"], answer["row"]) == ("DUPLICATE", online)
    assert on_hand(shop) == [99, 99, 99]


def test_a_sale_that_was_synced_is_not_sold_again_online(shop):
    item = sale(shop)
    sync(shop, item)
    response = shop.client().post("/api/v1/sales/sales/", {**item["content"], "id": item["id"]})
    assert (response.status_code, response.json()["code"]) == (409, "id_taken")
    assert on_hand(shop) == [99, 99, 99]


def test_more_than_the_place_had_is_sold_all_the_same_and_found_first(shop):
    [answer] = sync(shop, sale(shop, "130"))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["oversold"])
    assert answer["reasons"][0]["meta"]["lacking"] == {str(product.pk): "30.000" for product in shop.products}
    assert on_hand(shop) == [0, 0, 0]
    with shop.inside():
        moved = shop.account.stock_movements.filter(source="sale").values_list("kind", "quantity")
        assert sorted(moved) == [("FOUND", Decimal(30))] * 3 + [("SOLD", Decimal(-130))] * 3
    assert problems(shop) == []


def test_goods_of_which_nothing_ever_came_are_sold_from_a_new_batch(shop):
    with shop.inside():
        product = shop.account.products.create(sku="NEW", name="New", retail_price=Decimal(2), version=1)
    content = {**shop.basket(), "lines": [{"product": str(product.pk), "quantity": "3"}]}
    [answer] = sync(shop, {"kind": "sale", "id": content.pop("id"), "content": content})
    assert codes(answer) == ["oversold"]
    with shop.inside():
        batch = shop.account.stock_products.get(product=product)
        assert (batch.quantity, batch.unit_cost) == (0, 0)
    assert problems(shop) == []


def test_what_another_cart_holds_is_gone_all_the_same(shop):
    with shop.inside():
        held = [{"product": p.pk, "cart": uuid7(), "quantity": 100, "location": shop.storefront} for p in shop.products]
        for row in held:
            now = timezone.now()
            times = {"held_at": now, "expires_at": now + timedelta(hours=1)}
            product = row.pop("product")
            shop.account.reservations.create(product_id=product, held_by=shop.owner, **times, **row)
    [answer] = sync(shop, sale(shop, "5"))
    assert answer["verdict"] == "ACCEPTED"
    assert on_hand(shop) == [95, 95, 95]


def test_a_withdrawn_product_was_sold_before_the_till_knew(shop):
    with shop.inside():
        shop.account.products.update(is_active=False)
    [answer] = sync(shop, sale(shop))
    assert answer["verdict"] == "ACCEPTED"
    assert on_hand(shop) == [99, 99, 99]


def test_a_price_that_has_changed_is_the_one_that_was_paid(shop):
    item = sale(shop)
    item["content"]["lines"][0]["unit_price"] = "8.00"
    [answer] = sync(shop, item, member=shop.cashier)
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["capability_missing", "price_changed"])
    assert answer["row"]["lines"][0]["unit_price"] == "8.00"
    [answer] = sync(shop, {**item, "id": str(uuid7())})
    assert codes(answer) == ["price_changed"]


def test_a_cashiers_refund_has_happened_and_is_for_somebody_to_look_at(shop):
    [sold] = sync(shop, sale(shop))
    [answer] = sync(shop, refund_of(sold, sold["row"]["lines"][0]["id"]), member=shop.cashier)
    assert (answer["verdict"], codes(answer)) == (
        "ACCEPTED_WITH_EXCEPTION",
        ["capability_missing", "approval_required"],
    )
    assert on_hand(shop) == [100, 99, 99]


def test_a_shift_that_is_required_and_not_open_does_not_lose_a_sale(shop):
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(is_shift_required=True)
    assert shop.client().post("/api/v1/sales/sales/", shop.basket()).json()["code"] == "shift_required"
    [answer] = sync(shop, sale(shop))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["shift_required"])


# --- Clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong_by", [timedelta(days=1), timedelta(days=-1), timedelta(days=-20_000)])
def test_a_clock_that_is_wrong_is_corrected_by_what_it_says_now(shop, wrong_by):
    now = timezone.now()
    item = sale(shop, sold_at=(now - timedelta(hours=2) + wrong_by).isoformat())
    [answer] = sync(shop, item, sent_at=(now + wrong_by).isoformat())
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["clock_wrong"])
    with shop.inside():
        sold_at = shop.account.sales.get().sold_at
    assert abs(sold_at - (now - timedelta(hours=2))) < timedelta(seconds=30)


def test_a_clock_that_is_right_is_believed(shop):
    now = timezone.now()
    item = sale(shop, sold_at=(now - timedelta(days=2)).isoformat())
    [answer] = sync(shop, item, sent_at=now.isoformat())
    assert answer["verdict"] == "ACCEPTED"
    with shop.inside():
        assert shop.account.sales.get().sold_at == now - timedelta(days=2)


def test_nothing_happens_in_time_to_come_however_the_till_says_it(shop):
    before = timezone.now()
    item = sale(shop, sold_at=(before + timedelta(days=400)).isoformat())
    [answer] = sync(shop, item)
    assert codes(answer) == ["clock_wrong"]
    with shop.inside():
        assert before <= shop.account.sales.get().sold_at <= timezone.now()


def test_a_sale_of_a_month_ago_is_taken_and_noted_for_whoever_may_not_backdate(shop):
    item = sale(shop, sold_at=(timezone.now() - timedelta(days=30)).isoformat())
    [answer] = sync(shop, item, member=shop.cashier)
    assert codes(answer) == ["capability_missing"]


# --- What cannot be ---------------------------------------------------------------------------------------------------


def test_one_bad_item_does_not_keep_the_others_out(shop):
    short = sale(shop, payments=[{"method": "CASH", "amount": "0.01"}])
    nonsense = {"kind": "sale", "id": str(uuid7()), "content": {"lines": "none", "shape": 1}}
    good = sale(shop)
    answers = {answer["id"]: answer for answer in sync(shop, short, nonsense, good)}
    assert answers[good["id"]]["verdict"] == "ACCEPTED"
    assert (answers[short["id"]]["verdict"], codes(answers[short["id"]])) == ("REJECTED", ["payment_short"])
    assert codes(answers[nonsense["id"]]) == ["invalid_input"]
    assert on_hand(shop) == [99, 99, 99]
    with shop.inside():
        kept = shop.account.sync_issues.get(item_id=short["id"])
        assert kept.content == short["content"]


def test_a_refund_that_comes_before_its_sale_is_not_final_and_taken_later(shop):
    sold = sale(shop)
    early = refund_of(sold, str(uuid7()))
    [answer] = sync(shop, early)
    assert (answer["verdict"], answer["is_final"]) == ("REJECTED", False)
    [made] = sync(shop, sold)
    early["content"]["lines"][0]["line"] = made["row"]["lines"][0]["id"]
    assert verdicts(sync(shop, early)) == [("refund", "ACCEPTED")]
    with shop.inside():
        assert not shop.account.sync_issues.exists()  # what was rejected has come through


def test_an_id_that_another_business_uses_as_well_is_nobody_s_business(shop, stranger):
    item = sale(stranger)
    sync(stranger, item)
    [answer] = sync(shop, {**sale(shop), "id": item["id"]})
    assert answer["verdict"] == "ACCEPTED"
    assert on_hand(shop) == on_hand(stranger) == [99, 99, 99]


def test_a_stranger_s_product_register_and_customer_are_unknown(shop, stranger):
    theirs = customer()
    sync(stranger, theirs)
    for extra in ({"register": str(stranger.register.pk)}, {"customer": theirs["id"]}):
        [answer] = sync(shop, sale(shop, **extra))
        assert (answer["verdict"], codes(answer)) == ("REJECTED", ["invalid_input"])
    item = sale(shop)
    item["content"]["lines"][0]["product"] = str(stranger.products[0].pk)
    assert codes(sync(shop, item)[0]) == ["invalid_input"]
    assert on_hand(shop) == [100, 100, 100]


@pytest.mark.parametrize(
    "items", [[], [{"kind": "drone", "id": str(uuid7()), "content": {}}], [{"kind": "sale", "content": {}}], "x", None]
)
def test_a_batch_that_is_none_is_refused_as_a_whole(shop, items):
    response = shop.client().post(SYNC, {"items": items}, format="json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


def test_a_batch_has_at_most_two_hundred_items(shop):
    response = shop.client().post(SYNC, {"items": [customer()] * 201}, format="json")
    assert response.status_code == 400


# --- Somebody looks at it ---------------------------------------------------------------------------------------------


def test_what_was_noted_is_listed_until_somebody_has_looked_at_it(shop):
    sync(shop, sale(shop, "130"), sale(shop, payments=[]))
    client = shop.client()
    found = client.get(ISSUES, {"is_reviewed": "false"}).json()["results"]
    assert sorted(issue["verdict"] for issue in found) == ["ACCEPTED_WITH_EXCEPTION", "REJECTED"]
    first = client.post(f"{ISSUES}{found[0]['id']}/review/", HTTP_IDEMPOTENCY_KEY="look").json()["data"]
    again = client.post(f"{ISSUES}{found[0]['id']}/review/", HTTP_IDEMPOTENCY_KEY="look again").json()["data"]
    assert first["reviewed_by"] == str(shop.owner.pk)
    assert again["reviewed_at"] == first["reviewed_at"]
    assert len(client.get(ISSUES, {"is_reviewed": "false"}).json()["results"]) == 1
    assert client.get(ISSUES, {"verdict": "REJECTED"}).json()["count"] == 1
    assert shop.client(shop.cashier).get(ISSUES).status_code == 403


def test_an_issue_is_kept_once_however_often_an_item_is_rejected(shop):
    item = sale(shop, payments=[])
    sync(shop, item)
    sync(shop, item)
    with shop.inside():
        assert SyncIssue.across_accounts.filter(item_id=item["id"]).count() == 1
