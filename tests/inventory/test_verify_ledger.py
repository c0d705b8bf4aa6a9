"""verify_ledger: each kind of row that was tampered with is named; what the ledger tells is made anew, by the key."""

from contextlib import contextmanager
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import ledger
from inventory import services as inventory
from inventory.ledger import Entry
from inventory.models import MovementKind
from inventory.services import rebuild
from tests.conftest import Shop, open_shop
from tests.inventory.shipping import sent
from tests.places import add_place
from tests.races import administrator, at_once, one_behind_another, weaken
from tests.stock import batches, move, on_hand, post

pytestmark = pytest.mark.usefixtures("committed")

WELL = (0, "All ledgers add up.\n")


def run(*options: object) -> tuple[int, str]:
    """The exit code of the command, and what it printed."""
    out = StringIO()
    try:
        call_command("verify_ledger", *map(str, options), stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def corrupt(statement: str, *parameters: object, rows: int = 1) -> None:
    """What only a superuser can do, with every trigger asleep."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == rows


def table(name: str) -> list[str]:
    """All that stands in it, to the last column."""
    with administrator() as admin:
        return [row for (row,) in admin.execute(f"SELECT t::text FROM {name} t ORDER BY 1").fetchall()]


def everything() -> dict[str, list[str]]:
    return {name: table(name) for name in ("stock_products", "serial_numbers", "stock_movements", "audit_events")}


def rebuilt(shop: Shop) -> list[tuple]:
    with shop.inside():
        events = shop.account.audit_events.filter(action__endswith=".rebuilt").order_by("action", "subject_id")
        return list(events.values_list("subject", "subject_id", "before", "after", "by"))


@pytest.fixture
def shop(committed) -> Shop:
    return open_shop("Ama Provisions")


@pytest.fixture
def phones(shop) -> Shop:
    """Three pieces with serial numbers, of which one has been sold; the shop's other products stand beside them."""
    with shop.inside():
        phone = inventory.add_product(
            by=shop.owner, sku="PHONE", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
        )
        inventory.receive_stock(
            by=shop.owner,
            location=shop.storefront.pk,
            items=[
                {"product": phone.pk, "quantity": Decimal(3), "unit_cost": Decimal(700), "serials": ["A1", "B2", "C3"]}
            ],
        )
        piece = shop.account.serial_numbers.get(number="C3")
        entry = Entry(piece.stock_product_id, MovementKind.SOLD, Decimal(-1), serial_id=piece.pk)
        assert ledger.post([entry], by=shop.owner, source=shop.register, occurred_at=timezone.now())
    return shop


def pieces(shop: Shop) -> dict:
    with shop.inside():
        return dict(shop.account.serial_numbers.values_list("number", "stock_product"))


def piece(shop: Shop, number: str):
    with shop.inside():
        return shop.account.serial_numbers.get(number=number).pk


# --- Batches ----------------------------------------------------------------------------------------------------------

BATCH = [
    ("UPDATE stock_products SET quantity = 7 WHERE id = %s", "holds 7.000, but its movements sum to 100.000"),
    ("UPDATE stock_products SET movement_count = 9 WHERE id = %s", "counts 9 movements, but there are 1"),
    (
        "UPDATE stock_products SET quantity = 7, movement_count = 9 WHERE id = %s",
        "holds 7.000, but its movements sum to 100.000",
    ),
    (
        "DELETE FROM stock_movements WHERE stock_product_id = %s",
        "holds 100.000, but its movements sum to 0",
    ),
]
LEDGER = [
    ("UPDATE stock_movements SET value = 1 WHERE stock_product_id = %s", "movement 1 is worth 1.0000000, not"),
    ("UPDATE stock_movements SET balance_after = 1 WHERE stock_product_id = %s", "movement 1 says 1.000 is left"),
    (
        "UPDATE stock_movements SET unit_cost = 2, value = 200 WHERE stock_product_id = %s",
        "movement 1 is at 2.0000 a unit, but the batch cost 0.5000",
    ),
    (
        "UPDATE stock_movements m SET product_id = p.id FROM products p"
        " WHERE p.sku = 'SKU-0' AND stock_product_id = %s",
        "movement 1 is of another product or place than the batch",
    ),
    (
        "UPDATE stock_movements m SET location_id = l.id FROM locations l"
        " WHERE l.kind = 'TRANSIT' AND stock_product_id = %s",
        "movement 1 is of another product or place than the batch",
    ),
]


@pytest.mark.parametrize(("statement", "problem"), BATCH)
def test_s22_what_a_batch_holds_and_counts_is_named_and_made_anew_from_its_ledger(shop, statement, problem):
    """S22."""
    other = open_shop("Stranger Stores")
    batch = batches(shop)[1]
    corrupt(statement, batch)
    ledger, before = table("stock_movements"), everything()
    code, text = run()
    assert (code, text.splitlines()[0][: len(first := f"account {shop.id}, batch {batch}: {problem}")]) == (1, first)
    code, tried = run("--dry-run")
    assert code == 1
    assert tried.startswith(f"Would bring account {shop.id}, batch {batch}: quantity ")
    assert run("--rebuild", "--dry-run") == (1, tried)
    assert everything() == before
    code, done = run("--rebuild")
    assert code == 0
    assert done == tried.splitlines()[0].replace("Would bring", "Brought") + "\n" + WELL[1]
    assert table("stock_movements") == ledger
    assert run() == WELL
    whole = "DELETE" not in statement
    assert on_hand(shop) == [100, 100 if whole else 0, 100]
    ((subject, subject_id, was, is_now, by),) = rebuilt(shop)
    assert (subject, subject_id, by) == ("stockproduct", batch, None)
    assert is_now == {"quantity": "100.000" if whole else "0.000", "movement_count": int(whole)}
    assert was != is_now
    assert rebuilt(other) == []
    assert move(shop, (batch, 5), (batch, -5))  # the ledger goes on where it stands
    assert run() == WELL


@pytest.mark.parametrize(("statement", "problem"), LEDGER)
def test_s22_a_line_of_the_ledger_is_named_and_nothing_is_made_of_it(shop, statement, problem):
    """S22."""
    batch = batches(shop)[2]
    corrupt(statement, batch)
    before = everything()
    for options in ((), ("--dry-run",), ("--rebuild",)):
        code, text = run(*options)
        assert code == 1
        assert any(line.startswith(f"account {shop.id}, batch {batch}: {problem}") for line in text.splitlines()), text
    assert everything() == before


def test_s22_a_ledger_that_lost_a_line_in_the_middle_is_not_taken_for_the_truth(shop):
    """S22."""
    batch = batches(shop)[0]
    assert move(shop, (batch, -10), (batch, -20))
    corrupt("DELETE FROM stock_movements WHERE stock_product_id = %s AND sequence = 2", batch)
    before = everything()
    code, text = run("--rebuild")
    assert code == 1
    assert "holds 70.000, but its movements sum to 80.000" in text
    assert everything() == before


def test_s22_a_ledger_that_sums_to_less_than_nothing_is_not_taken_for_the_truth(shop):
    """S22."""
    batch = batches(shop)[0]
    corrupt(
        "UPDATE stock_movements SET quantity = -1, value = -0.5, balance_after = -1 WHERE stock_product_id = %s", batch
    )
    code, text = run("--rebuild")
    assert code == 1
    assert "holds 100.000, but its movements sum to -1.000" in text
    assert on_hand(shop)[0] == 100


def test_what_can_be_repaired_is_and_what_cannot_stays_wrong(shop):
    first, second, _ = batches(shop)
    corrupt("UPDATE stock_products SET quantity = 7 WHERE id = %s", first)
    corrupt("UPDATE stock_movements SET value = 1 WHERE stock_product_id = %s", second)
    code, text = run("--rebuild")
    assert code == 1
    assert [line.split(":")[0] for line in text.splitlines()] == [
        f"Brought account {shop.id}, batch {first}",
        f"account {shop.id}, batch {second}",
    ]
    assert on_hand(shop) == [100, 100, 100]


# --- Pieces -----------------------------------------------------------------------------------------------------------


def test_where_a_piece_stands_is_named_and_made_anew_from_its_movements(phones):
    assert run() == WELL
    right, elsewhere = pieces(phones), batches(phones)[0]
    phone_batch = right["A1"]
    corrupt("UPDATE serial_numbers SET stock_product_id = NULL WHERE number = 'A1'")
    corrupt("UPDATE serial_numbers SET stock_product_id = %s WHERE number = 'B2'", elsewhere)
    corrupt("UPDATE serial_numbers SET stock_product_id = %s WHERE number = 'C3'", phone_batch)
    before = everything()
    named = {
        number: f"account {phones.id}, serial number {piece(phones, number)}: stands in {held}, but its movements"
        f" leave it in {stands}"
        for number, held, stands in (
            ("A1", "no batch", f"batch {phone_batch}"),
            ("B2", f"batch {elsewhere}", f"batch {phone_batch}"),
            ("C3", f"batch {phone_batch}", "none"),
        )
    }
    counted = {
        f"account {phones.id}, batch {batch}: holds {holds}, but 1 pieces stand in it"
        for batch, holds in ((phone_batch, "2.000"), (elsewhere, "100.000"))
    }
    code, text = run()
    assert (code, set(text.splitlines())) == (1, {*named.values(), *counted})
    code, text = run("--dry-run")
    assert (code, text.count("Would bring")) == (1, 3)
    assert everything() == before
    code, text = run("--rebuild")
    assert (code, text.count("Brought")) == (0, 3)
    assert pieces(phones) == right
    assert run() == WELL
    found = {subject_id: (was, is_now) for _, subject_id, was, is_now, _ in rebuilt(phones)}
    assert found[piece(phones, "C3")] == ({"stock_product": str(phone_batch)}, {"stock_product": None})
    assert len(found) == 3


def test_a_piece_that_its_movements_leave_in_two_places_is_named_and_stays(phones):
    other = batches(phones)[0]
    corrupt("UPDATE stock_movements SET serial_id = %s WHERE stock_product_id = %s", piece(phones, "A1"), other)
    before = everything()
    code, text = run("--rebuild")
    assert code == 1
    assert f"serial number {piece(phones, 'A1')}: its movements leave it in 2 batches at once" in text
    assert everything() == before


def test_a_batch_that_holds_more_or_less_than_the_pieces_in_it_is_named(phones):
    batch = pieces(phones)["A1"]
    with phones.inside():
        loose = Entry(batch, MovementKind.SOLD, Decimal(-1))
        assert ledger.post([loose], by=phones.owner, source=phones.register, occurred_at=timezone.now())
    problem = f"account {phones.id}, batch {batch}: holds 1.000, but 2 pieces stand in it\n"
    for options in ((), ("--rebuild",)):
        assert run(*options) == (1, problem)
    with phones.inside():
        more = Entry(batch, MovementKind.FOUND, Decimal(2))
        assert ledger.post([more], by=phones.owner, source=phones.register, occurred_at=timezone.now())
    assert run() == (1, problem.replace("1.000", "3.000"))


def test_a_piece_in_a_batch_of_what_is_not_tracked_so_is_named(phones):
    batch = pieces(phones)["A1"]
    corrupt("UPDATE products SET tracking = 'NONE' WHERE sku = 'PHONE'")
    assert run() == (1, f"account {phones.id}, batch {batch}: holds 2.000, but 2 pieces stand in it\n")


def test_a_piece_that_left_twice_is_named_and_stays(phones):
    corrupt("UPDATE stock_movements SET serial_id = %s WHERE kind = 'SOLD'", piece(phones, "A1"))
    corrupt("DELETE FROM stock_movements WHERE kind = 'RECEIVED' AND serial_id = %s", piece(phones, "A1"))
    code, text = run("--rebuild")
    assert code == 1
    assert f"serial number {piece(phones, 'A1')}: its movements sum to -1.000 pieces" in text


# --- Papers -----------------------------------------------------------------------------------------------------------


def test_what_is_on_the_road_is_what_its_transfers_have_there(shop):
    sent(shop, add_place(shop))
    assert run() == WELL
    with shop.inside():
        pick = shop.account.transfer_picks.order_by("id").first()
    corrupt("UPDATE transfer_picks SET accepted = 4 WHERE id = %s", pick.pk)
    before = everything()
    problem = f"batch {pick.in_transit_id}: holds 10.000 on the road, but its transfers have 6.000 there"
    for options in ((), ("--rebuild",)):
        assert run(*options) == (1, f"account {shop.id}, {problem}\n")
    corrupt("DELETE FROM transfer_picks WHERE id = %s", pick.pk)
    assert "holds 10.000 on the road, but its transfers have 0 there" in run()[1]
    assert everything() == before


def test_what_came_of_an_order_is_what_its_deliveries_brought(shop):
    with shop.inside():
        order = inventory.add_order(
            by=shop.owner,
            supplier=shop.account.suppliers.create(name="Trader").pk,
            location=shop.storefront.pk,
            lines=[
                {"product": product.pk, "quantity": Decimal(9), "unit_cost": Decimal(1)} for product in shop.products
            ],
        )
        inventory.place_order(by=shop.owner, order=order)
        for quantity in ("2", "0.5"):
            items = [{"product": product.pk, "quantity": Decimal(quantity)} for product in shop.products[:2]]
            inventory.receive_order(by=shop.owner, order=order, items=items)
        sent_back = shop.account.stock_products.filter(stock__order=order).select_related("stock").first()
        inventory.send_back_stock(
            by=shop.owner, stock=sent_back.stock, items=[{"batch": sent_back.pk, "quantity": Decimal(1)}]
        )
        lines = {line.product_id: line.pk for line in order.lines.all()}
    assert run() == WELL
    first, _, third = (lines[product.pk] for product in shop.products)
    corrupt("UPDATE purchase_order_lines SET received_quantity = 3 WHERE id = ANY(%s)", [first, third], rows=2)
    assert run("--rebuild") == (
        1,
        "".join(
            f"account {shop.id}, order line {line}: 3.000 of it came, but its deliveries brought {brought}\n"
            for line, brought in sorted(((first, "2.500"), (third, "0")))
        ),
    )


# --- One account, and all ---------------------------------------------------------------------------------------------


def test_one_account_is_looked_at_and_repaired_without_the_others(shop):
    other = open_shop("Stranger Stores")
    for each in (shop, other):
        corrupt("UPDATE stock_products SET quantity = 7 WHERE id = %s", batches(each)[0])
    assert run("--account", other.id)[1].count("account") == 1
    assert run("--account", other.id, "--rebuild")[0] == 0
    assert (on_hand(shop)[0], on_hand(other)[0]) == (7, 100)
    assert run("--account", other.id) == WELL
    assert run("--account", uuid7()) == WELL
    assert run()[0] == 1
    assert run("--rebuild")[0] == 0
    assert on_hand(shop)[0] == 100
    assert [len(rebuilt(each)) for each in (shop, other)] == [1, 1]


def test_an_account_that_is_no_id_is_refused():
    with pytest.raises((CommandError, SystemExit)):
        call_command("verify_ledger", "--account", "Ama")


def test_two_that_repair_at_once_repair_once(shop):
    batch = batches(shop)[0]
    corrupt("UPDATE stock_products SET quantity = 7 WHERE id = %s", batch)
    rows = {"stock_products": [batch]}
    results = at_once([lambda: inventory.rebuild_from_ledger(account_id=shop.id, rows=rows)] * 5)
    assert sorted(map(len, results)) == [0, 0, 0, 0, 1]
    assert (on_hand(shop)[0], len(rebuilt(shop)), run()) == (100, 1, WELL)


@contextmanager
def selling(shop: Shop, batch: object):
    """10 are taken, and not yet committed."""
    with shop.inside():
        assert post(shop, (batch, -10))
        yield


def test_what_was_sold_from_a_false_count_is_gone_from_the_right_one_and_its_line_stays_named(shop):
    batch = batches(shop)[0]
    corrupt("UPDATE stock_products SET quantity = 50 WHERE id = %s", batch)
    assert move(shop, (batch, -10))
    code, text = run("--rebuild")
    assert (code, on_hand(shop)[0]) == (1, 90)
    assert text.splitlines() == [
        f"Brought account {shop.id}, batch {batch}: quantity 40.000 to 90.000, movement_count 2 to 2",
        f"account {shop.id}, batch {batch}: movement 2 says 40.000 is left after it, not 90.000",
    ]


def rebuilt_while_sold(shop: Shop) -> None:
    batch = batches(shop)[0]
    corrupt("UPDATE stock_products SET quantity = 50 WHERE id = %s", batch)
    rows = {"stock_products": [batch]}
    call = lambda: inventory.rebuild_from_ledger(account_id=shop.id, rows=rows)  # noqa: E731
    ((repair,),) = one_behind_another([call], held=selling(shop, batch))
    assert repair.table == "stock_products"


def test_what_is_sold_while_a_batch_is_repaired_is_not_lost(shop):
    rebuilt_while_sold(shop)
    assert (on_hand(shop)[0], run()[0]) == (90, 1)  # the sale built on the false count, and its balance says so
    assert "holds" not in run()[1]


def test_control_without_the_lock_before_it_a_repair_forgets_what_was_sold_meanwhile(shop, monkeypatch):
    weaken(monkeypatch, rebuild, "_LOCK_BATCHES", "FOR NO KEY UPDATE")
    rebuilt_while_sold(shop)
    assert on_hand(shop)[0] == 100
    assert "holds 100.000, but its movements sum to 90.000" in run()[1]
