package farside.driver.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExclusiveFileTest {
  @TempDir
  Path directory;

  @Test
  void missingFileIsMadeEmpty() throws IOException {
    Path path = directory.resolve("new");
    ExclusiveFile file = ExclusiveFile.open("drive D1", path, 0, 0);

    assertThat(file.facts().sizeBytes()).isZero();
    assertThat(file.path()).isEqualTo(path.toAbsolutePath());
    file.close();
    assertThat(Files.size(path)).isZero();
  }

  @Test
  void fileInUseIsRefusedWithTheProcessThatHasIt() throws IOException {
    Path path = directory.resolve("file");
    ExclusiveFile first = ExclusiveFile.open("drive D1", path, 0, 0);

    assertThatThrownBy(() -> ExclusiveFile.open("drive D2", path, 0, 50))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("drive D2: another process holds " + path)
        .hasMessageContaining("(process " + ProcessHandle.current().pid() + ")");
    first.close();
  }

  @Test
  void fileHeldByAnotherProcessIsRefusedUntilThatOneIsKilled() throws Exception {
    Path path = directory.resolve("file");
    Files.createFile(path);
    Process other = otherProcessThatLocks(path);
    try {
      assertThatThrownBy(() -> ExclusiveFile.open("drive D1", path, 0, 50))
          .hasMessageContaining("another process holds");
    } finally {
      // The shell that flock(1) started has the same open file: the lock goes with the last of
      // the family.
      other.descendants().forEach(ProcessHandle::destroyForcibly);
      other.destroyForcibly();
    }

    ExclusiveFile.open("drive D1", path, 0, ExclusiveFile.BUSY_RETRY_MS).close();
  }

  private static Process otherProcessThatLocks(Path path) throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/flock")), "flock(1) is not here");
    Process other = new ProcessBuilder(
            "/usr/bin/flock", "-x", path.toString(), "-c", "echo locked; exec sleep 60")
        .redirectErrorStream(true)
        .start();
    assertThat(other.inputReader().readLine()).isEqualTo("locked");
    return other;
  }

  @Test
  void fileThatBecomesFreeWhileWeWaitIsTaken() throws Exception {
    Path path = directory.resolve("file");
    ExclusiveFile first = ExclusiveFile.open("drive D1", path, 0, 0);
    CompletableFuture<ExclusiveFile> second = CompletableFuture.supplyAsync(() -> {
      try {
        return ExclusiveFile.open("drive D1", path, 0, ExclusiveFile.BUSY_RETRY_MS);
      } catch (IOException refused) {
        throw new AssertionError(refused);
      }
    });
    assertThat(second).isNotDone();

    first.close();

    second.get(5, TimeUnit.SECONDS).close();
  }

  @Test
  void whatIsNotARegularFileIsRefused() {
    assertThatThrownBy(() -> ExclusiveFile.open("drive D1", directory, 0, 0))
        .hasMessage("drive D1: " + directory
            + " is not a regular file. Name a file, or a path where none is yet.");
    assertThatThrownBy(() -> ExclusiveFile.open("drive D1", Path.of("/dev/null"), 0, 0))
        .hasMessageContaining("/dev/null is not a regular file");
  }

  @Test
  void missingDirectoryIsNamed() {
    Path path = directory.resolve("no/such/file");

    assertThatThrownBy(() -> ExclusiveFile.open("NVRAM", path, 0, 0))
        .hasMessage("NVRAM: cannot open " + path
            + ": No such file or directory. Create the directory " + path.getParent() + ".");
  }
}
