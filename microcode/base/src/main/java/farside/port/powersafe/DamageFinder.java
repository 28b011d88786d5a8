package farside.port.powersafe;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Who knows what a region holds, and can tell which of it has changed by itself.
@FunctionalInterface
public interface DamageFinder {
  /// Looks at a region that nobody works with yet, and changes nothing.
  List<Damage> find(MemorySegment region);

  /// A stretch of a region that is not what it was.
  ///
  /// @param offset in the region, of a page that holds nothing else
  /// @param crc CRC-32C of what was there
  record Damage(long offset, int lengthBytes, int crc) {}
}
