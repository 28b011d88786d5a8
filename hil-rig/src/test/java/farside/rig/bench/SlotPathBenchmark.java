package farside.rig.bench;

import farside.cache.BlockMask;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.fixture.NvramInMemory;
import farside.port.NvramPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What global memory asks of a host's 4 KiB, beside the payload's own way: the life of a write
/// record, and the lookup of a slot. A cabinet as the loopback rig has it, with a read cache that
/// holds the whole volume.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SlotPathBenchmark {
  private static final long NVRAM_BYTES = 64L << 20;
  private static final long VOLUME_BYTES = 256L << 20;
  private static final int TRACKS = (int) (VOLUME_BYTES / BlockMask.TRACK_BYTES);
  private static final int FRAME_BYTES = NvramLayout.FRAME_BYTES;
  /// As many wait for the drive while a host writes at depth.
  private static final int LIVE_RECORDS = 512;
  private static final int INCOMING_FRAMES = 1024;
  private static final int DRAWS = 1 << 16;

  private final long[] offsets = new long[DRAWS];
  private final int[] tracks = new int[DRAWS];
  private final int[] live = new int[LIVE_RECORDS];
  private final MemorySegment slotMemory =
      Arena.ofAuto().allocate(TRACKS * (long) BlockMask.TRACK_BYTES, 4096);
  private final NvramPort nvram = new NvramInMemory(NVRAM_BYTES);
  private final SlotDirectory full = new SlotDirectory(slotMemory.address(), TRACKS, 0, 2);
  private WriteRecords records;
  private int next;
  private int otherTrack;
  private long number;

  @Setup
  public void fill() {
    Random random = new Random(7);
    for (int i = 0; i < DRAWS; i++) {
      offsets[i] = random.nextLong(VOLUME_BYTES / FRAME_BYTES) * FRAME_BYTES;
      tracks[i] = random.nextInt(TRACKS);
    }
    for (int track = 0; track < TRACKS; track++) {
      full.acquire(0, track);
    }
    NvramLayout layout =
        new NvramLayout(NVRAM_BYTES, new int[] {0x0030}, new long[] {VOLUME_BYTES});
    records = new WriteRecords(
        nvram,
        layout,
        new SlotDirectory(slotMemory.address(), 4, 0, 1),
        new int[] {0},
        1,
        layout.frameCount() - INCOMING_FRAMES,
        INCOMING_FRAMES);
    for (int i = 0; i < LIVE_RECORDS; i++) {
      live[i] = write();
    }
  }

  /// The oldest record becomes stable and is freed; a new one is reserved, committed and
  /// released to the drive.
  @Benchmark
  public int lifeOfARecord() {
    int at = (int) (number % LIVE_RECORDS);
    int oldest = live[at];
    records.pollDirty(0);
    records.onDestageStarted(oldest);
    records.onDestageWritten(oldest);
    records.onStable(oldest);
    live[at] = write();
    return live[at];
  }

  private int write() {
    int record = records.reserve(1, false, 0);
    long offset = offsets[next++ & DRAWS - 1];
    records.commit(
        record,
        0,
        offset,
        FRAME_BYTES,
        ++number,
        false,
        true,
        false,
        (int) offset,
        false,
        true,
        WriteRecords.NONE,
        number);
    records.release(records.oldestHeld(0));
    return record;
  }

  /// A track that the read cache holds.
  @Benchmark
  public int slotIsFound() {
    return full.find(0, tracks[next++ & DRAWS - 1]);
  }

  /// A track that it does not hold: whose was not used for longest gives up its slot.
  @Benchmark
  public int slotIsTakenForAnotherTrack() {
    otherTrack = (otherTrack + 1) % (2 * TRACKS);
    return full.acquire(1, otherTrack);
  }
}
