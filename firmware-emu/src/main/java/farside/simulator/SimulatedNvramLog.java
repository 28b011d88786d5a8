package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.Memory;
import farside.port.NvramLogPort;
import farside.port.powersafe.NvramLog;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The device under the log of a simulated power-safe NVRAM.
///
/// A write takes its time; when its process dies, or the power, while it is under way, it leaves
/// all of its sectors, none, the first few, or any. A process can be made to die while it begins
/// its log.
final class SimulatedNvramLog implements NvramLogPort {
  private static final int SECTOR_BYTES = 512;

  private final MemorySegment stored;
  private final VirtualTime time;
  private final Draws draws;
  private final Trace trace;
  private final long latencyMinNs;
  private final long latencyMaxNs;

  private Runnable wake = () -> {};
  private long life;
  private boolean busy;
  private boolean done;
  private long offsetBytes;
  private long address;

  /// What is under way: the first so many bytes of a buffer that each write uses again.
  private byte[] data = {};

  private int dataBytes;
  private long writes;
  private long writesTorn;
  private int killAtWriteNow = -1;

  SimulatedNvramLog(long regionBytes, Arena arena, VirtualTime time, Draws draws, Trace trace) {
    this.stored = arena.allocate(NvramLog.bytesFor(regionBytes), 4096);
    this.time = time;
    this.draws = draws;
    this.trace = trace;
    latencyMinNs = draws.skewed(5_000, 500_000);
    latencyMaxNs = latencyMinNs + draws.skewed(5_000, 3_000_000);
  }

  /// A process has been started.
  void open(Runnable wakeOwner) {
    wake = wakeOwner;
    killAtWriteNow = draws.chance(50) ? draws.below(8) : -1;
  }

  /// The process dies, or the power: what is under way survives in parts.
  void onProcessDeath() {
    life++;
    if (busy) {
      tear(offsetBytes, data, dataBytes);
    }
    busy = false;
    done = false;
    killAtWriteNow = -1;
  }

  private void tear(long atBytes, byte[] bytes, int lengthBytes) {
    int sectors = lengthBytes / SECTOR_BYTES;
    int fate = draws.below(4);
    int cut = draws.below(sectors + 1);
    for (int i = 0; i < sectors; i++) {
      boolean lands = switch (fate) {
        case 0 -> true;
        case 1 -> false;
        case 2 -> i < cut;
        default -> draws.chance(500);
      };
      if (lands) {
        MemorySegment.copy(
            MemorySegment.ofArray(bytes),
            (long) i * SECTOR_BYTES,
            stored,
            atBytes + (long) i * SECTOR_BYTES,
            SECTOR_BYTES);
      }
    }
    writesTorn += fate == 0 ? 0 : 1;
  }

  long writes() {
    return writes;
  }

  long writesTorn() {
    return writesTorn;
  }

  @Override
  public String name() {
    return "simulated log";
  }

  @Override
  public long sizeBytes() {
    return stored.byteSize();
  }

  @Override
  public void readNow(long fromBytes, long toAddress, int lengthBytes) {
    MemorySegment.copy(stored, fromBytes, Memory.at(toAddress, lengthBytes), 0, lengthBytes);
  }

  @Override
  public void writeNow(long toBytes, long fromAddress, int lengthBytes) {
    if (killAtWriteNow == 0) {
      take(fromAddress, lengthBytes);
      tear(toBytes, data, dataBytes);
      onProcessDeath();
      throw new CabinetKilled();
    }
    killAtWriteNow--;
    MemorySegment.copy(Memory.at(fromAddress, lengthBytes), 0, stored, toBytes, lengthBytes);
  }

  private void take(long fromAddress, int lengthBytes) {
    if (data.length < lengthBytes) {
      data = new byte[Math.max(lengthBytes, 2 * data.length)];
    }
    dataBytes = lengthBytes;
    Memory.copy(fromAddress, data, 0, lengthBytes);
  }

  @Override
  public void submit(long toBytes, long fromAddress, int lengthBytes) {
    require(!busy && !done, "NVRAM log: a write while another is under way");
    require(
        toBytes % 4096 == 0 && lengthBytes % 4096 == 0 && lengthBytes > 0,
        () -> "NVRAM log: " + lengthBytes + " bytes at byte " + toBytes + " are not aligned");
    busy = true;
    offsetBytes = toBytes;
    address = fromAddress;
    take(fromAddress, lengthBytes);
    writes++;
    trace.stir(toBytes, lengthBytes);
    long lifeThen = life;
    long latencyNs = draws.between(latencyMinNs, latencyMaxNs);
    time.after(draws.chance(5) ? latencyNs * 100 : latencyNs, () -> {
      if (life == lifeThen) {
        complete();
      }
    });
  }

  private void complete() {
    require(
        MemorySegment.mismatch(
                MemorySegment.ofArray(data),
                0,
                dataBytes,
                Memory.at(address, dataBytes),
                0,
                dataBytes)
            == -1,
        "NVRAM log: memory of a write changed while it was under way");
    Memory.copy(data, 0, stored.address() + offsetBytes, dataBytes);
    busy = false;
    done = true;
    wake.run();
  }

  @Override
  public Progress poll() {
    if (!done) {
      return Progress.NONE;
    }
    done = false;
    return Progress.DONE;
  }

  @Override
  public String lastError() {
    return "";
  }
}
