package farside.replay;

import farside.port.LinkPort;
import farside.port.Memory;
import farside.replay.RecordedLink.Figure;
import java.lang.foreign.Arena;
import org.agrona.DirectBuffer;

/// A link that brings what the recorded one brought, and sends nothing.
final class ReplayedLink implements LinkPort {
  private final Arrivals arrivals;
  private final String name;
  private final long[] seen = new long[Figure.values().length];
  private String described = "";
  private long placeAddress;
  private int placeBytes;

  ReplayedLink(FactCursor cursor, int port, String name) {
    arrivals = new Arrivals(cursor, port);
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  private long see(Figure figure) {
    Fact changed = arrivals.answer(FactKind.LINK_SEEN);
    if (changed != null && changed.number("figure") == figure.ordinal()) {
      seen[figure.ordinal()] = changed.number("value");
    }
    return seen[figure.ordinal()];
  }

  @Override
  public boolean hasCarrier() {
    return see(Figure.CARRIER) != 0;
  }

  @Override
  public boolean isVariedOn() {
    return see(Figure.VARIED_ON) != 0;
  }

  @Override
  public long sentFrames() {
    return see(Figure.SENT_FRAMES);
  }

  @Override
  public long sentBytes() {
    return see(Figure.SENT_BYTES);
  }

  @Override
  public long receivedFrames() {
    return see(Figure.RECEIVED_FRAMES);
  }

  @Override
  public long receivedBytes() {
    return see(Figure.RECEIVED_BYTES);
  }

  @Override
  public String description() {
    Fact changed = arrivals.answer(FactKind.LINK_DESCRIBED);
    if (changed != null) {
      described = changed.text("description");
    }
    return described;
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    Fact answer = arrivals.answer(FactKind.LINK_SUBMIT);
    return answer == null ? FULL : (int) answer.number("answer");
  }

  @Override
  public void vary(boolean on) {}

  @Override
  public void hangUp(String reason) {}

  @Override
  public int drain(LinkSink sink, int limit) {
    if (!arrivals.begin()) {
      return 0;
    }
    Fact next = arrivals.next();
    while (next != null && bring(next, sink)) {
      next = arrivals.next();
    }
    return arrivals.count();
  }

  /// False if a drain brings no such fact.
  private boolean bring(Fact fact, LinkSink sink) {
    switch (fact.kind()) {
      case LINK_FRAME -> {
        try (Arena arena = Arena.ofConfined()) {
          sink.onFrame(inMemory(fact.content(), arena), fact.content().length);
        }
      }
      case LINK_PLACE_ASKED -> {
        try (Arena arena = Arena.ofConfined()) {
          placeBytes = (int) fact.number("payloadBytes");
          placeAddress =
              sink.placeFor(inMemory(fact.content(), arena), fact.content().length, placeBytes);
        }
      }
      case LINK_FRAME_IN_PLACE -> bringInPlace(fact, sink);
      case LINK_PLACE_FREE -> sink.onPlaceFree();
      case LINK_SENT -> sink.onSent(fact.number("tag"));
      case LINK_CARRIER -> sink.onCarrier(fact.isTrue("up"), fact.text("reason"));
      default -> {
        return false;
      }
    }
    return true;
  }

  private void bringInPlace(Fact fact, LinkSink sink) {
    int headBytes = (int) fact.number("headBytes");
    byte[] frame = fact.content();
    if (placeAddress != LinkSink.NOWHERE
        && headBytes >= 0
        && frame.length == headBytes + placeBytes) {
      Memory.at(placeAddress, placeBytes).asByteBuffer().put(frame, headBytes, placeBytes);
    }
    try (Arena arena = Arena.ofConfined()) {
      sink.onFrameInPlace(inMemory(frame, arena), headBytes);
    }
  }

  private static long inMemory(byte[] bytes, Arena arena) {
    long address = arena.allocate(Math.max(1, bytes.length), 8).address();
    Memory.at(address, bytes.length).asByteBuffer().put(bytes);
    return address;
  }
}
