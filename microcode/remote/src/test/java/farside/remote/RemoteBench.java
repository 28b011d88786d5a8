package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.PatchPanelPort;
import farside.protocol.session.MessageHeaderEncoder;
import farside.protocol.session.PairAnswerEncoder;
import farside.protocol.session.PairOrderCode;
import farside.protocol.session.WatermarkEncoder;
import farside.protocol.session.WriteEncoder;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/// What a remote adapter stands on, with volumes of four tracks each on a drive of its own;
/// labels are durable, and drives take and give, when the test says so.
final class RemoteBench {
  static final long MS = 1_000_000;
  static final int TRACKS = 4;
  static final long VOLUME_BYTES = (long) TRACKS * BlockMask.TRACK_BYTES;

  final NvramPort nvram;
  final GlobalMemory memory;
  final WriteRecords records;
  final SlotDirectory slots;
  final Volumes volumes;
  final Labels labels;
  final List<Integer> told = new ArrayList<>();
  final EventLog events = new EventLog((now, number, severity, text) -> told.add(number), 1_000);
  final MemorySegment work = Arena.ofAuto().allocate(12 * 65_536, 4096);
  final MemorySegment copies = Arena.ofAuto().allocate(RemoteAdapter.WORK_BYTES, 4096);
  final byte[][] drives;
  private final BitSet lost = new BitSet();
  private long random = 1000;

  RemoteBench(VolumeRole role, String... groups) {
    this(new NvramInMemory(1 << 21), role, groups);
  }

  RemoteBench(NvramPort nvram, VolumeRole role, String... groups) {
    this(nvram, AckMode.RECEIVED, role, groups);
  }

