package farside.driver.rawdisk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A disk in memory, with blocks of 4096 bytes, that the test makes and takes away again. Where
/// that is not allowed, the test is skipped by name.
final class ZramDevice implements AutoCloseable {
  private static final Path CONTROL = Path.of("/sys/class/zram-control");

  private final String number;

  private ZramDevice(String number) {
    this.number = number;
  }

  static ZramDevice make(long sizeBytes) throws IOException {
    assumeTrue(
        Files.isReadable(CONTROL.resolve("hot_add"))
            && Files.isWritable(CONTROL.resolve("hot_remove")),
        "skipped: no zram devices can be made here (needs root and the zram module)");
    ZramDevice device =
        new ZramDevice(Files.readString(CONTROL.resolve("hot_add")).strip());
    Files.writeString(Path.of("/sys/block", device.name(), "disksize"), Long.toString(sizeBytes));
    return device;
  }

  String name() {
    return "zram" + number;
  }

  Path path() {
    return Path.of("/dev", name());
  }

  @Override
  public void close() throws IOException {
    Files.writeString(CONTROL.resolve("hot_remove"), number);
  }
}
