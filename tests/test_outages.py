"""A worker of gunicorn is killed, or the database goes and comes back: what was sold is sold once, and all goes on."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from uuid_utils.compat import uuid7

from core.postgres import EmbeddedServer
from tests.core.test_postgres import scratch
from tests.database import administrator
from tests.races import watching
from tests.server import ROOT, gunicorn

SALES = "/api/v1/sales/sales/"
PATIENCE = 60  # seconds
OUTAGE = (500, 502, 503, 504)


def workers() -> list[psutil.Process]:
    """Of the gunicorns that this test has started."""
    masters = [each for each in psutil.Process().children() if "gunicorn" in " ".join(each.cmdline())]
    return [worker for master in masters for worker in master.children()]


def kill_workers() -> None:
    dead = workers()
    assert dead
    for each in dead:
        each.kill()
    psutil.wait_procs(dead, timeout=PATIENCE)


def insist(call):
    """What a till does: the same again, as long as nobody says what became of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = call()
        except requests.ConnectionError:
            answer = None
        in_flight = answer is not None and answer.status_code == 409 and answer.json()["code"] == "request_in_flight"
        if answer is not None and answer.status_code not in OUTAGE and not in_flight:
            return answer
        assert time.monotonic() < deadline, "no answer"
        time.sleep(0.1)


def till(shop, url):
    """A sale of this body, each time with the same key."""
    headers = {"Authorization": shop.bearer(), "Idempotency-Key": "sale-before-the-crash"}
    body = shop.basket()
    del body["id"]
    return lambda: requests.post(url + SALES, json=body, headers=headers, timeout=PATIENCE), body, headers


def sold_once(shop, answer):
    """There is one sale, the one that was answered; with its number, its money and its goods."""
    assert answer.status_code == 201, answer.content
    told = answer.json()["data"]
    with shop.inside():
        (sale,) = shop.account.sales.all()
        assert (str(sale.pk), sale.receipt_number) == (told["id"], told["receipt_number"])
        assert shop.account.payments.count() == 1
        assert shop.account.registers.get().last_number == 1
        assert shop.account.stock_movements.filter(kind="SOLD").count() == 1
        assert sum(shop.account.stock_products.values_list("quantity", flat=True)) == Decimal(499)
        assert shop.account.audit_events.filter(action="sale.completed").count() == 1


@contextmanager
def held(shop):
    """The register is somebody else's meanwhile, so that a sale stands in the middle of its transaction."""
    with administrator() as admin, admin.transaction():
        admin.execute("SELECT 1 FROM registers WHERE account_id = %s FOR UPDATE", [shop.id])
        yield


def test_s45_a_worker_is_killed_in_the_middle_of_a_sale_and_the_clients_retry_gets_one_sale(busy):
    """S45."""
    with gunicorn(workers=1) as url:
        sell, _, _ = till(busy, url)
        outcomes = []

        def try_once():
            try:
                outcomes.append(sell())
            except requests.ConnectionError as lost:
                outcomes.append(lost)

        with watching() as until_blocked:
            with held(busy):
                first = threading.Thread(target=try_once)
                first.start()
                until_blocked(1)
                kill_workers()
                first.join(timeout=PATIENCE)
            assert [type(each) for each in outcomes] == [requests.ConnectionError]
        sold_once(busy, insist(sell))
        again = sell()
        assert again.headers["Idempotency-Replayed"] == "true"
        sold_once(busy, again)


def test_s45_a_worker_is_killed_after_the_sale_before_its_answer_is_read_and_the_retry_is_told_of_it(busy):
    """S45."""
    with gunicorn(workers=1) as url:
        sell, body, headers = till(busy, url)
        where = urlsplit(url)
        request = requests.Request("POST", url + SALES, json=body, headers=headers).prepare()
        lines = [f"POST {SALES} HTTP/1.1", f"Host: {where.netloc}", *(f"{n}: {v}" for n, v in request.headers.items())]
        with socket.create_connection((where.hostname, where.port)) as deaf:
            deaf.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
            deadline = time.monotonic() + PATIENCE
            while True:
                with busy.inside():
                    if busy.account.sales.exists():
                        break
                assert time.monotonic() < deadline
                time.sleep(0.05)
            kill_workers()
        answer = insist(sell)
        assert answer.headers["Idempotency-Replayed"] == "true"
        sold_once(busy, answer)


