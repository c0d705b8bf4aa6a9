"""Who may do what, by which credential, in which state of the subscription: the whole table, written out here.

A new route has to get a row in `TABLE`; nothing here is read from the declarations that it checks.
"""

from copy import deepcopy
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from subscriptions.models import Subscription
from tests.conftest import PASSWORD
from tests.routes import routes

PUBLIC = "everybody"
LEAVING = "everybody, also who is signed out already, but not two people at once"
MEMBER = "any member"
FINISHES = "in grace too, for a shift that began before"
OF_PLATFORM = "the platform's staff in person, while they act for no business"
PERSON = "any member in person: neither by PIN, nor for a business"

# What a route asks for: a right, and the feature that the subscription has to cover.
TABLE = {
    "GET accounts/auth/csrf/": PUBLIC,
    "POST accounts/auth/register-business/": PUBLIC,
    "POST accounts/auth/login/": PUBLIC,
    "POST accounts/auth/logout/": LEAVING,
    "POST accounts/auth/token/": PUBLIC,
    "POST accounts/auth/token/refresh/": PUBLIC,
    "POST accounts/auth/token/revoke/": PUBLIC,
    "POST accounts/auth/verify-email/": PUBLIC,
    "POST accounts/auth/verify-email/again/": PUBLIC,
    "POST accounts/auth/password/change/": PERSON,
    "POST accounts/auth/password/reset/": PUBLIC,
    "POST accounts/auth/password/reset/confirm/": PUBLIC,
    "GET accounts/auth/invitations/{token}/": PUBLIC,
    "POST accounts/auth/invitations/{token}/accept/": PUBLIC,
    "GET accounts/auth/pin/": PUBLIC,  # on a registered till
    "POST accounts/auth/pin/": PUBLIC,  # on a registered till
    "POST accounts/auth/pin/change/": PERSON,
    "GET accounts/auth/me/": MEMBER,
    "POST accounts/auth/leave/": PERSON,
    "GET accounts/auth/mfa/": PERSON,
    "POST accounts/auth/mfa/": PERSON,
    "POST accounts/auth/mfa/remove/": PERSON,
    "POST accounts/auth/mfa/confirm/": PERSON,
    "POST accounts/auth/mfa/recovery-codes/": PERSON,
    "GET accounts/auth/sessions/": PERSON,
    "DELETE accounts/auth/sessions/": PERSON,
    "GET accounts/auth/sessions/{pk}/": PERSON,
    "DELETE accounts/auth/sessions/{pk}/": PERSON,
    "GET accounts/roles/": MEMBER,
    "GET accounts/memberships/": ("member:read", "account"),
    "GET accounts/memberships/{pk}/": ("member:read", "account"),
    "PATCH accounts/memberships/{pk}/": ("member:change", "account"),
    "POST accounts/memberships/{pk}/deactivate/": ("member:change", "account"),
    "POST accounts/memberships/{pk}/reactivate/": ("member:change", "account"),
    "POST accounts/memberships/{pk}/remove-pin/": ("member:change", "account"),
    "POST accounts/memberships/{pk}/erase/": ("member:change", "account"),
    "POST accounts/memberships/{pk}/hand-over/": ("owner:change", "account"),
    "GET accounts/invitations/": ("member:read", "account"),
    "POST accounts/invitations/": ("member:change", "account"),
    "GET accounts/invitations/{pk}/": ("member:read", "account"),
    "POST accounts/invitations/{pk}/resend/": ("member:change", "account"),
    "POST accounts/invitations/{pk}/revoke/": ("member:change", "account"),
    "GET accounts/devices/": ("device:read", "account"),
    "POST accounts/devices/": ("device:change", "account"),
    "GET accounts/devices/{pk}/": ("device:read", "account"),
    "PATCH accounts/devices/{pk}/": ("device:change", "account"),
    "GET accounts/account/": ("account:read", "account"),
    "PATCH accounts/account/": ("account:change", "account"),
    "GET accounts/account/take-out/": ("account:export", "account"),
    "GET system/onboarding/": ("account:read", "account"),
    "GET system/audit-logs/": ("audit:read", "account"),
    "GET system/audit-logs/{pk}/": ("audit:read", "account"),
    "POST system/audit-logs/export/": ("audit:read", "account"),
    "POST billing/webhooks/momo/": PUBLIC,  # for gateways, whose word is not taken
    "PUT billing/webhooks/momo/": PUBLIC,
    "POST billing/webhooks/momo/{account}/": PUBLIC,
    "PUT billing/webhooks/momo/{account}/": PUBLIC,
    "POST billing/webhooks/paystack/": PUBLIC,
    "POST billing/webhooks/paystack/{account}/": PUBLIC,
    "POST billing/webhooks/stripe/": PUBLIC,
    "POST billing/webhooks/stripe/{account}/": PUBLIC,
    "GET billing/credits/balance/": ("credit:read", "account"),
    "GET billing/credits/costs/": ("credit:read", "account"),
    "GET billing/credits/quote/": ("credit:read", "account"),
    "GET billing/credits/usage/": ("credit:read", "account"),
    "GET billing/credits/packs/": ("credit:read", "account"),
    "GET billing/credits/transactions/": ("credit:read", "account"),
    "GET billing/credits/transactions/{pk}/": ("credit:read", "account"),
    "POST billing/credits/deduct/": ("credit:spend", "automation"),
    "GET billing/credits/reservations/": ("credit:read", "automation"),
    "POST billing/credits/reservations/": ("credit:spend", "automation"),
    "GET billing/credits/reservations/{pk}/": ("credit:read", "automation"),
    "POST billing/credits/reservations/{pk}/commit/": ("credit:spend", "automation"),
    "POST billing/credits/reservations/{pk}/release/": ("credit:spend", "automation"),
    "GET billing/credits/purchases/": ("credit:read", "account"),
    "POST billing/credits/purchases/": ("credit:buy", "account"),
    "GET billing/credits/purchases/{pk}/": ("credit:read", "account"),
    "POST billing/credits/purchases/{pk}/check/": ("credit:buy", "account"),
    "GET subscriptions/status/": ("account:read", "account"),
    "GET subscriptions/plans/": ("account:read", "account"),
    "GET subscriptions/my-pricing/": ("subscription:read", "account"),
    "GET subscriptions/payments/": ("subscription:read", "account"),
    "POST subscriptions/payments/": ("subscription:change", "account"),
    "GET subscriptions/payments/{pk}/": ("subscription:read", "account"),
    "POST subscriptions/payments/{pk}/verify/": ("subscription:change", "account"),
    "POST subscriptions/next-plan/": ("subscription:change", "account"),
    "POST subscriptions/cancel/": ("subscription:change", "account"),
    "POST subscriptions/resume/": ("subscription:change", "account"),
    "GET subscriptions/invoices/": ("subscription:read", "account"),
    "GET subscriptions/invoices/{pk}/": ("subscription:read", "account"),
    "GET subscriptions/invoices/{pk}/pdf/": ("subscription:read", "account"),
    "GET inventory/categories/": ("catalog:read", "inventory"),
    "POST inventory/categories/": ("catalog:change", "inventory"),
    "GET inventory/categories/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/categories/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/products/": ("catalog:read", "inventory"),
    "POST inventory/products/": ("catalog:change", "inventory"),
    "GET inventory/products/lookup/": ("catalog:read", "inventory"),
    "GET inventory/products/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/products/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/packs/": ("catalog:read", "inventory"),
    "POST inventory/packs/": ("catalog:change", "inventory"),
    "GET inventory/packs/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/packs/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/suppliers/": ("catalog:read", "inventory"),
    "POST inventory/suppliers/": ("supplier:change", "inventory"),
    "GET inventory/suppliers/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/suppliers/{pk}/": ("supplier:change", "inventory"),
    "POST inventory/suppliers/{pk}/erase/": ("supplier:change", "account"),
    "GET inventory/barcode-rules/": ("catalog:read", "inventory"),
    "POST inventory/barcode-rules/": ("catalog:change", "inventory"),
    "GET inventory/barcode-rules/{pk}/": ("catalog:read", "inventory"),
    "DELETE inventory/barcode-rules/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/reorder-points/": ("catalog:read", "inventory"),
    "POST inventory/reorder-points/": ("catalog:change", "inventory"),
    "GET inventory/reorder-points/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/reorder-points/{pk}/": ("catalog:change", "inventory"),
    "DELETE inventory/reorder-points/{pk}/": ("catalog:change", "inventory"),
    "GET inventory/locations/": ("stock:transfer", "inventory"),
    "GET inventory/storefronts/": ("catalog:read", "inventory"),
    "POST inventory/storefronts/": ("location:change", "inventory"),
    "GET inventory/storefronts/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/storefronts/{pk}/": ("location:change", "inventory"),
    "GET inventory/storefronts/{pk}/sale-catalog/": ("catalog:read", "inventory"),
    "GET inventory/storefronts/{pk}/stock-products/{product}/availability/": ("catalog:read", "inventory"),
    "GET inventory/reservations/": ("stock:read", "sales"),
    "POST inventory/reservations/": ("sale:complete", "sales"),
    "GET inventory/reservations/{pk}/": ("stock:read", "sales"),
    "DELETE inventory/reservations/{pk}/": ("sale:complete", "sales"),
    "GET inventory/warehouses/": ("catalog:read", "inventory"),
    "POST inventory/warehouses/": ("location:change", "inventory"),
    "GET inventory/warehouses/{pk}/": ("catalog:read", "inventory"),
    "PATCH inventory/warehouses/{pk}/": ("location:change", "inventory"),
    "GET inventory/stock/": ("stock:read", "inventory"),
    "POST inventory/stock/": ("stock:receive", "inventory"),
    "GET inventory/stock/{pk}/": ("stock:read", "inventory"),
    "GET inventory/stock/{pk}/attachments/": ("stock:read", "inventory"),
    "POST inventory/stock/{pk}/attachments/": ("stock:receive", "inventory"),
    "GET inventory/stock/{pk}/attachments/{attachment}/": ("stock:read", "inventory"),
    "POST inventory/stock/{pk}/return/": ("stock:receive", "inventory"),
    "GET inventory/supplier-returns/": ("stock:read", "inventory"),
    "GET inventory/supplier-returns/{pk}/": ("stock:read", "inventory"),
    "GET inventory/supplier-returns/{pk}/attachments/": ("stock:read", "inventory"),
    "POST inventory/supplier-returns/{pk}/attachments/": ("stock:receive", "inventory"),
    "GET inventory/supplier-returns/{pk}/attachments/{attachment}/": ("stock:read", "inventory"),
    "GET inventory/purchase-orders/": ("stock:read", "inventory"),
    "POST inventory/purchase-orders/": ("stock:receive", "inventory"),
    "GET inventory/purchase-orders/{pk}/": ("stock:read", "inventory"),
    "PATCH inventory/purchase-orders/{pk}/": ("stock:receive", "inventory"),
    "POST inventory/purchase-orders/{pk}/order/": ("stock:receive", "inventory"),
    "POST inventory/purchase-orders/{pk}/receive/": ("stock:receive", "inventory"),
    "POST inventory/purchase-orders/{pk}/close/": ("stock:receive", "inventory"),
    "POST inventory/purchase-orders/{pk}/cancel/": ("stock:receive", "inventory"),
    "GET inventory/stock-products/": ("stock:read", "inventory"),
    "GET inventory/stock-products/{pk}/": ("stock:read", "inventory"),
    "GET inventory/serial-numbers/": ("stock:read", "inventory"),
    "GET inventory/serial-numbers/{pk}/": ("stock:read", "inventory"),
    "GET inventory/stock-movements/": ("stock:read", "inventory"),
    "GET inventory/stock-movements/{pk}/": ("stock:read", "inventory"),
    "GET inventory/imports/": ("task:read", "inventory"),
    "POST inventory/imports/": ("catalog:import", "inventory"),
    "GET inventory/imports/{pk}/": ("task:read", "inventory"),
    "GET inventory/stock-counts/": ("stock:read", "inventory"),
    "POST inventory/stock-counts/": ("stock:count", "inventory"),
    "GET inventory/stock-counts/{pk}/": ("stock:read", "inventory"),
    "POST inventory/stock-counts/{pk}/scan/": ("stock:count", "inventory"),
    "POST inventory/stock-counts/{pk}/approve/": ("stock:approve", "inventory"),
    "POST inventory/stock-counts/{pk}/cancel/": ("stock:count", "inventory"),
    "POST inventory/stock-counts/{pk}/reverse/": ("stock:approve", "inventory"),
    "GET inventory/products/{pk}/reconciliation/": ("stock:read", "inventory"),
    "GET inventory/valuation/": ("stock:read", "reports"),
    "GET inventory/alerts/": ("stock:read", "inventory"),
    "GET inventory/order-suggestions/": ("stock:read", "inventory"),
    "GET inventory/dead-stock/": ("stock:read", "reports"),
    "GET inventory/adjustments/": ("stock:read", "inventory"),
    "POST inventory/adjustments/": ("stock:adjust", "inventory"),
    "POST inventory/adjustments/write-off-expired/": ("stock:adjust", "inventory"),
    "GET inventory/adjustments/{pk}/": ("stock:read", "inventory"),
    "GET inventory/adjustments/{pk}/attachments/": ("stock:read", "inventory"),
    "POST inventory/adjustments/{pk}/attachments/": ("stock:adjust", "inventory"),
    "GET inventory/adjustments/{pk}/attachments/{attachment}/": ("stock:read", "inventory"),
    "DELETE inventory/adjustments/{pk}/attachments/{attachment}/": ("stock:adjust", "inventory"),
    "POST inventory/adjustments/{pk}/approve/": ("stock:approve", "inventory"),
    "POST inventory/adjustments/{pk}/reject/": ("stock:approve", "inventory"),
    "GET inventory/transfers/": ("stock:read", "inventory"),
    "POST inventory/transfers/": ("stock:transfer", "inventory"),
    "GET inventory/transfers/{pk}/": ("stock:read", "inventory"),
    "GET inventory/transfers/{pk}/attachments/": ("stock:read", "inventory"),
    "POST inventory/transfers/{pk}/attachments/": ("stock:transfer", "inventory"),
    "GET inventory/transfers/{pk}/attachments/{attachment}/": ("stock:read", "inventory"),
    "DELETE inventory/transfers/{pk}/attachments/{attachment}/": ("stock:transfer", "inventory"),
    "PATCH inventory/transfers/{pk}/": ("stock:transfer", "inventory"),
    "POST inventory/transfers/{pk}/accept/": ("stock:transfer", "inventory"),
    "POST inventory/transfers/{pk}/dispatch/": ("stock:transfer", "inventory"),
    "POST inventory/transfers/{pk}/receive/": ("stock:transfer", "inventory"),
    "POST inventory/transfers/{pk}/cancel/": ("stock:transfer", "inventory"),
    "POST system/files/": ("file:add", "inventory"),
    "GET system/files/{token}/": PUBLIC,  # who has the link, for some minutes
    "POST system/tasks/{pk}/link/": ("task:read", "account"),
    "GET system/tasks/": ("task:read", "account"),
    "GET system/tasks/{pk}/": ("task:read", "account"),
    "GET system/tasks/{pk}/errors/": ("task:read", "account"),
    "GET system/tasks/{pk}/file/": ("task:read", "account"),
    "POST system/tasks/{pk}/cancel/": ("task:read", "account"),
    "GET system/settings/account/": ("settings:read", "account"),
    "PATCH system/settings/account/": ("settings:change", "account"),
    "GET system/settings/user/": PERSON,
    "PATCH system/settings/user/": PERSON,
    "GET system/settings/system/": ("platform:read", "account", OF_PLATFORM),
    "PATCH system/settings/system/": ("platform:act", "account", OF_PLATFORM),
    "GET system/settings/integrations/": ("settings:read", "account"),
    "GET system/settings/integrations/{provider}/": ("settings:read", "account"),
    "PUT system/settings/integrations/{provider}/": ("settings:change", "account"),
    "DELETE system/settings/integrations/{provider}/": ("settings:change", "account"),
    "POST system/settings/integrations/{provider}/check/": ("settings:change", "account"),
    "GET system/notifications/": MEMBER,
    "GET system/notifications/unread/": MEMBER,
    "GET system/notifications/{pk}/": MEMBER,
    "POST system/notifications/{pk}/read/": MEMBER,
    "POST system/notifications/read-all/": MEMBER,
    "GET system/settings/account-modules/": ("account:read", "account"),
    "PATCH system/settings/account-modules/": ("settings:change", "account"),
    "GET system/settings/account-modules/check/{module}/": ("account:read", "account"),
    "POST inventory/exports/": ("report:export", "exports"),
    "POST inventory/labels/": ("catalog:change", "inventory"),
    "GET sales/registers/": ("sale:read", "sales"),
    "POST sales/registers/": ("register:change", "sales"),
    "GET sales/registers/{pk}/": ("sale:read", "sales"),
    "PATCH sales/registers/{pk}/": ("register:change", "sales"),
    "GET sales/registers/{pk}/leases/": ("sale:read", "sales"),
    "POST sales/registers/{pk}/leases/": ("sale:complete", "sales"),
    "POST sales/registers/{pk}/leases/{lease}/return/": ("sale:complete", "sales"),
    "GET sales/shifts/": ("sale:read", "sales"),
    "POST sales/shifts/": ("shift:work", "sales"),
    "GET sales/shifts/{pk}/": ("sale:read", "sales"),
    "GET sales/shifts/{pk}/cash-events/": ("sale:read", "sales"),
    "POST sales/shifts/{pk}/cash-events/": ("cash:move", "sales", FINISHES),
    "POST sales/shifts/{pk}/hand-over/": ("shift:work", "sales", FINISHES),
    "POST sales/shifts/{pk}/close/": ("shift:work", "sales", FINISHES),
    "GET sales/shifts/{pk}/x-report/": ("shift:review", "sales"),
    "GET sales/shifts/{pk}/z-report/": ("shift:work", "sales"),
    "GET sales/customers/": ("customer:read", "sales"),
    "POST sales/customers/": ("customer:change", "sales"),
    "GET sales/customers/{pk}/": ("customer:read", "sales"),
    "PATCH sales/customers/{pk}/": ("customer:change", "sales"),
    "POST sales/customers/{pk}/erase/": ("customer:erase", "account"),
    "POST sales/customers/{pk}/payments/": ("debt:collect", "sales", FINISHES),
    "POST sales/customers/{pk}/top-up/": ("debt:collect", "sales"),
    "POST sales/customers/{pk}/pay-out/": ("cash:move", "sales"),
    "GET sales/customers/{pk}/debts/": ("customer:read", "sales"),
    "GET sales/customers/{pk}/entries/": ("debt:read", "sales"),
    "GET sales/customers/{pk}/statement/": ("debt:read", "sales"),
    "GET sales/customer-groups/": ("customer:read", "sales"),
    "POST sales/customer-groups/": ("debt:allow", "sales"),
    "GET sales/customer-groups/{pk}/": ("customer:read", "sales"),
    "PATCH sales/customer-groups/{pk}/": ("debt:allow", "sales"),
    "DELETE sales/customer-groups/{pk}/": ("debt:allow", "sales"),
    "GET sales/debts/": ("debt:read", "sales"),
    "GET sales/debts/{pk}/": ("debt:read", "sales"),
    "POST sales/debts/{pk}/write-off/": ("debt:write_off", "sales"),
    "GET sales/receivables/ageing/": ("debt:read", "sales"),
    "GET sales/gift-cards/": ("sale:read", "sales"),
    "POST sales/gift-cards/": ("sale:complete", "sales"),
    "POST sales/gift-cards/look-up/": ("sale:complete", "sales"),
    "GET sales/gift-cards/{pk}/": ("sale:read", "sales"),
    "PATCH sales/gift-cards/{pk}/": ("sale:complete", "sales"),  # and, of whoever knows one, debt:allow
    "GET sales/payments/": ("sale:read", "sales"),
    "GET sales/payments/{pk}/": ("sale:read", "sales"),
    "GET sales/carts/": ("sale:read", "sales"),
    "POST sales/carts/": ("sale:complete", "sales"),
    "GET sales/carts/{pk}/": ("sale:read", "sales"),
    "PATCH sales/carts/{pk}/": ("sale:complete", "sales"),
    "GET sales/carts/{pk}/quote/": ("sale:read", "sales"),
    "POST sales/carts/{pk}/lines/": ("sale:complete", "sales"),
    "PATCH sales/carts/{pk}/lines/{line}/": ("sale:complete", "sales"),
    "DELETE sales/carts/{pk}/lines/{line}/": ("sale:complete", "sales"),
    "POST sales/carts/{pk}/park/": ("sale:complete", "sales"),
    "POST sales/carts/{pk}/resume/": ("sale:complete", "sales"),
    "POST sales/carts/{pk}/hold/": ("sale:complete", "sales"),
    "POST sales/carts/{pk}/release/": ("sale:complete", "sales"),
    "POST sales/carts/{pk}/abandon/": ("sale:complete", "sales"),
    "GET sales/layaways/": ("sale:read", "sales"),
    "POST sales/layaways/": ("sale:complete", "sales"),
    "GET sales/layaways/{pk}/": ("sale:read", "sales"),
    "PATCH sales/layaways/{pk}/": ("sale:complete", "sales"),
    "POST sales/layaways/{pk}/payments/": ("sale:complete", "sales"),
    "POST sales/layaways/{pk}/complete/": ("sale:complete", "sales"),
    "POST sales/layaways/{pk}/cancel/": ("sale:refund", "sales"),
    "GET sales/sales/": ("sale:read", "sales"),
    "POST sales/sales/": ("sale:complete", "sales", FINISHES),
    "GET sales/sales/summary/": ("sale:read", "sales"),
    "GET sales/sales/summary/tenders/": ("sale:read", "sales"),
    "GET sales/sales/summary/cashiers/": ("sale:read", "sales"),
    "GET sales/sales/summary/products/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/html/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/pdf/": ("sale:read", "sales"),
    "GET sales/sales/{pk}/receipt/escpos/": ("sale:read", "sales"),
    "POST sales/sales/{pk}/prints/": ("sale:complete", "sales", FINISHES),
    "POST sales/sales/{pk}/refunds/": ("sale:refund", "sales", FINISHES),
    "GET sales/tax-report/": ("report:read", "reports"),
    "GET sales/mobile-payments/": ("sale:read", "sales"),
    "POST sales/mobile-payments/": ("sale:complete", "sales", FINISHES),
    "GET sales/mobile-payments/{pk}/": ("sale:read", "sales"),
    "POST sales/mobile-payments/{pk}/cancel/": ("sale:complete", "sales", FINISHES),
    "GET sales/incoming-transfers/": ("sale:read", "sales"),
    "GET sales/incoming-transfers/{pk}/": ("sale:read", "sales"),
    "GET sales/incoming-transfers/{pk}/suggestions/": ("sale:read", "sales"),
    "POST sales/incoming-transfers/{pk}/match/": ("debt:allow", "sales"),
    "POST sales/incoming-transfers/{pk}/dismiss/": ("debt:allow", "sales"),
    "POST sales/incoming-transfers/{pk}/see/": ("sale:complete", "sales"),
    "POST sales/sales/{pk}/exchanges/": ("sale:refund", "sales", FINISHES),
    "POST sales/sales/{pk}/void/": ("sale:void", "sales", FINISHES),
    "GET sales/refunds/": ("sale:read", "sales"),
    "POST sales/exports/": ("report:export", "exports"),
    "POST sales/sync/": ("sale:complete", "offline"),  # where the service asks of each thing when it happened
    "GET sales/sync-issues/": ("shift:review", "sales"),
    "GET sales/sync-issues/{pk}/": ("shift:review", "sales"),
    "POST sales/sync-issues/{pk}/review/": ("shift:review", "sales"),
    "GET sales/refunds/{pk}/": ("sale:read", "sales"),
    "GET sales/refunds/{pk}/receipt/": ("sale:read", "sales"),
    "GET sales/refunds/{pk}/receipt/html/": ("sale:read", "sales"),
    "GET sales/refunds/{pk}/receipt/pdf/": ("sale:read", "sales"),
    "GET sales/refunds/{pk}/receipt/escpos/": ("sale:read", "sales"),
    "POST sales/refunds/{pk}/prints/": ("sale:complete", "sales", FINISHES),
    "GET sales/price-rules/": ("sale:read", "sales"),
    "POST sales/price-rules/": ("price:change", "sales"),
    "GET sales/price-rules/{pk}/": ("sale:read", "sales"),
    "PATCH sales/price-rules/{pk}/": ("price:change", "sales"),
    "GET sales/coupons/": ("price:change", "sales"),
    "POST sales/coupons/": ("price:change", "sales"),
    "GET sales/coupons/{pk}/": ("price:change", "sales"),
    "PATCH sales/coupons/{pk}/": ("price:change", "sales"),
    "GET sales/promotions/": ("sale:read", "sales"),
    "POST sales/promotions/": ("price:change", "sales"),
    "GET sales/promotions/{pk}/": ("sale:read", "sales"),
    "PATCH sales/promotions/{pk}/": ("price:change", "sales"),
    "POST sales/quotes/": ("sale:complete", "sales"),
    "GET reports/": ("report:read", "reports"),
    "GET reports/{name}/": ("report:read", "reports"),  # and, of some, one more right
    "POST reports/{name}/exports/": ("report:export", "exports"),
    "GET reports/schedules/": ("report:export", "automation"),
    "POST reports/schedules/": ("report:export", "automation"),
    "GET reports/schedules/{pk}/": ("report:export", "automation"),
    "PATCH reports/schedules/{pk}/": ("report:export", "automation"),
    "DELETE reports/schedules/{pk}/": ("report:export", "automation"),
}

