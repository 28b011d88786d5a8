"""Proof that a volume without a mirror is on its drive: a pattern, written through NBD and found there."""

from . import images
from .failure import Failure


def verify_and_stop(stage, who, uri, image, stop):
    """Writes the pattern over the whole volume, stops the server in order, and compares with the drive's image."""
    pattern = stage.directory / "pattern.img"
    images.create_pattern(pattern, stage.volume_bytes, stage.seed)
    command = ["qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", pattern, uri]
    status, _, error = stage.family.output_of(command, 120)
    if status != 0:
        raise Failure(f"the pattern of seed {stage.seed} could not be written to {uri}: {error}")
    stop()
    wrong = images.difference(pattern, image, stage.volume_bytes)
    if wrong:
        raise Failure(f"{who} did not keep what was written (seed {stage.seed}): {wrong}")
    return (
        f"a pattern of seed {stage.seed}, written by qemu-img after the last round, is on the drive after a clean "
        f"stop, {stage.volume_mib} MiB byte for byte"
    )
