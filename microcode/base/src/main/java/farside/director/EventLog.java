package farside.director;

import farside.director.blackbox.FlightRecorder;
import farside.port.EventPort;
import farside.port.RecorderPort;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The error log of a cabinet: the newest events, and the way out to whoever writes them down.
/// What it is told goes into the flight recorder first, and some of it there only.
public final class EventLog {
  /// Events kept for the console.
  public static final int KEPT_MAX = 1000;

  private final EventPort out;
  private final long wallMsAtZero;
  private final FlightRecorder recorder;
  private final ArrayDeque<Event> kept = new ArrayDeque<>();
  private long nowNs;
  private long sequence;

  /// One whose cabinet has no flight recorder.
  ///
  /// @param wallMsAtZero wall-clock milliseconds when the processor's clock showed 0
  public EventLog(EventPort out, long wallMsAtZero) {
    this(out, wallMsAtZero, RecorderPort.NONE);
  }

  public EventLog(EventPort out, long wallMsAtZero, RecorderPort ring) {
    this.out = out;
    this.wallMsAtZero = wallMsAtZero;
    recorder = new FlightRecorder(ring);
  }

  /// Told by the processor before each round, so that no director has to hand time to an event.
  public void setNow(long nowNs) {
    this.nowNs = nowNs;
  }

  public void log(EventCode code, Object... facts) {
    String text = String.format(Locale.ROOT, code.sentence(), facts);
    recorder.event(nowNs, wallMs(), code.number(), code.severity(), text);
    Event event = new Event(++sequence, nowNs, wallMs(), code, text);
    if (kept.size() == KEPT_MAX) {
      kept.removeFirst();
    }
    kept.addLast(event);
    out.submit(nowNs, code.number(), code.severity().name(), text);
  }

  /// A cabinet begins. For the flight recorder only, as are the next two.
  public void recordStart(String who) {
    recorder.start(nowNs, wallMs(), who);
  }

  /// The cabinet enters a part of its life.
  public void recordPhase(String phase) {
    recorder.phase(nowNs, wallMs(), phase);
  }

  /// A volume's standing has gone to NVRAM.
  ///
  /// @param text its pair state, and why
  public void recordStanding(int volume, long generation, long base, long offered, String text) {
    recorder.standing(nowNs, wallMs(), volume, generation, base, offered, text);
  }

  /// Wall-clock milliseconds since 1970 UTC, for people and labels; it informs, it never
  /// decides.
  public long wallMs() {
    return wallMsAtZero + nowNs / 1_000_000;
  }

  /// The newest events, oldest first.
  public List<Event> newest(int count) {
    List<Event> all = new ArrayList<>(kept);
    return all.subList(Math.max(0, all.size() - count), all.size());
  }
}
