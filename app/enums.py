"""What sets of choices are called in the schema, where several have fields of one name."""

ENUMS = {
    "RoleEnum": "accounts.roles.Role",
    "BusinessRoleEnum": "accounts.api.serializers.people.BUSINESS_ROLES",
    "LocationKindEnum": "inventory.models.LocationKind",
    "MovementKindEnum": "inventory.models.MovementKind",
    "AdjustmentKindEnum": "inventory.models.AdjustmentKind",
    "BarcodeKindEnum": "inventory.models.BarcodeKind",
    "AdjustmentStatusEnum": "inventory.models.AdjustmentStatus",
    "CountStatusEnum": "inventory.models.CountStatus",
    "TaskStateEnum": "system.models.TaskState",
    "OrderStatusEnum": "inventory.models.OrderStatus",
    "TransferStatusEnum": "inventory.models.TransferStatus",
    "MoneyEnum": "sales.api.customer_serializers.MONEY",
    "PaymentMethodEnum": "sales.models.PaymentMethod",
    "PromotionKindEnum": "sales.models.PromotionKind",
    "SaleStatusEnum": "sales.models.SaleStatus",
    "ReceiptFormatEnum": "sales.models.ReceiptFormat",
    "CashEventKindEnum": "sales.models.CashEventKind",
    "CartStatusEnum": "sales.models.CartStatus",
    "LayawayStatusEnum": "sales.models.LayawayStatus",
    "TableFormatEnum": "core.sheets.FORMATS",
}
