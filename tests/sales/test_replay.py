import http.client
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from sales.replay import export, plan
from sales.replay.errors import Unreadable
from sales.replay.plan import Reason
from tests.conftest import PASSWORD, open_shop
from tests.sales.drawer import close, move, start
from tests.sales.owing import adds_up
from tests.server import ROOT, gunicorn

FILE = Path(__file__).with_name("till-export.csv")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
PATIENCE = 20  # seconds for another process


# --- Reading and planning, without a server --------------------------------------------------------------------------


def planned(rows="", *, exponent=2, tmp_path=None):
    file = FILE
    if rows:
        file = tmp_path / "export.csv"
        file.write_text(HEADER + rows)
    return plan.make(export.read(file), exponent=exponent)


def test_every_line_is_booked_or_left_out_with_its_reason():
    made = planned()
    assert {out.line.invoice: out.reason for out in made.left_out} == {
        "1005": Reason.ZERO_PRICE,
        "1006": Reason.NEGATIVE_QUANTITY,
        "C1009": Reason.NO_ORIGINAL,
        "C1010": Reason.ORIGINAL_USED_UP,
        "C1011": Reason.NO_CUSTOMER,
        "A1012": Reason.NEGATIVE_PRICE,
        "1013": Reason.TOO_FINE,
    }
    booked = sum(sale.total for sale in made.sales) - sum(refund.total for refund in made.refunds)
    assert booked + sum(out.line.amount for out in made.left_out) == made.export.total == Decimal("0.244")


def test_a_cancellation_is_spread_over_its_originals_the_oldest_first():
    taken = [(refund.reference, refund.sale.reference, refund.taken) for refund in planned().refunds]
    assert taken == [
        ("C1002", "1001", {1: Decimal(1)}),
        ("C1008", "1001", {1: Decimal(5)}),
        ("C1008", "1003", {1: Decimal(2)}),
    ]


def test_an_original_that_was_sold_later_or_at_another_price_is_none(tmp_path):
    rows = (
        "C1,CUP,,-1,12-01-2010 08:00,2.50,7,GH\n"
        "2,CUP,,1,12-01-2010 09:00,2.50,7,GH\n"
        "C3,CUP,,-1,12-01-2010 10:00,2.40,7,GH\n"
        "C4,CUP,,-1,12-01-2010 10:00,2.50,8,GH\n"
    )
    made = planned(rows, tmp_path=tmp_path)
    assert not made.refunds
    assert [(out.line.invoice, out.reason) for out in made.left_out] == [
        ("C1", Reason.NO_ORIGINAL),
        ("C3", Reason.NO_ORIGINAL),
        ("C4", Reason.NO_ORIGINAL),
    ]


def test_an_invoice_longer_than_a_sale_may_be_becomes_several(tmp_path):
    made = planned("7,CUP,,1,12-01-2010 08:00,2.50,7,GH\n" * 501, tmp_path=tmp_path)
    assert [(sale.reference, len(sale.lines)) for sale in made.sales] == [("7/1", 500), ("7/2", 1)]


def test_a_currency_without_decimals_takes_whole_prices_only(tmp_path):
    rows = "1,CUP,,1,12-01-2010 08:00,250,7,GH\n2,CUP,,2,12-01-2010 08:00,250.50,7,GH\n"
    made = planned(rows, exponent=0, tmp_path=tmp_path)
    assert [out.line.invoice for out in made.left_out] == ["2"]


