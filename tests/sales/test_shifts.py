"""A drawer and who has it: opened with a float, moved by hand for a reason, handed over, and closed by a count."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.models import AuditEvent
from accounts.roles import Role
from sales import sums
from tests.answers import ids, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.places import PIN, add_member, add_place, approved_by, give_pin, limit
from tests.sales.drawer import LONG_AGO, SHIFTS, add_register, close, move, ok, post, report, row, start
from tests.sales.requests import REGISTERS, SALES, sell

pytestmark = pytest.mark.django_db


def told_of(shop: Shop, action: str):
    """What the history says after this was done, in the order in which it was."""
    with shop.inside():
        return [event.after for event in AuditEvent.across_accounts.filter(action=action).order_by("id")]


# --- Opening ----------------------------------------------------------------------------------------------------------


def test_a_shift_begins_with_its_float_and_the_register_says_which_is_open(shop):
    own = str(uuid7())
    shift = start(shop, "50.00", member=shop.cashier, id=own, opened_at="2026-11-20T23:30:00+01:00")
    assert shift == {
        "id": own,
        "storefront": str(shop.storefront.pk),
        "register": str(shop.register.pk),
        "is_open": True,
        "opening_float": "50.00",
        "opened_by": str(shop.cashier.pk),
        "opened_at": "2026-11-20T22:30:00Z",
        "closed_by": None,
        "closed_at": None,
        "z_number": None,
        "expected": None,
        "counted": None,
        "difference": None,
        "hand_overs": [],
        "version": 1,
    }
    register = ok(shop.client().get(f"{REGISTERS}{shop.register.pk}/"))
    assert register["open_shift"] == own
    assert told_of(shop, "shift.opened") == [{"float": "50.00"}]


def test_a_register_has_one_open_shift_and_another_register_its_own(shop):
    shift = start(shop)
    body = refused(shop, lambda: post(shop, "", {"register": str(shop.register.pk)}), 409, "shift_open")
    assert shift["id"] not in str(body)
    other = add_register(shop, "R2")
    assert ok(post(shop, "", {"register": str(other.pk)}), 201)["opening_float"] == "0.00"


def test_the_same_shift_sent_again_is_opened_once(shop):
    own, register = str(uuid7()), str(shop.register.pk)
    first, again = (post(shop, "", {"id": own, "register": register}, key="once") for _ in range(2))
    assert (first.json()["data"], first.status_code) == (again.json()["data"], again.status_code)
    assert again["Idempotency-Replayed"] == "true"
    assert ids(shop, SHIFTS) == {own}


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"opening_float": "-0.01"}, "opening_float", "min_value"),
        ({"opening_float": "0.001"}, "opening_float", "max_decimal_places"),
        ({"opening_float": "1000000000000"}, "opening_float", "max_whole_digits"),
        ({"opening_float": "NaN"}, "opening_float", "invalid"),
        ({"opened_at": "2026-11-20T08:00:00"}, "opened_at", "offset"),
        ({"opened_at": "1999-12-31T23:59:59Z"}, "opened_at", "too_old"),
        ({"opened_at": "2126-01-01T00:00:00Z"}, "opened_at", "in_future"),
        ({"register": str(uuid7())}, "register", "does_not_exist"),
        ({"drawer": "1"}, "drawer", "unknown_field"),
    ],
)
def test_nonsense_opens_nothing(shop, said, field, code):
    body = {"register": str(shop.register.pk), **said}
    assert paths_of(refused(shop, lambda: post(shop, "", body), 400, "invalid_input")) == [(field, code)]


def test_a_register_that_is_switched_off_begins_no_shift_but_ends_the_one_that_it_has(shop):
    shift = start(shop)
    ok(shop.client().patch(f"{REGISTERS}{shop.register.pk}/", {"is_active": False}))
    assert ok(close(shop, shift, ("50", 1)))["difference"] == "0.00"
    refused(shop, lambda: post(shop, "", {"register": str(shop.register.pk)}), 409, "register_inactive")


def test_a_day_long_past_is_for_whoever_may_date_back(shop):
    body = {"register": str(shop.register.pk), "opened_at": LONG_AGO}
    refused(shop, lambda: post(shop, "", body, member=shop.cashier), 403, "capability_missing")
    assert ok(post(shop, "", body), 201)["opened_at"] == LONG_AGO


def test_where_shifts_are_required_nothing_is_sold_without_one(shop):
    ok(shop.client().patch("/api/v1/accounts/account/", {"is_shift_required": True}))
    client = shop.client(shop.cashier)
    refused(shop, lambda: client.post(SALES, shop.basket()), 409, "shift_required")
    shift = start(shop)
    sale = sell(shop, member=shop.cashier)
    assert sale["shift"] == shift["id"]
    ok(close(shop, shift, ("1", 1)))
    refused(shop, lambda: client.post(SALES, shop.basket()), 409, "shift_required")


# --- Cash that is moved by hand ---------------------------------------------------------------------------------------


def test_cash_comes_and_goes_for_a_reason_and_never_more_than_ought_to_be_there(shop):
    shift = start(shop, "50.00")
    assert ok(move(shop, shift, "PAID_IN", "20.00", reason="Ɛkyɛfa ₵20 \U0001f4b0"), 201)["amount"] == "20.00"
    refused(shop, lambda: move(shop, shift, "PAID_OUT", "70.01"), 409, "drawer_short")
    refused(shop, lambda: move(shop, shift, "DROP", "70.01"), 409, "drawer_short")
    drop = ok(move(shop, shift, "DROP", "70.00", member=shop.cashier), 201)
    assert (drop["amount"], drop["by"], drop["is_late"]) == ("70.00", str(shop.cashier.pk), False)
    refused(shop, lambda: move(shop, shift, "PAID_OUT", "0.01"), 409, "drawer_short")
    listed = shop.client().get(f"{SHIFTS}{shift['id']}/cash-events/").json()
    assert [(each["kind"], each["amount"]) for each in listed["results"]] == [("PAID_IN", "20.00"), ("DROP", "70.00")]
    assert listed["results"][0]["reason"] == "Ɛkyɛfa ₵20 \U0001f4b0"
    assert listed["count"] == 2
    assert told_of(shop, "shift.cash_moved") == [
        {"kind": "PAID_IN", "amount": "20.00"},
        {"kind": "DROP", "amount": "70.00"},
    ]
    assert report(shop, shift, "x")["expected"] == "0.00"


def test_a_refusal_does_not_tell_what_ought_to_be_in_the_drawer(shop):
    shift = start(shop, "51.37")
    body = refused(shop, lambda: move(shop, shift, "PAID_OUT", "60", member=shop.cashier), 409, "drawer_short")
    assert "51" not in str({name: body[name] for name in ("error", "detail", "errors")})


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"amount": "0"}, "amount", "min_value"),
        ({"amount": "-5"}, "amount", "min_value"),
        ({"amount": "0.005"}, "amount", "max_decimal_places"),
        ({"amount": "1000000000000"}, "amount", "max_whole_digits"),
        ({"kind": "STOLEN"}, "kind", "invalid_choice"),
        ({"reason": "  "}, "reason", "blank"),
        ({"reason": "x" * 201}, "reason", "max_length"),
        ({"occurred_at": "2126-01-01T00:00:00Z"}, "occurred_at", "in_future"),
    ],
)
def test_nonsense_moves_no_cash(shop, said, field, code):
    shift = start(shop)
    body = {"kind": "PAID_IN", "amount": "5", "reason": "Change", **said}
    answer = refused(shop, lambda: post(shop, f"{shift['id']}/cash-events/", body), 400, "invalid_input")
    assert paths_of(answer) == [(field, code)]


def test_a_move_that_is_sent_again_is_made_once_and_without_a_key_not_at_all(shop):
    shift = start(shop)
    first, again = (move(shop, shift, "PAID_OUT", "50", key="once") for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert report(shop, shift, "x")["expected"] == "0.00"
    address = f"{SHIFTS}{shift['id']}/cash-events/"
    body = {"kind": "PAID_IN", "amount": "5", "reason": "Change"}
    refused(shop, lambda: shop.client().post(address, body), 400, "idempotency_key_required")
    refused(shop, lambda: move(shop, shift, "PAID_OUT", "49", key="once"), 422, "idempotency_key_reused")


def test_somebody_without_the_right_moves_cash_when_one_who_works_there_approves(shop):
    shift, there = start(shop), add_place(shop)
    keeper = add_member(shop, Role.STAFF, name="Abla")
    refused(shop, lambda: move(shop, shift, "PAID_IN", "5", member=keeper), 403, "capability_missing")
    elsewhere = give_pin(shop, add_member(shop, Role.CASHIER, there.storefront, name="Esi"))
    approver = give_pin(shop, shop.cashier)
    address, body = f"{SHIFTS}{shift['id']}/cash-events/", {"kind": "PAID_IN", "amount": "5", "reason": "Change"}

    def ask(by):
        return shop.client(keeper).post(address, body, HTTP_IDEMPOTENCY_KEY=str(uuid7()), **approved_by(by, PIN))

    refused(shop, lambda: ask(elsewhere), 403, "capability_missing")
    assert ok(ask(approver), 201)["by"] == str(keeper.pk)


# --- Handing over -----------------------------------------------------------------------------------------------------


def test_a_hand_over_notes_who_counted_what_and_does_not_tell_what_was_expected(shop):
    shift = start(shop, "50", member=shop.owner)
    answer = post(shop, f"{shift['id']}/hand-over/", {"counted": "49.50"}, member=shop.cashier)
    given = ok(answer)["hand_overs"][0]
    assert (given["given_by"], given["taken_by"]) == (str(shop.owner.pk), str(shop.cashier.pk))
    assert given["counted"] == "49.50"
    assert "50.00" not in str({**ok(answer), "opening_float": None})
    back = ok(post(shop, f"{shift['id']}/hand-over/", {"counted": "50", "to": str(shop.owner.pk)}))["hand_overs"]
    assert [(each["given_by"], each["taken_by"]) for each in back] == [
        (str(shop.owner.pk), str(shop.cashier.pk)),
        (str(shop.cashier.pk), str(shop.owner.pk)),
    ]
    noted = report(shop, shift, "x")["hand_overs"]
    assert [(each["counted"], each["expected"], each["difference"]) for each in noted] == [
        ("49.50", "50.00", "-0.50"),
        ("50.00", "50.00", "0.00"),
    ]
    assert sorted(report(shop, shift, "x")["cashiers"]) == sorted([str(shop.owner.pk), str(shop.cashier.pk)])


def test_the_drawer_is_handed_to_nobody_who_could_not_work_there(shop, stranger):
    shift, there = start(shop), add_place(shop)
    keeper = add_member(shop, Role.WAREHOUSE, name="Abla")
    elsewhere = add_member(shop, Role.CASHIER, there.storefront, name="Esi")
    gone = add_member(shop, Role.CASHIER, name="Kojo")
    ok(shop.client().post(f"/api/v1/accounts/memberships/{gone.pk}/deactivate/"))
    for nobody in (keeper.pk, elsewhere.pk, gone.pk, stranger.cashier.pk, uuid7()):
        body = {"counted": "50", "to": str(nobody)}
        told = refused(shop, lambda body=body: post(shop, f"{shift['id']}/hand-over/", body), 400, "invalid_input")
        assert paths_of(told) == [("to", "does_not_exist")]


# --- Closing ----------------------------------------------------------------------------------------------------------


def test_a_shift_is_closed_by_its_notes_and_coins_and_then_says_all(shop):
    shift = start(shop, "50")
    sell(shop, payments=[{"method": "CASH", "amount": "20"}])  # of 14.32
    own = ok(shop.client(shop.cashier).get(f"{SHIFTS}{shift['id']}/"))
    assert (own["expected"], own["counted"], own["difference"]) == (None, None, None)
    closed = ok(close(shop, shift, ("50", 1), ("10", 1), ("0.50", 8), ("0.01", 0), member=shop.cashier))
    assert (closed["expected"], closed["counted"], closed["difference"]) == ("64.32", "64.00", "-0.32")
    assert (closed["z_number"], closed["is_open"], closed["closed_by"]) == (1, False, str(shop.cashier.pk))
    assert report(shop, shift, "z")["denominations"] == [
        {"value": "50.00", "count": 1},
        {"value": "10.00", "count": 1},
        {"value": "0.50", "count": 8},
        {"value": "0.01", "count": 0},
    ]
    assert told_of(shop, "shift.closed") == [{"z_number": 1, "counted": "64.00", "expected": "64.32"}]
    assert ok(shop.client().get(f"{REGISTERS}{shop.register.pk}/"))["open_shift"] is None


def test_a_closed_shift_takes_nothing_more_and_is_not_closed_again(shop):
    shift = start(shop)
    first = close(shop, shift, ("50", 1), key="once")
    again = close(shop, shift, ("50", 1), key="once")
    assert (again.json()["data"], again["Idempotency-Replayed"]) == (ok(first), "true")
    for call in (
        lambda: close(shop, shift, ("50", 1)),
        lambda: close(shop, shift, ("60", 1)),
        lambda: move(shop, shift, "PAID_IN", "5"),
        lambda: post(shop, f"{shift['id']}/hand-over/", {"counted": "50"}),
        lambda: shop.client().get(f"{SHIFTS}{shift['id']}/x-report/"),
    ):
        refused(shop, call, 409, "shift_closed")


@pytest.mark.parametrize(
    ("denominations", "field", "code"),
    [
        ([{"value": "-5", "count": 1}], "denominations.0.value", "min_value"),
        ([{"value": "0", "count": 1}], "denominations.0.value", "min_value"),
        ([{"value": "0.005", "count": 1}], "denominations.0.value", "max_decimal_places"),
        ([{"value": "5", "count": -1}], "denominations.0.count", "min_value"),
        ([{"value": "5", "count": 1.5}], "denominations.0.count", "invalid"),
        ([{"value": "5", "count": 10**9}], "denominations.0.count", "max_value"),
        ([{"value": "5", "count": 1}, {"value": "5.00", "count": 2}], "denominations", "duplicate"),
        ([{"value": "999999999999", "count": 2}], "denominations", "too_much"),
        ([{"value": "1", "count": 1}] * 51, "denominations", "max_length"),
        ([{"value": "5"}], "denominations.0.count", "required"),
        (None, "denominations", "null"),
    ],
)
def test_a_drawer_is_not_closed_by_nonsense(shop, denominations, field, code):
    shift = start(shop)
    body = {"denominations": denominations}
    answer = refused(shop, lambda: post(shop, f"{shift['id']}/close/", body), 400, "invalid_input")
    assert (field, code) in paths_of(answer)


def test_a_shift_ends_after_it_began(shop):
    shift = start(shop, opened_at="2026-11-20T08:00:00Z")
    call = lambda: close(shop, shift, closed_at="2026-11-20T07:59:59Z")  # noqa: E731
    assert paths_of(refused(shop, call, 400, "invalid_input")) == [("closed_at", "before_opening")]
    assert ok(close(shop, shift, closed_at="2026-11-20T08:00:00Z"))["counted"] == "0.00"


def test_z_numbers_of_each_register_have_no_gap(shop):
    other = add_register(shop, "R2")
    for number in (1, 2, 3):
        assert ok(close(shop, start(shop), ("50", 1)))["z_number"] == number
        refused(shop, lambda: close(shop, {"id": str(uuid7())}, ("50", 1)), 404, "not_found")
    shift = start(shop, register=str(other.pk))
    call = lambda: close(shop, shift, closed_at="2126-01-01T00:00:00Z")  # noqa: E731 - takes no number
    refused(shop, call, 400, "invalid_input")
    assert ok(close(shop, shift, ("50", 1)))["z_number"] == 1
    with shop.inside():
        assert list(sums.find_disagreements(using="default")) == []


def test_what_verifies_the_books_finds_a_drawer_that_does_not_add_up(shop):
    shift, other = start(shop, "50"), add_register(shop, "R2")
    ok(move(shop, shift, "PAID_IN", "5"), 201)
    with shop.inside():
        shop.account.registers.filter(pk=other.pk).update(open_shift_id=uuid7(), last_z_number=7)
        facts = {"closed_by": shop.owner, "closed_at": row(shop, shift).opened_at, "counted": 0, "z_number": 1}
        shop.account.shifts.filter(pk=shift["id"]).update(expected=Decimal(50), z_report={}, **facts)
        found = {(each.table, str(each.id)) for each in sums.find_disagreements(using="default")}
    assert found == {("registers", str(shop.register.pk)), ("registers", str(other.pk)), ("shifts", shift["id"])}


# --- Lists, places and currencies -------------------------------------------------------------------------------------


def test_shifts_are_found_by_register_place_person_state_and_time(shop):
    there = add_place(shop)
    first = start(shop, opened_at="2026-11-19T08:00:00Z", member=shop.cashier)
    ok(close(shop, first, ("50", 1)))
    second = start(shop, opened_at="2026-11-20T08:00:00Z")
    third = start(there, opened_at="2026-11-20T09:00:00Z")
    one, two, three = first["id"], second["id"], third["id"]
    assert ids(shop, SHIFTS, register=str(shop.register.pk)) == {one, two}
    assert ids(shop, SHIFTS, storefront=str(there.storefront.pk)) == {three}
    assert ids(shop, SHIFTS, opened_by=str(shop.cashier.pk)) == {one}
    assert ids(shop, SHIFTS, is_open="true") == {two, three}
    assert ids(shop, SHIFTS, is_open="false") == {one}
    assert ids(shop, SHIFTS, opened_from="2026-11-20T08:00:00Z", opened_before="2026-11-20T09:00:00Z") == {two}
    listed = shop.client().get(SHIFTS).json()["results"]
    assert [each["id"] for each in listed] == [three, two, one]
    refused(shop, lambda: shop.client().get(SHIFTS, {"till": one}), 400, "unknown_parameter")


def test_who_works_at_one_place_has_nothing_to_do_with_the_drawers_of_another(shop):
    there = add_place(shop)
    limit(shop, shop.cashier, shop.storefront)
    shift = start(there)
    opening = {"register": str(add_place(shop, "Tamale").register.pk)}
    told = refused(shop, lambda: post(shop, "", opening, member=shop.cashier), 400, "invalid_input")
    assert paths_of(told) == [("register", "does_not_exist")]
    assert ids(shop, SHIFTS) == {shift["id"]}
    assert shop.client(shop.cashier).get(SHIFTS).json()["results"] == []
    for path, body in (
        ("cash-events/", {"kind": "PAID_IN", "amount": "5", "reason": "Change"}),
        ("hand-over/", {"counted": "50"}),
        ("close/", {"denominations": []}),
    ):
        call = lambda path=path, body=body: post(shop, f"{shift['id']}/{path}", body, member=shop.cashier)  # noqa: E731
        refused(shop, call, 404, "not_found")


def test_what_ought_to_be_in_the_drawer_is_for_whoever_reviews_shifts(shop):
    shift = start(shop)
    address = f"{SHIFTS}{shift['id']}/x-report/"
    refused(shop, lambda: shop.client(shop.cashier).get(address), 403, "capability_missing")
    assert ok(shop.client(add_member(shop, Role.MANAGER)).get(address))["expected"] == "50.00"
    refused(shop, lambda: shop.client().get(f"{SHIFTS}{shift['id']}/z-report/"), 409, "shift_open")


def test_a_drawer_of_a_currency_without_decimals_has_none_anywhere():
    """S41."""
    boutique = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("333",))
    opening = {"register": str(boutique.register.pk), "opening_float": "0.5"}
    refused(boutique, lambda: post(boutique, "", opening), 400, "invalid_input")
    shift = start(boutique, "5000")
    for call in (
        lambda: move(boutique, shift, "PAID_IN", "0.5"),
        lambda: post(boutique, f"{shift['id']}/hand-over/", {"counted": "0.5"}),
        lambda: close(boutique, shift, ("0.5", 1)),
    ):
        assert paths_of(refused(boutique, call, 400, "invalid_input"))[0][1] == "currency"
    sell(boutique, "2", payments=[{"method": "CASH", "amount": "1000"}])
    ok(move(boutique, shift, "DROP", "5000"), 201)
    closed = ok(close(boutique, shift, ("500", 1), ("5", 33)))
    assert (closed["expected"], closed["counted"], closed["difference"]) == ("666", "665", "-1")
    z = report(boutique, shift, "z")
    assert (z["opening_float"], z["change_given"], z["sales"]["total"]) == ("5000", "334", "666")
    assert "." not in str({name: z[name] for name in z if name not in ("opened_at", "closed_at", "taxes")})
