package farside.replay;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.cabinet.CabinetPorts;
import farside.port.ConsolePort;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.Extents;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.IoVector;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.NvramLogPort;
import farside.port.NvramPort;
import farside.port.PatchPanelPort;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.NvramLog;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// A cabinet with one local volume, on a drive, a host and a console in memory, stepped by hand
/// and recorded.
final class SmallCabinet implements AutoCloseable {
  static final int VOLUME_BYTES = 1 << 20;
  private static final int DRIVE_BYTES = VOLUME_BYTES + (1 << 20);
  private static final int NVRAM_BYTES = 4 << 20;
  private static final int RECORDER_BYTES = 8192;
  private static final long WALL_MS_AT_ZERO = 1_700_000_000_000L;

  static final CabinetDescription DESCRIPTION = new CabinetDescription(
      "A",
      "SMALL-A",
      "",
      8,
      2000,
      500,
      1000,
      5000,
      List.of(new DriveDescription("D1")),
      List.of(new VolumeDescription(
          0x10, VolumeRole.LOCAL, "", AckMode.RECEIVED, VOLUME_BYTES, 512, "D1")),
      List.of());

  private final Arena arena = Arena.ofConfined();
  final List<Fact> facts = new ArrayList<>();
  final PortRecorder recorder = new PortRecorder(facts::add);
  final MemoryDrive drive = new MemoryDrive();
  final ScriptedHost host = new ScriptedHost();
  final ScriptedConsole console = new ScriptedConsole();
  final Cabinet cabinet;
  private long nowNs;

  SmallCabinet() {
    this(null);
  }

  /// @param log under its NVRAM's log, which is power-safe then; or null
  SmallCabinet(MemoryLog log) {
    long[] state = {7};
    LongSupplier draws = () -> state[0] = state[0] * 6_364_136_223_846_793_005L + 1;
    ReplayedNvram nvram = new ReplayedNvram(
        new Fact(
            FactKind.OPENED,
            0,
            new long[] {
              WALL_MS_AT_ZERO, NVRAM_BYTES, NvramPort.Contents.BLANK.ordinal(), RECORDER_BYTES, 1, 0
            },
            new String[] {"", "", "", "", ""},
            Fact.NO_CONTENT),
        arena);
    CabinetPorts ports = new CabinetPorts(
        log == null
            ? nvram
            : new LoggedNvram(
                nvram, NvramLog.begin(log, 1, nvram.address(), nvram.sizeBytes(), 2, 0)),
        nvram.recorder(),
        List.of(drive),
        List.of(),
        new NoPanel(),
        host,
        console,
        (atNs, number, severity, text) -> {},
        draws::getAsLong);
    recorder.open(new Origin("test", "A", "small.yaml", "cabinets: ..."), ports, WALL_MS_AT_ZERO);
    cabinet = new Cabinet(DESCRIPTION, recorder.over(ports), WALL_MS_AT_ZERO);
    recorder.watch(cabinet);
  }

  /// Rounds at intervals of 10 ms.
  void run(int rounds) {
    for (int i = 0; i < rounds; i++) {
      nowNs += 10_000_000;
      recorder.beginRound(nowNs);
      int worked;
      try {
        worked = cabinet.doWork(nowNs);
      } catch (RuntimeException stopped) {
        recorder.stopped(stopped);
        throw stopped;
      }
      recorder.endRound(worked);
    }
  }

  void shutDown() {
    recorder.shutdownAsked();
    cabinet.requestShutdown();
    for (int i = 0; i < 1000 && !cabinet.isDown(); i++) {
      run(1);
    }
    recorder.end();
  }

  @Override
  public void close() {
    arena.close();
  }

  /// Keeps nothing; each write has ended two rounds later.
  static final class MemoryLog implements NvramLogPort {
    private int polls;
    private int writesLeft;

    /// @param writesThatSucceed the next one fails
    MemoryLog(int writesThatSucceed) {
      writesLeft = writesThatSucceed;
    }

    @Override
    public String name() {
      return "log in memory";
    }

    @Override
    public long sizeBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public void readNow(long offsetBytes, long address, int lengthBytes) {
      throw new IllegalStateException("there is nothing to read");
    }

    @Override
    public void writeNow(long offsetBytes, long address, int lengthBytes) {}

    @Override
    public void submit(long offsetBytes, long address, int lengthBytes) {
      polls = 2;
    }

    @Override
    public Progress poll() {
      if (polls == 0 || --polls > 0) {
        return Progress.NONE;
      }
      return writesLeft-- > 0 ? Progress.DONE : Progress.FAILED;
    }

    @Override
    public String lastError() {
      return "no space left on device";
    }
  }

  /// Blocks in memory; everything completes at the next drain.
  static class MemoryDrive implements DrivePort {
    final byte[] blocks = new byte[DRIVE_BYTES];
    private final ArrayDeque<Long> done = new ArrayDeque<>();

    void completes(long tag) {
      done.add(tag);
    }

    @Override
    public String name() {
      return "D1";
    }

    @Override
    public String identity() {
      return "memory";
    }

