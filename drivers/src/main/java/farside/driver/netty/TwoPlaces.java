package farside.driver.netty;

import farside.driver.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where a payload goes, and where what follows it.
public final class TwoPlaces {
  private final MemorySegment iovec = Arena.ofAuto().allocate(2L * Posix.IOVEC_BYTES, Long.BYTES);

  public TwoPlaces set(long address, int lengthBytes, long nextAddress, int nextBytes) {
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 0, address);
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 1, lengthBytes);
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 2, nextAddress);
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 3, nextBytes);
    return this;
  }

  long iovecAddress() {
    return iovec.address();
  }
}
