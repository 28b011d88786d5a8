"""The bench's rig: the loopback rig with other ports and, if asked for, another size of its first volume."""

import re

from .failure import Failure


def derive(text, source, nbd_ports, link_port, volume_mib):
    """The rig file for one run.

    It stays the text that users read and run, but for the lines that must differ. A line that is not found
    means that the loopback rig has changed: then this must change too, and nothing is measured by mistake.
    """
    ports = iter(nbd_ports)
    text = _replace(
        text, source, r"^(\s*nbd:\s*)127\.0\.0\.1:\d+", lambda m: f"{m[1]}127.0.0.1:{next(ports)}", len(nbd_ports)
    )
    text = _replace(
        text, source, r"(listen:\s*\{[^}\n]*address:\s*)127\.0\.0\.1:\d+", lambda m: f"{m[1]}127.0.0.1:{link_port}", 1
    )
    # Without its margin (the label area), a drive is as big as its volume.
    volume = re.search(r"^\s*0010:\s*\{sizeMiB:\s*(\d+)", text, re.MULTILINE)
    drive = re.search(r"\{name:\s*D1,[^}\n]*sizeMiB:\s*(\d+)", text)
    if not volume or not drive:
        raise _changed(source, "volume 0010 or drive D1 with a sizeMiB")
    drive_mib = volume_mib + int(drive[1]) - int(volume[1])
    text = _replace(text, source, r"^(\s*0010:\s*\{sizeMiB:\s*)\d+", lambda m: f"{m[1]}{volume_mib}", 1)
    return _replace(text, source, r"(\{name:\s*D1,[^}\n]*sizeMiB:\s*)\d+", lambda m: f"{m[1]}{drive_mib}", 2)


def _replace(text, source, pattern, replacement, expected_count):
    text, count = re.subn(pattern, replacement, text, count=expected_count + 1, flags=re.MULTILINE)
    if count != expected_count:
        raise _changed(source, f"{expected_count} times {pattern} (found: {count})")
    return text


def _changed(source, expected):
    return Failure(f"{source} does not have {expected}. Make hil-rig/bench/farside_bench/rig.py fit it.")
