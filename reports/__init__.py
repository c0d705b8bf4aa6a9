"""Read-only questions across the apps, from the ledgers."""
