"""Puts a whole rendered folder in the place of another in one step of the kernel, and back."""

import ctypes
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dialplan.render import prepare_folders
from dialplan.settings import DialplanSettings

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class ConfigurationFolder:
    """etc/ of one Asterisk, and the folder beside it that changes places with it."""

    def __init__(self, settings: DialplanSettings) -> None:
        self._settings = settings
        self.live = settings.asterisk_home / "etc"
        self.beside = settings.asterisk_home / ".etc-beside"

    def stage(self, files: Mapping[str, str]) -> None:
        """Write the files beside, on disk for certain, readable by Asterisk alone. Raises OSError."""
        prepare_folders(self._settings)
        self.discard()
        self.beside.mkdir(mode=0o750)
        stat = self.live.stat()
        if os.geteuid() == 0:
            os.chown(self.beside, stat.st_uid, stat.st_gid)
        self.beside.chmod(0o2750)
        for name, text in files.items():
            descriptor = os.open(self.beside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            (self.beside / name).chmod(0o640)

    @property
    def identity(self) -> int:
        """Of the folder that is live, whatever becomes of its files: it keeps it when it changes places."""
        return self.live.stat().st_ino

    def lies_beside(self, identity: int) -> bool:
        """Whether the folder of this identity was live once, and lies beside now."""
        return self.beside.exists() and self.beside.stat().st_ino == identity

    def exchange(self) -> None:
        """Swap both folders: a reload sees all of one or all of the other. Raises OSError."""
        exchange(self.live, self.beside)

    def discard(self) -> None:
        """Remove what lies beside."""
        shutil.rmtree(self.beside, ignore_errors=True)


def exchange(one: Path, other: Path) -> None:
    """renameat2(RENAME_EXCHANGE): the two paths change places, and no moment exists without either."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(one))
