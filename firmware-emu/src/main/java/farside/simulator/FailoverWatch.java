package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/// Holds the cabinets to what several lines are there for: what was on a line whose carrier a
/// cabinet has lost goes over another at once. It does not wait until the peer asks for it, or
/// until its acknowledgement is overdue: a host waits meanwhile.
///
/// For rigs in which one line at a time is faulty, and no process ends.
final class FailoverWatch {
  /// Some rounds, and a line that takes nothing for a moment; far less than it takes until the
  /// peer's acknowledgement is overdue.
  static final long RESENT_MAX_NS = 40_000_000;

  /// A line that has its carrier for so long carries the session.
  static final long JOINED_NS = 1_000_000_000;

  /// More than a cabinet has unacknowledged at once.
  private static final int KEPT = 4096;

  private static final Sent HAS_COME = new Sent(null);

  private final VirtualTime time;
  private final List<SimulatedLine> lines;
  private final FrameHeaderFlyweight header = new FrameHeaderFlyweight();
  private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
  private final int[] epochs = new int[2];

  /// Of each side, the last frames of its session, by their numbers.
  private final List<NavigableMap<Integer, Sent>> frames =
      List.of(new TreeMap<>(), new TreeMap<>());

  private long stranded;

  /// The last time that a frame was sent, before it has come.
  private static final class Sent {
    final SimulatedLink link;

    Sent(SimulatedLink link) {
      this.link = link;
    }
  }

  FailoverWatch(VirtualTime time, List<SimulatedLine> lines) {
    this.time = time;
    this.lines = lines;
  }

  /// Frames that were on a line when its carrier was lost.
  long stranded() {
    return stranded;
  }

  void onSubmitted(SimulatedLink link, int side, byte[] frame) {
    if (isSequenced(frame)) {
      if (header.epoch() != epochs[side]) {
        epochs[side] = header.epoch();
        frames.get(side).clear();
      }
      NavigableMap<Integer, Sent> mine = frames.get(side);
      // What has come, and is sent again nevertheless, may be lost.
      if (mine.get(header.sequence()) != HAS_COME) {
        mine.put(header.sequence(), new Sent(link));
      }
      mine.headMap(header.sequence() - KEPT).clear();
    }
  }

  /// A frame has come to the other end as it was sent.
  void onArrived(int fromSide, byte[] frame) {
    if (isSequenced(frame) && header.epoch() == epochs[fromSide]) {
      frames.get(fromSide).put(header.sequence(), HAS_COME);
    }
  }

  void onCarrierLost(SimulatedLink link, int side) {
    NavigableMap<Integer, Sent> mine = frames.get(side);
    List<Integer> lost = new ArrayList<>();
    mine.forEach((sequence, sent) -> {
      if (sent.link == link) {
        lost.add(sequence);
      }
    });
    List<SimulatedLink> others = joinedBeside(link, side);
    if (lost.isEmpty() || others.isEmpty()) {
      return;
    }
    stranded += lost.size();
    int epoch = epochs[side];
    List<Sent> then = lost.stream().map(mine::get).toList();
    time.after(RESENT_MAX_NS, () -> {
      if (epoch != epochs[side] || !joinedBeside(link, side).containsAll(others)) {
        return;
      }
      for (int i = 0; i < then.size(); i++) {
        int sequence = lost.get(i);
        require(
            mine.get(sequence) != then.get(i),
            () -> link.site() + ": frame " + sequence + " was on " + link.name()
                + ", which has lost its carrier, and went over no other within "
                + RESENT_MAX_NS / 1_000_000 + " ms");
      }
    });
  }

  private List<SimulatedLink> joinedBeside(SimulatedLink link, int side) {
    List<SimulatedLink> others = new ArrayList<>();
    for (SimulatedLine line : lines) {
      SimulatedLink other = line.end(side);
      if (other != link && line.isWhole() && other.hadCarrierFor(JOINED_NS)) {
        others.add(other);
      }
    }
    return others;
  }

  private boolean isSequenced(byte[] frame) {
    bytes.wrap(frame);
    header.wrapForReading(bytes, 0);
    return header.kind() == FrameKind.SEQUENCED;
  }
}
