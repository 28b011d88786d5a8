"""What the figures were taken on."""

import os
import pathlib
import platform
import subprocess

from . import tools
from .paths import REPOSITORY


def facts():
    """For the JSON file, and for whoever reads it a year later."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _field("/proc/cpuinfo", "model name"),
        "memory_kib": int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]),
        "kernel": platform.release(),
        "load_average_1min": os.getloadavg()[0],
        "fio": tools.version("fio"),
        "qemu_nbd": tools.version("qemu-nbd"),
        "qemu_storage_daemon": tools.version("qemu-storage-daemon"),
        "nbdkit": tools.version("nbdkit"),
        "jdk": _jdk(),
        "python": platform.python_version(),
        "commit": _commit(),
    }


def file_system_of(directory):
    """The type of the file system that a directory is on, as the kernel calls it."""
    path = pathlib.Path(directory).resolve()
    best, kind = "", "unknown"
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, mount_point, mounted_kind, *_ = line.split(" ")
        # Blanks are written as octal escapes there.
        mount_point = mount_point.encode().decode("unicode_escape")
        # The last mount on a point hides those before.
        if path.is_relative_to(mount_point) and len(mount_point) >= len(best):
            best, kind = mount_point, mounted_kind
    return kind


def _field(file, name):
    try:
        lines = pathlib.Path(file).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _jdk():
    found = subprocess.run([REPOSITORY / "ci" / "find-jdk.sh"], capture_output=True, text=True)
    if found.returncode != 0:
        return None
    release = pathlib.Path(found.stdout.strip()) / "release"
    words = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
    return " ".join(words.get(key, "").strip('"') for key in ("IMPLEMENTOR", "JAVA_RUNTIME_VERSION")).strip()


def _commit():
    try:
        answer = subprocess.run(
            ["git", "-C", REPOSITORY, "describe", "--always", "--dirty"], capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return answer.stdout.strip() or None
