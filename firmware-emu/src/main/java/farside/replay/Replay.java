package farside.replay;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;
import farside.port.DrivePort;
import farside.port.LinkPort;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.NvramLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Runs a cabinet again from its recording, in virtual time.
///
/// The same directors, unchanged, stand behind ports that bring what was brought then, round by
/// round at the recorded times. In front of these ports stands the recorder once more, and what
/// it is told is held against the recording, fact by fact: so the first thing that the cabinet
/// does differently ends the replay.
public final class Replay {
  private static final long NVRAM_MAX_BYTES = 1L << 40;
  private static final int RECORDER_MAX_BYTES = 1 << 30;

  private final FactCursor cursor;
  private final PortRecorder recorder;
  private final Fact opened;
  private Cabinet cabinet;
  private long nowNs;
  private long rounds;
  private int nextPort;

  private Replay(FactCursor cursor) throws DamagedRecording {
    this.cursor = cursor;
    recorder = new PortRecorder(cursor);
    opened = cursor.take();
    if (opened == null) {
      throw new DamagedRecording("nothing was recorded before it ended. Record the test again.");
    }
    if (opened.kind() != FactKind.OPENED
        || opened.number("nvramBytes") <= 0
        || opened.number("nvramBytes") > NVRAM_MAX_BYTES
        || opened.number("recorderBytes") < 0
        || opened.number("recorderBytes") > RECORDER_MAX_BYTES) {
      throw new DamagedRecording("it does not say how its cabinet began. Record the test again.");
    }
  }

  /// Describes the cabinet that a recording is of.
  public interface Rigs {
    /// @throws IOException if the origin's rig is none, or has no such site
    CabinetDescription describe(Origin origin) throws IOException;
  }

  /// Runs it to its end, or to the first difference.
  ///
  /// @throws IOException if the recording cannot be read, or is garbled
  public static Verdict of(RecordingReader recording, Rigs rigs) throws IOException {
    return of((FactSource) recording, rigs);
  }

  static Verdict of(FactSource facts, Rigs rigs) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Replay replay = new Replay(new FactCursor(facts));
      return replay.run(rigs.describe(replay.origin()), arena);
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
  }

  private Origin origin() {
    return new Origin(
        opened.text("build"), opened.text("site"), opened.text("rigFile"), opened.text("rig"));
  }

  private Verdict run(CabinetDescription description, Arena arena) throws DamagedRecording {
    CabinetPorts ports = ports(arena);
    try {
      boolean goesOn = wire(description, ports);
      while (goesOn) {
        goesOn = step();
      }
      return verdict(Verdict.Outcome.SAME, "");
    } catch (RecordingEnds ends) {
      return verdict(Verdict.Outcome.CUT_SHORT, "");
    } catch (ReplayDiffers differs) {
      return verdict(Verdict.Outcome.DIFFERENT, differs.getMessage());
    }
  }

  private Verdict verdict(Verdict.Outcome outcome, String difference) {
    return new Verdict(
        outcome,
        origin(),
        cursor.nowNs(),
        rounds,
        cursor.count(),
        cursor.states(),
        difference,
        cursor.history());
  }

  /// False if the cabinet refused what was attached to it, as it did then.
  private boolean wire(CabinetDescription description, CabinetPorts ports) {
    try {
      cabinet = new Cabinet(description, recorder.over(ports), opened.number("wallMsAtZero"));
    } catch (ReplayDiffers | RecordingEnds | UncheckedIOException end) {
      throw end;
    } catch (RuntimeException stopped) {
      recorder.stopped(stopped);
      return false;
    }
    recorder.watch(cabinet);
    return true;
  }

  private CabinetPorts ports(Arena arena) throws DamagedRecording {
    try {
      ReplayedNvram nvram = new ReplayedNvram(opened, arena);
      Fact log = isNext(FactKind.NVRAM_LOG) ? cursor.take() : null;
      while (isNext(FactKind.NVRAM_FOUND) || isNext(FactKind.RECORDER_FOUND)) {
        nvram.fill(cursor.take());
      }
      return ports(nvram, log);
    } catch (IndexOutOfBoundsException | IllegalArgumentException wrong) {
      throw new DamagedRecording(
          "its beginning makes no sense: " + wrong.getMessage() + ". Record the test again.");
    }
  }

  /// Drives and links say what they are when they are attached, and that is what was recorded
  /// first.
  ///
  /// @param log null: the NVRAM was not power-safe
  private CabinetPorts ports(ReplayedNvram nvram, Fact log) {
    List<DrivePort> drives = new ArrayList<>();
    List<LinkPort> links = new ArrayList<>();
    long driveCount = opened.number("drives");
    long linkCount = opened.number("links");
    List<Fact> attached = cursor.peekAttached();
    for (Fact fact : attached) {
      if (fact.kind() == FactKind.DRIVE_ATTACHED && drives.size() < driveCount) {
        drives.add(new ReplayedDrive(cursor, fact));
      } else if (links.size() < linkCount) {
        links.add(new ReplayedLink(cursor, fact.port(), fact.text("name")));
      }
    }
    int hosts = attached.size() + 1;
    nextPort = hosts + 1;
    return new CabinetPorts(
        log == null ? nvram : new LoggedNvram(nvram, logOf(nvram, log.text("name"))),
        nvram.recorder(),
        drives,
        links,
        new ReplayedPanel(cursor, () -> ++nextPort),
        new ReplayedHost(cursor, hosts),
        new ReplayedConsole(cursor, hosts + 1),
        (atNs, number, severity, text) -> {},
        () -> isNext(FactKind.RANDOM) ? cursor.peek().number("drawn") : 1);
  }

  /// Whose it is and of which epoch decides nothing once it is begun.
  private NvramLog logOf(ReplayedNvram nvram, String name) {
    return NvramLog.begin(
        new ReplayedNvramLog(cursor, name), 1, nvram.address(), nvram.sizeBytes(), 1, 0);
  }

  private boolean isNext(FactKind kind) {
    Fact next = cursor.peek();
    return next != null && next.kind() == kind;
  }

  /// False when the recording has come to its end.
  private boolean step() {
    Fact next = cursor.peek();
    if (next == null) {
      throw new RecordingEnds();
    }
    switch (next.kind()) {
      case ROUND -> {
        return round(next.number("sinceLastNs"));
      }
      case SHUTDOWN_ASKED -> {
        recorder.shutdownAsked();
        cabinet.requestShutdown();
      }
      case ENDED -> {
        recorder.end();
        return false;
      }
      default -> askDeadline();
    }
    return true;
  }

  /// False if it was the last, as the cabinet stopped at once.
  private boolean round(long sinceLastNs) {
    nowNs += sinceLastNs;
    rounds++;
    recorder.beginRound(nowNs);
    int worked;
    try {
      worked = cabinet.doWork(nowNs);
    } catch (ReplayDiffers | RecordingEnds | UncheckedIOException end) {
      throw end;
    } catch (RuntimeException stopped) {
      recorder.stopped(stopped);
      return false;
    }
    recorder.endRound(worked);
    return true;
  }

  /// Asked for its deadline between rounds, a cabinet may look at its links.
  private void askDeadline() {
    Fact next = cursor.peek();
    cabinet.nextDeadlineNs();
    if (cursor.peek() == next) {
      throw new ReplayDiffers(
          "recorded: " + cursor.shown(next) + "\ncame:     nothing, between two rounds");
    }
  }
}
