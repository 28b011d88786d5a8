package farside.driver.control;

import farside.port.ConsolePort;
import java.util.List;

/// Several consoles as one: a cabinet has one service processor, but may be asked over a socket
/// and over serial lines at the same time.
///
/// A session's number tells which console it came from, so that its answer goes back there.
public final class JoinedConsoles implements ConsolePort {
  private final List<ConsolePort> consoles;
  /// The one that is drained first, so that a busy console does not keep the others waiting.
  private int firstIndex;

  public JoinedConsoles(List<? extends ConsolePort> consoles) {
    this.consoles = List.copyOf(consoles);
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    int drained = 0;
    for (int i = 0; i < consoles.size() && drained < limit; i++) {
      int index = (firstIndex + i) % consoles.size();
      drained += consoles.get(index).drain(new Marked(sink, index), limit - drained);
    }
    firstIndex = (firstIndex + 1) % consoles.size();
    return drained;
  }

  @Override
  public void answer(int session, String text, int exitCode) {
    consoles.get(session % consoles.size()).answer(session / consoles.size(), text, exitCode);
  }

  /// Puts the console's index into the numbers of its sessions.
  private final class Marked implements ConsoleSink {
    private final ConsoleSink sink;
    private final int index;

    Marked(ConsoleSink sink, int index) {
      this.sink = sink;
      this.index = index;
    }

    @Override
    public void onCommand(int session, String line, boolean json) {
      sink.onCommand(session * consoles.size() + index, line, json);
    }

    @Override
    public void onLine(String line, LineNews news, String detail) {
      sink.onLine(line, news, detail);
    }
  }
}
