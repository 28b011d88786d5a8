package farside.rig.demo;

import farside.rig.site.RunDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One site of a rig, `farside run RIG --site A`, in a process of its own that can be killed.
///
/// Its standard error goes to `SITE.stderr` in the run directory. Whoever starts one ends it:
/// [#close]
/// kills what still runs, by its process id, and a JVM that is told to end does so too.
public final class SiteProcess implements AutoCloseable {
  private final String site;
  private final Process process;
  private final Path errors;
  private final Thread killer;
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Boolean> ready = new CompletableFuture<>();

  private SiteProcess(String site, Process process, Path errors) {
    this.site = site;
    this.process = process;
    this.errors = errors;
    killer = new Thread(process::destroyForcibly, "end-site-" + site);
    Runtime.getRuntime().addShutdownHook(killer);
    Thread.ofPlatform().name("output-of-site-" + site).daemon().start(this::readOutput);
  }

  /// @param farside the words that start the launcher, such as `hil-rig/farside`, or
  ///     [#thisProgram]
  /// @param options of `farside run`, beside those that name rig, site and directory
  public static SiteProcess start(List<String> farside, DemoRig rig, String site, String... options)
      throws IOException {
    List<String> words = new ArrayList<>(farside);
    words.addAll(List.of(
        "run",
        rig.file().toString(),
        "--site",
        site,
        "--run-dir",
        rig.directory().path().toString()));
    words.addAll(List.of(options));
    Files.createDirectories(rig.directory().path());
    Path errors = rig.directory().path().resolve(site + ".stderr");
    Process process = new ProcessBuilder(words)
        .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
        .start();
    process.getOutputStream().close();
    return new SiteProcess(site, process, errors);
  }

  /// The words that start this very program again: its launcher, or the same Java, flags and
  /// classes.
  public static List<String> thisProgram() {
    String home = System.getenv(RunDirectory.HOME_VARIABLE);
    if (home != null && Files.isExecutable(Path.of(home, "hil-rig", "farside"))) {
      return List.of(Path.of(home, "hil-rig", "farside").toString());
    }
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    try (InputStream in = SiteProcess.class.getResourceAsStream("/jvm.flags")) {
      words.addAll(
          List.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip().split("\\s+")));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    words.addAll(
        List.of("-XX:+UseSerialGC", "-Xmx192m", "-cp", System.getProperty("java.class.path")));
    words.add("farside.rig.Main");
    return words;
  }

  private void readOutput() {
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.equals("ready")) {
          ready.complete(true);
        } else {
          lines.add(line);
        }
      }
    } catch (IOException ended) {
      // The process was killed: what it said is read already.
    }
    ready.complete(false);
  }

  /// Waits for the line `ready`. Fails with what the site wrote to its standard error if it
  /// ends first.
  public void awaitReady(long timeoutMs) throws IOException, InterruptedException {
    try {
      if (ready.get(timeoutMs, TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (TimeoutException late) {
      throw new IOException(
          "site %s was not ready within %d ms. %s".formatted(site, timeoutMs, said()), late);
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
    throw new IOException("site %s ended before it was ready. %s".formatted(site, said()));
  }

  private String said() throws IOException {
    String text = Files.readString(errors).strip();
    return text.isEmpty() ? "It wrote nothing to " + errors + "." : "It said: " + text;
  }

  /// What it printed before `ready`: a line per volume.
  public List<String> volumeLines() {
    return List.copyOf(lines);
  }

  public String site() {
    return site;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /// `kill -9`; returns when the process is gone.
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
    forget();
  }

  /// `SIGTERM`; returns the exit status, or -1 if the process still runs after the time.
  public int terminate(long timeoutMs) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(timeoutMs, TimeUnit.MILLISECONDS)) {
      return -1;
    }
    forget();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    forget();
  }

  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException ending) {
      // This JVM is ending, and the hook does its work.
    }
  }
}
