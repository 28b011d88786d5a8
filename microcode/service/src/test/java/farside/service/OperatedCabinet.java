package farside.service;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.Event;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.ConsolePort;
import farside.port.PatchPanelPort;
import farside.volume.AckMode;
import farside.volume.CabinetDesk;
import farside.volume.DriveFigures;
import farside.volume.LinkDesk;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Site A with three volumes and real tables, an operator at its console, and neighbours that
/// keep simple state.
final class OperatedCabinet {
  private static final long MIB = 1 << 20;
  private static final int[] NUMBERS = {0x0010, 0x0020, 0x0030};
  private static final long[] SIZES = {256 * MIB, 256 * MIB, 128 * MIB};

  /// 22 November 2026, 01:02:03.004 UTC.
  private static final long WALL_MS_AT_ZERO = 1_795_309_323_004L;

  /// What the operator got.
  record Heard(int session, String text, int exitCode) {}

  private record Typed(int session, String line, boolean json) {}

  final EventLog events = new EventLog((atNs, number, severity, text) -> {}, WALL_MS_AT_ZERO);
  final GlobalMemory memory;
  final Volumes volumes;
  final Cabinet cabinet = new Cabinet();
  final Links links = new Links();
  final List<Heard> heard = new ArrayList<>();
  private final Console console = new Console();
  private final ServiceProcessor serviceProcessor;
  private int lastSession;
  private long lastNumber;
  private long nowMs;

  OperatedCabinet() {
    NvramInMemory nvram = new NvramInMemory(2 * MIB);
    NvramLayout layout = new NvramLayout(nvram.sizeBytes(), NUMBERS, SIZES);
    Arena arena = Arena.ofAuto();
    SlotDirectory slots =
        new SlotDirectory(arena.allocate(BlockMask.TRACK_BYTES, 4096).address(), 1, 0, 3);
    WriteRecords records = new WriteRecords(nvram, layout, slots, new int[] {0, 1, 2}, 3, 256, 128);
    memory = new GlobalMemory(nvram, layout, records, slots, SIZES);
    VolumeRole[] roles = {VolumeRole.R1, VolumeRole.R2, VolumeRole.LOCAL};
    String[] groups = {"ab", "ba", ""};
    List<Volume> list = new ArrayList<>();
    for (int i = 0; i < NUMBERS.length; i++) {
      list.add(new Volume(
          i,
          NUMBERS[i],
          roles[i],
          groups[i],
          AckMode.RECEIVED,
          SIZES[i],
          512,
          i,
          memory.table(i),
          nvram,
          layout.volumeStateOffset(i),
          events));
    }
    volumes = new Volumes(list);
    serviceProcessor =
        new ServiceProcessor(console, cabinet, volumes, memory, new Drives(), links, events);
  }

  /// Past IML: 0010 and 0020 are synchronized, all are ready.
  OperatedCabinet inService() {
    Standing fresh = Standing.fresh(PairState.SYNC_IN_PROG, true);
    volumes.get(0).begin(fresh.synchronizedAt(0x1f2e_3d4c_5b6a_7988L));
    volumes.get(1).begin(fresh.synchronizedAt(0x0123_4567_89ab_cdefL));
    volumes.get(2).begin(Standing.fresh(PairState.NOT_MIRRORED, false));
    for (Volume volume : volumes.list()) {
      volume.setReady();
    }
    return this;
  }

  Volume volume(int number) {
    return volumes.byNumber(number);
  }

  void passMs(long ms) {
    nowMs += ms;
    events.setNow(nowMs * 1_000_000);
  }

  /// A host write of one frame that waits for the drive and, on request, for the peer.
  void hostWrites(int volumeNumber, int track, boolean peerMayLackIt) {
    Volume volume = volume(volumeNumber);
    WriteRecords records = memory.records();
    int record = records.reserve(1, false, volume.index());
    records.commit(
        record,
        volume.index(),
        (long) track * BlockMask.TRACK_BYTES,
        4096,
        ++lastNumber,
        false,
        true,
        false,
        0,
        peerMayLackIt,
        peerMayLackIt,
        WriteRecords.NONE,
        0);
  }

  void owe(int volumeNumber, int firstTrack, int lastTrack) {
    for (int track = firstTrack; track <= lastTrack; track++) {
      volume(volumeNumber).table().owed().set(track);
    }
  }

  void pend(int volumeNumber, int firstTrack, int lastTrack) {
    for (int track = firstTrack; track <= lastTrack; track++) {
      volume(volumeNumber).table().setPending(track, ++lastNumber);
    }
  }

  Heard type(String line) {
    return type(line, false);
  }

  Heard typeForJson(String line) {
    return type(line, true);
  }

