package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.HostStatus;
import farside.protocol.nbd.NbdError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Ending status and limits as `specs/nbd.md` tells them.
class NbdStatusTest {
  private static final Path PAGE = Path.of("..", "specs", "nbd.md");

  @Test
  void everyEndingStatusIsInTheTableWithItsErrorNumber() throws IOException {
    String page = page();
    for (HostStatus status : HostStatus.values()) {
      NbdError error = NbdWords.error(status);

      assertThat(page)
          .contains("| " + status + " | " + (error == NbdError.NONE ? "0" : error.name()) + " |");
    }
  }

  @Test
  void theLimitsOfTheHeadAreInTheTable() throws IOException {
    assertThat(page())
        .contains("| bytes received and not yet looked at | "
            + NbdConnection.QUEUED_BYTES_MAX / 1024 / 1024 + " MiB |")
        .contains("| bytes of replies that the host has not taken | "
            + OutboundReplies.UNSENT_BYTES_MAX / 1024 / 1024 + " MiB |")
        .contains("| connections | " + NbdHead.CONNECTIONS_MAX + " |")
        .contains("| time that closing may take | " + NbdConnection.CLOSE_SECONDS_MAX + " s |");
  }

  /// The page with every run of blanks made one.
  private static String page() throws IOException {
    return Files.readString(PAGE).replaceAll(" +", " ");
  }
}
