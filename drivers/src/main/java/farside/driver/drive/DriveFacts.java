package farside.driver.drive;

import java.util.List;

/// What is known of a drive that was opened.
///
/// @param name in the rig, such as `D1`
/// @param identity what tells this drive from every other, for people
/// @param firstDataBytes everything before this offset was known to read zero at the opening
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
    boolean mayBeLabelled,
    int memoryAlignBytes,
    int lengthAlignBytes,
    List<Integer> zeroModes) {
  public DriveFacts {
    zeroModes = List.copyOf(zeroModes);
  }
}