  private Heard type(String line, boolean json) {
    queue(line, json);
    serviceProcessor.doWork(0);
    return heard.get(heard.size() - 1);
  }

  void queue(String line, boolean json) {
    console.typed.add(new Typed(++lastSession, line, json));
  }

  ServiceProcessor serviceProcessor() {
    return serviceProcessor;
  }

  /// Texts of the events of one number, oldest first.
  List<String> eventsOf(EventCode code) {
    List<String> texts = new ArrayList<>();
    for (Event event : events.newest(EventLog.KEPT_MAX)) {
      if (event.code() == code) {
        texts.add(event.text());
      }
    }
    return texts;
  }

  private final class Console implements ConsolePort {
    private final ArrayDeque<Typed> typed = new ArrayDeque<>();

    @Override
    public int drain(ConsoleSink sink, int limit) {
      int count = 0;
      while (count < limit && !typed.isEmpty()) {
        Typed next = typed.poll();
        sink.onCommand(next.session(), next.line(), next.json());
        count++;
      }
      return count;
    }

    @Override
    public void answer(int session, String text, int exitCode) {
      heard.add(new Heard(session, text, exitCode));
    }
  }

  /// The cabinet as a whole.
  static final class Cabinet implements CabinetDesk {
    boolean shuttingDown;
    boolean served = true;
    int shutdownRequests;
    String serial = "FS-0000A";

    @Override
    public String site() {
      return "A";
    }

    @Override
    public String serial() {
      return serial;
    }

    @Override
    public void requestShutdown() {
      shuttingDown = true;
      shutdownRequests++;
    }

    @Override
    public boolean isShuttingDown() {
      return shuttingDown;
    }

    @Override
    public boolean hasServed() {
      return served;
    }

    @Override
    public int hostCount() {
      return 1;
    }

    @Override
    public long readCount() {
      return 1234;
    }

    @Override
    public long writeCount() {
      return 56_789;
    }
  }

  /// Three drives, one volume on each, and a spare.
  static final class Drives implements DriveFigures.Source {
    @Override
    public int driveCount() {
      return NUMBERS.length + 1;
    }

    @Override
    public DriveFigures figures(int drive) {
      boolean spare = drive == NUMBERS.length;
      return new DriveFigures(
          "D" + (drive + 1),
          "file a/d" + (drive + 1),
          (spare ? 512 * MIB : SIZES[drive]) + MIB,
          spare ? 4096 : 512,
          spare ? "" : Volume.nameOf(NUMBERS[drive]),
          drive == 2 ? "in doubt" : "well",
          drive,
          drive == 2 ? 31_250 : drive,
          drive * 65_536L,
          drive * 5L,
          drive * 4L,
          drive * (3 * MIB),
          drive * 7L,
          drive == 2 ? 1 : 0);
    }
  }

  /// Two links: L1 carries the session, L2 is varied off.
  final class Links implements LinkDesk {
    final boolean[] variedOn = {true, false};
    int copiesInFlight;
    boolean stuck;
    final List<String> added = new ArrayList<>();
    final List<String> removed = new ArrayList<>();
    String obstacle = "";
    String description = "tcp 127.0.0.1:11809";

    @Override
    public int linkCount() {
      return variedOn.length;
    }

    @Override
    public LinkFigures figures(int link) {
      boolean on = variedOn[link];
      return new LinkFigures(
          "L" + (link + 1),
          description,
          on,
          on,
          on ? "READY" : "OFFLINE",
          on ? 3 : 0,
          on ? 60_123 : 0,
          on ? 246 * MIB : 0,
          on ? 59_876 : 0,
          on ? 5 * MIB : 0,
          on ? 2 : 0,
          on ? 1 : 0,
          on ? 0 : 1500,
          on ? 100 : 0,
          on ? 11 * MIB : 0,
          on ? 2_300 : 0);
    }

    @Override
    public boolean vary(String linkName, boolean on) {
      for (int i = 0; i < variedOn.length; i++) {
        if (figures(i).name().equals(linkName) && !stuck) {
          variedOn[i] = on;
          events.log(EventCode.LINK_VARIED, linkName, on ? "on" : "off");
          return true;
        }
      }
      return false;
    }

    @Override
    public String add(String linkName, PatchPanelPort.End end, String address) {
      if (obstacle.isEmpty()) {
        added.add(linkName + " " + end + " " + address);
      }
      return obstacle;
    }

    @Override
    public String remove(String linkName) {
      if (obstacle.isEmpty()) {
        removed.add(linkName);
      }
      return obstacle;
    }

    @Override
    public int copiesInFlight(int volumeIndex) {
      return volumeIndex == 0 ? copiesInFlight : 0;
    }

    @Override
    public long repairedBlocks(int volumeIndex) {
      return volumeIndex == 2 ? 5 : 0;
    }
  }
}
