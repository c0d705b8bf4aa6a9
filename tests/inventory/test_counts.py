"""Stock counts: what is counted is compared with the ledger of that instant, while the shop goes on selling."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from inventory import sums
from inventory.errors import CountState
from inventory.models import StockCountLine
from inventory.services import counts
from tests.access import member
from tests.conftest import Shop, open_shop, receive
from tests.places import add_member, add_place, approved_by, give_pin
from tests.races import at_once, count_of, one_behind_another, weaken
from tests.test_query_counts import statements

COUNTS = "/api/v1/inventory/stock-counts/"


@pytest.fixture
def shelf(committed) -> Shop:
    """One product at 10.00, and 20 of it on the shelf."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="20")
    yield shop
    assert list(sums.find_disagreements(using="staff")) == []


def call(client, path, body=None, *, status=200, key=None, **headers):
    """What a step answers; its data, or its refusal."""
    key = key or str(uuid7())
    response = client.post(f"{COUNTS}{path}", body or {}, HTTP_IDEMPOTENCY_KEY=key, **headers)
    assert response.status_code == status, response.content
    answer = response.json()
    return answer["data"] if status < 400 else answer


def begin(shop, client=None, **extra):
    return call(client or shop.client(), "", {"location": str(shop.storefront.pk), **extra}, status=201)


def scan(shop, count, *counted, client=None, status=200, **headers):
    """Scan (product, counted) or, where there is one product, what was counted of it."""
    pairs = [each if isinstance(each, tuple) else (shop.products[0], each) for each in counted]
    items = [{"product": str(getattr(product, "pk", product)), "counted": number} for product, number in pairs]
    return call(client or shop.client(), f"{count['id']}/scan/", {"items": items}, status=status, **headers)


def step(shop, count, name, *, client=None, status=200, **headers):
    return call(client or shop.client(), f"{count['id']}/{name}/", status=status, **headers)


def sell(shop, quantity="1"):
    answer = shop.client().post("/api/v1/sales/sales/", shop.basket(quantity))
    assert answer.status_code == 201, answer.content


def on_hand(shop, product=None, place=None):
    product, place = product or shop.products[0], place or shop.storefront
    with shop.inside():
        held = shop.account.stock_products.filter(product=product, location=place)
        return sum(held.values_list("quantity", flat=True))


def batches(shop):
    """Of the place, the oldest first: what each holds."""
    with shop.inside():
        there = shop.account.stock_products.filter(location=shop.storefront)
        return list(there.order_by("received_at", "id").values_list("quantity", flat=True))


def counted_lines(shop):
    with shop.inside():
        posted = shop.account.stock_movements.filter(kind="COUNTED").order_by("id")
        return list(posted.values_list("quantity", flat=True))


def facts(shop):
    """All that a refusal has to leave alone."""
    with shop.inside():
        tables = ("stock_products", "stock_movements", "stock_counts", "stock_count_lines", "audit_events")
        return {name: sorted(map(str, getattr(shop.account, name).values())) for name in tables}


# --- While selling ----------------------------------------------------------------------------------------------------


def test_s28_what_is_sold_before_between_and_after_is_not_reported_missing(shelf):
    """S28."""
    count = begin(shelf)
    sell(shelf, "3")  # between opening and scanning: 17 are left, and counted
    assert scan(shelf, count, "17")["lines"][0]["difference"] == "0.000"
    sell(shelf, "4")  # between scanning and approving
    assert step(shelf, count, "approve")["status"] == "APPROVED"
    sell(shelf, "2")
    assert counted_lines(shelf) == []
    assert on_hand(shelf) == 20 - 3 - 4 - 2


def test_s28_what_is_missing_beside_what_is_sold_is_all_that_is_posted(shelf):
    """S28."""
    count = begin(shelf)
    sell(shelf, "3")
    assert scan(shelf, count, "15")["lines"][0]["expected"] == "17.000"
    sell(shelf, "4")
    step(shelf, count, "approve")
    assert counted_lines(shelf) == [-2]
    assert on_hand(shelf) == 20 - 3 - 2 - 4