def test_without_the_key_the_retry_is_a_second_sale(busy):
    """The control of S45."""
    with gunicorn(workers=1) as url:
        sell, body, headers = till(busy, url)
        insist(sell)
        kill_workers()
        body["id"] = str(uuid7())
        del headers["Idempotency-Key"]
        assert insist(sell).status_code == 201
    with busy.inside():
        assert busy.account.sales.count() == 2


# --- The database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def database():
    """A database server that is nobody else's, ready to serve."""
    with scratch() as folder:
        server = EmbeddedServer(folder)
        environment = {"MAKOLA_DATA": str(folder), "MAKOLA_DATABASE": "makola", "DATABASE_URL": ""}
        with server.running():
            for command in (["provision"], ["migrate", "--database", "owner", "--no-input"]):
                call = [sys.executable, "manage.py", *command, "-v", "0"]
                subprocess.run(call, cwd=ROOT, env={**os.environ, **environment}, check=True)
            yield server, environment


def register(url):
    """A new business with one thing to sell, all over HTTP: its headers, and the body of a sale."""
    api = f"{url}/api/v1/"
    owner = {"email": "ama@x.example", "password": "correct-horse-battery"}
    opened = requests.post(
        f"{api}accounts/auth/register-business/",
        json={"business_name": "Ama", "name": "Ama", "country": "GH", **owner},
        timeout=PATIENCE,
    )
    assert opened.status_code == 201, opened.content
    access = requests.post(f"{api}accounts/auth/token/", json=owner, timeout=PATIENCE).json()["data"]["access"]
    headers = {"Authorization": f"Bearer {access}"}

    def get(path):
        return requests.get(api + path, headers=headers, timeout=PATIENCE).json()["results"][0]["id"]

    service = {"sku": "S", "name": "Shave", "retail_price": "5.00", "is_stocked": False}
    product = requests.post(f"{api}inventory/products/", json=service, headers=headers, timeout=PATIENCE)
    assert product.status_code == 201, product.content
    return headers, {
        "id": str(uuid7()),
        "storefront": get("inventory/storefronts/"),
        "register": get("sales/registers/"),
        "lines": [{"product": product.json()["data"]["id"], "quantity": "1"}],
        "payments": [{"method": "CASH", "amount": "5.00"}],
    }


def test_s45_the_database_stops_and_starts_and_the_app_answers_503_and_then_as_before(database):
    """S45."""
    server, environment = database
    with gunicorn(workers=1, ACCOUNT_EMAIL_VERIFICATION="optional", READINESS_KEPT="0", **environment) as url:
        headers, body = register(url)
        running = [worker.pid for worker in workers()]

        def sell(sent):
            return requests.post(url + SALES, json=sent, headers=headers, timeout=PATIENCE)

        before = sell(body)
        assert before.status_code == 201, before.content
        server.stop()
        other = {**body, "id": str(uuid7())}
        for answer in (sell(other), requests.get(url + SALES, headers=headers, timeout=PATIENCE)):
            assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "try_again", "1")
        assert requests.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200
        ready = requests.get(f"{url}/readyz", timeout=PATIENCE)
        assert (ready.status_code, ready.json()["problems"]) == (503, ["The database does not answer."])
        server.ensure()
        assert insist(lambda: sell(other)).status_code == 201
        assert sell(body).headers["Idempotency-Replayed"] == "true"
        listed = requests.get(url + SALES, headers=headers, timeout=PATIENCE).json()
        assert {row["id"] for row in listed["results"]} == {body["id"], other["id"]}
        assert requests.get(f"{url}/readyz", timeout=PATIENCE).status_code == 200
        assert [worker.pid for worker in workers()] == running
