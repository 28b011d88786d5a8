package farside.simulator;

import java.util.ArrayDeque;

/// What the newest writes of a volume wrote. It follows from their numbers, but to compare bytes
/// is much quicker than to make them, and what was written is read several times.
final class WriteContents {
  private static final long KEPT_BYTES_MAX = 16 << 20;

  private final ArrayDeque<HostWrite> kept = new ArrayDeque<>();
  private long keptBytes;

  /// The write has made its content, and may have to forget it when others have come after it.
  void onMade(HostWrite write) {
    kept.add(write);
    keptBytes += write.contentBytes();
    while (keptBytes > KEPT_BYTES_MAX) {
      HostWrite oldest = kept.remove();
      keptBytes -= oldest.contentBytes();
      oldest.forgetContent();
    }
  }
}
