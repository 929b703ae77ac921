"""Run migrations on the connection that `census.store.migrate` hands over, inside its transaction.

There is no alembic.ini: `census db upgrade` is the way to migrate, and a new revision is a new file in versions/.
"""

from alembic import context

from census.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
