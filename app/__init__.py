"""The roof: settings, addresses, the commands that need every floor."""
