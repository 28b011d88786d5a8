"""The host: fio with its nbd engine."""

import json
import math
from dataclasses import dataclass

from .failure import Failure
from .loads import Load

_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Measurement:
    """What fio saw of one load on one target. Latencies are those of the reads or writes, without their FLUSHes."""

    io_count: int
    iops: float
    bytes_per_second: float
    p50_us: float
    p99_us: float


def measure(family, load, uri, volume_bytes, seconds):
    """Loads the volume for so many seconds.

    No ramp: fio does not count its I/Os, but the server's processor time would count them.
    """
    timing = ["--time_based", f"--runtime={int(seconds * 1000)}ms"]
    return _run(family, load, uri, volume_bytes, timing, seconds + 60)


def fill(family, uri, volume_bytes):
    """Writes the whole volume once, so that no target measures a first touch of its images."""
    _run(family, Load("write", 256 << 10, 8), uri, volume_bytes, [], 90)


def read_through(family, uri, volume_bytes):
    """Reads the whole volume once, so that what can be in memory is there."""
    _run(family, Load("read", 256 << 10, 8), uri, volume_bytes, [], 90)


def parse(text, direction):
    """Reads fio's JSON report; ValueError if it is none, or tells of errors."""
    try:
        job = _report(text)["jobs"][0]
        error = job["error"]
        side = job[direction]
        percentiles_ns = side["clat_ns"]["percentile"]
        measurement = Measurement(
            io_count=side["total_ios"],
            iops=float(side["iops"]),
            bytes_per_second=float(side["bw_bytes"]),
            p50_us=round(percentiles_ns["50.000000"] / 1000, 1),
            p99_us=round(percentiles_ns["99.000000"] / 1000, 1),
        )
    except (LookupError, TypeError, AttributeError, OverflowError) as problem:
        raise ValueError(f"fio's report does not have what is looked for: {problem!r}") from problem
    if error:
        raise ValueError(f"fio met error {error}")
    if not measurement.io_count >= 1 or not 0 < measurement.iops < math.inf:
        raise ValueError(f"not one {direction} was done")
    return measurement


def _report(text):
    # fio prints warnings before the report, and some of its versions after it; they may hold braces too.
    start = text.find("{")
    while start >= 0:
        try:
            report, _ = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError:
            report = None
        if isinstance(report, dict) and report.get("jobs"):
            return report
        start = text.find("{", start + 1)
    raise ValueError("there is no report with a job in it")


def _run(family, load, uri, volume_bytes, timing, timeout_seconds):
    command = [
        "fio",
        "--name=bench",
        "--ioengine=nbd",
        f"--uri={uri}",
        f"--rw={load.pattern}",
        f"--bs={load.block_bytes}",
        f"--iodepth={load.depth}",
        f"--size={volume_bytes}",
        "--norandommap",
        "--randrepeat=0",
        "--thread",
        "--output-format=json",
        *(["--fsync=1"] if load.flush else []),
        *timing,
    ]
    status, out, error = family.output_of(command, timeout_seconds)
    try:
        measurement = parse(out, load.direction)
    except ValueError as problem:
        raise Failure(f"{load.name} on {uri}: {problem} (exit status {status})\n{error or out}") from problem
    if status != 0:
        raise Failure(f"{load.name} on {uri}: fio ended with {status}:\n{error}")
    return measurement