  RemoteBench(NvramPort nvram, AckMode ack, VolumeRole role, String... groups) {
    this.nvram = nvram;
    int count = groups.length;
    int[] numbers = new int[count];
    long[] sizes = new long[count];
    int[] drives = new int[count];
    String[] names = new String[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = 0x10 + i;
      sizes[i] = VOLUME_BYTES;
      drives[i] = i;
      names[i] = "D" + i;
    }
    this.drives = new byte[count][(int) VOLUME_BYTES];
    NvramLayout layout = new NvramLayout(nvram.sizeBytes(), numbers, sizes);
    slots = new SlotDirectory(work.address(), 8, RemoteAdapter.PRIVATE_SLOTS, count);
    records = new WriteRecords(
        nvram, layout, slots, drives, count, layout.frameCount() / 2, layout.frameCount() / 2);
    memory = new GlobalMemory(nvram, layout, records, slots, sizes);
    List<Volume> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(new Volume(
          i,
          numbers[i],
          role,
          groups[i],
          ack,
          VOLUME_BYTES,
          512,
          i,
          memory.table(i),
          nvram,
          layout.volumeStateOffset(i),
          events));
    }
    volumes = new Volumes(all);
    labels = new Labels("AAA", names, all.toArray(new Volume[0]));
    for (Volume volume : all) {
      slots.setMirrored(volume.index());
    }
  }

  long nextRandom() {
    return ++random;
  }

  void begin(Standing standing) {
    for (Volume volume : volumes.list()) {
      volume.begin(standing);
      volume.setReady();
    }
    memory.numbers().recover(0);
  }

  /// What IML does with NVRAM as another life left it.
  void recover() {
    for (Volume volume : volumes.list()) {
      volume.load();
    }
    var found = records.recover((record, volume, track, localPending) -> {}, 0);
    records.releaseRecovered();
    memory.numbers().recover(found.highestOwn());
  }

  int write(int volume, int block, boolean sent, boolean held, long nowNs) {
    int record = records.reserve(1, false, volume);
    for (int i = 0; i < 512; i++) {
      Memory.putByte(records.addressOf(record) + i, (byte) 5);
    }
    int crc = Memory.crc32c(records.addressOf(record), 512);
    records.commit(
        record,
        volume,
        block * 512L,
        512,
        memory.numbers().next(),
        false,
        true,
        false,
        crc,
        sent,
        held,
        WriteRecords.NONE,
        nowNs);
    return record;
  }

  /// The drive takes everything that it may have, and a flush covers it; returns how many
  /// records.
  int destage(int drive) {
    int count = 0;
    while (destageFirst(drive)) {
      count++;
    }
    return count;
  }

  boolean destageFirst(int drive) {
    int r = records.peekDirty(drive);
    if (r == WriteRecords.NONE) {
      return false;
    }
    records.pollDirty(drive);
    records.onDestageStarted(r);
    for (int i = 0; i < records.lengthOf(r); i++) {
      drives[drive][(int) records.offsetOf(r) + i] =
          records.isZeroes(r) ? 0 : Memory.getByte(records.addressOf(r) + i);
    }
    if (drive == 0 && records.trackOf(r) == 0) {
      lost.clear(records.firstBlock(r), records.endBlock(r));
    }
    records.onDestageWritten(r);
    records.onStable(r);
    return true;
  }

  /// The peer of the adapter refuses an order for the first volume.
  void refuses(RemoteAdapter adapter, PairOrderCode order) {
    UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(128));
    new PairAnswerEncoder()
        .wrapAndApplyHeader(message, 0, new MessageHeaderEncoder())
        .volume(volumes.get(0).number())
        .order(order)
        .accepted((short) 0)
        .generation(0)
        .number(0);
    adapter.onMessage(message, 0, 0, 0, 0);
  }

  /// The peer of the adapter says how far its drive of the first volume is stable.
  void tellsWatermark(RemoteAdapter adapter, long stable) {
    UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(128));
    new WatermarkEncoder()
        .wrapAndApplyHeader(message, 0, new MessageHeaderEncoder())
        .volume(volumes.get(0).number())
        .stableNumber(stable);
    adapter.onStatus(message, 0);
  }

  /// The peer of the adapter sends zeroes for the first block of the first volume.
  void sendsZeroes(RemoteAdapter adapter, long number) {
    UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(128));
    WriteEncoder write =
        new WriteEncoder().wrapAndApplyHeader(message, 0, new MessageHeaderEncoder());
    write.number(number).volume(volumes.get(0).number()).offsetBlocks(0).lengthBlocks(1);
    write.flags().clear().zeroes(true);
    if (!adapter.onMessage(message, 0, 0, 0, 0)) {
      // As the transport has it.
      adapter.restart("the peer sent what makes no sense");
    }
  }

  void labelDurable(int drive) {
    labels.onDurable(drive, labels.newestTicket(drive));
  }

  void stage(boolean done) {
    for (int slot = slots.pollWanted(); slot != SlotDirectory.NONE; slot = slots.pollWanted()) {
      slots.onStageStarted(slot, 0, 128);
      for (int i = 0; i < BlockMask.TRACK_BYTES; i++) {
        int at = slots.trackOf(slot) * BlockMask.TRACK_BYTES + i;
        Memory.putByte(slots.addressOf(slot) + i, drives[slots.volumeIndexOf(slot)][at]);
      }
      slots.onStageEnded(slot, 0, 128, done);
    }
  }

  /// The drive cannot read this block of track 0 of the first volume any more.
  void lose(int block) {
    lost.set(block);
  }

  /// Reads what is wanted, block by block; returns how many.
  int read() {
    int reads = 0;
    for (int slot = slots.pollWanted(); slot != SlotDirectory.NONE; slot = slots.pollWanted()) {
      if (slots.isInDoubt(slots.volumeIndexOf(slot))) {
        slots.onDriveNotAsked(slot);
        reads++;
        continue;
      }
      for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
        if (BlockMask.contains(slots.wantedLow(slot), slots.wantedHigh(slot), block)) {
          readBlock(slot, block);
          reads++;
        }
      }
    }
    return reads;
  }

  private void readBlock(int slot, int block) {
    slots.onStageStarted(slot, block, block + 1);
    int drive = slots.volumeIndexOf(slot);
    if (drive == 0 && slots.trackOf(slot) == 0 && lost.get(block)) {
      if (slots.isPrivate(slot)) {
        slots.onStageEnded(slot, block, block + 1, false);
      } else {
        slots.onNotGiven(slot, block, block + 1);
      }
      return;
    }
    for (int i = block * 512; i < (block + 1) * 512; i++) {
      Memory.putByte(
          slots.addressOf(slot) + i,
          drives[drive][slots.trackOf(slot) * BlockMask.TRACK_BYTES + i]);
    }
    slots.onStageEnded(slot, block, block + 1, true);
  }

  RemoteAdapter adapter(LinkPort line, String serial, String peer) {
    return adapter(List.of(line), serial, peer);
  }

  RemoteAdapter adapter(List<LinkPort> lines, String serial, String peer) {
    return adapter(lines, new PanelInMemory(), serial, peer);
  }

  RemoteAdapter adapter(List<LinkPort> lines, PatchPanelPort panel, String serial, String peer) {
    return new RemoteAdapter(
        new RemoteSettings(serial, peer, 3_000 * MS, 500 * MS),
        lines,
        panel,
        memory,
        volumes,
        labels,
        this::nextRandom,
        events,
        copies.address());
  }
}
