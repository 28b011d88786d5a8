package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.CabinetRefused;
import farside.rig.demo.DemoRig;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a start that is refused leaves of NVRAM: it has changed nothing there, so what a shutdown
/// had made safe from the loss of the machine's power is as safe as before.
class RefusedSiteTest {
  private static final String SITE = "A";
  private static final long PATIENCE_MS = 20_000;

  // The prologue of an NVRAM file, as in `NvramPrologue`.
  private static final int COPY_BYTES = 2048;
  private static final int CONDITION_OFFSET = 12;
  private static final int CHANGE_OFFSET = 24;
  private static final int CLEAN = 2;

  @TempDir
  Path directory;

  private DemoRig rig;

  @BeforeEach
  void shutDownInOrder() throws Exception {
    rig = DemoRig.in(directory);
    Site site = open();
    site.start(Throwable::printStackTrace);
    assertThat(site.awaitReady(PATIENCE_MS)).as(site.refusal()).isTrue();
    site.requestShutdown();
    assertThat(site.awaitDown(PATIENCE_MS)).isTrue();
    site.close();
    assertThat(isClean()).isTrue();
  }

  private Site open() throws SiteRefusedException {
    return Site.open(rig.rig(), rig.rig().cabinet(SITE).orElseThrow(), rig.directory());
  }

  private boolean isClean() throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(rig.directory().nvram(SITE)))
        .order(ByteOrder.LITTLE_ENDIAN);
    boolean isSecondNewer = file.getLong(COPY_BYTES + CHANGE_OFFSET) > file.getLong(CHANGE_OFFSET);
    return file.getInt((isSecondNewer ? COPY_BYTES : 0) + CONDITION_OFFSET) == CLEAN;
  }

  @Test
  void whileItIsOpenItIsNotSafe() throws Exception {
    Site site = open();
    assertThat(isClean()).isFalse();
    site.abandon();
  }

  @Test
  void aSiteThatIsOpenedAndNeverStartedLeavesItSafe() throws Exception {
    open().abandon();
    assertThat(isClean()).isTrue();
  }

  @Test
  void aSiteThatIsRefusedWhenNvramIsOpenLeavesItSafe() throws Exception {
    String text = Files.readString(rig.file());
    String nbd = rig.rig().cabinet(SITE).orElseThrow().nbd().toString();
    rig = rig.with(text.replace("nbd: " + nbd, "nbd: no-such-host.invalid:10809"));
    assertThatThrownBy(this::open)
        .isInstanceOf(SiteRefusedException.class)
        .hasMessageContaining("no-such-host.invalid");
    assertThat(isClean()).isTrue();
  }

  @Test
  void aCabinetThatIsRefusedInItsImlLeavesItSafe() throws Exception {
    Path other = rig.drive(SITE, "D1");
    Path aside = other.resolveSibling("aside");
    Files.move(other, aside);
    Files.move(rig.drive(SITE, "D2"), other);
    Files.move(aside, rig.drive(SITE, "D2"));
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Site site = open();
    site.start(failure::complete);
    assertThat(failure.get(PATIENCE_MS, TimeUnit.MILLISECONDS))
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("its label says volume");
    // Who started it ends the process here.
    assertThat(isClean()).isTrue();
    assertThat(site.awaitDown(PATIENCE_MS)).isTrue();
    site.close();
  }

  @Test
  void aSiteWhoseHostsPortIsTakenLeavesItSafe() throws Exception {
    int port = rig.hostsAt(SITE).getPort();
    try (ServerSocket taken = new ServerSocket(port, 1, rig.hostsAt(SITE).getAddress())) {
      assertThat(taken.isBound()).isTrue();
      Site site = open();
      site.start(Throwable::printStackTrace);
      assertThat(site.awaitReady(PATIENCE_MS)).isFalse();
      assertThat(site.refusal()).isNotEmpty();
      assertThat(site.awaitDown(PATIENCE_MS)).isTrue();
      site.close();
    }
    assertThat(isClean()).isTrue();
  }
}
