package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which of the caches that the build makes the launcher hands to the JVM: here one that only
/// repeats what it was started with.
class LauncherTest {
  private static final Path LAUNCHER = Repository.root().resolve("hil-rig/farside");
  private static final Instant BUILT = Instant.parse("2026-11-23T09:00:00Z");

  @TempDir
  Path directory;

  private Path target;

  @BeforeEach
  void build() throws IOException {
    target = Files.createDirectories(directory.resolve("hil-rig/target"));
    program("hil-rig/farside", Files.readString(LAUNCHER));
    program("ci/find-jdk.sh", "#!/bin/sh\necho " + directory + "/jdk\n");
    program("jdk/bin/java", "#!/bin/sh\nfor each; do echo \"$each\"; done\n");
    made("classes/jvm.flags", 0);
    made("farside.jar", 0);
    made("lib/farside-remote.jar", 0);
    made("lib/netty.jar", -10);
  }

  @Test
  void theSimulatorHasItsOwnCacheAndEverythingElseTheOneOfTheBuild() throws Exception {
    made("farside.aot", 1);
    made("sim.aot", 2);

    assertThat(cacheOf("sim")).contains("sim.aot");
    assertThat(cacheOf("run")).contains("farside.aot");
  }

  /// The JVM would take the classes that were in the jar when the cache was made.
  @Test
  void aCacheThatIsOlderThanAnyJarIsPassedOver() throws Exception {
    made("sim.aot", 1);
    made("lib/farside-remote.jar", 2);
    made("farside.aot", 3);
    assertThat(cacheOf("sim")).contains("farside.aot");

    made("lib/netty.jar", 4);
    assertThat(cacheOf("sim")).isEmpty();
    assertThat(cacheOf("run")).isEmpty();

    made("sim.aot", 5);
    assertThat(cacheOf("sim")).contains("sim.aot");
    assertThat(cacheOf("run")).isEmpty();
  }

  @Test
  void withoutAnyCacheEverythingStarts() throws Exception {
    assertThat(cacheOf("sim")).isEmpty();
    assertThat(cacheOf("run")).isEmpty();
  }

  private Optional<String> cacheOf(String command) throws Exception {
    Process process = new ProcessBuilder(directory + "/hil-rig/farside", command)
        .redirectErrorStream(true)
        .start();
    List<String> words = process.inputReader().lines().toList();
    assertThat(process.waitFor()).as("%s", words).isZero();
    assertThat(words).contains("-jar", command);
    return words.stream()
        .filter(word -> word.startsWith("-XX:AOTCache="))
        .map(
            word -> Path.of(word.substring(word.indexOf('=') + 1)).getFileName().toString())
        .findAny();
  }

  private void made(String name, int secondsLater) throws IOException {
    Path file = target.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    Files.setLastModifiedTime(file, FileTime.from(BUILT.plusSeconds(secondsLater)));
  }

  private void program(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
