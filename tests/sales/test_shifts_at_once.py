"""Many at one drawer at the same instant; every race with its control, without the guard."""

import threading
from decimal import Decimal

import pytest

from core.amounts import ZERO
from sales import services, shift_report, sums
from sales.errors import DrawerShort, ShiftClosed, ShiftOpen
from sales.models import CashEvent, Sale, Shift
from sales.services import drawers, shifts
from tests.conftest import Shop
from tests.races import administrator, at_once, count_of, meanwhile, meeting_before, watching
from tests.sales.calls import sell

pytestmark = pytest.mark.usefixtures("committed")

TEN = [{"method": "CASH", "amount": Decimal("10.00")}]


def begin(shop: Shop, opening_float: str = "0") -> Shift:
    with shop.inside():
        return services.open_shift(by=shop.owner, register=shop.register.pk, opening_float=Decimal(opening_float))


def end(shop: Shop, shift: Shift, counted: str = "10", *, is_locked: bool = True) -> Shift:
    with shop.inside():
        rows = shop.account.shifts.locked() if is_locked else shop.account.shifts
        pieces = [{"value": Decimal(counted), "count": 1}]
        return services.close_shift(by=shop.owner, shift=rows.get(pk=shift.pk), denominations=pieces)


def take_out(shop: Shop, shift: Shift, amount: str, *, is_locked: bool = True) -> CashEvent:
    with shop.inside():
        rows = shop.account.shifts.locked() if is_locked else shop.account.shifts
        facts = {"kind": "PAID_OUT", "amount": Decimal(amount), "reason": "Bread"}
        return services.move_cash(by=shop.owner, shift=rows.get(pk=shift.pk), **facts)


def without_locks(monkeypatch) -> None:
    """Without the lock on the register."""
    monkeypatch.setattr(
        drawers, "lock_register", lambda *, by, register_id, **_: by.account.registers.get(pk=register_id)
    )
    monkeypatch.setattr(shifts, "lock_drawer", lambda by, shift: by.account.registers.get(pk=shift.register_id))


def problems() -> list[str]:
    return [each.problem for each in sums.find_disagreements(using="staff")]


# --- Opening ----------------------------------------------------------------------------------------------------------


def test_of_two_who_open_a_shift_at_one_register_one_does(busy):
    results = at_once([lambda: begin(busy)] * 6)
    assert (count_of(results, Shift), count_of(results, ShiftOpen)) == (1, 5)
    with busy.inside():
        assert busy.account.registers.get().open_shift_id == busy.account.shifts.get().pk
    assert problems() == []


def test_control_without_the_lock_a_register_has_two_open_shifts(busy, monkeypatch):
    without_locks(monkeypatch)
    barrier = threading.Barrier(2)

    def call():
        with meeting_before('INSERT INTO "shifts"', barrier):
            return begin(busy)

    assert count_of(at_once([call, call]), Shift) == 2
    assert len(problems()) == 1


# --- Closing while sales go on ----------------------------------------------------------------------------------------


def test_closing_while_sales_go_on_each_is_in_the_z_or_of_no_shift(busy):
    shift = begin(busy, "50")
    calls = [lambda: sell(busy, "1", payments=TEN)] * 6
    results = at_once([*calls[:3], lambda: end(busy, shift), *calls[3:]])
    assert (count_of(results, Sale), count_of(results, Shift)) == (6, 1)
    with busy.inside():
        closed = busy.account.shifts.get()
        inside = busy.account.sales.filter(shift=closed).count()
        assert busy.account.sales.filter(shift=None).count() == 6 - inside
    assert closed.z_report["sales"]["count"] == inside
    assert closed.expected == 50 + 10 * inside
    assert problems() == []


def test_where_shifts_are_required_each_sale_is_in_the_z_or_refused(busy):
    with busy.inside():
        busy.account.is_shift_required = True
        busy.account.save()
    shift = begin(busy)
    results = at_once([*[lambda: sell(busy, "1", payments=TEN)] * 6, lambda: end(busy, shift)])
    sold = count_of(results, Sale)
    assert [type(result).__name__ for result in results].count("ShiftRequired") == 6 - sold
    with busy.inside():
        assert busy.account.shifts.get().z_report["sales"]["count"] == sold == busy.account.sales.count()
    assert problems() == []


def test_s38_where_sales_name_the_shift_that_is_closed_each_is_in_the_z_or_an_addendum(busy):
    """S38."""
    shift = begin(busy, "50")

    def sell_there(**named):
        return sell(busy, "1", payments=TEN, shift=shift.pk, **named)

    while_open = {"sold_at": shift.opened_at}
    calls = [lambda: sell_there(**while_open)] * 4 + [sell_there] * 3
    results = at_once([*calls[::2], lambda: end(busy, shift), *calls[1::2]])
    sold = {result.pk for result in results if isinstance(result, Sale)}
    refused = count_of(results, ShiftClosed)
    # Of those that happened while it was open none is lost; what happened when it was closed is refused, with a code.
    assert (len(sold) + refused, len(sold) >= 4, count_of(results, Shift)) == (7, True, 1)
    with busy.inside():
        closed = busy.account.shifts.get()
        late = {each["id"] for each in shift_report.find_addenda(closed, exponent=2)}
        in_time = set(busy.account.sales.filter(is_late=False, shift=closed).values_list("pk", flat=True))
    assert late == {str(pk) for pk in sold - in_time}
    assert closed.z_report["sales"]["count"] == len(in_time)
    assert closed.expected == 50 + 10 * len(in_time)
    assert problems() == []


