"""Where PostgreSQL's files lie: in the data folder, or elsewhere when that is closed to PostgreSQL's account."""

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from embedded.account import Account
from embedded.errors import EmbeddedServerError

log = logging.getLogger(__name__)

# The first that exists; never the folder for temporary files, which systems clean by age.
_ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - the folder made inside has a random name and is private


def existing_home(data: Path) -> Path | None:
    """The folder with the database files that an earlier start made; None when there was none."""
    inside, pointer = data / "postgres", data / "postgres.location"
    home = Path(pointer.read_text().strip()) if pointer.exists() else inside
    if pointer.exists() or inside.exists():
        try:
            version_of(home)
        except FileNotFoundError as error:
            raise EmbeddedServerError(
                f"The database files are missing in {home}; restore them, or remove {pointer} and {inside} to begin anew."
            ) from error
        return home
    return None


def version_of(home: Path) -> str:
    """The major version of PostgreSQL that made the database files."""
    return (home / "PG_VERSION").read_text().strip()


def new_home(data: Path, account: Account | None, initialise: Callable[[Path], None]) -> Path:
    """Makes the database files by `initialise` and returns their folder.

    An interrupted call leaves nothing that a later one takes for a database: the name, or the note of the place, comes last.
    """
    fresh = data / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account is None or _is_reachable(fresh, account):
        initialise(fresh)
        return fresh.rename(data / "postgres")
    fresh.rmdir()
    home = _folder_elsewhere(account)
    try:
        initialise(home)
        (data / "postgres.location").write_text(str(home))
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    log.warning("the database files lie in %s, because %s is closed to user id %s", home, data, account.uid)
    return home


def _is_reachable(folder: Path, account: Account) -> bool:
    account.own(folder)
    return account.may("-w", folder)


def _folder_elsewhere(account: Account) -> Path:
    for base in _ELSEWHERE:
        if base.is_dir():
            home = Path(tempfile.mkdtemp(prefix="connect-postgres-", dir=base))
            if _is_reachable(home, account):
                return home
            home.rmdir()
    raise EmbeddedServerError(
        f"User id {account.uid}, which PostgreSQL runs as, can write neither to the data folder nor to {_ELSEWHERE}."
    )
