"""Stand-ins for what other companies run: servers that behave, and misbehave, as theirs do."""
