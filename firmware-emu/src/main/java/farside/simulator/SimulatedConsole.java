package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.ConsolePort;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// An operator at a simulated console: any command, at any moment; each must be answered, once.
final class SimulatedConsole implements ConsolePort {
  private final String site;
  private final VirtualTime time;
  private final Trace trace;
  private final ArrayDeque<Command> arrived = new ArrayDeque<>();
  private final List<Command> unanswered = new ArrayList<>();
  private Runnable wake = () -> {};
  private boolean open;
  private int lastSession;

  /// Nobody could answer before.
  private long answerableSinceNs;

  private long answers;

  SimulatedConsole(String site, VirtualTime time, Trace trace) {
    this.site = site;
    this.time = time;
    this.trace = trace;
  }

  void open(Runnable wakeOwner) {
    open = true;
    wake = wakeOwner;
    answerableSinceNs = time.nowNs();
  }

  void onProcessDeath() {
    open = false;
    arrived.clear();
    unanswered.clear();
  }

  /// The operator types a command; without a process nobody listens.
  void type(String line, boolean json) {
    if (open) {
      Command command = new Command(++lastSession, line, json, time.nowNs());
      trace.turn(time.nowNs(), site, "console: " + line);
      arrived.add(command);
      unanswered.add(command);
      wake.run();
    }
  }

  /// The process, which was stopped, goes on.
  void onResumed() {
    answerableSinceNs = time.nowNs();
  }

  long answers() {
    return answers;
  }

  /// The command that has waited longest, for a message; null if none waits.
  String longestWaiting(long limitNs) {
    if (!unanswered.isEmpty()
        && time.nowNs() - unanswered.get(0).typedNs > limitNs
        && time.nowNs() - answerableSinceNs > limitNs) {
      return unanswered.get(0).line;
    }
    return null;
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !arrived.isEmpty()) {
      Command command = arrived.removeFirst();
      drained++;
      sink.onCommand(command.session, command.line, command.json);
    }
    return drained;
  }

  @Override
  public void answer(int session, String text, int exitCode) {
    answers++;
    require(exitCode >= 0 && exitCode <= 2, site + ": console answer with exit code " + exitCode);
    trace.stir(session, text.hashCode() * 31L + exitCode);
    boolean known = unanswered.removeIf(command -> command.session == session);
    require(known, site + ": console answer to session " + session + ", which waits for none");
  }

  private record Command(int session, String line, boolean json, long typedNs) {}
}
