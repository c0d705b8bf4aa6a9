"""What a business sets, how far its roles go there, and what a member chooses for themselves."""

from functools import partial

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from system import services as system
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.races import at_once
from tests.sales.requests import SALES, refund, sell

ACCOUNT, USER = "/api/v1/system/settings/account/", "/api/v1/system/settings/user/"
LIMITS = {"discount": "30", "refund": "2000.00", "adjustment": "2000.00"}


def read(shop, url=ACCOUNT, member=None):
    answer = shop.client(member).get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def change(shop, body, url=ACCOUNT, member=None, **headers):
    return shop.client(member).patch(url, body, **headers)


def changed(shop, body, **more):
    answer = change(shop, body, **more)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def refused(response, status, code, *fields):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert [error["field"] for error in body["errors"]] == list(fields)


# --- The business -----------------------------------------------------------------------------------------------------


def test_a_business_begins_with_what_is_usual(shop):
    told = read(shop)
    assert (told["currency"], told["time_zone"], told["cash_rounding"]) == ("GHS", "Africa/Accra", "0.00")
    assert told["approval_limits"] == {
        "MANAGER": {"discount": "30.0000", "refund": "2000.00", "adjustment": "2000.00"},
        "CASHIER": {"discount": "0.0000", "refund": "0.00", "adjustment": "0.00"},
        "WAREHOUSE": {"discount": "0.0000", "refund": "0.00", "adjustment": "200.00"},
    }


def test_what_is_set_is_the_businesss_own_row_with_its_version_and_its_history(shop):
    told = changed(shop, {"receipt_footer": "Akwaaba ɛ", "cash_rounding": "0.05"})
    assert (told["receipt_footer"], told["cash_rounding"], told["version"]) == ("Akwaaba ɛ", "0.05", 2)
    same = shop.client().get("/api/v1/accounts/account/").json()["data"]
    assert (same["receipt_footer"], same["version"]) == ("Akwaaba ɛ", 2)
    with shop.inside():
        event = shop.account.audit_events.get(action="account.changed")
    assert event.before == {"receipt_footer": "", "cash_rounding": "0.00"}
    assert event.after == {"receipt_footer": "Akwaaba ɛ", "cash_rounding": "0.05"}


def test_of_two_who_change_it_the_second_is_told_what_the_first_did(shop):
    tag = shop.client().get(ACCOUNT)["ETag"]
    assert change(shop, {"receipt_footer": "first"}, HTTP_IF_MATCH=tag).status_code == 200
    lost = change(shop, {"receipt_footer": "second"}, HTTP_IF_MATCH=tag)
    assert (lost.status_code, lost.json()["meta"]["current"]["receipt_footer"]) == (412, "first")
    assert read(shop)["receipt_footer"] == "first"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currency": "USD"}, "currency"),
        ({"name": "Another"}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"cash_rounding": "-0.05"}, "cash_rounding"),
        ({"receipt_header": "x" * 501}, "receipt_header"),
        ({"approval_limits": {"OWNER": LIMITS}}, "approval_limits.OWNER"),
        ({"approval_limits": {"MANAGER": {"discount": "5"}}}, "approval_limits.MANAGER.refund"),
        ({"approval_limits": {"MANAGER": {**LIMITS, "discount": "100.01"}}}, "approval_limits.MANAGER.discount"),
        ({"approval_limits": {"MANAGER": {**LIMITS, "refund": "-1"}}}, "approval_limits.MANAGER.refund"),
        ({"approval_limits": {"MANAGER": {**LIMITS, "refund": "0.001"}}}, "approval_limits.MANAGER.refund"),
        ({"approval_limits": {"CASHIER": {**LIMITS, "refund": "1e3"}}}, "approval_limits.CASHIER.refund"),
        ({"approval_limits": []}, "approval_limits"),
    ],
)
def test_what_is_no_setting_changes_nothing(shop, body, field):
    before = read(shop)
    answer = change(shop, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), answer.content
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert read(shop) == before


