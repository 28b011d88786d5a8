package farside.port;

/// The device under the log of a power-safe NVRAM: one that keeps what a completed write wrote
/// when the power goes.
///
/// Of a write that had not completed, any of its blocks may be there. All offsets, lengths and
/// addresses are multiples of 4096.
public interface NvramLogPort {
  /// Where it is, for people.
  String name();

  /// Bytes that the log has for itself.
  long sizeBytes();

  /// Reads, and waits for it. Only before the cabinet runs.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be read
  void readNow(long offsetBytes, long address, int lengthBytes);

  /// Writes, and waits until it is durable. Only before the cabinet runs.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be written
  void writeNow(long offsetBytes, long address, int lengthBytes);

  /// Begins to write; only one write is under way at a time. Memory must stay unchanged until
  /// [#poll] has told the end.
  void submit(long offsetBytes, long address, int lengthBytes);

  /// How the write under way stands; an end is told once.
  Progress poll();

  /// Why the last write failed, for people.
  String lastError();

  /// How a write stands.
  enum Progress {
    /// Under way, or none is.
    NONE,
    /// Durable.
    DONE,
    FAILED
  }
}
