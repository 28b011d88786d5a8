package farside.driver.drive;

import java.util.List;

/// What is known of a drive that was opened.
///
/// @param name in the rig, such as `D1`
/// @param identity what tells this drive from every other, for people
/// @param firstDataBytes everything before this offset was known to read zero at the opening
/// @param zeroes extents that were known to read zero at the opening, ascending
/// @param mayBeLabelled it carries no label, and was cleared for a first one
/// @param memoryAlignBytes what addresses of a transfer must be a multiple of
/// @param lengthAlignBytes what offsets and lengths of a transfer must be a multiple of
/// @param zeroModes modes of `fallocate` that make an extent read zero, the one to be tried
///     first first; a drive that supports none has zeroes written
public record DriveFacts(
    String name,
    String identity,
    long sizeBytes,
    int blockBytes,
    long firstDataBytes,
    List<ZeroExtent> zeroes,
    boolean mayBeLabelled,
    int memoryAlignBytes,
    int lengthAlignBytes,
    List<Integer> zeroModes) {
  /// From the first byte to before the second.
  public record ZeroExtent(long fromBytes, long toBytes) {}

  public DriveFacts {
    zeroes = List.copyOf(zeroes);
    zeroModes = List.copyOf(zeroModes);
  }
}
