package farside.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file: what is written is read, what is cut short is read to there, and what is garbled is
/// refused with a line.
class RecordingFormatTest {
  private static final long SEED = Long.getLong("farside.seed", 20_261_122L);

  @TempDir
  Path directory;

  private final SplittableRandom random = new SplittableRandom(SEED);

  private Fact drawn(FactKind kind) {
    long[] numbers = new long[kind.numbers().size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextLong() >> random.nextInt(64);
    }
    String[] texts = new String[kind.texts().size()];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = "é\n\u2028".repeat(random.nextInt(4)) + random.nextInt();
    }
    byte[] content = new byte[kind.hasContent() ? random.nextInt(3000) : 0];
    if (random.nextBoolean()) {
      random.nextBytes(content);
    }
    return new Fact(kind, random.nextInt(200), numbers, texts, content);
  }

  private List<Fact> drawn(int ofEach) {
    List<Fact> facts = new ArrayList<>();
    for (int i = 0; i < ofEach; i++) {
      for (FactKind kind : FactKind.values()) {
        facts.add(drawn(kind));
      }
    }
    return facts;
  }

  static byte[] bytesOf(List<Fact> facts, int factsPerBlock) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(RecordingFormat.magic());
    for (int from = 0; from < facts.size(); from += factsPerBlock) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      for (Fact fact : facts.subList(from, Math.min(facts.size(), from + factsPerBlock))) {
        FactFormat.encode(fact, block);
      }
      file.writeBytes(RecordingFormat.head(block.toByteArray()).array());
      file.writeBytes(block.toByteArray());
    }
    return file.toByteArray();
  }

  static List<Fact> read(byte[] bytes) throws IOException {
    RecordingReader reader = RecordingReader.of(new ByteArrayInputStream(bytes));
    List<Fact> facts = new ArrayList<>();
    for (Fact fact = reader.next(); fact != null; fact = reader.next()) {
      facts.add(fact);
    }
    return facts;
  }

  private static void assertSame(List<Fact> read, List<Fact> written) {
    assertThat(read).hasSameSizeAs(written);
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i).isSameAs(written.get(i)))
          .as("%s, seed %d", written.get(i).shown(""), SEED)
          .isTrue();
    }
  }

  @Test
  void factsOfEveryKindAreReadAsTheyWereWritten() throws IOException {
    List<Fact> facts = drawn(5);
    assertSame(read(bytesOf(facts, 7)), facts);
  }

  @Test
  void aFileThatWasCutAnywhereHasTheBlocksThatAreAllThere() throws IOException {
    List<Fact> facts = drawn(1);
    byte[] whole = bytesOf(facts, 7);
    for (int length = RecordingFormat.MAGIC_BYTES; length < whole.length; length += 13) {
      List<Fact> read = read(Arrays.copyOf(whole, length));
      assertThat(read.size() % 7).isZero();
      assertSame(read, facts.subList(0, read.size()));
    }
  }

  @Test
  void aFileWithAByteThatWasChangedIsRefusedWithALine() {
    byte[] whole = bytesOf(drawn(1), 7);
    for (int at = 0; at < whole.length; at += 5) {
      byte[] changed = whole.clone();
      changed[at] ^= (byte) (1 << random.nextInt(8));
      assertThatThrownBy(() -> read(changed))
          .as("byte %d, seed %d", at, SEED)
          .isInstanceOf(DamagedRecording.class)
          .message()
          .matches("[^\n]+\\.");
    }
  }

  /// Behind checksums that hold, too: bytes are facts, or refused, and nothing else.
  @Test
  void bytesAtRandomAreFactsOrRefusedAndNeverWorse() throws IOException {
    List<Fact> facts = drawn(1);
    int valid = 0;
    for (int i = 0; i < 3000; i++) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      FactFormat.encode(facts.get(random.nextInt(facts.size())), block);
      byte[] bytes = random.nextInt(4) == 0 ? noise(1 + random.nextInt(300)) : block.toByteArray();
      for (int changes = random.nextInt(3); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      file.writeBytes(RecordingFormat.magic());
      file.writeBytes(RecordingFormat.head(bytes).array());
      file.writeBytes(bytes);
      try {
        List<Fact> read = read(file.toByteArray());
        assertSame(read(bytesOf(read, 3)), read);
        valid++;
      } catch (DamagedRecording refused) {
        assertThat(refused.getMessage()).endsWith(".");
      }
    }
    assertThat(valid).isBetween(1, 2999);
  }

  @Test
  void anotherFileAndAnotherVersionAreRefusedWithTheCure() {
    assertThatThrownBy(() -> read("hello, world".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("Name a file that `farside run --record` wrote");
    assertThatThrownBy(() -> read(new byte[0])).isInstanceOf(DamagedRecording.class);
    byte[] newer = RecordingFormat.magic();
    newer[RecordingFormat.MAGIC_BYTES - 1] = 2;
    assertThatThrownBy(() -> read(newer))
        .hasMessageContaining("version 2")
        .hasMessageContaining("Use the program that wrote it");
  }

  @Test
  void whatIsWrittenIsInTheFileBeforeItIsClosed() throws IOException {
    Path path = directory.resolve("open");
    List<Fact> facts = drawn(3);
    try (RecordingFile file = RecordingFile.create(path)) {
      facts.forEach(file::accept);
      file.onRoundEnd(true);
      Awaitility.await().until(() -> read(Files.readAllBytes(path)).size() == facts.size());
      assertSame(read(Files.readAllBytes(path)), facts);
    }
  }

  @Test
  void aFileThatCannotKeepUpEndsTheRecordingAndNobodyWaits() throws IOException {
    Path path = directory.resolve("slow");
    RecordingFile file = RecordingFile.create(path, 1000);
    Fact large = new Fact(FactKind.HOST_PAYLOAD, 1, new long[] {1}, Fact.NO_TEXTS, noise(2000));
    file.accept(drawn(FactKind.ROUND));
    file.onRoundEnd(true);
    file.accept(large);
    file.onRoundEnd(true);
    assertThat(file.trouble()).contains("slow is not written as fast as the cabinet works");
    file.accept(large);
    file.close();

    assertThat(read(Files.readAllBytes(path))).hasSize(1);
  }

  /// The table of `specs/recording.md` and the kinds say the same.
  @Test
  void theDocumentHasEveryKindAndNoOther() throws IOException {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve("ARCHITECTURE.md"))) {
      root = root.getParent();
    }
    List<String> documented = Files.readAllLines(root.resolve("specs/recording.md")).stream()
        .filter(line -> line.matches("\\| +\\d+ \\| `.*"))
        .map(line -> line.replaceFirst("^\\| +", "").split(" \\| "))
        .filter(cells -> cells.length == 6)
        .map(cells -> String.join(" | ", Arrays.copyOf(cells, 5)))
        .toList();
    List<String> kinds = Arrays.stream(FactKind.values())
        .map(kind -> "%d | `%s` | %s | %s | %s"
            .formatted(
                kind.code(),
                kind.name(),
                kind.numbers().isEmpty() ? "-" : String.join(", ", kind.numbers()),
                kind.texts().isEmpty() ? "-" : String.join(", ", kind.texts()),
                kind.hasContent() ? "yes" : "-"))
        .toList();
    assertThat(documented).isEqualTo(kinds);
  }

  private byte[] noise(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    random.nextBytes(bytes);
    return bytes;
  }
}
