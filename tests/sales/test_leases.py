"""Receipt numbers that a till takes along: none is missing and none is there twice, whatever comes when."""

import pytest
from django.db import connection
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from sales import sums
from tests.answers import paths_of, refused
from tests.conftest import Shop
from tests.places import add_member, add_place
from tests.sales.requests import REGISTERS, SALES
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db


def lease(shop: Shop, count: int = 5, *, member=None, register=None, **headers):
    url = f"{REGISTERS}{(register or shop.register).pk}/leases/"
    return shop.client(member).post(url, {"count": count}, HTTP_IDEMPOTENCY_KEY=str(uuid7()), **headers)


def leased(shop: Shop, count: int = 5, **extra):
    response = lease(shop, count, **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def give_back(shop: Shop, held, next_number: int, *, member=None):
    url = f"{REGISTERS}{held['register']}/leases/{held['id']}/return/"
    return shop.client(member).post(url, {"next_number": next_number})


def post(shop: Shop, number: str | None = None, **extra):
    named = {} if number is None else {"receipt_number": number}
    return shop.client().post(SALES, shop.basket(**named, **extra))


def sold(shop: Shop, number: str | None = None, **extra) -> str:
    response = post(shop, number, **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]["receipt_number"]


def register_of(shop: Shop):
    return shop.client().get(f"{REGISTERS}{shop.register.pk}/").json()["data"]


def disagreements() -> list[str]:
    return [each.problem for each in sums.find_disagreements(using="default")]


@pytest.fixture
def agreed(shop):
    """The shop, whose numbers have to add up in the end."""
    yield shop
    with shop.inside():
        assert disagreements() == []


# --- Giving out -------------------------------------------------------------------------------------------------------


def test_a_till_leases_the_next_numbers_and_gives_each_out_once(agreed):
    shop = agreed
    assert sold(shop) == "R1-000001"
    held = leased(shop, 3)
    assert (held["prefix"], held["first_number"], held["last_number"]) == ("R1-", 2, 4)
    assert (held["next_number"], held["returned_at"]) == (None, None)
    assert register_of(shop)["open_lease_id"] == held["id"]
    assert register_of(shop)["last_number"] == 4
    assert [sold(shop, f"R1-00000{n}") for n in (4, 2)] == ["R1-000004", "R1-000002"]
    refused(shop, lambda: post(shop, "R1-000002"), 409, "receipt_number_taken")
    assert sold(shop, "R1-000003") == "R1-000003"


def test_while_numbers_are_leased_nothing_is_sold_there_without_one_of_them(agreed):
    shop = agreed
    leased(shop, 3)
    refused(shop, lambda: post(shop), 409, "register_leased")
    for number in ("R1-000004", "R1-000000", "R1-999999999", "R2-000001", "R1-0000001"):
        refused(shop, lambda number=number: post(shop, number), 409, "number_not_leased")


def test_another_register_sells_on_meanwhile(agreed):
    there = add_place(agreed)
    leased(agreed)
    assert sold(there) == "KUM-000001"
    refused(there, lambda: post(there, "R1-000001"), 409, "number_not_leased")
    refused(there, lambda: post(there, "KUM-000001"), 409, "number_not_leased")


@pytest.mark.parametrize("number", ["", "R1", "r1-000001", "R1-00001", "R1-1e5", "R1-0000000001", "R1-٠٠٠٠٠١", 1, None])
def test_what_is_no_number_is_refused_as_such(shop, number):
    leased(shop)
    body = shop.basket(receipt_number=number)
    found = refused(shop, lambda: shop.client().post(SALES, body), 400, "invalid_input")
    assert {field for field, _ in paths_of(found)} == {"receipt_number"}


def test_without_a_lease_a_till_does_not_choose_its_numbers(agreed):
    for number in ("R1-000001", "R1-000002", "R1-000007"):
        refused(agreed, lambda number=number: post(agreed, number), 409, "number_not_leased")
    assert sold(agreed) == "R1-000001"
    refused(agreed, lambda: post(agreed, "R1-000001"), 409, "number_not_leased")


def test_a_sale_that_fails_leaves_its_number_to_be_given_out(agreed):
    leased(agreed, 2)
    refused(agreed, lambda: post(agreed, "R1-000001", payments=[]), 409, "payment_short")
    assert sold(agreed, "R1-000001") == "R1-000001"


def test_a_retry_of_a_sale_with_its_own_number_is_the_same_sale(agreed):
    leased(agreed, 2)
    body = agreed.basket(receipt_number="R1-000002")
    first, second = (agreed.client().post(SALES, body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"


# --- Giving back ------------------------------------------------------------------------------------------------------


def test_what_was_not_used_is_given_out_by_us_again_and_late_sales_still_come(agreed):
    shop = agreed
    held = leased(shop, 10)
    sold(shop, "R1-000002")
    returned = give_back(shop, held, 5).json()["data"]
    assert (returned["next_number"], returned["last_number"]) == (5, 10)
    assert returned["returned_at"] is not None
    assert (register_of(shop)["last_number"], register_of(shop)["open_lease_id"]) == (4, None)
    assert sold(shop) == "R1-000005"
    assert sold(shop, "R1-000004") == "R1-000004"
    refused(shop, lambda: post(shop, "R1-000005"), 409, "number_not_leased")
    refused(shop, lambda: post(shop, "R1-000006"), 409, "number_not_leased")
    again = leased(shop, 2)
    assert (again["first_number"], again["last_number"]) == (6, 7)
    assert [sold(shop, f"R1-00000{n}") for n in (3, 6, 1)] == ["R1-000003", "R1-000006", "R1-000001"]


@pytest.mark.parametrize("used", [0, 5])
def test_a_lease_may_come_back_whole_or_empty(agreed, used):
    held = leased(agreed, 5)
    for number in range(1, used + 1):
        sold(agreed, f"R1-{number:06d}")
    assert give_back(agreed, held, used + 1).status_code == 200
    assert register_of(agreed)["last_number"] == used
    assert leased(agreed, 5)["first_number"] == used + 1


def test_what_was_sold_cannot_be_given_back(agreed):
    held = leased(agreed, 5)
    sold(agreed, "R1-000003")
    for number in (1, 2, 3):
        refused(agreed, lambda number=number: give_back(agreed, held, number), 409, "lease_used")
    assert give_back(agreed, held, 4).status_code == 200


@pytest.mark.parametrize("number", [0, -1, 7, 2**31, 10**30, "x", None, 1.5])
def test_a_number_that_is_not_of_the_lease_is_not_the_next(agreed, number):
    held = leased(agreed, 5)
    found = refused(agreed, lambda: give_back(agreed, held, number), 400, "invalid_input")
    assert {field for field, _ in paths_of(found)} == {"next_number"}


def test_a_lease_comes_back_once(agreed):
    held = leased(agreed, 5)
    assert give_back(agreed, held, 3).status_code == 200
    refused(agreed, lambda: give_back(agreed, held, 3), 409, "lease_over")
    leased(agreed, 5)
    refused(agreed, lambda: give_back(agreed, held, 2), 409, "lease_over")


# --- Who, and how many ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, -1, 501, 10**30, "x", None, 1.5])
def test_so_many_numbers_are_not_leased(shop, count):
    refused(shop, lambda: lease(shop, count), 400, "invalid_input")


def test_500_numbers_are_leased_at_most_and_one_lease_at_a_time(agreed):
    assert leased(agreed, 500)["last_number"] == 500
    refused(agreed, lambda: lease(agreed, 1), 409, "register_leased")


def test_a_register_that_is_switched_off_leases_nothing(shop):
    assert shop.client().patch(f"{REGISTERS}{shop.register.pk}/", {"is_active": False}).status_code == 200
    refused(shop, lambda: lease(shop), 409, "register_inactive")


def test_a_lease_says_which_device_has_it_and_a_retry_leases_no_more(agreed):
    shop, key = agreed, str(uuid7())
    with shop.inside():
        accounts.change_pin(by=shop.cashier, password="correct-horse-battery", pin="4702")
        till = accounts.add_device(by=shop.owner, name="Phone")
    headers = {"HTTP_X_DEVICE_TOKEN": till.token}
    pin = {"member": str(shop.cashier.pk), "pin": "4702"}
    phone = APIClient(raise_request_exception=False)
    access = phone.post("/api/v1/accounts/auth/pin/", pin, **headers).json()["data"]["access"]
    headers |= {"HTTP_AUTHORIZATION": f"Bearer {access}", "HTTP_IDEMPOTENCY_KEY": key}
    url = f"{REGISTERS}{shop.register.pk}/leases/"
    first, second = (phone.post(url, {"count": 5}, **headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.json()["data"]["device"] == str(till.pk)
    assert first.json()["data"]["leased_by"] == str(shop.cashier.pk)
    assert register_of(shop)["last_number"] == 5
    url = f"{REGISTERS}{shop.register.pk}/leases/"
    refused(shop, lambda: shop.client().post(url, {"count": 5}), 400, "idempotency_key_required")


def test_leases_of_strangers_of_other_places_and_of_other_registers_are_not_there(agreed, stranger):
    shop, there = agreed, add_place(agreed)
    held, theirs = leased(shop), leased(stranger)
    refused(stranger, lambda: give_back(stranger, held, 1), 404, "not_found")
    refused(shop, lambda: give_back(shop, {**held, "id": theirs["id"]}, 1), 404, "not_found")
    refused(shop, lambda: give_back(shop, {**held, "register": str(there.register.pk)}, 1), 404, "not_found")
    refused(shop, lambda: give_back(shop, {**held, "id": "nonsense"}, 1), 404, "not_found")
    member = add_member(shop, Role.MANAGER, there.storefront)
    refused(shop, lambda: give_back(shop, held, 1, member=member), 404, "not_found")
    refused(shop, lambda: lease(shop, member=member), 404, "not_found")
    assert give_back(stranger, theirs, 1).status_code == 200


# --- What was taken along ---------------------------------------------------------------------------------------------


def listed(shop: Shop, *, member=None, register=None, **query):
    return shop.client(member).get(f"{REGISTERS}{(register or shop.register).pk}/leases/", query)


def test_the_leases_of_a_register_are_listed_the_last_first(agreed):
    shop = agreed
    first = leased(shop, 5)
    returned = give_back(shop, first, 3).json()["data"]
    second = leased(shop, 2, member=shop.cashier)
    assert listed(shop).json()["results"] == [second, returned]
    assert (second["next_number"], second["prefix"], second["leased_by"]) == (None, "R1-", str(shop.cashier.pk))
    page = listed(shop, member=shop.cashier, page="2", page_size="1").json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (2, [first["id"]])
    refused(shop, lambda: listed(shop, is_open="true"), 400, "unknown_parameter")


def test_who_works_elsewhere_sees_no_leases(agreed, stranger):
    shop, there = agreed, add_place(agreed)
    leased(shop)
    manager = add_member(shop, Role.MANAGER, there.storefront)
    refused(shop, lambda: listed(shop, member=manager), 404, "not_found")
    refused(shop, lambda: listed(stranger, register=shop.register), 404, "not_found")
    leased(stranger)
    assert len(listed(shop).json()["results"]) == 1
    assert listed(shop, member=manager, register=there.register).json()["results"] == []


def test_a_list_of_six_leases_costs_what_a_list_of_one_costs(shop):
    give_back(shop, leased(shop), 1)
    few = len(statements(lambda: listed(shop)))
    for _ in range(5):
        give_back(shop, leased(shop), 1)
    assert len(statements(lambda: listed(shop))) == few
    assert listed(shop).json()["count"] == 6


# --- What verify_ledger proves ----------------------------------------------------------------------------------------


KNOWN = "its last number is {}, but it issued or leased {} numbers up to {}"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE number_leases SET last_number = 4, next_number = 5 WHERE last_number = 5", KNOWN.format(6, 5, 6)),
        ("UPDATE number_leases SET first_number = 3 WHERE last_number = 5", KNOWN.format(6, 5, 6)),
        ("UPDATE number_leases SET first_number = 5 WHERE last_number = 6", "it issued or leased 1 numbers twice"),
        ("UPDATE registers SET last_number = 7", KNOWN.format(7, 6, 6)),
        ("UPDATE registers SET open_lease_id = NULL", "its open lease is , but"),
    ],
)
def test_a_gap_a_double_and_a_forgotten_lease_are_found(shop, statement, problem):
    sold(shop)
    held = leased(shop, 4)
    sold(shop, "R1-000003")
    give_back(shop, held, 6)
    leased(shop, 1)
    with shop.inside():
        assert disagreements() == []
        with connection.cursor() as cursor:
            cursor.execute(statement)
        assert any(problem in each for each in disagreements()), disagreements()
