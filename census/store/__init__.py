"""Postgres: tables, migrations, the embedded server, the one writer, and the statistics as SQL."""
