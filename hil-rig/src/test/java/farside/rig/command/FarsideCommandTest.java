package farside.rig.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import farside.director.Severity;
import farside.director.blackbox.FlightRecorder;
import farside.driver.nvramfile.NvramFile;
import farside.driver.serial.PasswordHash;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The command line in this JVM; what needs a running site is in the end-to-end tests.
@Isolated("it listens at the standard streams")
class FarsideCommandTest {
  @TempDir
  Path directory;

  private final PrintStream standardOut = System.out;
  private final PrintStream standardError = System.err;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream error = new ByteArrayOutputStream();

  @BeforeEach
  void listen() {
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(error, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setOut(standardOut);
    System.setErr(standardError);
  }

  @Test
  void aRecordingThatCannotBeReadIsRefusedWithTheCure() throws IOException {
    Path nothing = directory.resolve("nothing");
    assertThat(execute("replay", nothing.toString())).isEqualTo(2);
    assertThat(error.toString(StandardCharsets.UTF_8))
        .contains("recording " + nothing + " cannot be replayed: there is no such file.");
    Path garbled = Files.writeString(directory.resolve("garbled.A"), "hello, world");
    assertThat(execute("replay", directory.resolve("garbled").toString())).isEqualTo(2);
    assertThat(error.toString(StandardCharsets.UTF_8))
        .contains("recording " + garbled + " cannot be replayed: it does not begin as a recording");
    assertThat(execute("replay")).isEqualTo(2);
  }

  @Test
  void aSiteIsNotRecordedOverAFile() throws IOException {
    Path recording = Files.writeString(directory.resolve("recording.A"), "of value");
    String[] run = {
      "run",
      "loopback",
      "--run-dir",
      directory.toString(),
      "--record",
      directory.resolve("recording").toString()
    };
    assertThat(execute(run)).isEqualTo(1);
    assertThat(error.toString(StandardCharsets.UTF_8))
        .contains("site A: there is a file " + recording + " already.");
    assertThat(recording).hasContent("of value");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "run",
        "ctl",
        "console",
        "blackbox",
        "password",
        "preflight",
        "demo",
        "sim",
        "replay"
      })
  void everyCommandExplainsItself(String command) {
    int status = command.isEmpty() ? execute("--help") : execute(command, "--help");

    assertThat(status).isZero();
    assertThat(said(out)).contains("Usage: farside");
    assertThat(said(error)).isEmpty();
  }

  @Test
  void aPasswordFromStandardInputBecomesALineForTheRig() {
    InputStream standardIn = System.in;
    try {
      System.setIn(new ByteArrayInputStream("open sesame\n".getBytes(StandardCharsets.UTF_8)));
      assertThat(execute("password", "--iterations=1000")).isZero();
      Matcher line = Pattern.compile("password: \"(pbkdf2-sha256:1000:.*)\"\n").matcher(said(out));
      assertThat(line.matches()).isTrue();
      assertThat(PasswordHash.parse(line.group(1)).isOf("open sesame".toCharArray()))
          .isTrue();
      System.setIn(new ByteArrayInputStream("grün\n".getBytes(StandardCharsets.UTF_8)));
      assertThat(execute("password")).isEqualTo(2);
      assertThat(said(error)).contains("printable ASCII").doesNotContain("grün");
      assertThat(execute("password", "--iterations=999")).isEqualTo(2);
      assertThat(said(error)).contains("--iterations is 999, and may be 1000 to 10000000");
    } finally {
      System.setIn(standardIn);
    }
  }

  @Test
  void theVersionIsTold() {
    assertThat(execute("--version")).isZero();
    assertThat(said(out)).matches("farside \\d+\\..*\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fly",
        "run",
        "run loopback extra",
        "ctl loopback A",
        "ctl loopback A query --output xml",
        "run loopback --site Z",
        "preflight",
        "preflight loopback --site Z",
        "blackbox loopback",
        "blackbox loopback A --output xml",
        "sim --jobs 0",
        "sim --seed 1 --only 2 --without 3",
        "sim --seed 1 --only 999",
        "sim --seed 1 --without=-1",
        "sim --seeds 1..x",
        "sim --list /nowhere/found.txt"
      })
  void aCommandLineThatIsNotUnderstoodEndsWithTwo(String line) {
    assertThat(line.isEmpty() ? execute() : execute(line.split(" "))).isEqualTo(2);
    assertThat(said(out)).isEmpty();
    assertThat(said(error)).isNotBlank().doesNotContain("\tat ");
  }

  @Test
  void aListOfSeedsThatIsNoneIsRefusedWithTheLineAndTheCure() throws IOException {
    Path list = directory.resolve("seeds.txt");
    assertThat(execute("sim", "--list", list.toString())).isEqualTo(2);
    assertThat(said(error)).contains("there is no file", "such as ci/seeds/found.txt");

    Files.writeString(list, "# seeds\n\nMIXXED 3 a story\n");
    assertThat(execute("sim", "--list", list.toString())).isEqualTo(2);
    assertThat(said(error))
        .contains("seeds.txt, line 3 does not begin", "MIXXED 3", "The scenarios are [MIXED,");

    assertThat(execute("sim", "--minutes", "0")).isEqualTo(2);
    assertThat(said(error)).contains("--minutes takes 1 or more; not 0.");
  }

  @Test
  void aRigOfFilesNeedsNoPreflight() {
    assertThat(execute("preflight", "loopback", "--site", "A")).isZero();
    assertThat(said(out)).startsWith("A D1: D1.img, a file").doesNotContain("udev");
  }

