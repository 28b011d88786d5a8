package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.control.ControlClient;
import farside.port.DriveFilter;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.rig.demo.DemoRig;
import farside.rig.host.NbdClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A site of the loopback rig that finds a drive gone when it starts.
class SiteWithoutItsDriveTest {
  private static final String SITE = "A";
  private static final String LOCAL = "0030";
  private static final String ITS_DRIVE = "D3";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir
  Path directory;

  private DemoRig rig;

  /// Whatever it is asked for, it is not there.
  private static final class GoneDrive extends DriveFilter {
    GoneDrive(DrivePort drive) {
      super(drive);
    }

    @Override
    public int drain(DriveSink sink, int limit) {
      return drive.drain(
          (tag, outcome, firstBadByte) -> sink.onCompletion(tag, DriveOutcome.GONE, -1), limit);
    }
  }

  private Site start(UnaryOperator<DrivePort> filter) throws Exception {
    Site site =
        Site.open(rig.rig(), rig.rig().cabinet(SITE).orElseThrow(), rig.directory(), filter);
    site.start(Throwable::printStackTrace);
    return site;
  }

  private NbdClient host() throws Exception {
    return NbdClient.connect(rig.hostsAt(SITE), LOCAL, (int) PATIENCE.toMillis());
  }

  @Test
  void itEndsWhenItIsToldToWhileItWaitsAndTheNextStartFindsEverything() throws Exception {
    rig = DemoRig.in(directory);
    byte[] written = new byte[4096];
    new Random(3).nextBytes(written);
    Site site = start(UnaryOperator.identity());
    assertThat(site.awaitReady(PATIENCE.toMillis())).as(site.refusal()).isTrue();
    try (NbdClient host = host()) {
      host.write(0, written);
    }
    site.requestShutdown();
    assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
    assertThat(site.hasEndedInIml()).isFalse();
    site.close();

    site = start(drive -> drive.name().equals(ITS_DRIVE) ? new GoneDrive(drive) : drive);
    assertThat(site.awaitReady(500)).isFalse();
    assertThat(site.hasEndedInIml()).isFalse();
    assertThat(ControlClient.ask(rig.directory().controlSocket(SITE), "shutdown", false, PATIENCE)
            .text())
        .contains("IML is not over");
    // Who waits for it hears at once that it never will be.
    long askedNs = System.nanoTime();
    assertThat(site.awaitReady(PATIENCE.toMillis())).isFalse();
    assertThat(System.nanoTime() - askedNs).isLessThan(PATIENCE.toNanos() / 2);
    assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
    assertThat(site.hasEndedInIml()).isTrue();
    assertThat(site.isIncomplete()).isTrue();
    assertThat(site.drivesLeft()).isEqualTo(ITS_DRIVE);
    site.close();
    assertThat(Files.readString(rig.directory().log(SITE))).contains(" 1013 ");

    site = start(UnaryOperator.identity());
    assertThat(site.awaitReady(PATIENCE.toMillis())).as(site.refusal()).isTrue();
    try (NbdClient host = host()) {
      assertThat(host.read(0, written.length)).isEqualTo(written);
    }
    site.requestShutdown();
    assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
    site.close();
  }
}
