package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import farside.simulator.ScenarioKind;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDate;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `ci/seeds/found.txt`, as its head says that it is. CI runs the seeds; here is only their form.
class FoundSeedsTest {
  private static final Pattern LINE = Pattern.compile(
      "([A-Z_]+) ([1-9]\\d{0,17}) (\\d{4}-\\d{2}-\\d{2}) ([0-9a-f]{7,40}) (\\S.*[.])");
  private static final List<String> SCENARIOS =
      Stream.of(ScenarioKind.values()).map(ScenarioKind::name).toList();

  @Test
  void everySeedThatFailedHasItsScenarioItsDateItsCommitAndItsStory() throws IOException {
    List<String> stories = stories();
    assertThat(stories).isNotEmpty().allMatch(line -> LINE.matcher(line).matches());
    for (String story : stories) {
      Matcher line = LINE.matcher(story);
      assertThat(line.matches()).isTrue();
      assertThat(line.group(1)).isIn(SCENARIOS);
      assertThat(LocalDate.parse(line.group(3))).isAfter(LocalDate.of(2026, 11, 21));
    }
  }

  @Test
  void noSeedIsThereTwiceForOneCommitAndTheNewestIsLast() throws IOException {
    assertThat(stories().stream().map(FoundSeedsTest::seedAndCommit)).doesNotHaveDuplicates();
    assertThat(stories().stream().map(line -> line.split(" ")[2])).isSorted();
  }

  private static String seedAndCommit(String story) {
    String[] words = story.split(" ");
    return words[0] + words[1] + words[3];
  }

  private static List<String> stories() throws IOException {
    return Files.readAllLines(Repository.root().resolve("ci/seeds/found.txt")).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }
}
