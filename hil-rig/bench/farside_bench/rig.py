"""The bench's rigs: the loopback rig with other ports and sizes, and one site with a volume of its own."""

import re

from .failure import Failure


def derive(text, source, nbd_ports, link_port, volume_mib, ack="received", direct=False):
    """The rig file for a mirrored pair.

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
    text = _replace(text, source, r"^(\s*ab:\s*\{[^}\n]*ack:\s*)received\b", lambda m: f"{m[1]}{ack}", 1)
    # Without its margin (the label area), a drive is as big as its volume.
    volume = re.search(r"^\s*0010:\s*\{sizeMiB:\s*(\d+)", text, re.MULTILINE)
    drive = re.search(r"\{name:\s*D1,[^}\n]*sizeMiB:\s*(\d+)", text)
    if not volume or not drive:
        raise _changed(source, "volume 0010 or drive D1 with a sizeMiB")
    drive_mib = volume_mib + int(drive[1]) - int(volume[1])
    text = _replace(text, source, r"^(\s*0010:\s*\{sizeMiB:\s*)\d+", lambda m: f"{m[1]}{volume_mib}", 1)
    text = _replace(text, source, r"(\{name:\s*D1,[^}\n]*sizeMiB:\s*)\d+", lambda m: f"{m[1]}{drive_mib}", 2)
    if direct:
        text = _replace(text, source, r"(\{name:\s*D1,\s*driver:\s*file-disk)", lambda m: f"{m[1]}, direct: true", 2)
    return text


# What a drive has more than its volume: the label area.
LABEL_AREA_MIB = 1


def local(volume, nbd_port, volume_mib, nvram_mib, read_cache_mib, disk=None, backing_file=None):
    """The rig file for one site whose one volume is not mirrored, on a file of its own or on a loop device."""
    drive = "driver: file-disk"
    if disk:
        drive = f'driver: raw-disk, path: {disk}, identity: {{backingFile: {backing_file}}}, erase: "yes, this one"'
    return f"""\
sites:
  A:
    serial: FARSIDE-A
    nbd: 127.0.0.1:{nbd_port}
    nvramMiB: {nvram_mib}
    readCacheMiB: {read_cache_mib}
    drives:
      - {{name: D1, {drive}, sizeMiB: {volume_mib + LABEL_AREA_MIB}}}
volumes:
  {volume}: {{sizeMiB: {volume_mib}, local: A/D1}}
"""


def _replace(text, source, pattern, replacement, expected_count):
    text, count = re.subn(pattern, replacement, text, count=expected_count + 1, flags=re.MULTILINE)
    if count != expected_count:
        raise _changed(source, f"{expected_count} times {pattern} (found: {count})")
    return text


def _changed(source, expected):
    return Failure(f"{source} does not have {expected}. Make hil-rig/bench/farside_bench/rig.py fit it.")
