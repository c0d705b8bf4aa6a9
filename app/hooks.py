"""Whom the lower floors call by name, for they may not import what lies above them."""

# Kinds of work, and who does it: iterators of steps, called with by= and task=.
TASKS: dict[str, str] = {
    "inventory.export": "inventory.services.exporting.make_export",
    "inventory.labels": "inventory.services.labelling.make_labels",
    "inventory.import": "inventory.importing.running.run_import",
    "sales.export": "sales.services.exporting.make_sales_export",
    "system.audit": "system.services.make_audit_export",
    "reports.export": "reports.services.make_report",
    "reports.mail": "reports.services.mail_report",
}
# Who has lost the right does not get on with the work, nor at what it made.
TASK_RIGHTS = {
    "inventory.export": "report:export",
    "inventory.labels": "catalog:change",
    "inventory.import": "catalog:import",
    "sales.export": "report:export",
    "system.audit": "audit:read",
    "reports.export": "report:export",
    "reports.mail": "report:export",
}
# Kinds of notifications, and the right of those who are told.
NOTIFICATIONS: dict[str, str] = {
    "credits.low": "credit:buy",
    "till.paid_late": "debt:allow",
    "till.unmatched": "debt:allow",
    "subscription.payment": "subscription:read",
    "subscription.reminder": "subscription:change",
}
TASKS_IN_TURNS = {"inventory.import"}  # kinds that go on where they were, in another process as well

FIND_PLACE = "inventory.services.places.find_place"  # where a member may say that they usually work

# What a business is paid for, by its own keys where it has them; for everything else the platform is.
PAID_TO_BUSINESS = {"till"}
# What is paid for, and the services that hear, by= whom and attempt=, when its money has come and, where they grant
# something for it, when it has gone back.
PAYMENT_PURPOSES: dict[str, dict[str, str]] = {
    "till": {"paid": "sales.services.receive_payment"},
    "subscription": {
        "paid": "subscriptions.services.receive_subscription_payment",
        "taken_back": "subscriptions.services.take_back_subscription_payment",
    },
    "credits": {
        "paid": "billing.services.receive_credit_payment",
        "taken_back": "billing.services.take_back_credits",
    },
}
UNKNOWN_PAYMENTS = "sales.services.keep_transfer"  # money that nobody asked for

LIMITS = "subscriptions.services.check_limit"  # asked by= and resource= before there is one more

# What a new business starts with, floor by floor: services called with by=owner.
ACCOUNT_SETUP = [
    "subscriptions.services.start_trial",
    "inventory.services.open_first_places",
    "sales.services.add_first_register",
]
SWITCHES = "system.modules.switches_of"  # which modules are on, for whoever has signed in
# What proves that a floor's ledgers add up, and what makes anew from them what is kept beside them.
LEDGERS = [
    ("billing.sums.find_disagreements", "billing.services.rebuild_from_ledger"),
    ("inventory.sums.find_disagreements", "inventory.services.rebuild_from_ledger"),
    ("sales.sums.find_disagreements", "sales.services.rebuild_from_ledger"),
]