def test_s28_what_is_delivered_and_given_back_meanwhile_is_not_reported_as_found(shelf):
    """S28."""
    count = begin(shelf)
    with shelf.inside():
        receive(shelf, "5")
    assert scan(shelf, count, "25")["lines"][0]["expected"] == "25.000"
    with shelf.inside():
        receive(shelf, "6")
    step(shelf, count, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([], 31)


@contextmanager
def being_sold(shop, quantity):
    """The goods are out of the door; the sale is about to commit."""
    with shop.inside():
        product, today = shop.products[0].pk, timezone.localdate(timezone=shop.account.zone)
        place = inventory.Shelf(shop.storefront.pk, today)
        inventory.issue_stock(
            by=shop.owner,
            source=shop.register,
            shelf=place,
            issues=[inventory.Issue(uuid7(), product, Decimal(quantity), "lines.0")],
            sellables=place.look(shop.owner, {product}),
            occurred_at=timezone.now(),
        )
        yield


def counted_while_sold(shop):
    """20 are there; 3 are being sold while 17 are counted. What the ledger has in the end."""
    opened = begin(shop)

    def scan_it():
        with shop.inside():
            count = shop.account.stock_counts.locked().get(pk=opened["id"])
            item = {"product": shop.products[0].pk, "counted": Decimal(17)}
            return inventory.scan_products(by=shop.owner, count=count, items=[item]).lines.all()[0].expected

    return opened, scan_it


def test_s28_a_scan_waits_for_a_sale_that_has_its_goods_and_counts_it(shelf):
    """S28."""
    opened, scan_it = counted_while_sold(shelf)
    assert one_behind_another([scan_it], held=being_sold(shelf, 3)) == [17]
    step(shelf, opened, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([], 17)


def test_s28_control_without_the_lock_what_is_being_sold_is_reported_missing(shelf, monkeypatch):
    """S28."""
    opened, scan_it = counted_while_sold(shelf)
    weaken(monkeypatch, counts, "_LOCK", "FOR NO KEY UPDATE")
    with being_sold(shelf, 3), ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: at_once([scan_it])).result() == [20]
    step(shelf, opened, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([-3], 14)  # 17 are on the shelf


def test_s28_many_scan_and_sell_at_once_and_every_scan_knows_what_was_sold_by_then(shelf):
    """S28."""
    with shelf.inside():
        receive(shelf, "480")
    opened, begun, done = begin(shelf), [], []

    def sell_some():
        for _ in range(5):
            begun.append(1)
            with being_sold(shelf, 1):
                pass
            done.append(1)

    def scan_some():
        seen = []
        for _ in range(5):
            at_least = len(done)
            with shelf.inside():
                count = shelf.account.stock_counts.locked().get(pk=opened["id"])
                item = {"product": shelf.products[0].pk, "counted": Decimal(1)}
                scanned = inventory.scan_products(by=shelf.owner, count=count, items=[item])
                sold = 500 - scanned.lines.all()[0].expected
            seen.append(at_least <= sold <= len(begun))
        return seen

    results = at_once([sell_some] * 6 + [scan_some] * 2)
    assert results == [None] * 6 + [[True] * 5] * 2
    assert on_hand(shelf) == 470
    with shelf.inside():
        assert shelf.account.stock_count_lines.get().tries == 10


# --- Differences ------------------------------------------------------------------------------------------------------


def test_less_is_taken_of_the_batch_that_expires_first_expired_ones_included(shelf):
    today = timezone.localdate()
    with shelf.inside():
        for days in (30, -5):
            receive(shelf, "4", expires_on=today + timedelta(days=days))
    count = begin(shelf)
    scan(shelf, count, "22.5")  # of 28: one with no date, one with a month left, one that has expired
    step(shelf, count, "approve")
    assert sorted(batches(shelf)) == [0, Decimal("2.5"), 20]
    with shelf.inside():
        left = shelf.account.stock_products.filter(quantity=Decimal("2.5"))
        assert left.get().expires_on == today + timedelta(days=30)


def test_more_goes_to_the_newest_batch_of_the_place(shelf):
    there = add_place(shelf)
    with shelf.inside():
        receive(shelf, "1")
        receive(there, "1")
    count = begin(shelf)
    scan(shelf, count, "21.001")
    scan(shelf, count, "23.125")
    step(shelf, count, "approve")
    assert batches(shelf) == [20, Decimal("3.125")]
    assert on_hand(there) == 51


def test_more_of_what_was_never_here_comes_at_the_cost_of_the_newest_batch_anywhere(shelf):
    there = add_place(shelf)
    with shelf.inside():
        receive(shelf, "1", unit_cost=Decimal("0.75"), expires_on=timezone.localdate() + timedelta(days=9))
        place = inventory.add_location(by=shelf.owner, kind="WAREHOUSE", name="Depot")
    count = call(shelf.client(), "", {"location": str(place.pk)}, status=201)
    scan(shelf, count, "2.5")
    step(shelf, count, "approve")
    with shelf.inside():
        batch = shelf.account.stock_products.get(location=place)
        assert (batch.quantity, batch.unit_cost, batch.purchase_cost) == (Decimal("2.5"), *[Decimal("0.75")] * 2)
        assert (batch.stock, batch.expires_on) == (None, timezone.localdate() + timedelta(days=9))
        line = batch.movements.get()
        assert (line.kind, line.source_id, line.value) == ("COUNTED", count_id(count), Decimal("1.875"))
    assert (on_hand(shelf), on_hand(there)) == (21, 50)


def count_id(count):
    return type(uuid7())(count["id"])


def test_more_of_what_never_had_a_cost_is_400_and_nothing_is_posted(shelf):
    with shelf.inside():
        new = inventory.add_product(by=shelf.owner, sku="NEW", name="New", retail_price=Decimal(5))
    count = begin(shelf)
    scan(shelf, count, "19", (new, "3"))
    before = facts(shelf)
    refused = step(shelf, count, "approve", status=400)
    assert (refused["code"], refused["meta"]) == ("cost_required", {"products": [str(new.pk)]})
    assert facts(shelf) == before
    scan(shelf, count, (new, "0"))
    step(shelf, count, "approve")
    assert on_hand(shelf) == 19


def test_what_is_missing_but_was_sold_meanwhile_is_409_with_its_name_and_nothing_is_posted(shelf):
    with shelf.inside():
        other = inventory.add_product(by=shelf.owner, sku="NEW", name="New", retail_price=Decimal(5))
        receive(Shop(shelf.account, shelf.owner, shelf.cashier, shelf.storefront, shelf.register, [other]), "9")
    count = begin(shelf)
    scan(shelf, count, "5", (other, "8"))
    sell(shelf, "6")  # 14 are left, of which 15 would be missing
    before = facts(shelf)
    for _ in range(2):
        refused = step(shelf, count, "approve", status=409)
        assert refused["code"] == "insufficient_stock"
        assert refused["meta"] == {"available": {str(shelf.products[0].pk): "14.000"}}
        assert facts(shelf) == before
    scan(shelf, count, "14")  # a recount helps
    step(shelf, count, "approve")
    assert (on_hand(shelf), on_hand(shelf, other), counted_lines(shelf)) == (14, 8, [-1])


def test_a_count_takes_what_carts_hold_too_for_it_is_not_there(shelf):
    with shelf.inside():
        inventory.hold_stock(
            by=shelf.owner,
            location=shelf.storefront.pk,
            product=shelf.products[0].pk,
            cart=uuid7(),
            quantity=Decimal(20),
        )
    count = begin(shelf)
    scan(shelf, count, "0")
    step(shelf, count, "approve")
    assert on_hand(shelf) == 0


def test_a_recount_takes_the_place_of_what_was_counted_before(shelf):
    count = begin(shelf)
    first = scan(shelf, count, "20")["lines"][0]
    sell(shelf, "1")
    again = scan(shelf, count, "18")["lines"][0]
    assert (first["id"], first["tries"], first["expected"]) == (again["id"], 1, "20.000")
    assert (again["tries"], again["expected"], again["difference"]) == (2, "19.000", "-1.000")
    shown = shelf.client().get(f"{COUNTS}{count['id']}/").json()["data"]
    assert shown["lines"] == [again]
    step(shelf, count, "approve")
    assert counted_lines(shelf) == [-1]


# --- Steps ------------------------------------------------------------------------------------------------------------


def test_who_approves_again_is_told_what_is_and_nothing_is_posted_twice(shelf):
    count = begin(shelf)
    scan(shelf, count, "18")
    approved, key = step(shelf, count, "approve"), str(uuid7())
    before = facts(shelf)
    assert step(shelf, count, "approve") == approved
    assert step(shelf, count, "approve", key=key) == step(shelf, count, "approve", key=key) == approved
    assert facts(shelf) == before
    assert on_hand(shelf) == 18


@pytest.mark.parametrize(
    ("done", "illegal"),
    [
        ([], ["reverse"]),
        (["approve"], ["scan", "cancel"]),
        (["cancel"], ["scan", "approve", "cancel", "reverse"]),
        (["approve", "reverse"], ["scan", "approve", "cancel", "reverse"]),
    ],
)
def test_every_step_that_does_not_follow_is_409_and_changes_nothing(shelf, done, illegal):
    count = begin(shelf)
    scan(shelf, count, "18")
    for name in done:
        step(shelf, count, name)
    before = facts(shelf)
    for name in illegal:
        body = {"items": [{"product": str(shelf.products[0].pk), "counted": "1"}]} if name == "scan" else {}
        assert call(shelf.client(), f"{count['id']}/{name}/", body, status=409)["code"] == "count_state", name
    assert facts(shelf) == before


def test_what_is_cancelled_posted_nothing(shelf):
    count = begin(shelf)
    scan(shelf, count, "1")
    assert step(shelf, count, "cancel")["status"] == "CANCELLED"
    assert (on_hand(shelf), counted_lines(shelf)) == (20, [])


def test_a_reversal_posts_the_opposite_into_the_very_batches(shelf):
    with shelf.inside():
        receive(shelf, "2", expires_on=timezone.localdate() + timedelta(days=3))
    count = begin(shelf)
    scan(shelf, count, "17")
    step(shelf, count, "approve")
    assert batches(shelf) == [17, 0]
    with shelf.inside():
        receive(shelf, "1")
    assert step(shelf, count, "reverse")["status"] == "REVERSED"
    assert batches(shelf) == [20, 2, 1]
    assert counted_lines(shelf) == [-2, -3, 2, 3]


def test_what_was_found_and_has_been_sold_since_cannot_be_reversed(shelf):
    count = begin(shelf)
    scan(shelf, count, "25")
    step(shelf, count, "approve")
    sell(shelf, "21")
    before = facts(shelf)
    refused = step(shelf, count, "reverse", status=409)
    assert refused["code"] == "insufficient_stock"
    assert refused["meta"] == {"available": {str(shelf.products[0].pk): "4.000"}}
    assert facts(shelf) == before
    with shelf.inside():
        receive(shelf, "9")  # which is another batch
    assert step(shelf, count, "reverse", status=409)["code"] == "insufficient_stock"


def test_an_approver_who_saw_another_version_is_412(shelf):
    count = begin(shelf)
    seen = scan(shelf, count, "20")["version"]
    scan(shelf, count, "2")
    refused = step(shelf, count, "approve", status=412, HTTP_IF_MATCH=f'"{seen}"')
    assert refused["code"] == "stale_version"
    assert on_hand(shelf) == 20


@pytest.mark.parametrize("name", ["approve", "reverse"])
def test_many_who_take_the_same_step_at_once_take_it_once(shelf, name):
    count = begin(shelf)
    scan(shelf, count, "18")
    if name == "reverse":
        step(shelf, count, "approve")
    service = {"approve": inventory.approve_count, "reverse": inventory.reverse_count}[name]

    def act():
        with shelf.inside():
            return service(by=shelf.owner, count=shelf.account.stock_counts.locked().get(pk=count["id"])).status

    results = at_once([act] * 6)
    if name == "approve":
        assert results == ["APPROVED"] * 6
        assert (on_hand(shelf), counted_lines(shelf)) == (18, [-2])
    else:
        assert (count_of(results, "REVERSED"), count_of(results, CountState)) == (1, 5)
        assert (on_hand(shelf), counted_lines(shelf)) == (20, [-2, 2])


def test_control_who_does_not_lock_the_count_approves_it_twice(shelf):
    count = begin(shelf)
    scan(shelf, count, "18")

    def read():
        with shelf.inside():
            return shelf.account.stock_counts.get(pk=count["id"])

    for stale in (read(), read()):
        with shelf.inside():
            inventory.approve_count(by=shelf.owner, count=stale)
    assert counted_lines(shelf) == [-2, -2]


# --- What is sent -----------------------------------------------------------------------------------------------------


@pytest.fixture
def quiet(shop) -> Shop:
    """A business of three products, in a transaction of the test."""
    return shop


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("counted", "code"),
    [("-1", "min_value"), ("-0.001", "min_value"), ("0.0001", "max_decimal_places"), ("NaN", "invalid"),
     ("1e3", "invalid"), ("99999999999", "max_whole_digits"), ("", "invalid"), (None, "null"), ("٣", "invalid")],
)  # fmt: skip
def test_what_cannot_be_counted_is_400(quiet, counted, code):
    count = begin(quiet)
    before = facts(quiet)
    refused = scan(quiet, count, counted, status=400)
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [("items.0.counted", code)]
    assert facts(quiet) == before


@pytest.mark.django_db
def test_nothing_counted_and_as_much_as_can_be_written_are_counts(quiet):
    count = begin(quiet)
    most = "9999999999.999"
    assert [line["counted"] for line in scan(quiet, count, "0", (quiet.products[1], most))["lines"]] == ["0.000", most]
    step(quiet, count, "approve")
    assert [on_hand(quiet, product) for product in quiet.products] == [0, Decimal(most), 100]


@pytest.mark.django_db
def test_a_product_twice_in_one_scan_is_400(quiet):
    count = begin(quiet)
    first, second = quiet.products[:2]
    refused = scan(quiet, count, (first, "1"), (second, "1"), (first, "2"), status=400)
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [("items.2.product", "product_twice")]


@pytest.mark.django_db
def test_a_strangers_product_is_as_unknown_as_none(quiet, stranger):
    count = begin(quiet)
    for unknown in (stranger.products[0], uuid7()):
        refused = scan(quiet, count, (quiet.products[0], "1"), (unknown, "1"), status=400)
        assert [(error["field"], error["code"]) for error in refused["errors"]] == [
            ("items.1.product", "does_not_exist")
        ]


@pytest.mark.django_db
def test_services_are_not_counted(quiet):
    with quiet.inside():
        service = inventory.add_product(
            by=quiet.owner, sku="SVC", name="Délivrance", retail_price=Decimal(5), is_stocked=False
        )
    count = begin(quiet)
    before = facts(quiet)
    refused = scan(quiet, count, (quiet.products[0], "1"), (service, "1"), status=409)
    assert (refused["code"], refused["errors"][0]["field"]) == ("not_stocked", "items.1.product")
    assert facts(quiet) == before


@pytest.mark.django_db
def test_what_is_followed_piece_by_piece_since_it_was_scanned_is_not_posted_as_a_number(quiet):
    count = begin(quiet)
    scan(quiet, count, "99")
    with quiet.inside():
        quiet.account.products.filter(pk=quiet.products[0].pk).update(tracking="SERIAL")
    assert step(quiet, count, "approve", status=409)["code"] == "tracked_otherwise"
    assert on_hand(quiet) == 100


@pytest.mark.django_db
def test_only_an_open_place_where_one_works_is_counted(quiet):
    there = add_place(quiet)
    with quiet.inside():
        transit = quiet.account.locations.get(kind="TRANSIT")
        closed = inventory.add_location(by=quiet.owner, kind="WAREHOUSE", name="Closed")
        inventory.change_location(by=quiet.owner, location=closed, is_active=False)
    keeper = add_member(quiet, Role.WAREHOUSE, quiet.storefront)
    for who, place in ((None, transit), (None, closed), (keeper, there.storefront), (keeper, transit)):
        refused = call(quiet.client(who), "", {"location": str(place.pk)}, status=400)
        assert [(error["field"], error["code"]) for error in refused["errors"]] == [("location", "does_not_exist")]
    count = begin(there)
    assert scan(quiet, count, "1", client=quiet.client(keeper), status=404)["code"] == "not_found"
    assert step(quiet, count, "cancel", client=quiet.client(keeper), status=404)["code"] == "not_found"
    assert quiet.client(keeper).get(COUNTS).json()["results"] == []


@pytest.mark.django_db
def test_counts_are_numbered_without_a_gap_named_and_filtered(quiet):
    opened = [begin(quiet, reason="Année · 年末", is_blind=False), begin(quiet, id=str(uuid7()))]
    step(quiet, opened[0], "cancel")
    assert [count["number"] for count in opened] == ["SC-000001", "SC-000002"]
    assert (opened[0]["reason"], opened[0]["is_blind"], opened[1]["is_blind"]) == ("Année · 年末", False, True)
    for query, wanted in (("", [1, 0]), ("?status=OPEN", [1]), ("?status=APPROVED", [])):
        shown = quiet.client().get(f"{COUNTS}{query}").json()["results"]
        assert [row["id"] for row in shown] == [opened[index]["id"] for index in wanted]
        assert all("lines" not in row for row in shown)


@pytest.mark.django_db
def test_a_count_sent_again_under_its_own_id_is_the_same_count(quiet):
    own = str(uuid7())
    body = {"id": own, "location": str(quiet.storefront.pk)}
    answers = [quiet.client().post(COUNTS, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["data"] == answers[1].json()["data"]
    assert quiet.client().post(COUNTS, {"location": body["location"]}).json()["code"] == "idempotency_key_required"


@pytest.mark.django_db
def test_a_scan_sent_again_with_its_key_is_one_try(quiet):
    count, key = begin(quiet), str(uuid7())
    first = scan(quiet, count, "100", key=key)
    sell(quiet)
    assert scan(quiet, count, "100", key=key) == first
    assert scan(quiet, count, "99", key=key, status=422)["code"] == "idempotency_key_reused"
    with quiet.inside():
        assert StockCountLine.across_accounts.get().tries == 1


# --- Who sees, and who may --------------------------------------------------------------------------------------------


def told(client, count):
    (line,) = client.get(f"{COUNTS}{count['id']}/").json()["data"]["lines"]
    return line["counted"], line["expected"], line["difference"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["WAREHOUSE", "STAFF", "CASHIER"])
def test_who_counts_blind_is_told_what_should_be_there_only_after_approval(quiet, role):
    keeper, looker = quiet.client(member(quiet, "MANAGER")), quiet.client(member(quiet, role))
    count = begin(quiet)
    scan(quiet, count, "98")
    assert told(looker, count) == ("98.000", None, None)
    assert told(keeper, count) == ("98.000", "100.000", "-2.000")
    step(quiet, count, "approve")
    assert told(looker, count) == ("98.000", "100.000", "-2.000")
    step(quiet, count, "reverse")
    assert told(looker, count) == ("98.000", "100.000", "-2.000")


@pytest.mark.django_db
def test_a_blind_scan_does_not_tell_and_an_open_one_does(quiet):
    client = quiet.client(member(quiet, "WAREHOUSE"))
    blind, seeing = begin(quiet, client), begin(quiet, client, is_blind=False)
    assert scan(quiet, blind, "98", client=client)["lines"][0]["expected"] is None
    assert scan(quiet, seeing, "98", client=client)["lines"][0]["expected"] == "100.000"
    assert step(quiet, blind, "cancel", client=client)["lines"][0]["difference"] is None


@pytest.mark.django_db
def test_who_counts_does_not_approve_unless_somebody_lends_the_right(quiet):
    client = quiet.client(member(quiet, "WAREHOUSE"))
    count = begin(quiet, client)
    scan(quiet, count, "98", client=client)
    for name in ("approve", "reverse"):
        assert step(quiet, count, name, client=client, status=403)["code"] == "capability_missing"
    assert on_hand(quiet) == 100
    lent = approved_by(give_pin(quiet, quiet.owner))
    assert step(quiet, count, "approve", client=client, **lent)["lines"][0]["difference"] == "-2.000"
    assert on_hand(quiet) == 98


@pytest.mark.django_db
def test_a_scan_of_thirty_products_costs_what_a_scan_of_three_costs_and_so_does_its_approval(quiet):
    with quiet.inside():
        products = [
            inventory.add_product(by=quiet.owner, sku=f"M-{i}", name=f"Thing {i}", retail_price=Decimal(1))
            for i in range(30)
        ]
        receive(Shop(quiet.account, quiet.owner, quiet.cashier, quiet.storefront, quiet.register, products), "9")
    costs = []
    for most in (3, 3, 30):
        count = begin(quiet)
        scanned = statements(lambda c=count, n=most: scan(quiet, c, *((each, "8") for each in products[:n])))
        again = statements(lambda c=count, n=most: scan(quiet, c, *((each, "8.5") for each in products[:n])))
        approved = statements(lambda c=count: step(quiet, c, "approve"))
        reversed_ = statements(lambda c=count: step(quiet, c, "reverse"))
        costs.append([len(each) for each in (scanned, again, approved, reversed_)])
    assert costs[2] == costs[1]
    assert max(costs[2]) <= 14