# Every right in a business; those of what is still to come are named already.
EVERY_RIGHT = {
    "account:read", "account:change", "account:export", "member:read", "member:change", "owner:change", "device:read",
    "device:change", "audit:read", "subscription:read", "subscription:change", "credit:read", "credit:spend",
    "credit:buy", "settings:read", "settings:change", "task:read", "file:add", "catalog:read", "catalog:change",
    "catalog:import", "supplier:change", "location:change", "stock:read", "stock:receive", "stock:transfer",
    "stock:count", "stock:adjust", "stock:approve", "customer:read", "customer:change", "customer:erase", "debt:read",
    "debt:collect", "debt:allow", "debt:write_off", "register:change", "shift:work", "shift:review", "cash:move",
    "sale:read", "sale:complete", "sale:refund", "sale:void", "sale:backdate", "price:change", "price:override",
    "price:wholesale", "discount:give", "report:read", "report:export",
}  # fmt: skip
PLATFORM_RIGHTS = {"platform:read", "platform:act"}
LOOK = {"account:read", "catalog:read", "stock:read", "customer:read", "sale:read", "task:read"}
RIGHTS = {
    "OWNER": EVERY_RIGHT,
    "ADMIN": EVERY_RIGHT - {"owner:change"},
    "MANAGER": EVERY_RIGHT - {
        "account:change", "account:export", "member:change", "owner:change", "audit:read", "subscription:change",
        "credit:buy", "settings:change", "customer:erase", "debt:write_off",
    },
    "CASHIER": LOOK | {"sale:complete", "customer:change", "debt:collect", "shift:work", "cash:move"},
    "WAREHOUSE": {
        "account:read", "catalog:read", "stock:read", "catalog:change", "catalog:import", "supplier:change",
        "stock:receive", "stock:transfer", "stock:count", "stock:adjust", "task:read", "file:add",
    },
    "STAFF": LOOK,
    "SUPPORT": {
        "account:read", "member:read", "device:read", "audit:read", "subscription:read", "credit:read",
        "settings:read", "task:read", "catalog:read", "stock:read", "customer:read", "debt:read", "sale:read",
        "report:read", "platform:read",
    },
    "OPERATOR": EVERY_RIGHT | PLATFORM_RIGHTS,
}  # fmt: skip
OF_THE_PLATFORM = ("SUPPORT", "OPERATOR")
OF_A_BUSINESS = [role for role in RIGHTS if role not in OF_THE_PLATFORM]
# What a second person may lend by PIN, and all that a session by PIN may do.
LENT = {
    "sale:refund", "sale:void", "sale:backdate", "price:override", "price:wholesale", "discount:give", "stock:adjust",
    "stock:approve", "debt:allow", "debt:write_off", "cash:move",
}  # fmt: skip
BY_PIN = LOOK | LENT | {
    "sale:complete", "customer:change", "debt:collect", "debt:read", "shift:work", "shift:review", "catalog:change",
    "catalog:import", "supplier:change", "stock:receive", "stock:transfer", "stock:count", "file:add",
}  # fmt: skip
# How far each goes alone: a discount in percent, a refund and an adjustment in the currency's smallest unit.
ALONE = {
    "OWNER": (None, None, None),
    "ADMIN": (None, None, None),
    "MANAGER": (30, 200_000, 200_000),
    "CASHIER": (0, 0, 0),
    "WAREHOUSE": (0, 0, 20_000),
    "STAFF": (0, 0, 0),
    "SUPPORT": (0, 0, 0),
    "OPERATOR": (None, None, None),
}
PAID = {"TRIAL", "ACTIVE"}
NOT_EVEN_READ = {  # in which states
    "reports": {"EXPIRED", "SUSPENDED", "CANCELLED", "NONE"},
    "automation": {"GRACE", "EXPIRED", "SUSPENDED", "CANCELLED", "NONE"},
}
STATES = {  # how the dates of a subscription make each state
    "TRIAL": {"is_trial": True, "days_left": 0},
    "ACTIVE": {"is_trial": False, "days_left": 30},
    "GRACE": {"is_trial": False, "days_left": -1},
    "EXPIRED": {"is_trial": False, "days_left": -8},
    "SUSPENDED": {"is_trial": False, "days_left": 30, "suspended": True},
    "CANCELLED": {"is_trial": False, "days_left": -1, "cancelled": True},
    "NONE": None,
}
# The same states, at their edges: the last days of what is paid for, and of grace, and the days after them.
EDGES = {
    "TRIAL begins": ("TRIAL", {"is_trial": True, "days_left": 14}),
    "ACTIVE on the last day": ("ACTIVE", {"is_trial": False, "days_left": 0}),
    "GRACE on day 1": ("GRACE", {"is_trial": False, "days_left": -1}),
    "GRACE on day 7": ("GRACE", {"is_trial": False, "days_left": -7}),
    "GRACE after a trial": ("GRACE", {"is_trial": True, "days_left": -1}),
    "EXPIRED on day 8": ("EXPIRED", {"is_trial": False, "days_left": -8}),
    "EXPIRED long ago": ("EXPIRED", {"is_trial": True, "days_left": -400}),
    "SUSPENDED in grace": ("SUSPENDED", {"is_trial": False, "days_left": -1, "suspended": True}),
    "CANCELLED but paid": ("ACTIVE", {"is_trial": False, "days_left": 30, "cancelled": True}),
    "CANCELLED on the last day": ("ACTIVE", {"is_trial": False, "days_left": 0, "cancelled": True}),
    "CANCELLED on day 8": ("CANCELLED", {"is_trial": False, "days_left": -8, "cancelled": True}),
}
# What each feature is open for, where it is not paid for any more.
FULL, READ, BLOCKED = "to read and to write", "to read", "not at all"
IN_GRACE = {
    "sales": READ,
    "inventory": READ,
    "reports": READ,
    "exports": FULL,  # to the first rows
    "automation": BLOCKED,
    "offline": FULL,  # where the service looks when it happened
    "account": FULL,
}
UNPAID = {
    "sales": READ,
    "inventory": READ,
    "reports": BLOCKED,
    "exports": BLOCKED,
    "automation": BLOCKED,
    "offline": FULL,
    "account": FULL,
}
IN = "in"
GATE = {
    "not_signed_in", "credential_invalid", "credentials_disagree", "csrf_failed", "second_factor_required",
    "no_business", "account_not_named", "own_affair", "pin_not_enough", "capability_missing", "view_not_declared",
    "subscription_expired", "module_disabled",
}  # fmt: skip