# --- How far the roles go ---------------------------------------------------------------------------------------------


def test_a_business_lets_its_managers_give_back_less_or_as_much_as_they_like(shop):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    sale = sell(shop, "9")
    narrow = {**LIMITS, "refund": "9.99"}
    changed(shop, {"approval_limits": {"MANAGER": narrow}})
    beyond = refund(shop, sale, "1", member=manager)
    assert (beyond.status_code, beyond.json()["code"], beyond.json()["meta"]["limit"]) == (
        403,
        "approval_required",
        "9.99",
    )
    assert shop.client().get("/api/v1/sales/refunds/").json()["count"] == 0
    changed(shop, {"approval_limits": {"MANAGER": {**LIMITS, "refund": None}}})
    assert refund(shop, sale, "1", member=manager).status_code == 201


def test_a_discount_goes_as_far_as_the_business_says(shop):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    changed(shop, {"approval_limits": {"MANAGER": {**LIMITS, "discount": "50"}}})
    line = {"product": str(shop.products[0].pk), "quantity": "10"}
    for discount, status in (("50.00", 201), ("50.01", 403)):
        body = shop.basket(lines=[{**line, "discount": discount}])
        assert shop.client(manager).post(SALES, body).status_code == status


def test_roles_and_me_tell_the_limits_of_the_business_and_of_no_other(shop, stranger):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    changed(shop, {"approval_limits": {"MANAGER": {"discount": "5", "refund": None, "adjustment": "0.50"}}})
    wanted = {"discount": "5.0000", "refund": None, "adjustment": "0.50"}
    assert read(shop, "/api/v1/accounts/auth/me/", manager)["limits"] == wanted
    roles = {row["role"]: row["limits"] for row in shop.client().get("/api/v1/accounts/roles/").json()["results"]}
    assert roles["MANAGER"] == wanted
    assert roles["OWNER"] == {"discount": None, "refund": None, "adjustment": None}
    assert read(stranger)["approval_limits"]["MANAGER"]["discount"] == "30.0000"


def test_a_role_that_is_left_out_stays_and_one_that_is_null_is_as_usual_again(shop):
    cashier = {"discount": "2.50", "refund": "1.00", "adjustment": "0.00"}
    changed(shop, {"approval_limits": {"MANAGER": {**LIMITS, "discount": "5"}}})
    told = changed(shop, {"approval_limits": {"CASHIER": cashier}})["approval_limits"]
    assert (told["MANAGER"]["discount"], told["CASHIER"]["discount"]) == ("5.0000", "2.5000")
    told = changed(shop, {"approval_limits": {"MANAGER": None}})["approval_limits"]
    assert (told["MANAGER"]["discount"], told["CASHIER"]["discount"]) == ("30.0000", "2.5000")
    with shop.inside():
        last = shop.account.audit_events.filter(action="account.changed").latest("id")
    assert set(last.before["approval_limits"]) == {"MANAGER", "CASHIER"}
    assert set(last.after["approval_limits"]) == {"CASHIER"}


def test_francs_have_limits_without_decimals(db):
    shop = open_shop("Awa", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("500",))
    limits = {"discount": "10", "refund": "500", "adjustment": None}
    refused(
        change(shop, {"approval_limits": {"MANAGER": {**limits, "refund": "500.50"}}}),
        400,
        "invalid_input",
        "approval_limits.MANAGER.refund",
    )
    told = changed(shop, {"approval_limits": {"MANAGER": limits}})["approval_limits"]["MANAGER"]
    assert told == {"discount": "10.0000", "refund": "500", "adjustment": None}
    manager, sale = add_member(shop, Role.MANAGER, name="Yaa"), sell(shop, "3")
    assert refund(shop, sale, "2", member=manager).status_code == 403
    assert refund(shop, sale, "1", member=manager).status_code == 201


# --- The member -------------------------------------------------------------------------------------------------------


