"""The programs that a run needs: installed where that is possible, named where it is not."""

import os
import shutil
import subprocess
import sys

from .failure import NOT_INSTALLED, Failure

# Program, and the Debian package that it comes in.
_PACKAGES = {
    "fio": "fio",
    "qemu-nbd": "qemu-utils",
    "qemu-img": "qemu-utils",
    "qemu-storage-daemon": "qemu-system-common",
    "nbdkit": "nbdkit",
}


def require():
    """Returns when everything is here."""
    packages = _missing_packages()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(packages)
        packages = _missing_packages()
    if packages:
        raise Failure(
            "Not installed, but needed for the comparison: type (as root)\n"
            f"  apt-get install --no-install-recommends {' '.join(packages)}",
            NOT_INSTALLED,
        )
    if subprocess.run(["fio", "--enghelp=nbd"], capture_output=True).returncode != 0:
        raise Failure(
            f"{shutil.which('fio')} was built without its nbd engine. Put one that has it first on the PATH "
            "(Debian's has).",
            NOT_INSTALLED,
        )


def version(program):
    """The line by which a program says what it is."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True)
    lines = (answer.stdout or answer.stderr).splitlines()
    return lines[0].strip() if lines else "unknown"


def _missing_packages():
    missing = [package for program, package in _PACKAGES.items() if not shutil.which(program)]
    return list(dict.fromkeys(missing))


def _install(packages):
    print(f"Installing {' '.join(packages)}", file=sys.stderr)
    command = ["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A fresh machine has no package lists, and old lists name packages that are gone: hence the second try.
    if subprocess.run(command, env=environment, stdout=sys.stderr).returncode != 0:
        subprocess.run(["apt-get", "-q", "update"], env=environment, stdout=sys.stderr)
        subprocess.run(command, env=environment, stdout=sys.stderr)
