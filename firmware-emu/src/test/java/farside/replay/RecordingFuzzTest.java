package farside.replay;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/// Coverage-guided search for a recording that is read as something else than facts, or refused
/// otherwise than with a line. As an ordinary test it repeats what was found before.
class RecordingFuzzTest {
  @FuzzTest
  void fromTheFirstByte(byte[] bytes) throws IOException {
    check(bytes);
  }

  @FuzzTest
  void fromTheFirstBlock(byte[] bytes) throws IOException {
    check(file(RecordingFormat.magic(), bytes));
  }

  @FuzzTest
  void inABlockWhoseChecksumHolds(byte[] bytes) throws IOException {
    check(file(RecordingFormat.magic(), RecordingFormat.head(bytes).array(), bytes));
  }

  private static byte[] file(byte[]... parts) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      file.writeBytes(part);
    }
    return file.toByteArray();
  }

  /// What is read is written as it was.
  private static void check(byte[] bytes) throws IOException {
    List<Fact> facts;
    try {
      facts = RecordingFormatTest.read(bytes);
    } catch (DamagedRecording refused) {
      if (!refused.getMessage().endsWith(".") || refused.getMessage().contains("\n")) {
        throw new AssertionError("refused with " + refused.getMessage(), refused);
      }
      return;
    }
    List<Fact> again = RecordingFormatTest.read(RecordingFormatTest.bytesOf(facts, 3));
    if (again.size() != facts.size()) {
      throw new AssertionError(facts.size() + " facts, and written " + again.size());
    }
    for (int i = 0; i < facts.size(); i++) {
      if (!again.get(i).isSameAs(facts.get(i))) {
        throw new AssertionError(
            facts.get(i).shown("") + " was written as " + again.get(i).shown(""));
      }
    }
  }
}
