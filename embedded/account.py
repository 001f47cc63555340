"""The operating system account that PostgreSQL runs as: it refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedded.errors import EmbeddedServerError


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id that a child process is started with."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Makes the account the owner of a folder that we created."""
        os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    def may(self, access: Literal["-r", "-w", "-x"], path: Path) -> bool:
        """Asks the system itself, as the account: mode bits alone would miss access lists and mount options."""
        return self.runs(["test", access, str(path)])

    def runs(self, command: Sequence[str]) -> bool:
        """Says whether the account can run the command and the command ends well."""
        try:
            return run_as(self, command).returncode == 0
        except OSError:
            return False


def run_as(
    account: Account | None, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end as the account (None: as ourselves), away from our terminal and folder."""
    return subprocess.run(  # noqa: S603 - the callers' own commands
        command,
        env=environment,
        cwd="/",
        umask=0o077,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def postgres_account(*folders: Path) -> Account | None:
    """Chooses whom PostgreSQL runs as: nobody special (None) unless we are root.

    As root it is the first ordinary owner of the given folders, so that data made by a user stays that user's; where
    all belong to root it is `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for folder in folders:
        owner = folder.stat().st_uid
        if owner != 0 and (account := _known(owner)) is not None:
            return account
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedServerError(
            "PostgreSQL does not run as root, and this system has no user 'nobody' to run it as."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def _known(uid: int) -> Account | None:
    """`initdb` refuses ids without an entry among the users, as containers have them."""
    try:
        return Account(uid, pwd.getpwuid(uid).pw_gid)
    except KeyError:
        return None
