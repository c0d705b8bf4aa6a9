"""Tables that a shop brings along, read and judged; the services write what is right."""
