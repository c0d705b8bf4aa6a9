"""The rules of the house that a reader could break without noticing, asked of the source and of the models."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from rest_framework import serializers

from core import tenancy
from system.modules import Module
from tests.bodies import input_of
from tests.routes import routes

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "app", "billing", "core", "inventory", "reports", "sales", "subscriptions", "system")
SOURCES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]
OWNED = [model for model in MODELS if issubclass(model, tenancy.AccountOwned)]
CONSTRAINTS = [(model, constraint) for model in MODELS for constraint in model._meta.constraints]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_free(path: Path) -> bool:
    """Migrations and commands work on all accounts, or prepare for that."""
    return "migrations" in path.parts or "commands" in path.parts


def is_of_console(path: Path) -> bool:
    """The platform's staff see every business there; they write by services like everybody."""
    return path.stem == "admin" or path.parent.name == "admin"


def nodes(path: Path, kind: type) -> Iterator:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kind))


# --- Rows are reached through their owner -----------------------------------------------------------------------------

# Where, which model and what is asked of all accounts at once. Before adding a line: can it be `account.<collection>`?
ACROSS = {
    # Signing in comes before the account is known; the `Reveal` policies show one person's row.
    "accounts/queries.py: User.across_accounts.filter",
    # The account is its own owner, and there is no collection it could be reached through; in a scope there is but one.
    "accounts/api/views/business.py: Account.across_accounts.filter",
    "system/api/settings.py: Account.across_accounts.filter",
    "accounts/services/business.py: Account.across_accounts.create",
    "accounts/services/devices.py: Account.across_accounts.first",
    "accounts/services/invitations.py: Account.across_accounts.first",
    "accounts/services/invitations.py: Account.across_accounts.get",
    "accounts/services/members.py: Account.across_accounts.filter",
    "accounts/services/takeout.py: Account.across_accounts.filter",
    # The sealed token of a link says whose receipt it is, before anybody has signed in.
    "sales/api/public.py: Account.across_accounts.filter",
    # The take-out finds the tables in the registry of models, so that none is forgotten; each is bound to the account.
    "accounts/services/takeout.py: model.across_accounts.filter",
    # Locked by its id, the person's row is the asking member's own, or the one that a mailed link or a login proved.
    "accounts/services/credentials.py: User.across_accounts.select_for_update",
    "accounts/services/invitations.py: User.across_accounts.select_for_update",
    "accounts/services/mfa.py: User.across_accounts.select_for_update",
    "accounts/services/sessions.py: User.across_accounts.select_for_update",
    # Whether the person has a seat anywhere, asked so that the refusal can be kind; staff alone see other businesses.
    "accounts/models/membership.py: Membership.across_accounts.using",
    # The platform's staff stand in no account of their own here: the scope is that of the business that they named, or
    # of the platform, which nobody but they can name.
    "accounts/services/staff.py: Account.across_accounts.",
    "accounts/services/staff.py: Account.across_accounts.get",
    "accounts/services/staff.py: Account.across_accounts.using",
    "accounts/services/staff.py: Membership.across_accounts.select_related",
    "accounts/services/staff.py: Membership.across_accounts.using",
    # Who has lost whose business is found over all of them, as staff; repaired in the scope of one.
    "accounts/services/orphans.py: Account.across_accounts.locked",
    "accounts/services/orphans.py: AuditEvent.across_accounts.using",
    "accounts/services/orphans.py: User.across_accounts.select_for_update",
    # One row per account, which is no collection of the account's; both are bound to it.
    "system/api/modules.py: AccountModuleSettings.across_accounts.filter",
    "system/services/switching.py: AccountModuleSettings.across_accounts.get_or_create",
    # What nobody has asked for is found over all accounts, as staff.
    "system/services/files.py: Account.across_accounts.using",
    "system/services/files.py: PrivateFile.across_accounts.using",
    "sales/services/fiscal.py: FiscalDocument.across_accounts.using",
    # Whether all that is sealed can be opened is asked of all accounts, as staff; nothing of it is told but how many.
    "system/diagnosis.py: Integration.across_accounts.using",
    "system/diagnosis.py: User.across_accounts.using",
    # Django makes many rows at once, or on another connection, through a manager only; each row bears its account_id.
    "accounts/services/history.py: AuditEvent.across_accounts.using",
    "accounts/services/repairs.py: AuditEvent.across_accounts.bulk_create",
    "inventory/ledger.py: StockProduct.across_accounts.bulk_create",
    "inventory/services/deliveries.py: Product.across_accounts.bulk_update",
    "inventory/services/purchasing.py: PurchaseOrderLine.across_accounts.bulk_create",
    "inventory/services/purchasing.py: PurchaseOrderLine.across_accounts.bulk_update",
    "inventory/services/import_products.py: Category.across_accounts.bulk_create",
    "inventory/services/import_products.py: Product.across_accounts.bulk_create",
    "inventory/services/import_products.py: Product.across_accounts.bulk_update",
    "inventory/services/import_products.py: Supplier.across_accounts.bulk_create",
    "inventory/services/import_suppliers.py: Supplier.across_accounts.bulk_create",
    "inventory/services/import_suppliers.py: Supplier.across_accounts.bulk_update",
    "inventory/services/counts.py: StockCountLine.across_accounts.bulk_create",
    "inventory/services/adjusting.py: SerialNumber.across_accounts.bulk_create",
    "inventory/services/adjustments.py: AdjustmentLine.across_accounts.bulk_create",
    "inventory/services/arriving.py: TransferPick.across_accounts.bulk_update",
    "inventory/services/dispatching.py: TransferPick.across_accounts.bulk_create",
    "inventory/services/transfers.py: TransferLine.across_accounts.bulk_create",
    # The gateway's job, or its notice, names the account and the row; due attempts are found over all, as staff.
    "billing/services/notices.py: Account.across_accounts.filter",
    "billing/services/notices.py: Account.across_accounts.get",
    "billing/services/notices.py: GatewayNotice.across_accounts.filter",
    "billing/services/pursuing.py: PaymentAttempt.across_accounts.filter",
    "billing/services/pursuing.py: PaymentAttempt.across_accounts.using",
    "billing/ledger.py: CreditAccount.across_accounts.bulk_create",
    "billing/ledger.py: CreditAccount.across_accounts.filter",
    "sales/customer_ledger.py: CustomerEntry.across_accounts.bulk_create",
    "sales/customer_ledger.py: Debt.across_accounts.bulk_create",
    "sales/customer_ledger.py: Debt.across_accounts.bulk_update",
    "sales/services/complete.py: Payment.across_accounts.bulk_create",
    "sales/services/complete.py: Sale.across_accounts.bulk_create",
    "sales/services/complete.py: SaleLine.across_accounts.bulk_create",
    "sales/services/gift_cards.py: GiftCard.across_accounts.bulk_update",
    "sales/services/gift_cards.py: GiftCardEntry.across_accounts.bulk_create",
    "sales/services/money.py: Payment.across_accounts.bulk_create",
    "sales/services/layaways.py: LayawayLine.across_accounts.bulk_create",
    "sales/services/offering.py: PromotionItem.across_accounts.bulk_create",
    "sales/services/refund.py: Payment.across_accounts.bulk_create",
    "sales/services/refund.py: Refund.across_accounts.bulk_create",
    "sales/services/refund.py: RefundLine.across_accounts.bulk_create",
    "sales/services/refund.py: SaleLine.across_accounts.bulk_update",
    "sales/services/sync.py: SyncIssue.across_accounts.bulk_create",
    "system/services/notifications.py: Notification.across_accounts.bulk_create",
    # What is sealed in any account is sealed anew by one command, as staff.
    "system/services/integrations.py: Integration.across_accounts.using",
    "system/services/integrations.py: User.across_accounts.using",
    "system/services/tasks.py: TaskError.across_accounts.bulk_create",
    # A worker's job names the account and its task; there is no account yet to reach it through.
    "system/services/working.py: Task.across_accounts.filter",
    # The sealed token of a link says whose task it is, before anybody has signed in.
    "system/links.py: Task.across_accounts.filter",
    "system/services/tasks.py: Task.across_accounts.using",
    "system/services/integrations.py: Integration.across_accounts.filter",
    "sales/services/fiscal.py: FiscalDocument.across_accounts.filter",
    # One to one with the account: there is no collection. The round finds over all accounts, as staff, whom it is for.
    "subscriptions/api/views.py: Subscription.across_accounts.filter",
    "subscriptions/services/locking.py: Subscription.across_accounts.select_related",
    "subscriptions/services/reminders.py: Account.across_accounts.filter",
    "subscriptions/services/reminders.py: Subscription.across_accounts.using",
    # What is to be mailed is looked for in every account, and then started in its own.
    "reports/services/scheduling.py: ReportSchedule.across_accounts.filter",
    "reports/services/scheduling.py: ReportSchedule.across_accounts.using",
    # Inside a subquery or a prefetch there is no account to start from; row-level security bounds both.
    "sales/models/sales.py: SaleLine.across_accounts.order_by",
    "sales/models/sales.py: payment.across_accounts.filter",
    "sales/models/refunds.py: payment.across_accounts.order_by",
    "sales/models/refunds.py: RefundLine.across_accounts.select_related",
}


