"""Running it: files, work in the background, and whether it is up and ready."""
