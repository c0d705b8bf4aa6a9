"""Products, the places that keep them, and a ledger in which stock always adds up."""