  @Test
  void aDiskThatIsNotThereIsRefusedAndNamed() throws IOException {
    Path rig = Files.writeString(directory.resolve("disks.yaml"), """
        sites:
          A:
            serial: ALONE
            nbd: 127.0.0.1:10809
            drives:
              - name: D1
                driver: raw-disk
                path: /dev/farside-none
                identity: {serial: Z1X3}
                sizeMiB: 9
        volumes:
          0010: {sizeMiB: 8, local: A/D1}
        """);

    assertThat(execute("preflight", rig.toString())).isEqualTo(1);
    assertThat(said(out))
        .contains("A D1: /dev/farside-none\n", "verdict     refused", "Attach the disk")
        .contains("62-farside-disks.rules", "ATTRS{serial}==\"Z1X3\"", "global_filter");
    assertThat(execute("run", rig.toString(), "--run-dir", directory.toString()))
        .isEqualTo(1);
    assertThat(said(error)).contains("site A: drive D1: there is no /dev/farside-none");
  }

  @Test
  void aBadRigEndsWithTwoAndTheLine() throws IOException {
    Path rig = Files.writeString(directory.resolve("bad.yaml"), "sites:\n  A: 5\n");

    assertThat(execute("run", rig.toString())).isEqualTo(2);
    assertThat(said(error))
        .contains("bad.yaml, line 2: `A` is the number 5.")
        .doesNotContain("\tat ");
  }

  @Test
  void aSiteThatDoesNotRunIsNotReachable() {
    assertThat(execute("ctl", "loopback", "A", "query", "--run-dir", directory.toString()))
        .isEqualTo(3);
    assertThat(said(error))
        .contains("site A of rig loopback is not reachable")
        .contains("farside run");
  }

  @Test
  void aSiteThatDoesNotExistIsAMistakeInTheCommand() {
    assertThat(execute("ctl", "loopback", "Q", "query", "--run-dir", directory.toString()))
        .isEqualTo(2);
    assertThat(said(error)).contains("no site Q. Its sites: A, B.");
  }

  @Test
  void aFlightRecorderIsPrintedForPeopleAndForPrograms() throws IOException {
    Files.createDirectories(directory.resolve("A"));
    NvramFile nvram = NvramFile.open(directory.resolve("A/nvram"), 1 << 20);
    FlightRecorder recorder = new FlightRecorder(nvram.recorder());
    recorder.start(0, 1_800_000_000_000L, "cabinet A, serial ALONE");
    recorder.standing(1_500_000, 1_800_000_000_001L, 0x10, 5, 6, 7, "Suspended (link L1 down)");
    recorder.event(2_500_000, 1_800_000_000_002L, 3002, Severity.WARNING, "link L1 down: cut");
    nvram.close();

    assertThat(execute("blackbox", "loopback", "A", "--run-dir", directory.toString()))
        .isZero();
    assertThat(said(out)).isEqualTo("""
        -- boot 1
        2027-01-15T08:00:00.000Z       0.000000 s cabinet A, serial ALONE starts
        2027-01-15T08:00:00.001Z       0.001500 s NVRAM: volume 0010 Suspended (link L1 down);\
         generation 0000000000000005, base 0000000000000006, offered 0000000000000007
        2027-01-15T08:00:00.002Z       0.002500 s 3002 WARNING link L1 down: cut
        """);
    out.reset();

    assertThat(execute(
            "blackbox", "loopback", "A", "--output", "json", "--run-dir", directory.toString()))
        .isZero();
    JsonNode json = new ObjectMapper().readTree(said(out));
    assertThat(json.path("site").asText()).isEqualTo("A");
    assertThat(json.path("entriesMax").asInt()).isEqualTo(1024);
    assertThat(json.path("tornOrDamaged").asInt(-1)).isZero();
    JsonNode standing = json.path("entries").path(1);
    assertThat(standing.path("kind").asText()).isEqualTo("STANDING");
    assertThat(standing.path("volume").asText()).isEqualTo("0010");
    assertThat(standing.path("generation").asText()).isEqualTo("0000000000000005");
    JsonNode event = json.path("entries").path(2);
    assertThat(event.path("sequence").asInt()).isEqualTo(3);
    assertThat(event.path("boot").asInt()).isEqualTo(1);
    assertThat(event.path("time").asText()).isEqualTo("2027-01-15T08:00:00.002Z");
    assertThat(event.path("clockNs").asLong()).isEqualTo(2_500_000);
    assertThat(event.path("event").asInt()).isEqualTo(3002);
    assertThat(event.path("severity").asText()).isEqualTo("WARNING");
    assertThat(event.path("text").asText()).isEqualTo("link L1 down: cut");
  }

  @Test
  void aSiteWithoutAFlightRecorderIsToldWhatToDo() throws IOException {
    assertThat(execute("blackbox", "loopback", "A", "--run-dir", directory.toString()))
        .isEqualTo(1);
    assertThat(said(error)).contains("has no NVRAM at " + directory, "Name the --run-dir");
    assertThat(execute("blackbox", "loopback", "Q", "--run-dir", directory.toString()))
        .isEqualTo(2);
    assertThat(said(error)).contains("no site Q. Its sites: A, B.");

    Files.createDirectories(directory.resolve("A"));
    Files.write(directory.resolve("A/nvram"), new byte[9]);
    assertThat(execute("blackbox", "loopback", "A", "--run-dir", directory.toString()))
        .isEqualTo(1);
    assertThat(said(error)).contains("does not begin with a whole prologue");
    assertThat(said(out)).isEmpty();
  }

  @Test
  void aSocketThatNobodyListensToIsNotReachable() throws IOException {
    Files.createDirectories(directory.resolve("A"));
    try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(directory.resolve("A/control.sock")));
    }

    assertThat(execute("ctl", "loopback", "A", "query", "--run-dir", directory.toString()))
        .isEqualTo(3);
  }

  private static int execute(String... words) {
    return FarsideCommand.execute(words);
  }

  private static String said(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
