package farside.rig.demo;

import farside.driver.control.ControlClient;
import farside.rig.console.PairReport;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Both sites of a rig, each in its own process, and what one asks of them again and again.
public final class DemoPair implements AutoCloseable {
  public static final String A = "A";
  public static final String B = "B";
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
  private static final int POLL_MS = 20;

  private final List<String> farside;
  private final DemoRig rig;
  private final Map<String, SiteProcess> processes = new LinkedHashMap<>();

  /// @param farside the words that start the launcher
  public DemoPair(List<String> farside, DemoRig rig) {
    this.farside = List.copyOf(farside);
    this.rig = rig;
  }

  public DemoRig rig() {
    return rig;
  }

  /// Starts a site; use [#awaitReady] before talking to it.
  ///
  /// @param options of `farside run`, beside those that name rig, site and directory
  public void start(String site, String... options) throws IOException {
    processes.put(site, SiteProcess.start(farside, rig, site, options));
  }

  public void awaitReady(String site, long timeoutMs) throws IOException, InterruptedException {
    process(site).awaitReady(timeoutMs);
  }

  /// The process that ran last for the site.
  public SiteProcess process(String site) {
    return processes.get(site);
  }

  public ControlClient.Answer ask(String site, String command) throws IOException {
    return ControlClient.ask(rig.directory().controlSocket(site), command, false, ANSWER_MAX);
  }

  public PairReport query(String site) throws IOException {
    ControlClient.Answer answer =
        ControlClient.ask(rig.directory().controlSocket(site), "query", true, ANSWER_MAX);
    if (answer.exitCode() != 0) {
      throw new IOException("`query` at site %s failed: %s".formatted(site, answer.text()));
    }
    return PairReport.parse(answer.text());
  }

  /// Something about the pair that becomes true in time.
  public interface Condition {
    boolean holds() throws IOException;
  }

  /// True as soon as the condition holds; false if it does not within the time.
  public static boolean await(long timeoutMs, Condition condition)
      throws IOException, InterruptedException {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    while (!condition.holds()) {
      if (System.nanoTime() - deadlineNs >= 0) {
        return false;
      }
      Thread.sleep(POLL_MS);
    }
    return true;
  }

  /// Both sites agree that nothing is owed.
  public boolean isSynchronized() throws IOException {
    return query(A).isSynchronized() && query(B).isSynchronized();
  }

  /// Nothing waits in either NVRAM: what the volumes hold is on the drives.
  public boolean isDestaged() throws IOException {
    return query(A).isDestaged() && query(B).isDestaged();
  }

  @Override
  public void close() {
    processes.values().forEach(SiteProcess::close);
  }
}
