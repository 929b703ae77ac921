"""The address of a database for somebody who may only read it, made as an operator makes it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import CliRunner

from census.cli.main import cli
from tests.support.asking import rows_of


@contextmanager
def reader(url: str) -> Iterator[str]:
    """The same database, entered as a role that `census db grant-reader` has made; it is dropped in the end.

    `url` is that of the tests' own server, whose owner is called census.
    """
    role = f"reader_{uuid.uuid4().hex}"
    line = ["--quiet", "db", "grant-reader", role, "--password-file", "-"]
    made = CliRunner().invoke(cli, line, input="s3cr3t\n", env={"CENSUS_DATABASE_URL": url})
    assert made.exit_code == 0, made.output
    try:
        yield url.replace("//census@", f"//{role}:s3cr3t@")
    finally:
        rows_of(url, f"drop owned by {role}; drop role {role}; delete from reader where role = '{role}'")
