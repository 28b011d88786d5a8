package farside.driver.posix;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file system of a few pages, so that a test can fill it. Where mounting is not allowed, the
/// test is skipped by name.
public final class TinyFileSystem implements AutoCloseable {
  private final Path directory;

  private TinyFileSystem(Path directory) {
    this.directory = directory;
  }

  /// Mounts one of that size.
  public static TinyFileSystem mount(Path directory, int sizeBytes) throws IOException {
    Files.createDirectories(directory);
    boolean mounted;
    try {
      mounted =
          run("mount", "-t", "tmpfs", "-o", "size=" + sizeBytes, "tmpfs", directory.toString());
    } catch (IOException noSuchProgram) {
      mounted = false;
    }
    assumeTrue(mounted, "a tiny tmpfs cannot be mounted here (needs root)");
    return new TinyFileSystem(directory);
  }

  private static boolean run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return process.onExit().join().exitValue() == 0;
  }

  /// A path in it.
  public Path path(String name) {
    return directory.resolve(name);
  }

  @Override
  public void close() throws IOException {
    if (!run("umount", directory.toString())) {
      run("umount", "-l", directory.toString());
    }
  }
}
