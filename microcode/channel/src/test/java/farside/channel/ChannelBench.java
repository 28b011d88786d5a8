package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.Memory;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A channel adapter over one volume, with a drive in memory that stages and destages when
/// told.
final class ChannelBench {
  static final int TRACKS = 4;
  static final int VOLUME_BYTES = TRACKS * BlockMask.TRACK_BYTES;
  static final int SLOTS = 5;

  final ScriptedHost host;
  final GlobalMemory memory;
  final WriteRecords records;
  final SlotDirectory slots;
  final Volume volume;
  final List<Integer> told = new ArrayList<>();
  final ChannelAdapter adapter;
  final MemorySegment drive;
  boolean driveFails;
  long nowNs;
  private final NvramInMemory nvram;
  private final MemorySegment work;

  ChannelBench(
      ScriptedHost host, VolumeRole role, Standing standing, int blockBytes, long nvramBytes) {
    this(
        host,
        role,
        AckMode.RECEIVED,
        standing,
        blockBytes,
        new NvramInMemory(nvramBytes),
        VOLUME_BYTES,
        SLOTS);
  }

  private ChannelBench(
      ScriptedHost host,
      VolumeRole role,
      AckMode ack,
      Standing standing,
      int blockBytes,
      NvramInMemory nvram,
      int volumeBytes,
      int slotCount) {
    this.host = host;
    this.nvram = nvram;
    work = Arena.ofAuto().allocate((slotCount + 1) * 65_536L, 4096);
    drive = Arena.ofAuto().allocate(volumeBytes, 4096);
    long[] sizes = {volumeBytes};
    NvramLayout layout = new NvramLayout(nvram.sizeBytes(), new int[] {0x10}, sizes);
    slots = new SlotDirectory(work.address(), slotCount, 0, 1);
    records = new WriteRecords(nvram, layout, slots, new int[] {0}, 1, layout.frameCount(), 0);
    memory = new GlobalMemory(nvram, layout, records, slots, sizes);
    var found = records.recover((record, volumeIndex, track, localPending) -> {}, 0);
    memory.numbers().recover(found.highestOwn());
    EventLog log = new EventLog((now, number, severity, text) -> told.add(number), 1_000);
    volume = new Volume(
        0,
        0x10,
        role,
        "G",
        ack,
        volumeBytes,
        blockBytes,
        0,
        memory.table(0),
        nvram,
        layout.volumeStateOffset(0),
        log);
    volume.begin(standing);
    records.releaseRecovered();
    volume.setReady();
    adapter = new ChannelAdapter(
        host, new Volumes(List.of(volume)), memory, log, work.address() + slotCount * 65_536L);
  }

  static ChannelBench local(ScriptedHost host) {
    return new ChannelBench(
        host, VolumeRole.LOCAL, Standing.fresh(PairState.NOT_MIRRORED, true), 512, 1 << 20);
  }

  static ChannelBench localAndPowerSafe(ScriptedHost host) {
    Standing standing = Standing.fresh(PairState.NOT_MIRRORED, true);
    NvramInMemory nvram = new NvramInMemory(1 << 20);
    nvram.powerSafe = true;
    return new ChannelBench(
        host, VolumeRole.LOCAL, AckMode.RECEIVED, standing, 512, nvram, VOLUME_BYTES, SLOTS);
  }

  static ChannelBench sourceWithPowerSafe(ScriptedHost host, Standing standing) {
    NvramInMemory nvram = new NvramInMemory(1 << 20);
    nvram.powerSafe = true;
    return new ChannelBench(
        host, VolumeRole.R1, AckMode.STORED, standing, 512, nvram, VOLUME_BYTES, SLOTS);
  }

  /// A volume of so many tracks, and a cache of 32 slots.
  static ChannelBench ofTracks(ScriptedHost host, VolumeRole role, int tracks) {
    Standing standing = role == VolumeRole.LOCAL
        ? Standing.fresh(PairState.NOT_MIRRORED, true)
        : Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(77);
    int volumeBytes = tracks * BlockMask.TRACK_BYTES;
    return new ChannelBench(
        host, role, AckMode.RECEIVED, standing, 512, new NvramInMemory(1 << 20), volumeBytes, 32);
  }

  static ChannelBench synchronizedSource(ScriptedHost host) {
    return synchronizedSource(host, AckMode.RECEIVED);
  }

  static ChannelBench synchronizedSource(ScriptedHost host, AckMode ack) {
    return synchronizedSource(host, ack, new NvramInMemory(1 << 20));
  }

  private static ChannelBench synchronizedSource(
      ScriptedHost host, AckMode ack, NvramInMemory nvram) {
    Standing standing = Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(77);
    ChannelBench bench =
        new ChannelBench(host, VolumeRole.R1, ack, standing, 512, nvram, VOLUME_BYTES, SLOTS);
    bench.slots.setMirrored(0);
    return bench;
  }

  /// The next life of a synchronized source, which was killed: it has the NVRAM, and another
  /// drive.
  ChannelBench sourceAfterKill() {
    return synchronizedSource(new ScriptedHost(null), AckMode.RECEIVED, nvram);
  }

  void settle() {
    for (int rounds = 0; adapter.doWork(nowNs) > 0; rounds++) {
      if (rounds > 10_000) {
        throw new AssertionError("the adapter never rests");
      }
    }
  }

  /// Ends every read that a slot waits for.
  void stage() {
    for (int slot = slots.pollWanted(); slot != SlotDirectory.NONE; slot = slots.pollWanted()) {
      for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
        if (BlockMask.contains(slots.wantedLow(slot), slots.wantedHigh(slot), block)) {
          slots.onStageStarted(slot, block, block + 1);
          Memory.copy(
              drive.address() + (long) slots.trackOf(slot) * BlockMask.TRACK_BYTES + block * 512L,
              slots.addressOf(slot) + block * 512L,
              512);
          slots.onStageEnded(slot, block, block + 1, !driveFails);
        }
      }
    }
  }

  /// Takes the oldest released record to the drive, to stay; false if there is none.
  boolean destage() {
    int record = records.peekDirty(0);
    if (record == WriteRecords.NONE) {
      return false;
    }
    records.pollDirty(0);
    records.onDestageStarted(record);
    if (records.isZeroes(record)) {
      Memory.zero(drive.address() + records.offsetOf(record), records.lengthOf(record));
    } else {
      Memory.copy(
          records.addressOf(record),
          drive.address() + records.offsetOf(record),
          records.lengthOf(record));
    }
    records.onDestageWritten(record);
    records.onStable(record);
    return true;
  }

  void runDry() {
    boolean busy = true;
    for (int i = 0; busy || i < 20; i++) {
      settle();
      stage();
      busy = destage();
    }
  }
}
