"""Stock counts: what is counted is compared with the ledger of that instant, while the shop goes on selling."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from inventory.models import StockCountLine
from tests.access import member
from tests.conftest import Shop, receive
from tests.inventory.counting import COUNTS, begin, call, facts, on_hand, scan, sell, step
from tests.places import add_member, add_place, approved_by, give_pin
from tests.test_query_counts import statements

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
