package farside.driver.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the system says of TCP connections, by `ss` of iproute2.
public final class SystemSockets {
  private static final Path SS = Path.of("/usr/bin/ss");

  private SystemSockets() {}

  /// Of each end of a connection at that port of this machine, whether it is controlled by
  /// something that never paces. Without `ss` the test is skipped by name.
  public static List<Boolean> areUnpaced(int port) throws Exception {
    assumeTrue(Files.isExecutable(SS), "needs ss (Debian: iproute2)");
    Process ss = new ProcessBuilder(
            SS.toString(),
            "-Htin",
            "state",
            "established",
            "( sport = :" + port + " or dport = :" + port + " )")
        .redirectErrorStream(true)
        .start();
    String said = new String(ss.getInputStream().readAllBytes(), US_ASCII);
    List<Boolean> unpaced = new ArrayList<>();
    for (String line : said.lines().toList()) {
      if (line.contains("rto:")) {
        unpaced.add(Arrays.asList(line.strip().split(" ")).contains("reno"));
      }
    }
    return unpaced;
  }
}