def test_all_accounts_at_once_are_reached_where_this_list_says_and_nowhere_else():
    found = set()
    for path in SOURCES:
        if is_free(path) or is_of_console(path) or name_of(path) == "core/tenancy.py":
            continue
        attributes = list(nodes(path, ast.Attribute))
        verbs = {id(node.value): node.attr for node in attributes}
        for node in attributes:
            if node.attr == "across_accounts":
                found.add(f"{name_of(path)}: {ast.unparse(node)}.{verbs.get(id(node), '')}")
    assert found == ACROSS


def test_no_model_of_an_account_has_a_manager_that_forgets_whose_rows_they_are():
    assert OWNED
    for model in [*OWNED, apps.get_model("accounts.Account"), apps.get_model("accounts.User")]:
        assert not hasattr(model, "objects"), model
        assert {manager.name for manager in model._meta.managers} == {"across_accounts"}, model


def test_every_collection_of_an_account_has_a_name():
    account = apps.get_model("accounts.Account")
    for model in OWNED:
        name = model._meta.get_field("account").remote_field.get_accessor_name()
        assert name, model
        assert not name.endswith("_set"), model
        assert hasattr(account, name), model


# What a business has whether or not it uses a module.
WITHOUT_MODULE = ("accounts", "billing", "subscriptions", "system")


