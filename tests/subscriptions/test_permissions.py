"""The permission classes by their names: what they let in is what the policy table says, whatever the view is about."""

import pytest
from django.urls import path
from rest_framework.response import Response

from accounts.permissions import HasTenantAccess
from core.api.views import DeclaredView
from subscriptions import permissions
from tests.access import BLOCKED, EDGES, FULL, IN_GRACE, STATES, UNPAID, put_in_state

NAMED = {
    "RequiresActiveSubscription": "sales",
    "RequiresSubscriptionForInventoryModification": "inventory",
    "RequiresSubscriptionForReports": "reports",
    "RequiresSubscriptionForExports": "exports",
    "RequiresSubscriptionForAutomation": "automation",
}


def guarded(name):
    class Guarded(DeclaredView):
        """A view that names no feature: its permission class does."""

        permission_classes = (HasTenantAccess, getattr(permissions, name))

        def get(self, request):
            return Response("open")

        post = get

    return Guarded.as_view()


urlpatterns = [path(f"{name}/", guarded(name)) for name in NAMED]


@pytest.mark.urls("tests.subscriptions.test_permissions")
@pytest.mark.parametrize("situation", [*STATES, *EDGES])
def test_each_class_lets_in_whom_the_policy_lets_in_and_says_402_to_the_others(shop, situation):
    put_in_state(shop, situation)
    state = EDGES[situation][0] if situation in EDGES else situation
    client, found, wanted = shop.client(), {}, {}
    for name, feature in NAMED.items():
        opened = FULL if state in ("TRIAL", "ACTIVE") else (IN_GRACE if state == "GRACE" else UNPAID)[feature]
        wanted[name] = [200 if opened != BLOCKED else 402, 200 if opened == FULL else 402]
        answers = client.get(f"/{name}/"), client.post(f"/{name}/", {})
        found[name] = [answer.status_code for answer in answers]
        for answer in answers:
            if answer.status_code == 402:
                body = answer.json()
                assert (body["code"], body["meta"]) == ("subscription_expired", {"state": state, "feature": feature})
    assert found == wanted
