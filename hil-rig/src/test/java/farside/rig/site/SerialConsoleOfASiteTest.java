package farside.rig.site;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.control.ControlClient;
import farside.driver.serial.PasswordHash;
import farside.rig.demo.FreePorts;
import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole site with a serial line: what a terminal shows is what `farside ctl` says.
class SerialConsoleOfASiteTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// Holds the terminal's end of a pseudo terminal; its standard streams are keys and screen.
  private static final String TERMINAL_PROGRAM = """
      import os, pty, sys, threading, tty
      master, slave = pty.openpty()
      tty.setraw(slave)
      print(os.ttyname(slave), flush=True)
      def keys():
          while True:
              got = os.read(0, 4096)
              if not got:
                  os._exit(0)
              os.write(master, got)
      threading.Thread(target=keys, daemon=True).start()
      while True:
          os.write(1, os.read(master, 4096))
      """;

  @TempDir
  Path directory;

  private final StringBuilder screen = new StringBuilder();
  private Process terminal;
  private InputStream shown;
  private OutputStream keys;
  private String device;

  @BeforeEach
  void plugIn() throws IOException {
    try {
      terminal = new ProcessBuilder("python3", "-c", TERMINAL_PROGRAM)
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    } catch (IOException missing) {
      assumeTrue(false, "SKIPPED: python3 is missing (apt-get install python3)");
    }
    shown = terminal.getInputStream();
    keys = terminal.getOutputStream();
    StringBuilder line = new StringBuilder();
    for (int c = shown.read(); c != '\n' && c >= 0; c = shown.read()) {
      line.append((char) c);
    }
    device = line.toString();
  }

  @AfterEach
  void pullOut() {
    if (terminal != null) {
      terminal.destroyForcibly();
    }
  }

  @Test
  void everyCommandIsAnsweredAtTheLineAsOverTheSocketAndShutdownEndsTheSite() throws Exception {
    String password = PasswordHash.of(
            "sesame".toCharArray(), 1000, new byte[PasswordHash.SALT_BYTES])
        .text();
    Path file = Files.writeString(directory.resolve("one.yaml"), """
        sites:
          A:
            serial: ALONE
            nbd: 127.0.0.1:%d
            nvramMiB: 8
            consoles:
              - {driver: serial-console, device: %s, baud: 115200, rows: 0, password: "%s"}
            drives: [{name: D1, driver: file-disk, sizeMiB: 9}]
        volumes:
          0010: {sizeMiB: 8, local: A/D1}
        """.formatted(
            FreePorts.take(1).getFirst(), device, password));
    Rig rig = RigFile.read(file.toString());
    RunDirectory runDirectory = new RunDirectory(directory.resolve("run"));
    Site site = Site.open(rig, rig.cabinet("A").orElseThrow(), runDirectory);
    try {
      site.start(Throwable::printStackTrace);
      assertThat(site.awaitReady(PATIENCE.toMillis())).as(site.refusal()).isTrue();
      type("sesame\r");
      awaitScreen("A> ");
      for (String command :
          new String[] {"help", "tracks 0010", "vary L9 on", "link remove L9", "nosuch"}) {
        String overSocket = ControlClient.ask(
                runDirectory.controlSocket("A"), command, false, PATIENCE)
            .text()
            .stripTrailing();
        screen.setLength(0);
        type(command + "\r");
        awaitScreen("\nA> ");
        assertThat(screen).hasToString(command + "\n" + overSocket + "\nA> ");
      }
      type("shutdown\r");
      awaitScreen("Shutdown has begun");
      assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
    } finally {
      site.close();
    }
    assertThat(Files.readString(runDirectory.log("A")))
        .contains("5002", "logged in")
        .doesNotContain("sesame");
  }

  private void type(String text) throws IOException {
    keys.write(text.getBytes(US_ASCII));
    keys.flush();
  }

  private void awaitScreen(String end) {
    Awaitility.await()
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(10))
        .atMost(PATIENCE)
        .until(() -> {
          screen.append(
              new String(shown.readNBytes(shown.available()), US_ASCII).replace("\r\n", "\n"));
          return screen.indexOf(end) >= 0;
        });
  }
}
