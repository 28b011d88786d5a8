"""Loop devices: disks made of files, for what is measured on raw disks."""

import pathlib
import subprocess
import sys
import tempfile

from .failure import Failure
from .processes import undisturbed


class LoopDevices:
    """All loop devices of a run; leaving the `with` block gives them back, whatever has happened."""

    def __init__(self):
        self._files = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with undisturbed():
            for file in reversed(self._files):
                _detach(file)

    def attach(self, file):
        """Makes a disk of a file; the path of the device."""
        # Noted first: an interrupt between losetup's work and its answer must not lose the device.
        self._files.append(file)
        answer = _losetup("--find", "--show", file)
        if answer.returncode != 0:
            raise Failure(f"no loop device for {file}: {answer.stderr.strip()}")
        return pathlib.Path(answer.stdout.strip())


def why_not(directory):
    """None if loop devices can be made of files in the directory; else the reason."""
    try:
        with tempfile.NamedTemporaryFile(prefix="farside-bench-", dir=directory) as probe, LoopDevices() as loops:
            probe.truncate(1 << 20)
            device = loops.attach(pathlib.Path(probe.name))
            with open(device, "r+b"):
                return None
    except FileNotFoundError:
        return "losetup is missing (Debian: mount)"
    except (Failure, OSError) as problem:
        return f"loop devices need root and a kernel that has them: {problem}"


def _detach(file):
    attached = _losetup("--noheadings", "--output", "NAME", "--associated", file)
    for device in attached.stdout.split():
        answer = _losetup("--detach", device)
        if answer.returncode != 0:
            print(f"bench: {device} could not be given back: {answer.stderr.strip()}", file=sys.stderr)


def _losetup(*words):
    return subprocess.run(["losetup", *map(str, words)], capture_output=True, text=True)
