"""The staff's console lists the money that somebody should look after."""

import re

import pytest
from django.urls import reverse

from accounts.roles import Role
from fakes import control
from tests.billing.payments import bought, decide, pursue
from tests.conftest import open_shop
from tests.console import hire

pytestmark = pytest.mark.usefixtures("committed")


def test_staff_find_wrong_amounts_and_money_that_went_back(fake):
    shop, client = open_shop("Ama Provisions", prices=("10.00",)), hire(Role.SUPPORT).client()
    good, wrong, gone, declined = (bought(shop) for _ in range(4))
    decide(fake, good)
    decide(fake, wrong, amount="1")
    decide(fake, gone)
    control.refund(fake.ledger, gone.reference, notify=0)
    decide(fake, declined, "FAILED")
    for attempt in (good, wrong, gone, declined):
        pursue(attempt)

    def listed(**wanted):
        page = client.get(reverse("admin:billing_paymentattempt_changelist"), {"account": str(shop.id), **wanted})
        assert page.status_code == 200
        found = page.content.decode().partition('id="result_list"')[2]
        return {attempt.pk for attempt in (good, wrong, gone, declined) if re.search(str(attempt.pk), found)}

    assert listed() == {good.pk, wrong.pk, gone.pk, declined.pk}
    assert (listed(wrong="amount"), listed(wrong="reversed")) == ({wrong.pk}, {gone.pk})
    change = reverse("admin:billing_paymentattempt_change", args=[wrong.pk])
    assert "wrong_amount" in client.get(change).content.decode()
    assert client.post(change, {"state": "PAID"}).status_code == 403
