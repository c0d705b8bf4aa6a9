from core.errors import DomainError


class SubscriptionExpired(DomainError):
    status = 402
    code = "subscription_expired"
    detail = "The subscription does not cover this now. Renew it to go on."
