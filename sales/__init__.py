"""The till: registers, sales, payments, refunds, receipts."""
