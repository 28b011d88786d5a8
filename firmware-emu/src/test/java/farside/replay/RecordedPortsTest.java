package farside.replay;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.DriveOutcome;
import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.IoVector;
import farside.port.LinkPort;
import farside.port.LinkPort.LinkSink;
import farside.port.Memory;
import farside.port.PatchPanelPort;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Each port by itself: who drains it learns the same from the recording as from the port, and
/// does the same again. Together the tests here, and `RecordedCabinetTest`, see every kind.
class RecordedPortsTest {
  private final Arena arena = Arena.ofConfined();
  private final long memory = arena.allocate(65_536, 4096).address();
  private final List<Fact> facts = new ArrayList<>();
  private final PortRecorder recorder = new PortRecorder(facts::add);
  private final FactCursor cursor = new FactCursor(this::next);
  private final PortRecorder again = new PortRecorder(cursor);
  private int taken;

  private Fact next() throws IOException {
    return taken == facts.size() ? null : facts.get(taken++);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private Set<FactKind> kinds() {
    Set<FactKind> kinds = EnumSet.noneOf(FactKind.class);
    facts.forEach(fact -> kinds.add(fact.kind()));
    return kinds;
  }

  // ---- links ----

  /// What a director learns of a link, and does with it.
  private List<String> use(LinkPort link) {
    List<String> learned = new ArrayList<>();
    LinkSink sink = new LinkSink() {
      @Override
      public void onFrame(long address, int lengthBytes) {
        learned.add("frame " + Arrays.toString(PortRecorder.bytesAt(address, lengthBytes)));
        Memory.putByte(address, (byte) 99);
      }

      @Override
      public long placeFor(long headAddress, int headBytes, int payloadBytes) {
        learned.add("place for " + payloadBytes);
        return payloadBytes > 100 ? NOWHERE : memory;
      }

      @Override
      public void onFrameInPlace(long headAddress, int headBytes) {
        learned.add("in place " + Arrays.toString(PortRecorder.bytesAt(headAddress, headBytes))
            + Arrays.toString(PortRecorder.bytesAt(memory, 2)));
      }

      @Override
      public void onPlaceFree() {
        learned.add("place free");
      }

      @Override
      public void onSent(long tag) {
        learned.add("sent " + tag);
      }

      @Override
      public void onCarrier(boolean up, String reason) {
        learned.add("carrier " + up + " " + reason);
      }
    };
    for (int i = 0; i < 12; i++) {
      learned.add(link.hasCarrier() + " " + link.isVariedOn() + " " + link.sentFrames() + " "
          + link.sentBytes() + " " + link.receivedFrames() + " " + link.receivedBytes() + " "
          + link.description());
      learned.add("drained " + link.drain(sink, 10));
      learned.add("drained " + link.drain(sink, 10));
      UnsafeBuffer header = new UnsafeBuffer(new byte[] {1, 2, (byte) i});
      learned.add("submitted " + link.submit(header, 3, memory + 8192, i % 2 == 0 ? 0 : 2, i));
    }
    link.hangUp("nothing comes");
    link.vary(false);
    learned.add(link.name() + " " + link.isVariedOn());
    return learned;
  }

  @Test
  void aLinkBringsTheSameAgain() {
    List<String> learned = use(new RecordedLink(recorder, new ScriptedLink("L1")));

    Fact attached = cursor.peek();
    ReplayedLink replayed = new ReplayedLink(cursor, 1, attached.text("name"));
    assertThat(use(new RecordedLink(again, replayed))).isEqualTo(learned);
    assertThat(cursor.peek()).isNull();
    assertThat(learned)
        .contains(
            "frame [1, 2, 3]",
            "in place [7, 8][5, 6]",
            "place for 101",
            "place free",
            "sent 4",
            "carrier true up");
    assertThat(kinds())
        .contains(FactKind.LINK_PLACE_FREE, FactKind.LINK_HANG_UP, FactKind.LINK_FRAME_IN_PLACE);
  }

  @Test
  void aLinkThatIsPluggedInIsRecordedFromThenOn() {
    PatchPanelPort panel = new PatchPanelPort() {
      @Override
      public String obstacle(End end, String address) {
        return address.isEmpty() ? "No address." : "";
      }

      @Override
      public LinkPort plug(String name, End end, String address) {
        return new ScriptedLink(name);
      }

      @Override
      public void pull(LinkPort link) {
        assertThat(link).isInstanceOf(ScriptedLink.class);
      }
    };
    List<String> learned = plug(new RecordedPanel(recorder, panel));

    int[] port = {0};
    List<String> again =
        plug(new RecordedPanel(this.again, new ReplayedPanel(cursor, () -> ++port[0])));
    assertThat(again).isEqualTo(learned).contains("No address.", "frame [1, 2, 3]");
    assertThat(cursor.peek()).isNull();
  }

  private List<String> plug(PatchPanelPort panel) {
    List<String> learned = new ArrayList<>();
    learned.add(panel.obstacle(PatchPanelPort.End.LISTEN, ""));
    learned.add(panel.obstacle(PatchPanelPort.End.CONNECT, "there"));
    LinkPort link = panel.plug("L2", PatchPanelPort.End.CONNECT, "there");
    learned.addAll(use(link));
    panel.pull(link);
    return learned;
  }

  /// Brings one thing after another, each at the second drain of a round.
  private final class ScriptedLink implements LinkPort {
    private final String name;
    private final ArrayDeque<Consumer<LinkSink>> script = new ArrayDeque<>();
    private long drains;
    private long submits;
    private boolean isVariedOn = true;

    ScriptedLink(String name) {
      this.name = name;
      long scratch = memory + 4096;
      script.add(sink -> sink.onCarrier(true, "up"));
      script.add(sink -> {
        bytes(scratch, 1, 2, 3);
        sink.onFrame(scratch, 3);
      });
      script.add(sink -> {
        bytes(scratch, 7, 8);
        long place = sink.placeFor(scratch, 2, 2);
        bytes(place, 5, 6);
        sink.onFrameInPlace(scratch, 2);
      });
      script.add(sink -> sink.placeFor(scratch, 2, 101));
      script.add(sink -> {
        sink.placeFor(scratch, 2, 3);
        sink.onPlaceFree();
      });
      script.add(sink -> sink.onSent(4));
      script.add(sink -> sink.onCarrier(false, "down"));
    }

    private static void bytes(long address, int... values) {
      for (int i = 0; i < values.length; i++) {
        Memory.putByte(address + i, (byte) values[i]);
      }
    }

    @Override
    public int drain(LinkSink sink, int limit) {
      drains++;
      if (drains % 2 == 1 || script.isEmpty()) {
        // A drain may also have done something of which nobody is told.
        return drains == 7 ? 1 : 0;
      }
      script.removeFirst().accept(sink);
      return 1;
    }

    @Override
    public int submit(
        DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
      submits++;
      return tag == 5 ? FULL : tag % 2 == 0 ? SENT : QUEUED;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public boolean hasCarrier() {
      return drains > 2 && drains < 12;
    }

    @Override
    public void vary(boolean on) {
      isVariedOn = on;
    }

    @Override
    public boolean isVariedOn() {
      return isVariedOn;
    }

    @Override
    public void hangUp(String reason) {}

    @Override
    public long sentFrames() {
      return submits;
    }

    @Override
    public long sentBytes() {
      return 3 * submits;
    }

    @Override
    public long receivedFrames() {
      return drains / 4;
    }

    @Override
    public long receivedBytes() {
      return drains / 4 * 3;
    }

    @Override
    public String description() {
      return drains < 10 ? "to there" : "to elsewhere";
    }
  }

  // ---- drives ----

  @Test
  void aReadBringsTheSameBytesAlsoWhenItFailsAndNoneOfADriveThatIsGone() {
    SmallCabinet.MemoryDrive drive = new SmallCabinet.MemoryDrive() {
      @Override
      public int drain(DriveSink sink, int limit) {
        return super.drain(
            (tag, outcome, bad) -> sink.onCompletion(
                tag,
                tag == 2 ? DriveOutcome.MEDIUM_ERROR : tag == 3 ? DriveOutcome.GONE : outcome,
                tag == 2 ? 1024 : -1),
            limit);
      }
    };
    Arrays.fill(drive.blocks, 0, 4096, (byte) 6);
    List<String> learned = use(new RecordedDrive(recorder, drive));

    ReplayedDrive replayed = new ReplayedDrive(cursor, cursor.peek());
    Memory.zero(memory, 8192);
    List<String> again = use(new RecordedDrive(this.again, replayed));

    assertThat(again).isEqualTo(learned).contains("1 DONE -1", "2 MEDIUM_ERROR 1024");
    assertThat(cursor.peek()).isNull();
    assertThat(PortRecorder.bytesAt(memory, 512)).containsOnly(6);
    assertThat(PortRecorder.bytesAt(memory + 1024, 256)).containsOnly(6);
    assertThat(PortRecorder.bytesAt(memory + 2048, 512)).containsOnly(0);
    assertThat(kinds()).contains(FactKind.DRIVE_ZERO);
  }

  private List<String> use(farside.port.DrivePort drive) {
    List<String> learned = new ArrayList<>();
    learned.add(drive.name()
        + drive.identity()
        + drive.sizeBytes()
        + drive.blockBytes()
        + drive.mayBeLabelled()
        + drive.queueDepth()
        + drive.isKnownZeroBelow(4096));
    drive.tellZeroes((from, to) -> learned.add(from + ".." + to));
    drive.submitRead(0, memory, 512, 1);
    drive.submitRead(512, new IoVector().add(memory + 512, 256).add(memory + 1024, 256), 2);
    drive.submitRead(512, memory + 2048, 512, 3);
    learned.add("drained "
        + drive.drain((tag, outcome, bad) -> learned.add(tag + " " + outcome + " " + bad), 2));
    drive.submitWrite(8192, new IoVector().add(memory, 512), 4);
    drive.submitWriteThrough(8704, new IoVector().add(memory, 512), 5);
    drive.submitZero(16_384, 4096, 6);
    drive.submitFlush(7);
    learned.add("drained "
        + drive.drain((tag, outcome, bad) -> learned.add(tag + " " + outcome + " " + bad), 10));
    learned.add("drained " + drive.drain((tag, outcome, bad) -> {}, 10));
    return learned;
  }

  // ---- hosts ----

  @Test
  void hostsAskTheSameAgainAndTheirPayloadIsThere() {
    List<String> learned = use(new RecordedHost(recorder, new OneHost()));

    Memory.zero(memory, 64);
    assertThat(use(new RecordedHost(again, new ReplayedHost(cursor, 1)))).isEqualTo(learned);
    assertThat(cursor.peek()).isNull();
    assertThat(learned).contains("there true [9, 9]", "payload [9, 9]", "WRITE 3 1 0 4");
    assertThat(kinds()).contains(FactKind.HOST_FAIL_DATA, FactKind.HOST_STOP_LISTENING);
  }

  private List<String> use(HostPort host) {
    List<String> learned = new ArrayList<>();
    HostPort.HostSink sink = new HostPort.HostSink() {
      @Override
      public void onOpened(int connection, String volumeName, String remote) {
        learned.add("opened " + connection + volumeName + remote);
      }

      @Override
      public boolean onRequest(
          int connection,
          HostCommand command,
          int flags,
          long cookie,
          long offsetBytes,
          long lengthBytes) {
        learned.add(command + " " + flags + " " + cookie + " " + offsetBytes + " " + lengthBytes);
        return cookie != 2;
      }

      @Override
      public void onPayload(int connection) {
        learned.add("payload " + Arrays.toString(PortRecorder.bytesAt(memory + 8, 2)));
      }

      @Override
      public void onDisconnect(int connection) {
        learned.add("leaves " + connection);
      }

      @Override
      public void onClosed(int connection) {
        learned.add("closed " + connection);
      }
    };
    host.offer(new HostExport("0010", "a volume", 4096, 512, false, true, ""));
    learned.add("drained " + host.drain(sink, 10));
    learned.add("there " + host.receive(1, memory, 2) + " "
        + Arrays.toString(PortRecorder.bytesAt(memory, 2)));
    learned.add("there " + host.receive(1, memory + 8, 2));
    learned.add("drained " + host.drain(sink, 10));
    host.discard(1, 3);
    host.reply(1, 1, HostStatus.OK);
    host.beginData(1, 2, 0, 8);
    host.dataExtent(1, 4);
    host.data(1, memory, 4);
    host.zeroExtent(1, 4);
    host.failData(1, HostStatus.IO_ERROR);
    Extents extents = new Extents();
    extents.add(512, true);
    extents.add(512, false);
    host.blockStatus(1, 3, extents);
    learned.add("writable " + host.isWritable(1));
    host.stopListening();
    host.close(1, "enough");
    learned.add("drained " + host.drain(sink, 10));
    return learned;
  }

  /// A host whose first payload is there at once, and whose second comes later.
  private static final class OneHost extends SmallCabinet.ScriptedHost {
    private int receives;

    OneHost() {
      does(sink -> sink.onOpened(1, "0010", "host 1"));
      does(sink -> sink.onRequest(1, HostCommand.WRITE, 3, 1, 0, 4));
      does(sink -> sink.onRequest(1, HostCommand.READ, 0, 2, 0, 8));
      sends(new byte[] {9, 9, 9, 9});
    }

    @Override
    public boolean receive(int connection, long address, int lengthBytes) {
      super.receive(connection, address, lengthBytes);
      if (receives++ == 0) {
        drain(farAway(), 1);
        return true;
      }
      does(sink -> sink.onDisconnect(1));
      return false;
    }

    /// Whoever has the payload already is not told that it came.
    private static HostSink farAway() {
      return new HostSink() {
        @Override
        public void onOpened(int connection, String volumeName, String remote) {}

        @Override
        public boolean onRequest(
            int connection,
            HostCommand command,
            int flags,
            long cookie,
            long offsetBytes,
            long lengthBytes) {
          return true;
        }

        @Override
        public void onPayload(int connection) {}

        @Override
        public void onDisconnect(int connection) {}

        @Override
        public void onClosed(int connection) {}
      };
    }
  }
}
