package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.NbdOption;
import farside.protocol.nbd.NbdOptionReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Hosts that speak TLS, and hosts that should.
class NbdTlsTest {
  private static final long DISK_BYTES = 16L << 20;
  private static final byte[] NO_DATA = {};

  @TempDir
  static Path directory;

  private static TestCertificate server;
  private static TestCertificate host;
  private static TestCertificate stranger;

  private HeadBench bench;

  @BeforeAll
  static void makeCertificates() throws Exception {
    server = TestCertificate.make(directory, "server");
    host = TestCertificate.make(directory, "host");
    stranger = TestCertificate.make(directory, "stranger");
  }

  private void start(TestCertificate clients) throws Exception {
    NbdTls tls = NbdTls.of(
        server.certificate(), server.key(), clients == null ? null : clients.certificate());
    bench = new HeadBench(DISK_BYTES, tls, adapter -> adapter.offer("0010"));
  }

  @AfterEach
  void stop() {
    if (bench != null) {
      bench.close();
    }
  }

  private NbdClient greeted() throws IOException {
    NbdClient client = new NbdClient(bench.address);
    client.greet();
    return client;
  }

  private static int ask(NbdClient client, NbdOption option) throws IOException {
    client.option(option.number(), NO_DATA);
    return client.readOptionReply();
  }

  @Test
  void everythingGoesThroughTlsAfterStarttls() throws Exception {
    start(null);
    byte[] bytes = new byte[5_000_000];
    new SplittableRandom(1).nextBytes(bytes);
    try (NbdClient client = greeted()) {
      assertThat(ask(client, NbdOption.STARTTLS)).isEqualTo(NbdOptionReply.ACK.number());
      client.secure(TestCertificate.client(server, null));
      client.openStructured("0010");
      client.write(1, 4097, bytes);
      assertThat(client.expectReply(1)).isZero();
      client.send(NbdCommand.READ, NbdCommand.FLAG_DF, 2, 4097, bytes.length);
      byte[] back = client.readChunk().content().array();
      assertThat(Arrays.equals(back, 8, back.length, bytes, 0, bytes.length)).isTrue();
      client.send(NbdCommand.DISC, 3, 0, 0);
      assertThat(client.expectEnd()).isTrue();
    }
    org.awaitility.Awaitility.await().until(() -> bench.adapter.facts.contains("closed 1"));
    assertThat(bench.adapter.facts).contains("disconnect 1");
  }

  @Test
  void nothingIsToldInTheClear() throws Exception {
    start(null);
    try (NbdClient client = greeted()) {
      for (NbdOption option :
          new NbdOption[] {NbdOption.LIST, NbdOption.STRUCTURED_REPLY, NbdOption.GO}) {
        assertThat(ask(client, option)).isEqualTo(NbdOptionReply.ERR_TLS_REQD.number());
      }
      client.option(NbdOption.EXPORT_NAME.number(), "0010".getBytes(StandardCharsets.UTF_8));
      assertThat(client.expectEnd()).isTrue();
    }
    assertThat(bench.adapter.facts).isEmpty();
  }

  @Test
  void whatIsSentInTheClearAfterStarttlsIsNeverUnderstood() throws Exception {
    start(null);
    try (NbdClient client = greeted()) {
      client.option(NbdOption.STARTTLS.number(), NO_DATA);
      client.option(NbdOption.EXPORT_NAME.number(), "0010".getBytes(StandardCharsets.UTF_8));
      assertThat(client.readOptionReply()).isEqualTo(NbdOptionReply.ACK.number());
      client.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    assertThat(bench.adapter.facts).isEmpty();
    assertThat(bench.between(bench.head::droppedCount)).isPositive();
  }

  @Test
  void aHostWithoutTheRightCertificateIsTurnedAwayAndOneWithItIsServed() throws Exception {
    start(host);
    for (TestCertificate own : new TestCertificate[] {null, stranger}) {
      try (NbdClient client = greeted()) {
        assertThat(ask(client, NbdOption.STARTTLS)).isEqualTo(NbdOptionReply.ACK.number());
        assertThatThrownBy(() -> {
              client.secure(TestCertificate.client(server, own));
              client.openStructured("0010");
            })
            .isInstanceOf(IOException.class);
      }
    }
    try (NbdClient client = greeted()) {
      ask(client, NbdOption.STARTTLS);
      client.secure(TestCertificate.client(server, host));
      client.openStructured("0010");
    }
    assertThat(bench.adapter.facts.stream().filter(fact -> fact.startsWith("opened")))
        .hasSize(1);
  }

  @Test
  void withoutACertificateStarttlsIsRefusedAndTheHagglingGoesOn() throws Exception {
    bench = new HeadBench(DISK_BYTES, null, adapter -> adapter.offer("0010"));
    try (NbdClient client = greeted()) {
      assertThat(ask(client, NbdOption.STARTTLS)).isEqualTo(NbdOptionReply.ERR_POLICY.number());
      client.openStructured("0010");
    }
  }

  @Test
  void aKeyThatIsNotThereOrDoesNotFitIsRefusedWithTheCure() throws Exception {
    Path missing = directory.resolve("missing.pem");
    assertThatThrownBy(() -> NbdTls.of(server.certificate(), missing, null))
        .hasMessageContaining("missing.pem of nbdTls cannot be read");
    assertThatThrownBy(() -> NbdTls.of(server.certificate(), server.certificate(), null))
        .hasMessageContaining("PKCS #8");
  }

  @Test
  void nbdinfoComesThroughTls() throws Exception {
    Path nbdinfo = Path.of("/usr/bin/nbdinfo");
    assumeThat(Files.isExecutable(nbdinfo))
        .as("skipped: nbdinfo is not installed")
        .isTrue();
    start(null);
    Files.copy(server.certificate(), directory.resolve("ca-cert.pem"));
    Process process = new ProcessBuilder(
            nbdinfo.toString(),
            "nbds://127.0.0.1:" + bench.address.getPort() + "/0010?tls-certificates=" + directory)
        .redirectErrorStream(true)
        .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains("with TLS", "base:allocation", "export-size: 16777216");
  }
}
