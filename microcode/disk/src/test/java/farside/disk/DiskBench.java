package farside.disk;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.DriveOutcome;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// A disk adapter with one volume on one drive, stepped by hand. It has three tracks, unless
/// the test says how many.
final class DiskBench {
  static final int TRACKS = 3;
  static final long VOLUME_BYTES = (long) TRACKS * BlockMask.TRACK_BYTES;
  static final long MS = 1_000_000;
  static final DrivePatience PATIENCE = new DrivePatience(2_000 * MS, 30_000 * MS);

  final DriveInMemory drive;
  final NvramPort nvram = new NvramInMemory(1 << 20);
  final List<Integer> events = new ArrayList<>();
  final GlobalMemory memory;
  final WriteRecords records;
  final SlotDirectory slots;
  final Labels labels;
  final Volume volume;
  final DiskAdapter adapter;
  final EventLog log;
  long nowNs = 1;
  private final long volumeBytes;
  private final MemorySegment work;

  DiskBench(int queueDepth) {
    this(new DriveInMemory(VOLUME_BYTES + (1 << 20), queueDepth, true));
  }

  DiskBench(DriveInMemory drive) {
    this(drive, VolumeRole.LOCAL);
  }

  DiskBench(DriveInMemory drive, VolumeRole role) {
    this(drive, role, VOLUME_BYTES, 2);
  }

  DiskBench(DriveInMemory drive, VolumeRole role, long volumeBytes, int slotCount) {
    this.drive = drive;
    this.volumeBytes = volumeBytes;
    work = Arena.ofAuto().allocate((slotCount + 2) * 65_536L, 4096);
    long[] sizes = {volumeBytes};
    NvramLayout layout = new NvramLayout(nvram.sizeBytes(), new int[] {0x10}, sizes);
    slots = new SlotDirectory(work.address(), slotCount, 1, 1);
    records = new WriteRecords(nvram, layout, slots, new int[] {0}, 1, layout.frameCount(), 0);
    memory = new GlobalMemory(nvram, layout, records, slots, sizes);
    memory.numbers().recover(0);
    log = new EventLog((now, number, severity, text) -> events.add(number), 1_000);
    volume = new Volume(
        0,
        0x10,
        role,
        role == VolumeRole.LOCAL ? "" : "G",
        AckMode.RECEIVED,
        volumeBytes,
        512,
        0,
        memory.table(0),
        nvram,
        layout.volumeStateOffset(0),
        log);
    volume.begin(Standing.fresh(
        role == VolumeRole.LOCAL ? PairState.NOT_MIRRORED : PairState.UNPAIRED, true));
    labels = new Labels("AAA", new String[] {"D1"}, new Volume[] {volume});
    adapter = new DiskAdapter(
        List.of(drive),
        PATIENCE,
        labels,
        memory,
        new Volumes(List.of(volume)),
        log,
        work.address() + (slotCount + 1) * 65_536L);
  }

  /// Rounds until one does nothing.
  void settle() {
    log.setNow(nowNs);
    int rounds = 0;
    while (adapter.doWork(nowNs) > 0) {
      if (++rounds > 1000) {
        throw new AssertionError("the adapter never rests");
      }
    }
  }

  void pass(long ns) {
    nowNs += ns;
    settle();
  }

  /// The drive does all that it was asked for.
  void answer() {
    drive.completeAll();
    settle();
  }

  /// And what it is then asked for, until it is left in peace.
  void answerAll() {
    for (int i = 0; i < 10 && !drive.inFlight().isEmpty(); i++) {
      answer();
    }
  }

  /// What it was asked for first ends otherwise.
  void failFirst(DriveOutcome outcome) {
    drive.complete(drive.inFlight().getFirst(), outcome);
    settle();
  }

  /// Reads the label; the drive is ready.
  void load() {
    settle();
    while (labels.found(0) == null) {
      answer();
    }
  }

  void writeLabel() {
    long ticket = labels.request(0);
    settle();
    while (!labels.isDurable(0, ticket)) {
      answer();
    }
  }

  /// Commits a write whose blocks all hold `version`.
  int write(int block, int blocks, long version) {
    int frames = (blocks * 512 + 4095) / 4096;
    int record = records.reserve(frames, false, 0);
    if (record == WriteRecords.NONE) {
      return record;
    }
    int fit = Math.min(blocks, records.framesOf(record) * 8);
    for (int i = 0; i < fit; i++) {
      stamp(records.addressOf(record) + i * 512L, version);
    }
    int crc = Memory.crc32c(records.addressOf(record), fit * 512);
    records.commit(
        record,
        0,
        block * 512L,
        fit * 512,
        memory.numbers().next(),
        false,
        true,
        false,
        crc,
        false,
        false,
        WriteRecords.NONE,
        nowNs);
    return record;
  }

  int zero(int block, int blocks) {
    int record = records.reserve(1, false, 0);
    if (record != WriteRecords.NONE) {
      records.commit(
          record,
          0,
          block * 512L,
          blocks * 512,
          memory.numbers().next(),
          true,
          true,
          false,
          0,
          false,
          false,
          WriteRecords.NONE,
          nowNs);
    }
    return record;
  }

  private static void stamp(long address, long version) {
    Memory.at(address, 8).set(ValueLayout.JAVA_LONG, 0, version);
    Memory.at(address + 504, 8).set(ValueLayout.JAVA_LONG, 0, version);
  }

  static long versionAt(long blockAddress) {
    long first = Memory.at(blockAddress, 8).get(ValueLayout.JAVA_LONG, 0);
    long last = Memory.at(blockAddress + 504, 8).get(ValueLayout.JAVA_LONG, 0);
    return first == last ? first : -1;
  }

  long versionOn(MemorySegment image, int block) {
    return versionAt(image.address() + block * 512L);
  }

  /// What IML would make of an image of the drive and of NVRAM as it is now: records laid over
  /// the drive, by arrival.
  long[] recovered(MemorySegment image) {
    int blocks = (int) (volumeBytes / 512);
    long[] versions = new long[blocks];
    for (int block = 0; block < blocks; block++) {
      versions[block] = versionOn(image, block);
    }
    for (int r = records.localHeadOf(0); r != WriteRecords.NONE; r = records.localNextOf(r)) {
      int from = (int) (records.offsetOf(r) / 512);
      for (int i = 0; i < records.lengthOf(r) / 512; i++) {
        versions[from + i] = records.isZeroes(r) ? 0 : versionAt(records.addressOf(r) + i * 512L);
      }
    }
    return versions;
  }
}
