"""Read-only questions across the apps. None is asked yet."""
