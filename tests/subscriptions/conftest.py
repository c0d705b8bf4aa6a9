import pytest
from django.db import connections

from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration


@pytest.fixture
def reference_as_it_was(django_db_setup, django_db_blocker):
    """What is the same for everybody outlives the emptying of businesses: put it back afterwards."""
    models = (SubscriptionPricingTier, SubscriptionPlan, TaxConfiguration, ServiceCharge)
    with django_db_blocker.unblock():
        kept = {model: list(model.objects.using("staff").all()) for model in models}
    yield
    with django_db_blocker.unblock():
        for model, rows in kept.items():
            model.objects.using("staff").exclude(pk__in=[row.pk for row in rows]).delete()
            for row in rows:
                row.save(using="staff")
        connections.close_all()
