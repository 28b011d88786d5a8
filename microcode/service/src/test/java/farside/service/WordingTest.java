package farside.service;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordingTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "65536, 64.0 KiB",
    "1048575, 1.0 MiB",
    "268435456, 256.0 MiB",
    "4000787030016, 3.6 TiB",
    "9223372036854775807, 8192.0 PiB"
  })
  void aSizeIsShownInTheLargestUnitThatFits(long sizeBytes, String shown) {
    assertThat(Wording.size(sizeBytes)).isEqualTo(shown);
  }

  @Test
  void aTimeIsUtcAndAlwaysOfOneLength() {
    assertThat(Wording.time(0)).isEqualTo("1970-01-01T00:00:00.000Z");
    assertThat(Wording.time(1_795_309_323_004L)).isEqualTo("2026-11-22T01:02:03.004Z");
  }

  @Test
  void oneIsNotMany() {
    assertThat(Wording.count(1, "track")).isEqualTo("1 track");
    assertThat(Wording.count(0, "track")).isEqualTo("0 tracks");
  }

  @Test
  void aTableIsAsWideAsItsWidestCell() {
    TextTable table = new TextTable().words("Name").numbers("Sent\nframes").words("Why");
    table.row("L1", 7, "it is\nso");
    table.row("a longer name", 123_456_789, "");

    assertThat(table.text()).isEqualTo("""
                                Sent
            Name              frames  Why
            L1                     7  it is?so
            a longer name  123456789
            """);
  }
}