def test_s38_control_without_the_lock_a_sale_at_the_same_instant_is_in_neither(busy, monkeypatch):
    """S38."""
    without_locks(monkeypatch)
    shift, barrier = begin(busy), threading.Barrier(2)

    def meeting(statement, call):
        with meeting_before(statement, barrier):
            return call()

    results = at_once(
        [
            lambda: meeting('INSERT INTO "sale_lines"', lambda: sell(busy, "1", payments=TEN, shift=shift.pk)),
            lambda: meeting('UPDATE "shifts"', lambda: end(busy, shift)),
        ]
    )
    assert (count_of(results, Sale), count_of(results, Shift)) == (1, 1)
    with busy.inside():
        closed = busy.account.shifts.get()
        assert (busy.account.sales.get().shift_id, closed.z_report["sales"]["count"]) == (closed.pk, 0)
        assert shift_report.find_addenda(closed, exponent=2) == []
    assert len(problems()) == 1


def close_during_a_sale(shop: Shop, shift: Shift) -> Shift:
    """A sale has its number, and is not yet written, when the shift is closed; the closing has to wait for it."""
    with watching() as until_blocked:
        held = meanwhile('INSERT INTO "sale_lines"', lambda: end(shop, shift), until=lambda closing: until_blocked(1))
        with held:
            sell(shop, "1", payments=TEN)
    with shop.inside():
        assert shop.account.sales.get().shift_id == shift.pk
        return shop.account.shifts.get()


def test_a_sale_that_is_under_way_is_in_the_z(busy):
    closed = close_during_a_sale(busy, begin(busy))
    assert (closed.z_report["sales"]["count"], closed.expected) == (1, Decimal(10))
    assert problems() == []


def test_control_without_the_lock_a_sale_that_is_under_way_is_in_no_z(busy, monkeypatch):
    without_locks(monkeypatch)
    closed = close_during_a_sale(busy, begin(busy))
    assert (closed.z_report["sales"]["count"], closed.expected) == (0, ZERO)
    assert len(problems()) == 1


def test_a_sale_that_names_the_shift_while_it_is_closed_knows_that_it_comes_late(busy):
    shift = begin(busy)

    def late():
        return sell(busy, "1", payments=TEN, shift=shift.pk, sold_at=shift.opened_at)

    with watching() as until_blocked, meanwhile('UPDATE "registers"', late, until=lambda selling: until_blocked(1)):
        end(busy, shift)
    with busy.inside():
        sale, closed = busy.account.sales.get(), busy.account.shifts.get()
        assert (sale.shift_id, sale.is_late, closed.z_report["sales"]["count"]) == (shift.pk, True, 0)
    assert problems() == []


# --- Closing twice ----------------------------------------------------------------------------------------------------


def test_of_two_who_close_a_shift_one_does(busy):
    shift = begin(busy)
    results = at_once([lambda i=i: end(busy, shift, str(i + 1)) for i in range(5)])
    assert (count_of(results, Shift), count_of(results, ShiftClosed)) == (1, 4)
    (winner,) = [result for result in results if isinstance(result, Shift)]
    with busy.inside():
        assert busy.account.shifts.get().counted == winner.counted
        assert busy.account.registers.get().last_z_number == 1
    assert problems() == []


def test_control_without_locks_and_seal_the_second_count_replaces_the_first(busy, monkeypatch):
    without_locks(monkeypatch)
    shift, barrier = begin(busy), threading.Barrier(2)

    def call(counted):
        with meeting_before('UPDATE "shifts"', barrier):
            return end(busy, shift, counted, is_locked=False)

    with administrator() as admin:
        admin.execute("ALTER TABLE shifts DISABLE TRIGGER closed_shifts_stay")
        try:
            results = at_once([lambda: call("10"), lambda: call("20")])
        finally:
            admin.execute("ALTER TABLE shifts ENABLE TRIGGER closed_shifts_stay")
    assert [result.z_number for result in results] == [1, 1]


def test_without_locks_the_seal_alone_refuses_the_second_count(busy, monkeypatch):
    without_locks(monkeypatch)
    shift, barrier = begin(busy), threading.Barrier(2)

    def call(counted):
        with meeting_before('UPDATE "shifts"', barrier):
            return end(busy, shift, counted, is_locked=False)

    results = at_once([lambda: call("10"), lambda: call("20")])
    assert count_of(results, Shift) == 1
    (refusal,) = [result for result in results if isinstance(result, Exception)]
    assert "row of table shifts is sealed" in str(refusal)


# --- Cash that leaves -------------------------------------------------------------------------------------------------


def test_of_two_who_take_the_same_cash_out_one_does(busy):
    shift = begin(busy, "50")
    results = at_once([lambda: take_out(busy, shift, "30")] * 4)
    assert (count_of(results, CashEvent), count_of(results, DrawerShort)) == (1, 3)
    with busy.inside():
        assert busy.account.cash_events.get().amount == -30


def test_control_without_locks_more_leaves_than_was_there(busy, monkeypatch):
    without_locks(monkeypatch)
    shift, barrier = begin(busy, "50"), threading.Barrier(2)

    def call():
        with meeting_before('INSERT INTO "cash_events"', barrier):
            return take_out(busy, shift, "30", is_locked=False)

    assert count_of(at_once([call, call]), CashEvent) == 2
