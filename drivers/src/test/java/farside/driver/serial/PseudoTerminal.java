package farside.driver.serial;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import farside.driver.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The terminal's end of a line that the system emulates. Closing it hangs the line up.
@SuppressWarnings("restricted")
final class PseudoTerminal implements AutoCloseable {
  private static final Path MULTIPLEXER = Path.of("/dev/ptmx");
  private static final int O_NOCTTY = 0x100;
  private static final int O_NONBLOCK = 0x800;
  private static final int NAME_BYTES_MAX = 64;
  private static final int BUFFER_BYTES = 4096;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle GRANTPT =
      bind("grantpt", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle UNLOCKPT =
      bind("unlockpt", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle PTSNAME_R =
      bind("ptsname_r", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle READ =
      bind("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      bind("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
  private final StringBuilder seen = new StringBuilder();
  private final int master;
  private final Path device;
  private boolean isClosed;

  PseudoTerminal() {
    master = Posix.open(
        MULTIPLEXER.toString(), Posix.O_RDWR | O_NOCTTY | O_NONBLOCK | Posix.O_CLOEXEC, 0);
    try {
      int result = (int) GRANTPT.invokeExact(master);
      result |= (int) UNLOCKPT.invokeExact(master);
      result |= (int) PTSNAME_R.invokeExact(master, buffer, (long) NAME_BYTES_MAX);
      if (master < 0 || result != 0) {
        throw new IllegalStateException("no pseudo terminal: " + master + ", " + result);
      }
    } catch (Throwable failure) {
      throw unexpected(failure);
    }
    device = Path.of(buffer.getString(0));
  }

  static boolean isAvailable() {
    return Files.exists(MULTIPLEXER);
  }

  private static MethodHandle bind(String name, FunctionDescriptor shape) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape);
  }

  private static IllegalStateException unexpected(Throwable failure) {
    return new IllegalStateException(failure);
  }

  /// What the other end opens.
  Path device() {
    return device;
  }

  /// Types what fits into the system's buffer; answers how much that was.
  int type(byte[] keys) {
    int length = Math.min(keys.length, BUFFER_BYTES);
    MemorySegment.copy(keys, 0, buffer, ValueLayout.JAVA_BYTE, 0, length);
    try {
      return (int) (long) WRITE.invokeExact(master, buffer, (long) length);
    } catch (Throwable failure) {
      throw unexpected(failure);
    }
  }

  void type(String keys) {
    byte[] bytes = keys.getBytes(StandardCharsets.US_ASCII);
    if (type(bytes) != bytes.length) {
      throw new IllegalStateException("the line does not take " + keys);
    }
  }

  /// Everything on the screen so far, with what has come meanwhile.
  String screen() {
    long readBytes;
    try {
      do {
        readBytes = (long) READ.invokeExact(master, buffer, (long) BUFFER_BYTES);
        if (readBytes > 0) {
          seen.append(
              StandardCharsets.US_ASCII.decode(buffer.asSlice(0, readBytes).asByteBuffer()));
        }
      } while (readBytes > 0);
    } catch (Throwable failure) {
      throw unexpected(failure);
    }
    return seen.toString().replace("\r\n", "\n");
  }

  void wipe() {
    screen();
    seen.setLength(0);
  }

  /// Hangs up. Once: by the second time the number may be another test's file.
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      Posix.close(master);
    }
  }
}
