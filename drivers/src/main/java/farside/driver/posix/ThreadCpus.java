package farside.driver.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/// The CPUs of the machine that one thread may run on, and how long it has waited for one.
///
/// Of the thread that makes it, which alone may use it. Linux; where the system does not say, or
/// does not let, nothing happens and the answers tell so.
public final class ThreadCpus {
  /// As the C library's `cpu_set_t` has it.
  private static final int MASK_BYTES = 128;

  private static final int STATISTICS_BYTES = 96;

  private final MemorySegment mask = Arena.ofAuto().allocate(MASK_BYTES, Long.BYTES);
  private final MemorySegment statistics = Arena.ofAuto().allocate(STATISTICS_BYTES);

  /// Those that the thread may run on now; none if the system does not say.
  public BitSet now() {
    return Posix.schedGetAffinity(mask.address(), MASK_BYTES) < 0
        ? new BitSet()
        : BitSet.valueOf(mask.asByteBuffer());
  }

  /// Has the thread run on these only; false if the system refuses.
  public boolean restrictTo(BitSet cpus) {
    mask.fill((byte) 0);
    byte[] bits = cpus.toByteArray();
    if (bits.length > MASK_BYTES) {
      return false;
    }
    MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, 0, bits.length);
    return Posix.schedSetAffinity(mask.address(), MASK_BYTES) == 0;
  }

  /// For how long the thread has been ready to run and had no CPU, in all its life, in
  /// nanoseconds; -1 if the system does not say.
  public long waitedNs() {
    int fd = Posix.open("/proc/thread-self/schedstat", Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    if (fd < 0) {
      return -1;
    }
    long length = Posix.pread(fd, statistics.address(), STATISTICS_BYTES, 0);
    Posix.close(fd);
    // Time on a CPU, time waiting for one, how often.
    String[] words = length < 0 ? new String[0] : text((int) length).trim().split(" ");
    return words.length == 3 ? Long.parseLong(words[1]) : -1;
  }

  private String text(int length) {
    byte[] bytes = statistics.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}
