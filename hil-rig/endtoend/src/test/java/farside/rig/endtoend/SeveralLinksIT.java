package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import farside.driver.control.ControlClient;
import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.FreePorts;
import farside.rig.host.LoadHost;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// A pair over TCP links that fail, are added and are removed under load in both directions.
class SeveralLinksIT {
  private static final long SEED =
      Long.getLong("farside.seed", System.nanoTime() & Integer.MAX_VALUE);
  private static final int READY_MAX_MS = 30_000;
  private static final int SETTLED_MAX_MS = 30_000;
  private static final int HOST_TIMEOUT_MS = 20_000;
  private static final int WRITES = 300;
  private static final int BURST_WRITES = 32;
  private static final int PAUSE_MS = 50;
  private static final List<String> SITES = List.of(A, B);
  private static final Map<String, String> VOLUME_OF = Map.of(A, "0010", B, "0020");
  private static final String SUSPENDED = " 3006 ";
  private static final String LEFT = " 3022 ";
  private static final String ADDED = " 3024 ";
  private static final String REMOVED = " 3025 ";
  private static final String TIMEOUT = "linkTimeoutMs: 2000";

  /// On a machine that is short of breath a link must not be taken for silent.
  private static final String LONG_TIMEOUT = "linkTimeoutMs: 6000";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Map<String, WriteRecorder> recorders =
      Map.of(A, new WriteRecorder(SEED, 1024), B, new WriteRecorder(SEED + 1, 1024));