def test_postage_is_not_goods_and_a_product_is_named_by_its_first_line_with_a_name():
    items = {item.sku: (item.name, item.is_stocked, item.sold) for item in planned().items()}
    assert items == {
        "CUP": ("RED CUP", True, Decimal(9)),
        "BOWL": ("BLUE BOWL", True, Decimal(3)),
        "POST": ("POSTAGE", False, Decimal(1)),
        "M": ("Manual", False, Decimal(1)),
        "cup": ("red cup", True, Decimal(1)),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no column InvoiceNo"),
        (HEADER, "has no invoice lines"),
        (HEADER + "1,CUP,,many,12-01-2010 08:00,2.50,7,GH\n", "Row 2 is not an invoice line"),
        (HEADER + "1,CUP,,1,31-12-2010 08:00,2.50,7,GH\n", "Row 2 is not an invoice line"),
        (HEADER + "1,CUP,,1,12-01-2010 08:00,NaN,7,GH\n", "Row 2 is not an invoice line"),
        (HEADER + "1,CUP\n", "Row 2 is not an invoice line"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_row(tmp_path, text, sentence):
    file = tmp_path / "export.csv"
    file.write_text(text)
    with pytest.raises(Unreadable, match=sentence):
        export.read(file)


# --- Against a real server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(django_db_setup):
    """One gunicorn for all tests here, for starting it costs more than what they ask of it."""
    with gunicorn() as url:
        yield url


@pytest.fixture
def server(address, committed):
    return address


@pytest.fixture
def _quick_passwords():
    """The server knows the real hashes only."""


@pytest.fixture
def shop(server):
    """Far from UTC, so that a business day of the file is not a day of UTC."""
    return open_shop("Ama Provisions", time_zone="Asia/Tokyo")


def arguments(url, *, email="owner@ama-provisions.example", password=PASSWORD):
    return ["replay", str(FILE), "--base-url", url, "--email", email, "--password", password]


def replay(url, **who):
    said = StringIO()
    call_command(*arguments(url, **who), stdout=said)
    return said.getvalue()


def books(shop):
    """What the API says of the two days, and how many documents there are."""
    span = {"first_on": "2010-11-30", "last_on": "2010-12-03"}
    days = shop.client().get("/api/v1/sales/sales/summary/", span).json()["data"]
    with shop.inside():
        documents = (shop.account.sales.count(), shop.account.refunds.count(), shop.account.stock.count())
        on_hand = dict(
            shop.account.stock_products.filter(product__sku__in=["CUP", "BOWL", "cup"]).values_list(
                "product__sku", "quantity"
            )
        )
    return [(day["day"], day["sale_total"], day["refund_total"]) for day in days], documents, on_hand


BOOKED = (
    [("2010-12-01", "70.94", "2.55"), ("2010-12-02", "3.35", "17.85")],
    (5, 3, 2),  # one of the two deliveries is the shop's own
    {"CUP": Decimal(8), "BOWL": Decimal(0), "cup": Decimal(0)},
)


def test_a_replay_agrees_to_the_penny_and_a_second_one_books_nothing(shop, server):
    first = replay(server)
    assert "Everything agrees." in first
    assert "row 12, 2010-12-02, invoice C1009, D: -1 × 27.50 = -27.50: cancellation whose original is" in first
    assert "13 received - 13 sold + 8 returned = 8; on hand 8.000" in first
    assert books(shop) == BOOKED
    with shop.inside():
        assert not shop.account.products.get(sku="POST").is_stocked
        assert shop.account.sales.get(total="53.30").sold_at.isoformat() == "2010-11-30T23:26:00+00:00"
    second = replay(server)
    assert "sales: 5 of 5 were there already" in second
    assert second.partition("Not booked:")[2].splitlines()[:-1] == first.partition("Not booked:")[2].splitlines()[:-1]
    assert books(shop) == BOOKED


def test_each_day_has_its_shift_and_who_buys_on_account_pays_the_next_day(shop, server):
    said = replay(server)
    assert re.search(r"2010-12-01 +1 +70\.94 +2\.55 +9\.99 +0\.00 +yes", said)
    assert re.search(r"2010-12-02 +2 +3\.35 +17\.85 +61\.75 +0\.00 +yes", said)
    assert "1 customers on account owe 0.00 after the last day, and 17.85 is kept for them." in said
    with shop.inside():
        shifts = list(shop.account.shifts.order_by("opened_at"))
        assert [(shift.z_number, shift.counted, shift.difference) for shift in shifts] == [
            (1, Decimal("9.99"), Decimal(0)),
            (2, Decimal("61.75"), Decimal(0)),
        ]
        assert not shop.account.sales.filter(shift=None).exists()
        customer = shop.account.customers.get(name="Customer 17850")
        assert (customer.debt, customer.wallet) == (Decimal(0), Decimal("17.85"))
    adds_up(shop)


def test_somebody_elses_open_shift_is_left_alone_and_a_replay_waits_for_its_end(shop, server):
    shift = start(shop)
    with pytest.raises(CommandError, match=r"^The shift of 2010-12-01 was refused: "):
        replay(server)
    with shop.inside():
        assert not shop.account.sales.exists()
    assert close(shop, shift, ("50", 1)).status_code == 200
    assert "Everything agrees." in replay(server)


def test_a_drawer_that_does_not_hold_what_the_file_says_is_named(shop, server):
    """The control: cash that somebody moved in the replay's shift."""
    with bad_line(server, {("POST", "sales/", 3): "hold"}) as line:
        process = begin(line)
        try:
            assert line.holding.wait(PATIENCE), process.communicate()
        finally:
            process.kill()
            process.communicate()
    (shift,) = shop.client().get("/api/v1/sales/shifts/").json()["results"]
    assert move(shop, shift, "PAID_IN", "5").status_code == 201
    said = StringIO()
    with pytest.raises(CommandError, match="does not reconcile"):
        call_command(*arguments(server), stdout=said)
    assert re.search(r"2010-12-01 +1 +70\.94 +2\.55 +14\.99 +-5\.00 +NO", said.getvalue())


def test_what_others_sold_on_those_days_is_told_apart(shop, server):
    replay(server)
    with shop.inside():
        cup = shop.account.products.get(sku="CUP")
    shop.products = [cup]
    response = shop.client().post(
        "/api/v1/sales/sales/", shop.basket("2", sold_at="2010-12-01T12:00:00+09:00"), format="json"
    )
    assert response.status_code == 201, response.content
    said = replay(server)
    assert "others booked 5.10 in sales" in said
    assert "Others moved 1 of these products, by -2.000 together" in said
    assert "Everything agrees." in said


def test_books_that_differ_from_the_file_are_named_and_fail(shop, server, tmp_path, monkeypatch):
    replay(server)
    changed = tmp_path / "changed.csv"
    changed.write_text(FILE.read_text().replace("1004,BOWL,BLUE BOWL,1", "1004,BOWL,BLUE BOWL,2"))
    monkeypatch.setattr(sys.modules[__name__], "FILE", changed)
    said = StringIO()
    with pytest.raises(CommandError, match="does not reconcile"):
        call_command(*arguments(server), stdout=said)
    assert "Invoice 1004 is 19.98 in the file and 9.99 in the API." in said.getvalue()


def test_a_wrong_password_and_a_missing_right_are_said_in_a_sentence(shop, server):
    with pytest.raises(CommandError, match=r"^The e-mail address or the password is wrong\."):
        replay(server, password="wrong")
    with pytest.raises(CommandError, match="may not catalog:change, debt:allow, debt:read, price:override, "):
        replay(server, email="cashier@ama-provisions.example")
    with pytest.raises(CommandError, match=r"^Nothing answers at http://127\.0\.0\.1:9: ConnectionError\."):
        replay("http://127.0.0.1:9")


# --- A bad line between the till and the server -----------------------------------------------------------------------


class BadLine(BaseHTTPRequestHandler):
    """Hands every request on, and then does to the answer to the nth request for a path what `faults` says."""

    server: "BadServer"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.hand_on()

    def do_POST(self):
        self.hand_on()

    def hand_on(self):
        fault = self.server.next_fault(self.command, self.path)
        if fault == "no token":
            self.headers.replace_header("Authorization", "Bearer run-out")
        status, headers, body = self.asked()
        if fault == "hold":
            self.server.holding.set()
            self.server.released.wait(PATIENCE)
        if fault in ("hold", "lose"):
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def asked(self):
        upstream = http.client.HTTPConnection(urlsplit(self.server.upstream).netloc, timeout=PATIENCE)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream.request(self.command, self.path, body=body or None, headers=dict(self.headers))
        answer = upstream.getresponse()
        try:
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()


class BadServer(ThreadingHTTPServer):
    def __init__(self, upstream, faults):
        super().__init__(("127.0.0.1", 0), BadLine)
        self.upstream, self.faults, self.seen = upstream, faults, {}
        self.holding, self.released = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def next_fault(self, method, path):
        kind = method, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", urlsplit(path).path).removeprefix("/api/v1/sales/")
        self.seen[kind] = self.seen.get(kind, 0) + 1
        return self.faults.get((*kind, self.seen[kind]))


@contextmanager
def bad_line(upstream, faults):
    with BadServer(upstream, faults) as line:
        thread = threading.Thread(target=line.serve_forever)
        thread.start()
        try:
            yield line
        finally:
            line.released.set()
            line.shutdown()
            thread.join()


def test_lost_answers_and_a_token_that_ran_out_change_nothing(shop, server):
    faults = {
        ("POST", "customers/", 1): "lose",
        ("POST", "sales/", 2): "lose",
        ("POST", "sales/", 4): "no token",
        ("POST", "sales/*/refunds/", 1): "lose",
        ("POST", "shifts/", 1): "lose",
        ("POST", "shifts/*/close/", 1): "lose",
        ("POST", "customers/*/payments/", 1): "lose",
        ("GET", "sales/summary/", 1): "lose",
    }
    with bad_line(server, faults) as line:
        assert "Everything agrees." in replay(line.url)
        assert line.seen["POST", "sales/"] == 5 + 2
        assert line.seen["POST", "/api/v1/accounts/auth/token/refresh/"] == 1
    assert books(shop) == BOOKED


def hear_interrupts():
    """What a shell has begun in the background ignores them, and so would its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begin(line):
    """A replay in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments(line.url)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509 - it only sets a signal
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_replay_that_was_stopped_before_an_answer_came_goes_on_where_it_was(shop, server, number):
    with bad_line(server, {("POST", "sales/", 3): "hold"}) as line:
        process = begin(line)
        try:
            assert line.holding.wait(PATIENCE), process.communicate()
            process.send_signal(number)
            _, complaint = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    if number == signal.SIGINT:
        assert (process.returncode, complaint) == (130, "CommandError: Interrupted: run it again to go on.\n")
    with shop.inside():
        assert shop.account.sales.count() == 3
    said = replay(server)
    assert "sales: 3 of 5 were there already" in said
    assert "Everything agrees." in said
    assert books(shop) == BOOKED
