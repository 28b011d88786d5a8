package farside.simulator;

/// What the hosts of a run ask for, drawn once.
///
/// @param readPermille share of reads
/// @param flushPermille share of flushes
/// @param trimPermille share of TRIM and of WRITE_ZEROES, each
/// @param forceUnitAccessPermille share of FUA among what writes
/// @param unalignedPermille share of requests at any byte
/// @param largePermille share of requests up to 128 KiB
/// @param hotPermille share of requests to the same few blocks
/// @param badPermille share of requests that lie beyond the end
record RequestMix(
    int readPermille,
    int flushPermille,
    int trimPermille,
    int forceUnitAccessPermille,
    int unalignedPermille,
    int largePermille,
    int hotPermille,
    int badPermille) {

  /// The same mix, with few reads and many large requests.
  RequestMix heavy() {
    return new RequestMix(
        Math.min(readPermille, 300),
        flushPermille,
        trimPermille,
        forceUnitAccessPermille,
        unalignedPermille,
        Math.max(largePermille, 300),
        hotPermille,
        badPermille);
  }
}
