package farside.driver.rawdisk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// A disk that the test makes of a file, and takes away again. Where that is not allowed, the
/// test is skipped by name.
///
/// A process that is killed in the middle leaves its loop device behind. So each is made over a
/// file whose path begins with [#PREFIX], and whoever makes the next one first takes away those
/// whose file is gone.
public final class LoopDevice implements AutoCloseable {
  private static final String PREFIX = "farside-loop-";

  private final Path file;
  private final Path path;

  private LoopDevice(Path file, Path path) {
    this.file = file;
    this.path = path;
  }

  /// @param directory of the test, which takes the file away
  public static LoopDevice make(Path directory, long sizeBytes, int blockBytes) throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/dev/loop-control")),
        "skipped: no loop devices can be made here (needs root and /dev/loop-control)");
    detachForgotten();
    Path file = Files.createTempFile(directory, PREFIX, ".img").toRealPath();
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(sizeBytes);
    }
    Ended attached = run(
        "losetup",
        "--find",
        "--show",
        "--sector-size",
        Integer.toString(blockBytes),
        file.toString());
    assumeTrue(attached.status == 0, "skipped: losetup says " + attached.output);
    return new LoopDevice(file, Path.of(attached.output.strip()));
  }

  private static void detachForgotten() throws IOException {
    for (String line : run("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE")
        .output
        .split("\n")) {
      String[] words = line.strip().split("\\s+", 2);
      if (words.length == 2 && words[1].contains("/" + PREFIX) && words[1].endsWith("(deleted)")) {
        run("losetup", "--detach", words[0]);
      }
    }
  }

  public Path path() {
    return path;
  }

  /// The file behind the disk.
  public Path file() {
    return file;
  }

  /// What the kernel calls it, such as `loop3`.
  public String name() {
    return path.getFileName().toString();
  }

  public DeviceIdentity identity() {
    return new DeviceIdentity(DeviceIdentity.Kind.BACKING_FILE, file.toString());
  }

  /// How a program ended, with all that it said.
  public record Ended(int status, String output) {}

  /// Runs a program to its end.
  public static Ended run(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.onExit().join().exitValue(), output);
  }

  /// Runs a program on the disk; skips the test where it is not installed.
  public void runOn(String program, String... arguments) throws IOException {
    List<String> words = new ArrayList<>(List.of(program));
    words.addAll(List.of(arguments));
    words.add(path.toString());
    Ended ended;
    try {
      ended = run(words.toArray(String[]::new));
    } catch (IOException notInstalled) {
      assumeTrue(false, "skipped: " + program + " is not installed");
      return;
    }
    if (ended.status != 0) {
      throw new IOException(words + " ended with " + ended.status + ": " + ended.output);
    }
  }

  /// Writes behind the disk's back.
  public void write(long offsetBytes, byte[] bytes) throws IOException {
    try (RandomAccessFile writer = new RandomAccessFile(file.toFile(), "rw")) {
      writer.seek(offsetBytes);
      writer.write(bytes);
    }
  }

  /// What is on the disk, and how much was ever written to it and discarded: the same again means
  /// that not one byte was changed, nor written as it was.
  public String fingerprint() throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
        crc.update(buffer, 0, length);
      }
    }
    String[] counts =
        Files.readString(Path.of("/sys/block", name(), "stat")).strip().split("\\s+");
    return "crc %08x, written %s, discarded %s".formatted(crc.getValue(), counts[4], counts[11]);
  }

  @Override
  public void close() throws IOException {
    // What a test told the kernel of partitions would outlive the loop device.
    for (File child : Path.of("/sys/block", name()).toFile().listFiles()) {
      if (child.getName().startsWith(name() + "p")) {
        run("delpart", path.toString(), child.getName().substring(name().length() + 1));
      }
    }
    run("losetup", "--detach", path.toString());
  }
}
