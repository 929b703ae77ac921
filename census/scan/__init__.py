"""From a list and a scope to a finished scan: planning, the workers, and the process that watches them."""
