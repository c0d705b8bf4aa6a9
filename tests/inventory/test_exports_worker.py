"""An export by real workers, one of which is killed in the middle."""

from decimal import Decimal

from inventory.models import Product
from tests import works

ROWS = 5_000


def stock_up(shop):
    with shop.inside():
        Product.across_accounts.bulk_create(
            Product(account=shop.account, sku=f"T-{number:05d}", name=f"Thing {number} ɛ", retail_price=Decimal(5))
            for number in range(ROWS)
        )


def told(shop, task):
    return shop.client().get(f"/api/v1/system/tasks/{task.pk}/").json()["data"]


def file_of(shop, task):
    answer = shop.client().get(f"/api/v1/system/tasks/{task.pk}/file/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    answer.close()
    return text.splitlines()


def test_s46_an_export_whose_worker_is_killed_is_written_whole_and_once_by_the_next(busy, files_dir):
    """S46."""
    stock_up(busy)
    with busy.inside():
        asked = {"what": "PRODUCTS", "format": "CSV", "most": None, "location": None, "first_on": None, "last_on": None}
        task = works.start(busy.owner, "export_slowly", **asked)
    with works.Gate() as gate:
        with works.worker() as first:
            works.wait_until(gate.has_waiting)
            assert (told(busy, task)["state"], told(busy, task)["done"]) == ("RUNNING", 4_000)
            first.kill()
            first.wait()
        gate.open()
        with works.worker():
            works.wait_until(lambda: told(busy, task)["state"] == "DONE")
    rows = ROWS + len(busy.products)
    assert told(busy, task)["result"] == {"rows": rows, "is_sample": False}
    lines = file_of(busy, task)
    assert len(lines) == rows + 1
    found = [line.split(",")[0] for line in lines if line.startswith("T-")]
    assert found == [f"T-{number:05d}" for number in range(ROWS)]
    assert len([path for path in files_dir.rglob("*") if path.is_file()]) == 1
    with busy.inside():
        assert busy.account.private_files.count() == 1
