"""Lists in, scope and exclusions, seeded order: from a file of lines to chunks of targets that may be asked."""
