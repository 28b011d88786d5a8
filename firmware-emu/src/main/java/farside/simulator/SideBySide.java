package farside.simulator;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Runs, some at a time, each by one thread from its first draw to its last. What they have to
/// say comes out whole, and in the order in which they began.
final class SideBySide {
  private final Supplier<SeedRun> next;
  private final Consumer<SeedRun> onEnd;
  private final PrintStream out;
  private final TreeMap<Long, Ended> ended = new TreeMap<>();
  private long begun;
  private long told;

  private record Ended(SeedRun run, String text) {}

  private record Begun(SeedRun run, long number) {}

  /// @param next null when no more is to begin
  /// @param onEnd called with each run in that order
  SideBySide(Supplier<SeedRun> next, Consumer<SeedRun> onEnd, PrintStream out) {
    this.next = next;
    this.onEnd = onEnd;
    this.out = out;
  }

  void run(int jobs) {
    List<Future<?>> working = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(jobs)) {
      for (int i = 0; i < jobs; i++) {
        working.add(threads.submit(this::work));
      }
    }
    for (Future<?> job : working) {
      try {
        job.get();
      } catch (ExecutionException broken) {
        throw new IllegalStateException("a run did not come to its end", broken.getCause());
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void work() {
    for (Begun begun = begin(); begun != null; begun = begin()) {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      begun.run.run(new PrintStream(text, false, StandardCharsets.UTF_8), false, false);
      end(begun, text.toString(StandardCharsets.UTF_8));
    }
  }

  private synchronized Begun begin() {
    SeedRun run = next.get();
    return run == null ? null : new Begun(run, begun++);
  }

  private synchronized void end(Begun which, String text) {
    ended.put(which.number, new Ended(which.run, text));
    while (!ended.isEmpty() && ended.firstKey() == told) {
      Ended first = ended.pollFirstEntry().getValue();
      told++;
      out.print(first.text);
      out.flush();
      onEnd.accept(first.run);
    }
  }
}