# By which credential somebody asks. A void one is answered the same whoever's it is.
TOKEN, COOKIE, BOTH, PIN = "token", "cookie", "token and cookie", "PIN"
NAMED, UNNAMED = "the platform's, for a business", "the platform's, for none"
VOID = {
    "PIN away from its till": (401, "credential_invalid"),
    "PIN on another till": (401, "credential_invalid"),
    "two people's": (401, "credentials_disagree"),
    "the platform's, without a second factor": (401, "second_factor_required"),
}


IN_NOBODYS_NAME = {NAMED: "own_affair", PIN: "pin_not_enough"}


def expected(row, *, role, state="TRIAL", writes, kind=TOKEN):
    """(status, code) of the refusal, or IN."""
    if row == PUBLIC:
        return IN
    if kind in VOID:
        has_ended = VOID[kind] == (401, "credential_invalid")
        return IN if row == LEAVING and has_ended else VOID[kind]
    if row in (LEAVING, PERSON) and kind == NAMED:
        return 403, "own_affair"
    if row == PERSON and kind == PIN:
        return 403, "pin_not_enough"
    if row in (LEAVING, MEMBER, PERSON):
        return IN
    right, feature, *more = row
    if OF_PLATFORM in more and kind in IN_NOBODYS_NAME:
        return 403, IN_NOBODYS_NAME[kind]
    if kind == UNNAMED and OF_PLATFORM not in more:
        return 403, "account_not_named"
    if right == "account:export" and role == "OPERATOR":
        return 403, "own_affair"
    if right not in RIGHTS[role] or (kind == PIN and right not in BY_PIN):
        return 403, "capability_missing"
    if FINISHES in more and state == "GRACE":
        return IN  # where the service asks for the shift
    opened = FULL if state in PAID else (IN_GRACE if state == "GRACE" else UNPAID)[feature]
    return IN if opened == FULL or (opened == READ and not writes) else (402, "subscription_expired")


