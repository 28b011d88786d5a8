package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;

import farside.rig.demo.DemoRig;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstImlKilledTest {
  private static final String SITE = "A";
  private static final int READY_MAX_MS = 20_000;

  @TempDir
  Path directory;

  @Test
  void aSiteKilledBeforeItsFirstLabelStartsTheNextTime() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    openAndKill(rig);
    assertThat(Files.size(rig.drive(SITE, "D1"))).isPositive();

    Site site = Site.open(rig.rig(), rig.rig().cabinet(SITE).orElseThrow(), rig.directory());
    try {
      site.start(Throwable::printStackTrace);
      assertThat(site.awaitReady(READY_MAX_MS)).as(site.refusal()).isTrue();
      site.requestShutdown();
      assertThat(site.awaitDown(READY_MAX_MS)).isTrue();
    } finally {
      site.close();
    }
  }

  private static void openAndKill(DemoRig rig) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SiteThatOnlyOpens.class.getName(),
            rig.file().toString(),
            rig.directory().path().toString(),
            SITE)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    try (BufferedReader output = process.inputReader()) {
      assertThat(output.readLine()).isEqualTo("opened");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
