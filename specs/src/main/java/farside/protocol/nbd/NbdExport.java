package farside.protocol.nbd;

import java.nio.charset.StandardCharsets;

/// An export as clients see it.
///
/// @param name what a client asks for; not empty, for the empty name stands for the default
///     export
/// @param description one line for people
/// @param preferredBytes the unit that serves best; any other is served too
/// @param ready false: listed, but refused to whoever wants to open it
/// @param reason why it is not ready; empty if it is
public record NbdExport(
    String name,
    String description,
    long sizeBytes,
    int preferredBytes,
    boolean readOnly,
    boolean ready,
    String reason) {

  public NbdExport {
    if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > NbdLimits.NAME_BYTES_MAX) {
      throw new IllegalArgumentException("NBD export '" + name + "': the name must be 1 to "
          + NbdLimits.NAME_BYTES_MAX + " bytes long. Give the volume a shorter name.");
    }
    if (sizeBytes < 0) {
      throw new IllegalArgumentException(
          "NBD export '" + name + "': size " + sizeBytes + " is negative.");
    }
    if (Integer.bitCount(preferredBytes) != 1
        || preferredBytes < NbdLimits.PREFERRED_BYTES_MIN
        || preferredBytes > NbdLimits.PAYLOAD_BYTES_ADVERTISED) {
      throw new IllegalArgumentException(
          "NBD export '" + name + "': preferred block size " + preferredBytes
              + " must be a power of two from " + NbdLimits.PREFERRED_BYTES_MIN + " to "
              + NbdLimits.PAYLOAD_BYTES_ADVERTISED + ".");
    }
  }
}
