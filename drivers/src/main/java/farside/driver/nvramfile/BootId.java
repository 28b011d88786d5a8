package farside.driver.nvramfile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// Which start of the kernel this is. Memory that is only mapped survives a process, but not a
/// kernel.
public final class BootId {
  private static final Path SOURCE = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /// The running kernel's boot id. Where the kernel does not tell, a number that matches
  /// nothing: NVRAM is then believed only after a clean end, which errs on the safe side.
  public static UUID current() {
    try {
      return UUID.fromString(Files.readString(SOURCE, StandardCharsets.US_ASCII).trim());
    } catch (IOException | IllegalArgumentException untold) {
      return UUID.randomUUID();
    }
  }
}