  @Test
  void hostsNoticeNothingWhenEitherOfTwoLinksFails() throws Exception {
    System.out.printf("SeveralLinksIT: replay: -Dfarside.seed=%d%n", SEED);
    DemoRig loopback = DemoRig.in(directory);
    List<TcpRelay> relays = new ArrayList<>();
    try (TcpRelay first =
            relayTo(loopback.rig().links().getFirst().listenAddress().port());
        TcpRelay second = relayTo(FreePorts.take(1).getFirst())) {
      relays.add(first);
      relays.add(second);
      DemoRig rig = withLinks(loopback, relays);
      try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
        failUnderLoad(pair, relays);
      }
    }
  }

  private void failUnderLoad(DemoPair pair, List<TcpRelay> relays) throws Exception {
    List<LoadHost> hosts = startUnderLoad(pair, 4);
    awaitWrites("before");
    for (TcpRelay relay : relays) {
      relay.cut();
      awaitWrites("with link " + relays.indexOf(relay) + " cut");
      relay.restore();
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == 4)).isTrue();
      relay.hold();
      awaitWrites("with link " + relays.indexOf(relay) + " silent");
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == 2)).isTrue();
      awaitWrites("with link " + relays.indexOf(relay) + " out");
      relay.restore();
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == 4)).isTrue();
    }
    assertThat(pair.ask(A, "vary L1 off").text()).contains("Other links are varied on");
    awaitWrites("with L1 varied off");
    assertThat(pair.ask(A, "vary L1 on").exitCode()).isZero();
    endLoad(pair, hosts);
    for (String site : SITES) {
      assertThat(Files.readString(pair.rig().directory().log(site)))
          .contains(LEFT)
          .doesNotContain(SUSPENDED);
    }
  }

  /// With the NVRAM of A power-safe, and that of B not, all that A sends waits for a log, also
  /// over an added link.
  @Test
  void hostsNoticeNothingWhenTheOnlyLinkIsReplacedByAnother() throws Exception {
    System.out.printf("SeveralLinksIT: replay: -Dfarside.seed=%d%n", SEED);
    DemoRig loopback = DemoRig.in(directory);
    String text = Files.readString(loopback.file()).replace(TIMEOUT, LONG_TIMEOUT);
    DemoRig rig =
        loopback.with(text.replaceFirst("( +)nvramMiB: [0-9]+", "$0\n$1nvram: power-safe"));
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      replaceUnderLoad(pair, FreePorts.take(1).getFirst());
    }
  }

  private void replaceUnderLoad(DemoPair pair, int port) throws Exception {
    int oldPort = pair.rig().rig().links().getFirst().listenAddress().port();
    List<LoadHost> hosts = startUnderLoad(pair, 2);
    awaitWrites("before");
    assertThat(pair.ask(A, "link remove L1").text()).contains("Link L1 is the last one");
    assertDone(pair, A, "link add L2 listen 127.0.0.1:" + port);
    awaitWrites("with L2 at A only");
    assertThat(carriers(pair)).isEqualTo(2);
    assertDone(pair, B, "link add L2 connect 127.0.0.1:" + port);
    assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == 4)).isTrue();
    awaitWrites("with both");
    assertDone(pair, A, "link remove L1");
    awaitWrites("without L1 at A");
    assertDone(pair, B, "link remove L1");
    awaitWrites("over L2 alone");
    assertThat(carriers(pair)).isEqualTo(2);
    // The address of a link that was removed is free, and the link may come back.
    assertDone(pair, A, "link add L1 connect 127.0.0.1:" + oldPort);
    assertDone(pair, B, "link add L1 listen 127.0.0.1:" + oldPort);
    assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == 4)).isTrue();
    awaitWrites("with both again");
    endLoad(pair, hosts);
    for (String site : SITES) {
      assertThat(Files.readString(pair.rig().directory().log(site)))
          .contains(ADDED, REMOVED)
          .doesNotContain(SUSPENDED);
    }
  }

  private static void assertDone(DemoPair pair, String site, String command) throws IOException {
    assertThat(pair.ask(site, command).exitCode()).as("%s at %s", command, site).isZero();
  }

  private List<LoadHost> startUnderLoad(DemoPair pair, int carriers) throws Exception {
    SITES.forEach(site -> assertThat(started(pair, site)).isTrue());
    for (String site : SITES) {
      pair.awaitReady(site, READY_MAX_MS);
    }
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
    assertThat(DemoPair.await(SETTLED_MAX_MS, () -> carriers(pair) == carriers)).isTrue();
    List<LoadHost> hosts = new ArrayList<>();
    for (String site : SITES) {
      LoadHost host = new LoadHost(
              pair.rig().hostsAt(site), VOLUME_OF.get(site), recorders.get(site), 6)
          .inBursts(BURST_WRITES, PAUSE_MS);
      host.start(3, random);
      hosts.add(host);
    }
    return hosts;
  }

  /// Ends the load, and compares everything with what the hosts were told.
  private void endLoad(DemoPair pair, List<LoadHost> hosts) throws Exception {
    for (LoadHost host : hosts) {
      host.stop();
      assertThat(host.refusal()).isEmpty();
    }
    for (String site : SITES) {
      judge(pair.rig(), site);
    }
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();
    Mirrors.areEqual(pair.rig(), "at the end");
  }

  private static boolean started(DemoPair pair, String site) {
    try {
      pair.start(site);
      return true;
    } catch (IOException failure) {
      throw new AssertionError("site " + site, failure);
    }
  }

  /// How many ends of links carry the session, at both sites together.
  private static int carriers(DemoPair pair) throws IOException {
    int count = 0;
    for (String site : SITES) {
      ControlClient.Answer answer = ControlClient.ask(
          pair.rig().directory().controlSocket(site), "links", true, Duration.ofSeconds(10));
      for (JsonNode link : new ObjectMapper().readTree(answer.text()).path("links")) {
        count += link.path("session").asText().equals("READY") ? 1 : 0;
      }
    }
    return count;
  }

  /// Waits until both hosts have had so many more writes acknowledged.
  private void awaitWrites(String when) throws Exception {
    long a = recorders.get(A).acknowledgedCount() + WRITES;
    long b = recorders.get(B).acknowledgedCount() + WRITES;
    assertThat(DemoPair.await(
            HOST_TIMEOUT_MS,
            () -> recorders.get(A).acknowledgedCount() >= a
                && recorders.get(B).acknowledgedCount() >= b))
        .as("writes go on %s", when)
        .isTrue();
  }

  private void judge(DemoRig rig, String site) throws IOException {
    for (String readAt : SITES) {
      try (NbdClient host =
          NbdClient.connect(rig.hostsAt(readAt), VOLUME_OF.get(site), HOST_TIMEOUT_MS)) {
        assertThat(RecordedRegion.judgeAll(host, recorders.get(site), readAt.equals(site)))
            .isEmpty();
        host.disconnect();
      }
    }
  }

  private final List<Integer> listeners = new ArrayList<>();

  private TcpRelay relayTo(int port) throws IOException {
    listeners.add(port);
    return new TcpRelay(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  private DemoRig withLinks(DemoRig rig, List<TcpRelay> relays) throws IOException {
    StringBuilder links = new StringBuilder("links:\n");
    for (int i = 0; i < relays.size(); i++) {
      links.append("""
            - name: L%d
              driver: link-tcp
              listen: {site: B, address: 127.0.0.1:%d}
              connect: {site: A, address: 127.0.0.1:%d}
          """.formatted(i + 1, listeners.get(i), relays.get(i).port()));
    }
    String text = Files.readString(rig.file());
    return rig.with(
        text.replaceFirst("(?s)links:\n.*?\n\n", links + "\n").replace(TIMEOUT, LONG_TIMEOUT));
  }
}
