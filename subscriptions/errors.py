from core.errors import DomainError


class SubscriptionExpired(DomainError):
    status = 402
    code = "subscription_expired"
    detail = "The subscription does not cover this now. Renew it to go on."


class LimitReached(DomainError):
    code = "limit_reached"
    detail = "The plan covers {limit} {resource}, and there are {used}. Choose a larger one to have more."


class PlanNotSold(DomainError):
    code = "plan_not_sold"
    detail = "The plan {plan} is not sold {cycle} for {storefronts} storefronts."


class PlanComesLater(DomainError):
    code = "plan_comes_later"
    detail = "What is paid for runs to {ends_on}. Choose the smaller plan as the next one: it begins then."


class PlanTaken(DomainError):
    code = "plan_taken"
    detail = "What is paid for goes on with the plan {plan} already, from {next_from}."


class NoSubscription(DomainError):
    code = "no_subscription"
    detail = "There is no subscription that runs. Pay for a plan to begin one."
