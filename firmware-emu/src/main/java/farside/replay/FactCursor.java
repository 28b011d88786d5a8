package farside.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Where a replay is in the recording. Each fact that comes about is held against the one that
/// was recorded; the ports that replay looks ahead for what is to come in.
final class FactCursor implements FactSink {
  /// As many facts before a difference are told.
  private static final int HISTORY_MAX = 20;

  private final FactSource source;
  private final ArrayDeque<Fact> ahead = new ArrayDeque<>();
  private final ArrayDeque<String> history = new ArrayDeque<>();
  private final Map<Integer, String> portNames = new HashMap<>();
  private boolean hasEnded;
  private long count;
  private long states;
  private long nowNs;

  FactCursor(FactSource source) {
    this.source = source;
  }

  /// The next recorded fact, which stays the next; null at the end.
  Fact peek() {
    return fill(1) ? ahead.peekFirst() : null;
  }

  /// The one after the next; null if there is none.
  Fact peekSecond() {
    if (!fill(2)) {
      return null;
    }
    var both = ahead.iterator();
    both.next();
    return both.next();
  }

  /// The facts that come next and tell what is attached.
  List<Fact> peekAttached() {
    List<Fact> attached = new ArrayList<>();
    int wanted = 1;
    while (fill(wanted)) {
      Fact last = ahead.peekLast();
      if (last.kind() != FactKind.DRIVE_ATTACHED && last.kind() != FactKind.LINK_ATTACHED) {
        break;
      }
      attached.add(last);
      wanted++;
    }
    return attached;
  }

  private boolean fill(int wanted) {
    while (!hasEnded && ahead.size() < wanted) {
      try {
        Fact next = source.next();
        if (next == null) {
          hasEnded = true;
        } else {
          ahead.addLast(next);
        }
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
    return ahead.size() >= wanted;
  }

  /// Goes on behind the next fact, which nothing is held against.
  Fact take() {
    Fact taken = peek();
    if (taken != null) {
      ahead.removeFirst();
      count++;
    }
    return taken;
  }

  /// @throws ReplayDiffers if something else was recorded
  /// @throws RecordingEnds if the recording does not go so far
  @Override
  public void accept(Fact came) {
    Fact recorded = peek();
    if (recorded == null) {
      throw new RecordingEnds();
    }
    if (!recorded.isSameAs(came)) {
      throw new ReplayDiffers(
          "recorded: " + shown(recorded) + "\ncame:     " + shown(came) + details(recorded, came));
    }
    take();
    remember(came);
  }

  private static String details(Fact recorded, Fact came) {
    if (recorded.kind() != FactKind.STATE || came.kind() != FactKind.STATE) {
      return "";
    }
    List<String> was = recorded.text("state").lines().toList();
    List<String> is = came.text("state").lines().toList();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < Math.max(was.size(), is.size()); i++) {
      String one = i < was.size() ? was.get(i) : "";
      String other = i < is.size() ? is.get(i) : "";
      if (!one.equals(other)) {
        lines.append("\n  recorded: ").append(one).append("\n  came:     ").append(other);
      }
    }
    return lines.toString();
  }

  private void remember(Fact fact) {
    switch (fact.kind()) {
      case ROUND -> nowNs += fact.number("sinceLastNs");
      case STATE -> states++;
      case DRIVE_ATTACHED -> portNames.put(fact.port(), "drive " + fact.text("name"));
      case LINK_ATTACHED -> portNames.put(fact.port(), "link " + fact.text("name"));
      default -> {}
    }
    if (history.size() == HISTORY_MAX) {
      history.removeFirst();
    }
    history.addLast(String.format("%14.6f s  %s", nowNs / 1e9, shown(fact)));
  }

  String shown(Fact fact) {
    return fact.shown(portNames.getOrDefault(fact.port(), ""));
  }

  /// The last facts that were as recorded, oldest first.
  List<String> history() {
    return new ArrayList<>(history);
  }

  long count() {
    return count;
  }

  long states() {
    return states;
  }

  long nowNs() {
    return nowNs;
  }
}
