"""Receipts: what stands on them, and how it becomes a page, a PDF, or a printer's bytes."""