def answer(client, route):
    """What the gate says; past it, the empty body and the unknown id are refused for reasons of their own.

    What the request did, such as to sign out, is undone.
    """
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, route.method.lower())(route.url(uuid7()))
        transaction.set_rollback(True)
    client.cookies = cookies
    if response.streaming:
        list(response.streaming_content)
    code = response.json().get("code") if response.status_code >= 400 else None
    if code in GATE:
        return response.status_code, code
    past = response.status_code in (200, 201, 202, 204, 400, 404, 409) or code == "device_unknown"
    assert past, (route.name, response.status_code, response.content)
    return IN


def compare(client, *, role, state="TRIAL", kind=TOKEN):
    """Every route there is, as this client, more often than anybody may."""
    endless = {name: (10**9, seconds) for name, (_, seconds) in settings.RATE_LIMITS.items()}
    with override_settings(RATE_LIMITS=endless):
        found = {route.name: answer(client, route) for route in routes()}
    assert found == {
        route.name: expected(TABLE[route.name], role=role, state=state, writes=route.method != "GET", kind=kind)
        for route in routes()
    }, (role, state, kind)


def gated():
    return [route for route in routes() if TABLE[route.name] not in (PUBLIC, LEAVING)]


def member(shop, role):
    with shop.inside():
        return accounts.add_member(
            account=shop.account, name=role, email=f"{role.lower()}@x.example", password=PASSWORD, role=Role(role)
        )


def put_in_state(shop, state):
    facts = EDGES[state][1] if state in EDGES else STATES[state]
    with shop.inside():
        held = Subscription.across_accounts.filter(account=shop.account)
        if facts is None:
            held.delete()
            return
        held.update(
            is_trial=facts["is_trial"],
            ends_on=timezone.localdate(timezone=shop.account.zone) + timedelta(days=facts["days_left"]),
            suspended_at=timezone.now() if facts.get("suspended") else None,
            cancelled_at=timezone.now() if facts.get("cancelled") else None,
        )
