"""What tills send of a shift that is closed by now: the same count is known, and a hand-over changes no Z report."""

import pytest

from tests.sales.drawer import SHIFTS, close, ok, report, start
from tests.sales.offline import ago, codes, problems, shift_close, shift_hand_over, sync

pytestmark = pytest.mark.django_db


def closed(shop):
    """A shift of yesterday's fifty, which was closed an hour ago."""
    shift = start(shop, opened_at=ago(hours=5))
    ok(close(shop, shift, ("20", 2), ("5", 1), ("1", 5), closed_at=ago(hours=1)))
    return shift


@pytest.mark.parametrize(
    "pieces",
    [
        [("20", 2), ("5", 1), ("1", 5)],
        [("1", 5), ("20", 2), ("5", 1)],
        [("5.00", 1), ("1", 5), ("20", 2), ("50", 0)],
    ],
)
def test_the_same_count_in_another_order_is_the_same_closing(shop, pieces):
    shift = closed(shop)
    z = report(shop, shift, "z")
    [answer] = sync(shop, shift_close(shift["id"], *pieces, closed_at=ago(hours=1)))
    assert (answer["verdict"], codes(answer)) == ("DUPLICATE", [])
    assert report(shop, shift, "z") == z


@pytest.mark.parametrize("pieces", [[("20", 2), ("5", 2)], [("20", 2), ("5", 1), ("1", 4)], [("50", 1)], []])
def test_another_count_is_another_closing_and_changes_nothing(shop, pieces):
    shift = closed(shop)
    z = report(shop, shift, "z")
    [answer] = sync(shop, shift_close(shift["id"], *pieces, closed_at=ago(hours=1)))
    assert (answer["verdict"], codes(answer), answer["is_final"]) == ("REJECTED", ["shift_closed"], True)
    assert report(shop, shift, "z") == z


def notes(shop):
    with shop.inside():
        return list(shop.account.hand_overs.values_list("counted", "expected"))


def test_a_hand_over_of_before_the_closing_is_written_down_and_changes_no_z(shop):
    shift = closed(shop)
    z = report(shop, shift, "z")
    item = shift_hand_over(shift["id"], "45", occurred_at=ago(hours=2))
    [answer] = sync(shop, item)
    assert (answer["verdict"], codes(answer), answer["row"]["counted"]) == ("ACCEPTED", [], "45.00")
    assert sync(shop, item)[0]["verdict"] == "DUPLICATE"
    assert (notes(shop), report(shop, shift, "z"), problems(shop)) == ([(45, 50)], z, [])


def test_a_hand_over_of_after_the_closing_is_noted(shop):
    shift = closed(shop)
    z = report(shop, shift, "z")
    [answer] = sync(shop, shift_hand_over(shift["id"], "45", occurred_at=ago(minutes=5)))
    assert (answer["verdict"], codes(answer)) == ("ACCEPTED_WITH_EXCEPTION", ["shift_closed"])
    assert (len(notes(shop)), report(shop, shift, "z")) == (1, z)
    with shop.inside():
        assert shop.account.sync_issues.get().storefront_id == shop.storefront.pk


def test_at_the_till_nobody_takes_over_a_closed_shift(shop):
    shift = closed(shop)
    for body in ({"counted": "45"}, {"counted": "45", "occurred_at": ago(hours=2)}):
        response = shop.client().post(f"{SHIFTS}{shift['id']}/hand-over/", body)
        assert (response.status_code, response.json()["code"]) == (409, "shift_closed")
    assert notes(shop) == []