    @Override
    public long sizeBytes() {
      return DRIVE_BYTES;
    }

    @Override
    public int blockBytes() {
      return 512;
    }

    @Override
    public boolean isKnownZeroBelow(long offsetBytes) {
      return true;
    }

    @Override
    public void tellZeroes(ZeroSink sink) {
      sink.onZeroes(0, DRIVE_BYTES);
    }

    @Override
    public int queueDepth() {
      return 8;
    }

    @Override
    public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
      submitRead(offsetBytes, new IoVector().add(address, lengthBytes), tag);
    }

    @Override
    public void submitRead(long offsetBytes, IoVector target, long tag) {
      move(offsetBytes, target, tag, false);
    }

    @Override
    public void submitWrite(long offsetBytes, IoVector source, long tag) {
      move(offsetBytes, source, tag, true);
    }

    @Override
    public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
      move(offsetBytes, source, tag, true);
    }

    private void move(long offsetBytes, IoVector pieces, long tag, boolean toDrive) {
      int at = (int) offsetBytes;
      for (int i = 0; i < pieces.count(); i++) {
        var memory = Memory.at(pieces.address(i), pieces.lengthBytes(i)).asByteBuffer();
        if (toDrive) {
          memory.get(blocks, at, pieces.lengthBytes(i));
        } else {
          memory.put(blocks, at, pieces.lengthBytes(i));
        }
        at += pieces.lengthBytes(i);
      }
      done.add(tag);
    }

    @Override
    public void submitZero(long offsetBytes, long lengthBytes, long tag) {
      Arrays.fill(blocks, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
      done.add(tag);
    }

    @Override
    public void submitFlush(long tag) {
      done.add(tag);
    }

    @Override
    public int drain(DriveSink sink, int limit) {
      int count = 0;
      while (count < limit && !done.isEmpty()) {
        count++;
        sink.onCompletion(done.removeFirst(), DriveOutcome.DONE, -1);
      }
      return count;
    }
  }

  /// A host that does what the test tells it, and whose payload comes a drain later.
  static class ScriptedHost implements HostPort {
    final List<String> replies = new ArrayList<>();
    private final ArrayDeque<Consumer<HostSink>> script = new ArrayDeque<>();
    private byte[] payload = {};
    private int taken;

    void does(Consumer<HostSink> act) {
      script.add(act);
    }

    void sends(byte[] bytes) {
      payload = bytes;
      taken = 0;
    }

    @Override
    public int drain(HostSink sink, int limit) {
      int count = 0;
      // What acts upon this drain is for the next.
      for (int left = script.size(); left > 0; left--) {
        script.removeFirst().accept(sink);
        count++;
      }
      return count;
    }

    @Override
    public boolean receive(int connection, long address, int lengthBytes) {
      Memory.at(address, lengthBytes).asByteBuffer().put(payload, taken, lengthBytes);
      taken += lengthBytes;
      does(sink -> sink.onPayload(connection));
      return false;
    }

    @Override
    public void discard(int connection, long lengthBytes) {
      replies.add("discard " + lengthBytes);
    }

    @Override
    public void reply(int connection, long cookie, HostStatus status) {
      replies.add("reply " + cookie + " " + status);
    }

    @Override
    public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
      replies.add("data " + cookie);
    }

    @Override
    public void dataExtent(int connection, long lengthBytes) {}

    @Override
    public void zeroExtent(int connection, long lengthBytes) {
      replies.add("zeroes " + lengthBytes);
    }

    @Override
    public void data(int connection, long address, int lengthBytes) {
      replies.add("bytes " + lengthBytes + " from " + Memory.getByte(address));
    }

    @Override
    public void failData(int connection, HostStatus status) {}

    @Override
    public void blockStatus(int connection, long cookie, Extents extents) {
      replies.add("extents " + extents.count());
    }

    @Override
    public boolean isWritable(int connection) {
      return true;
    }

    @Override
    public void offer(HostExport export) {}

    @Override
    public void close(int connection, String reason) {
      does(sink -> sink.onClosed(connection));
    }

    @Override
    public void stopListening() {}
  }

  /// An operator.
  static final class ScriptedConsole implements ConsolePort {
    final List<String> answers = new ArrayList<>();
    private final ArrayDeque<Consumer<ConsoleSink>> script = new ArrayDeque<>();

    void does(Consumer<ConsoleSink> act) {
      script.add(act);
    }

    @Override
    public int drain(ConsoleSink sink, int limit) {
      int count = 0;
      while (count < limit && !script.isEmpty()) {
        script.removeFirst().accept(sink);
        count++;
      }
      return count;
    }

    @Override
    public void answer(int session, String text, int exitCode) {
      answers.add(text);
    }
  }

  private static final class NoPanel implements PatchPanelPort {
    @Override
    public String obstacle(End end, String address) {
      return "No line ends here.";
    }

    @Override
    public LinkPort plug(String name, End end, String address) {
      throw new AssertionError("plugged in where there is nothing");
    }

    @Override
    public void pull(LinkPort link) {}
  }
}
