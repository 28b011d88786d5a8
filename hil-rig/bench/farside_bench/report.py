"""What the person at the screen sees."""

import statistics

from .loads import Load

# Above it, the figures are more about the machine than about what was measured.
_QUIET_SHARE = 0.05

_PATTERNS = {
    "randwrite": "random writes",
    "randread": "random reads",
    "write": "sequential writes",
    "read": "sequential reads",
}


def title(load_name):
    """A load in words: `randwrite-4k-qd1` is `4 KiB random writes, qd1`."""
    load = Load.parse(load_name)
    flush = ", FLUSH after each" if load.flush else ""
    return f"{load.block_bytes >> 10} KiB {_PATTERNS[load.pattern]}, qd{load.depth}{flush}"


def table(rows):
    """The figures of one comparison, as lines."""
    head = ("load", "target", "IOPS", "MB/s", "p50 us", "p99 us", "CPU s/100k", "ratio (min..max)", "CPU ratio", "required")
    body = [
        (
            title(row.load),
            row.target,
            f"{row.iops:,.0f}",
            f"{row.bytes_per_second / 1e6:.1f}",
            f"{row.p50_us:.0f}",
            f"{row.p99_us:.0f}",
            f"{row.cpu_seconds_per_100k:.2f}",
            "1" if row.target == "peer" else spread(row.iops_ratio),
            "1" if row.target == "peer" else f"{row.cpu_ratio.median:.2f}" if row.cpu_ratio else "-",
            verdict(row),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head))]
    lines = []
    for line in (head, *body):
        cells = [
            cell.ljust(width) if column in (0, 1, 9) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def bystanders(samples):
    """How quiet the machine was."""
    share = statistics.median(sample.others_share for sample in samples)
    sentence = f"Others used {share:.0%} of the processors meanwhile (median of all measurements)".replace("%", " %")
    return sentence + (": measure again on a quieter machine." if share > _QUIET_SHARE else ".")


def verdict(row):
    """What is required of a row, and whether it holds."""
    said = []
    if row.required.iops is not None:
        said.append(f"{row.required.iops}: {_holds(row.iops_hold)}")
    if row.required.cpu is not None:
        said.append(f"CPU {row.required.cpu}: {_holds(row.cpu_holds)}")
    return "; ".join(said)


def _holds(holds):
    return "holds" if holds else "MISSED"


def spread(ratio):
    """A ratio with its smallest and its largest."""
    return f"{ratio.median:.2f} ({ratio.min:.2f}..{ratio.max:.2f})"