def test_s44_every_view_of_a_module_says_which_it_belongs_to():
    """S44."""
    modules = {module.value for module in Module}
    swept = 0
    for route in routes():
        declared = route.declared("module")
        if route.path.startswith(WITHOUT_MODULE):
            assert declared is None, route.name
        else:
            assert declared in modules, route.name
            swept += 1
    assert swept >= 150


# --- Services are the only writers ------------------------------------------------------------------------------------

WRITES = {
    "save", "create", "delete", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "acreate", "asave", "adelete", "aupdate",
}  # fmt: skip
WRITERS = re.compile(r"^\w+/(services(/\w+)?|(customer_)?ledger)\.py$")
NOT_OF_ROWS = {
    "accounts/middleware.py: partitioned.update",  # a cookie
    "app/settings.py: vars().update",
}
SQL_WRITERS = {
    "core/idempotency.py",  # the key is written by the machinery around every service
    "core/limits.py",  # tries are counted before anything is done, outside of every account
    "system/pruning.py",  # what has run out goes from every account, table by table
}
SQL_WRITE = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \w+ (\w+ )?SET|TRUNCATE|MERGE INTO)\b")


def test_only_services_write_rows():
    found = set()
    for path in SOURCES:
        if is_free(path) or WRITERS.match(name_of(path)):
            continue
        for call in nodes(path, ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
                found.add(f"{name_of(path)}: {ast.unparse(call.func)}")
    assert found == NOT_OF_ROWS


def test_only_services_write_rows_in_sql():
    found = set()
    for path in SOURCES:
        if is_free(path) or WRITERS.match(name_of(path)):
            continue
        for text in nodes(path, ast.Constant):
            if isinstance(text.value, str) and SQL_WRITE.search(text.value):
                found.add(name_of(path))
    assert found == SQL_WRITERS


def test_the_services_are_where_the_writes_are_looked_for():
    writers = [path for path in SOURCES if WRITERS.match(name_of(path))]
    assert {path.relative_to(ROOT).parts[0] for path in writers} >= {"accounts", "inventory", "sales", "subscriptions"}
    assert any(SQL_WRITE.search(path.read_text()) for path in writers)


# Nobody acts yet, or it is a mailed link, a secret or a credential that says who does.
WITHOUT_MEMBER = {
    "accept_invitation", "add_member", "add_staff", "certify_document", "certify_due", "confirm_reset",
    "drop_old_results", "find_device", "find_invitation", "find_orphans", "grant_monthly_credits", "keep_transfer",
    "name_notice", "notify", "open_account", "poll_payments", "pursue_payment", "rebuild_from_ledger",
    "receive_notice", "refresh_session", "register_business", "remind_and_grant", "remind_business", "remove_staff",
    "remove_unused_files", "renew_staff_mfa", "repair_orphans", "repair_rows", "request_reset",
    "request_verification", "reseal_secrets", "revoke_refresh", "run_check", "run_task", "sign_in",
    "sign_in_by_pin", "sign_in_staff", "start_due_reports", "take_back_monthly_credits", "take_turn", "touch_session",
    "trace_notice", "verify_email",
}  # fmt: skip
WRITES_NOTHING = {
    *("lock_account", "lock_platform_settings", "name_of", "read_platform_settings"),
    *("refuse_other_device", "refuse_import", "set_changes"),
}


def public_services() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """What is called from outside: all of a module, and of a package what its `__all__` names."""
    for path in SOURCES:
        if WRITERS.match(name_of(path)) and path.stem not in ("ledger", "customer_ledger", "__init__"):
            package = path.with_name("__init__.py") if path.parent.name == "services" else None
            shown = exported(package) if package else None
            for function in ast.parse(path.read_text()).body:
                if isinstance(function, ast.FunctionDef) and is_public(function.name, shown):
                    yield path, function


def is_public(name: str, shown: set[str] | None) -> bool:
    return not name.startswith("_") and (shown is None or name in shown)


def exported(package: Path) -> set[str]:
    assigned = next(node for node in nodes(package, ast.Assign) if ast.unparse(node.targets[0]) == "__all__")
    return set(ast.literal_eval(assigned.value))


def test_every_public_service_takes_keywords_only_and_the_acting_member_first():
    swept = set()
    for path, function in public_services():
        if function.name in WRITES_NOTHING:
            continue
        assert not function.args.args, f"{name_of(path)}: {function.name}"
        if function.name not in WITHOUT_MEMBER:
            first = function.args.kwonlyargs[:1]
            assert [each.arg for each in first] == ["by"], f"{name_of(path)}: {function.name}"
        swept.add(function.name)
    assert swept >= WITHOUT_MEMBER
    assert len(swept) >= 50


def test_from_outside_services_are_reached_through_their_package_only():
    packages = {path.parent for path in SOURCES if path.parent.name == "services"}
    assert len(packages) >= 2
    for path in SOURCES:
        for node in nodes(path, ast.ImportFrom):
            package = ROOT.joinpath(*(node.module or "").split(".")[:2])
            if package in packages - {path.parent} and not is_free(path):
                assert name_of(package).replace("/", ".") == node.module, f"{name_of(path)}: {node.module}"
                assert {alias.name for alias in node.names} <= exported(package / "__init__.py"), name_of(path)


# --- Models -----------------------------------------------------------------------------------------------------------


# The counters of tries stand outside of every account, before there is one; they know digests only.
OUTSIDE = {
    "core.RateLimit": ["key", "started_at", "count"],
    "subscriptions.InvoiceCounter": ["year", "last"],  # the platform's invoices have one row of numbers
}


def test_every_model_that_has_an_account_is_behind_the_wall():
    for model in MODELS:
        if model._meta.label in OUTSIDE:
            assert [field.name for field in model._meta.get_fields()] == OUTSIDE[model._meta.label]
            continue
        has_account = any(field.name == "account" for field in model._meta.get_fields() if field.concrete)
        rules = {type(constraint) for constraint in model._meta.constraints}
        if has_account or model._meta.label == "accounts.Account":
            assert tenancy.RowLevelSecurity in rules, model
        else:
            assert tenancy.ReferenceData in rules, f"{model}: neither an account's nor for everybody"
    for model in OWNED:
        assert tenancy.AccountKey in {type(constraint) for constraint in model._meta.constraints}, model
        account = model._meta.get_field("account")
        assert not account.null, model
        assert not account.editable, model


# The platform's staff, who belong to none of the businesses in which they sit.
PLAIN_KEYS = {("accounts.Membership", "staff")}


def test_every_reference_between_rows_of_an_account_is_an_owned_key_with_its_constraint():
    user = apps.get_model("accounts.User")
    swept = 0
    for model in OWNED:
        same = {rule.field for rule in model._meta.constraints if isinstance(rule, tenancy.SameAccount)}
        keys = {
            field.name
            for field in model._meta.concrete_fields
            if field.is_relation
            and (issubclass(field.related_model, tenancy.AccountOwned) or field.related_model is user)
            and (model._meta.label, field.name) not in PLAIN_KEYS
        }
        assert keys == same, model
        for name in keys:
            field = model._meta.get_field(name)
            assert isinstance(field, tenancy.OwnedKey), field
            assert not field.db_constraint, field
            assert not field.db_index, field
            assert field.remote_field.on_delete is models.PROTECT, field
            swept += 1
    assert swept >= 20


def test_no_table_is_made_by_a_many_to_many_field():
    assert [field for model in MODELS for field in model._meta.local_many_to_many] == []


def test_every_rule_of_a_row_has_a_code_and_every_check_a_sentence():
    default = str(models.CheckConstraint(condition=models.Q(pk=1), name="x").violation_error_message)
    for model, rule in CONSTRAINTS:
        if isinstance(rule, models.UniqueConstraint | models.CheckConstraint):
            assert rule.violation_error_code, f"{model}: {rule.name}"
            assert re.fullmatch(r"[a-z_]+", rule.violation_error_code), rule.name
        if isinstance(rule, models.CheckConstraint):
            assert rule.violation_error_message != default, f"{model}: {rule.name}"


def test_constraint_names_are_not_used_twice():
    names = [rule.name for _, rule in CONSTRAINTS]
    assert len(names) == len(set(names))


def test_every_index_and_every_unique_rule_of_an_account_begins_with_the_account():
    swept = 0
    for model in OWNED:
        for field in model._meta.concrete_fields:
            if field.name not in ("id", "account"):
                assert not field.unique, field
                assert not field.db_index, field
        for rule in [*model._meta.indexes, *model._meta.constraints]:
            if isinstance(rule, models.Index | models.UniqueConstraint) and rule.name != "one_user_one_business":
                first = rule.fields[0] if rule.fields else rule.expressions[0].name
                assert first == "account", f"{model}: {rule.name}"
                swept += 1
    assert swept >= 20


def test_there_is_no_float_in_a_model_or_an_input():
    for model in MODELS:
        for field in model._meta.concrete_fields:
            assert not isinstance(field, models.FloatField), field  # noqa: TID251
    inputs = [found for route in routes() if (found := input_of(route))]
    assert inputs
    for serializer in inputs:
        assert not any(isinstance(field, serializers.FloatField) for field in serializer.fields.values())  # noqa: TID251


def test_the_ledgers_are_append_only():
    ledgers = {model._meta.label for model, rule in CONSTRAINTS if isinstance(rule, tenancy.AppendOnly)}
    assert ledgers == {
        "accounts.AuditEvent",
        "billing.CreditTransaction",
        "inventory.StockMovement",
        "sales.CashEvent",
        "sales.CustomerEntry",
        "sales.GiftCardEntry",
        "sales.HandOver",
        "sales.Payment",
        "sales.ReceiptPrint",
        "subscriptions.Invoice",
    }


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["utils", "helpers", "mixins", "constants", "signals", "common", "misc"])
def test_no_file_is_a_drawer_for_everything(name):
    assert [path for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")] if path.stem == name] == []


def test_no_file_is_longer_than_400_lines():
    for path in SOURCES:
        if "migrations" not in path.parts:
            lines = len(path.read_text().splitlines())
            assert lines <= 400, f"{name_of(path)} has {lines} lines: split it by noun or verb"


def test_nothing_imports_the_roof():
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] != "app":
            imported = [node.module or "" for node in nodes(path, ast.ImportFrom)]
            imported += [alias.name for node in nodes(path, ast.Import) for alias in node.names]
            assert not [name for name in imported if name.split(".")[0] == "app"], name_of(path)


# --- Ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_s29_a_row_has_its_id_before_it_is_saved(model):
    """S29."""
    row, other = model(), model()
    assert row.pk is not None
    assert row.pk != other.pk
    assert row._state.adding


def test_s29_nothing_takes_a_missing_id_for_a_row_that_is_new():
    """S29."""
    guesses = re.compile(r"(?<!=)\b(not )?(self|row|instance)\.(pk|id)( is (not )?None)?\s*(:| and | or |\))")
    found = [
        f"{name_of(path)}: {line.strip()}"
        for path in SOURCES
        for line in path.read_text().splitlines()
        if re.match(r"\s*(if|elif|while)\b", line) and guesses.search(line)
    ]
    assert found == []
