"""What could not be taken waits where it happened, as far as the till said where: who works there looks at it."""

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from tests.places import add_member, add_place
from tests.sales.drawer import start
from tests.sales.offline import cash_event, customer, refund_of, sale, sync

ISSUES = "/api/v1/sales/sync-issues/"


def place_of(shop, item):
    with shop.inside():
        return shop.account.sync_issues.get(item_id=item["id"]).storefront_id


def seen_by(shop, member, item) -> bool:
    """Whether the member finds the issue, in the list and by its id."""
    client = shop.client(member)
    listed = [row["id"] for row in client.get(ISSUES, {"item_id": item["id"]}).json()["results"]]
    with shop.inside():
        pk = str(shop.account.sync_issues.get(item_id=item["id"]).pk)
    assert client.get(f"{ISSUES}{pk}/").status_code == (200 if listed else 404)
    assert listed in ([], [pk])
    return bool(listed)


def test_what_was_rejected_is_seen_by_who_works_at_the_place_that_it_names(shop):
    there = add_place(shop)
    mine, other = (
        add_member(shop, Role.MANAGER, place, name=name)
        for place, name in ((there.storefront, "Kojo"), (shop.storefront, "Yaa"))
    )
    unpaid = sale(there, payments=[])
    assert sync(shop, unpaid)[0]["verdict"] == "REJECTED"
    assert place_of(shop, unpaid) == there.storefront.pk
    assert (seen_by(shop, shop.owner, unpaid), seen_by(shop, mine, unpaid), seen_by(shop, other, unpaid)) == (
        *(True, True),
        False,
    )
    [found] = shop.client(mine).get(ISSUES, {"storefront": str(there.storefront.pk)}).json()["results"]
    assert found["content"] == unpaid["content"]


@pytest.mark.parametrize("left_out", [(), ("storefront",)])
def test_a_register_says_where_it_stands(shop, left_out):
    there = add_place(shop)
    item = sale(there, payments=[])
    for name in left_out:
        del item["content"][name]
    sync(shop, item)
    assert place_of(shop, item) == there.storefront.pk


def test_a_shift_and_a_sale_say_where_they_were(shop):
    there = add_place(shop)
    moved = cash_event(start(there)["id"], amount="0")
    [sold] = sync(there, sale(there))
    back = refund_of(sold, sold["row"]["lines"][0]["id"], "99")
    assert {answer["verdict"] for answer in sync(shop, moved, back)} == {"REJECTED"}
    assert place_of(shop, moved) == place_of(shop, back) == there.storefront.pk


def test_what_names_no_place_of_the_business_waits_for_who_works_everywhere(shop, stranger):
    limited = add_member(shop, Role.MANAGER, shop.storefront)
    with shop.inside():
        depot = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
    unknown = {"kind": "cash_event", "id": str(uuid7()), "content": {"shift": str(uuid7())}}
    nowhere = [
        customer(name=""),
        unknown,
        {**unknown, "id": str(uuid7()), "content": {"register": ["x"], "storefront": {}, "shift": 5, "sale": None}},
        {**unknown, "id": str(uuid7()), "content": {"register": str(stranger.register.pk)}},
        {**unknown, "id": str(uuid7()), "content": {"storefront": str(stranger.storefront.pk)}},
        {**unknown, "id": str(uuid7()), "content": {"storefront": str(depot.pk)}},
        {**unknown, "id": str(uuid7()), "content": {}},
    ]
    assert {answer["verdict"] for answer in sync(shop, *nowhere)} == {"REJECTED"}
    for item in nowhere:
        assert place_of(shop, item) is None
        assert (seen_by(shop, shop.owner, item), seen_by(shop, limited, item)) == (True, False)
    with stranger.inside():
        assert not stranger.account.sync_issues.exists()


def test_s08_nobody_leaves_an_issue_at_a_place_where_they_do_not_work(shop):
    """S08."""
    there = add_place(shop)
    elsewhere = add_member(shop, Role.CASHIER, there.storefront)
    item = sale(shop)
    assert sync(shop, item, member=elsewhere)[0]["verdict"] == "REJECTED"
    assert place_of(shop, item) is None


def test_what_comes_through_another_time_waits_no_longer(shop):
    item = sale(shop, payments=[])
    sync(shop, item)
    paid = {**item, "content": {**item["content"], "payments": [{"method": "CASH", "amount": "100"}]}}
    assert sync(shop, paid)[0]["verdict"] == "ACCEPTED"
    with shop.inside():
        assert not shop.account.sync_issues.exists()


def test_who_has_looked_at_what_was_rejected_has_when_it_comes_again(shop):
    item = sale(shop, payments=[])
    sync(shop, item)
    [issue] = shop.client().get(ISSUES, {"item_id": item["id"]}).json()["results"]
    reviewed = shop.client().post(f"{ISSUES}{issue['id']}/review/").json()["data"]
    assert reviewed["reviewed_by"] == str(shop.owner.pk)
    assert sync(shop, item, member=shop.cashier)[0]["verdict"] == "REJECTED"
    [again] = shop.client().get(ISSUES, {"item_id": item["id"]}).json()["results"]
    assert (again["reviewed_by"], again["reviewed_at"]) == (reviewed["reviewed_by"], reviewed["reviewed_at"])
    assert again["sent_by"] == str(shop.cashier.pk)