def tell(shop, key):
    with shop.inside():
        system.notify(account=shop.account, kind="till.unmatched", key=key, title=key, text="It waits.")


def test_who_has_chosen_nothing_is_told_everything_by_every_way(shop):
    both = {"app": True, "mail": True}
    told = read(shop, USER)
    assert (told["location"], told["version"]) == (None, 1)
    assert told["notifications"]["till.unmatched"] == told["notifications"]["till.paid_late"] == both
    assert "till.unmatched" not in read(shop, USER, shop.cashier)["notifications"]


def test_a_member_is_told_by_the_ways_that_they_chose(committed, mailoutbox):
    shop = open_shop("Ama Provisions")
    changed(shop, {"notifications": {"till.unmatched": {"mail": False}}}, url=USER)
    tell(shop, "1")
    changed(shop, {"notifications": {"till.unmatched": {"mail": True, "app": False}}}, url=USER)
    tell(shop, "2")
    told = changed(shop, {"notifications": {"till.paid_late": {"app": False}}}, url=USER)
    assert told["notifications"]["till.unmatched"] == {"app": False, "mail": True}
    assert [mail.subject for mail in mailoutbox] == ["2"]
    listed = shop.client().get("/api/v1/system/notifications/").json()["results"]
    assert [row["about"] for row in listed] == ["1"]


def test_a_choice_is_ones_own_and_stands_in_the_history(shop, stranger):
    manager = add_member(shop, Role.MANAGER, name="Yaa")
    told = changed(shop, {"location": str(shop.storefront.pk)}, url=USER)
    assert (told["location"], told["version"]) == (str(shop.storefront.pk), 2)
    assert read(shop, USER, manager)["location"] is None
    with shop.inside():
        event = shop.account.audit_events.get(action="membersettings.changed")
    assert (event.before, event.after) == ({"location_id": None}, {"location_id": str(shop.storefront.pk)})
    assert changed(shop, {"location": None}, url=USER)["location"] is None


def test_a_place_that_is_not_ones_own_is_no_choice(shop, stranger):
    there = add_place(shop)
    limited = add_member(shop, Role.CASHIER, shop.storefront, name="Kofi")
    for member, place in ((shop.owner, stranger.storefront.pk), (shop.owner, uuid7()), (limited, there.storefront.pk)):
        refused(change(shop, {"location": str(place)}, url=USER, member=member), 400, "invalid_input", "location")
    assert read(shop, USER)["location"] is None
    assert read(shop, USER, limited)["location"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"notifications": {"till.nonsense": {"app": True}}},
        {"notifications": {"till.unmatched": {"pigeon": True}}},
        {"notifications": {"till.unmatched": {"app": "yes"}}},
        {"notifications": {"till.unmatched": True}},
        {"notifications": []},
        {"language": "tw"},
    ],
)
def test_a_choice_that_there_is_not_changes_nothing(shop, body):
    answer = change(shop, body, url=USER)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), answer.content
    assert read(shop, USER)["version"] == 1


def test_of_two_devices_of_one_member_the_later_one_is_told_of_the_first(shop):
    tag = shop.client().get(USER)["ETag"]
    kinds = {"till.unmatched": {"app": False}}
    assert change(shop, {"notifications": kinds}, url=USER, HTTP_IF_MATCH=tag).status_code == 200
    assert change(shop, {"notifications": {}}, url=USER, HTTP_IF_MATCH=tag).status_code == 412


def test_the_first_choices_at_once_lose_none_of_them(committed):
    shop = open_shop("Ama Provisions")
    kinds = ("till.unmatched", "till.paid_late")
    bodies = [{"notifications": {kind: {way: False}}} for kind in kinds for way in ("app", "mail")]
    answers = at_once([partial(change, shop, body, url=USER) for body in bodies])
    assert [answer.status_code for answer in answers] == [200] * 4
    told = read(shop, USER)
    assert told["version"] == 5
    assert [told["notifications"][kind] for kind in kinds] == [{"app": False, "mail": False}] * 2
