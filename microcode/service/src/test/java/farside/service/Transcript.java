package farside.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the console is known to answer, kept as files below `transcripts`.
///
/// When an answer is meant to change, run the tests once with `-Dtranscripts.write=DIRECTORY`
/// and read the difference before it is committed.
final class Transcript {
  private Transcript() {}

  static void check(String name, String answer) {
    String write = System.getProperty("transcripts.write");
    if (write != null) {
      try {
        Files.createDirectories(Path.of(write));
        Files.writeString(Path.of(write, name), answer);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return;
    }
    assertThat(answer).as("transcripts/%s", name).isEqualTo(read(name));
  }

  private static String read(String name) {
    try (InputStream in = Transcript.class.getResourceAsStream("transcripts/" + name)) {
      assertThat(in).as("there is no transcripts/%s", name).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
