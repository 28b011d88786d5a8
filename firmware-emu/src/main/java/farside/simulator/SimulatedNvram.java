package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.powersafe.DamageFinder;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.NvramLog;
import farside.port.powersafe.NvramLogReplay;
import farside.simulator.SteppedCabinet.RecordPayload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The battery-backed memory of a simulated cabinet: it outlives the process, and, only if it
/// was ended cleanly, the loss of power.
///
/// A kill can be armed at a store to come. A killed process leaves behind every store that it
/// made before its last commit, as with a mapped file: the kernel has the pages. Of those since
/// then it may leave any, since nothing but the fence of a commit orders them. After a loss of
/// power the
/// region holds a mixture of what it held at different times and of noise, and says `LOST`
/// until the cabinet has made its first commit, which is taken as the word that says
/// "formatted".
final class SimulatedNvram implements NvramPort {
  private static final int PAGE_BYTES = 4096;

  /// Of each NVRAM: they never meet.
  private static final long ID = 1;

  private final Draws draws;
  private final Trace trace;
  private final MemorySegment region;
  private final MemorySegment older;
  private final long address;
  private final long sizeBytes;

  /// Null: only mapped.
  private final SimulatedNvramLog log;

  private final SimulatedRecorder recorder = new SimulatedRecorder(this::recorderStore);
  private Contents contents = Contents.BLANK;
  private boolean isRebuilt;
  private boolean isMended;
  private long logEpoch;
  private boolean ended;
  private boolean dead;
  private long commits;
  private long stores;
  private long killAtCommit = -1;
  private long killAtStore = -1;
  private boolean killAfter;

  /// Stores since the last fence; kept only while a kill at a store is armed.
  private final List<Store> unfenced = new ArrayList<>();

  private long storesUndone;
  private boolean keepsPower;
  private long bitsRotten;

  SimulatedNvram(long sizeBytes, Arena arena, Draws draws, Trace trace) {
    this(sizeBytes, null, arena, draws, trace);
  }

  /// @param log null: the region does not survive the loss of power
  SimulatedNvram(long sizeBytes, SimulatedNvramLog log, Arena arena, Draws draws, Trace trace) {
    this.log = log;
    require(sizeBytes % PAGE_BYTES == 0, "NVRAM of " + sizeBytes + " bytes is not whole pages");
    this.sizeBytes = sizeBytes;
    this.draws = draws;
    this.trace = trace;
    // By address, as the cabinet has it: every access to a segment of the arena would first ask
    // whose it is.
    this.address = arena.allocate(sizeBytes, PAGE_BYTES).address();
    this.region = Memory.at(address, sizeBytes);
    this.older = Memory.at(arena.allocate(sizeBytes, PAGE_BYTES).address(), sizeBytes);
  }

  /// A process has been started: it finds what the last one left.
  void open() {
    dead = false;
    killAtCommit = -1;
    killAtStore = -1;
    isRebuilt = false;
    isMended = false;
  }

  /// The same, and what the cabinet is to be given: the region itself, or it with its log.
  ///
  /// Goes the way of the real driver: lost contents, and records that were damaged in kept ones,
  /// are built anew from the log of the last epoch, then a log of a new epoch is begun, and last
  /// the new epoch is made durable.
  NvramPort open(Runnable wake, DamageFinder finder) {
    open();
    if (log == null) {
      return this;
    }
    log.open(wake);
    require(
        !NvramLog.isOfAnother(log, ID, sizeBytes, logEpoch), "its own log is taken for another's");
    if (contents == Contents.LOST && logEpoch != 0) {
      String reason = new NvramLogReplay(log, address, sizeBytes, logEpoch).rebuild();
      require(reason.isEmpty(), () -> "power-safe NVRAM is lost: " + reason);
      isRebuilt = true;
    } else if (contents == Contents.KEPT && logEpoch != 0) {
      isMended = NvramLogReplay.mend(log, region, logEpoch, finder) > 0;
    }
    long epoch = draws.nextNonZero();
    NvramLog begun = NvramLog.begin(log, ID, address, sizeBytes, epoch, logEpoch);
    logEpoch = epoch;
    if (isRebuilt) {
      contents = Contents.KEPT;
    }
    return new LoggedNvram(this, begun);
  }

  SimulatedRecorder recorder() {
    return recorder;
  }

  /// The process dies at the n-th commit from now, before or after that commit takes effect.
  void killAtCommit(long commitsFromNow, boolean after) {
    killAtCommit = commits + commitsFromNow;
    killAfter = after;
  }

  /// Stores that killed processes had made and did not leave behind.
  long storesUndone() {
    return storesUndone;
  }

  /// The process dies before the n-th store of any kind from now.
  void killAtStore(long storesFromNow) {
    killAtStore = stores + storesFromNow;
    unfenced.clear();
  }

  /// The process is gone; whatever its code still tries must not be seen.
  void onProcessDeath() {
    dead = true;
    killAtCommit = -1;
    killAtStore = -1;
    if (log != null) {
      log.onProcessDeath();
    }
  }

  /// Power is gone too.
  void onPowerLoss() {
    require(!keepsPower, "power is lost, but no loss of power was to come");
    onProcessDeath();
    if (ended || contents == Contents.BLANK) {
      return;
    }
    contents = Contents.LOST;
    // Draws of its own: those of the region are what they were without a recorder.
    recorder.onPowerLoss(new Draws(stores));
    byte[] page = new byte[PAGE_BYTES];
    for (long offset = 0; offset < sizeBytes; offset += PAGE_BYTES) {
      switch (draws.below(4)) {
        case 0 -> MemorySegment.copy(older, offset, region, offset, PAGE_BYTES);
        case 1 -> region.asSlice(offset, PAGE_BYTES).fill((byte) 0);
        case 2 -> {
          draws.fill(page, 0, PAGE_BYTES);
          MemorySegment.copy(MemorySegment.ofArray(page), 0, region, offset, PAGE_BYTES);
        }
        default -> {
          // The page had reached the backing store.
        }
      }
    }
  }

  /// No loss of power is to come: what it held some time ago need not be remembered.
  void keepsPower() {
    keepsPower = true;
  }

  /// Now and then remembers what the region holds, to come back after a loss of power.
  void ageSometimes() {
    if (draws.chance(100) && !keepsPower) {
      MemorySegment.copy(region, 0, older, 0, sizeBytes);
    }
  }

  /// A bit changes by itself, while no process looks.
  void rot(long byteAddress, int bit) {
    long offset = byteAddress - address;
    byte was = region.get(ValueLayout.JAVA_BYTE, offset);
    region.set(ValueLayout.JAVA_BYTE, offset, (byte) (was ^ (1 << bit)));
    bitsRotten++;
  }

  /// Those that its log has as they are; all, if there is no log.
  List<RecordPayload> logged(List<RecordPayload> payloads) {
    if (log == null) {
      return payloads;
    }
    MemorySegment rebuilt = Memory.zeroed(sizeBytes, PAGE_BYTES);
    String reason = new NvramLogReplay(log, rebuilt.address(), sizeBytes, logEpoch).rebuild();
    require(reason.isEmpty(), () -> "the log of NVRAM is of no use: " + reason);
    return payloads.stream()
        .filter(payload -> {
          long from = payload.address() - address;
          long to = from + payload.lengthBytes();
          return MemorySegment.mismatch(region, from, to, rebuilt, from, to) == -1;
        })
        .toList();
  }

  /// Bits that changed by themselves.
  long bitsRotten() {
    return bitsRotten;
  }

  /// No kill is to come any more.
  void disarm() {
    killAtCommit = -1;
    killAtStore = -1;
  }

  long commits() {
    return commits;
  }

  long stores() {
    return stores;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public byte getByte(long offset) {
    check(offset, 1);
    return Memory.getByte(address + offset);
  }

  @Override
  public int getInt(long offset) {
    check(offset, 4);
    return region.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
  }

  @Override
  public long getLong(long offset) {
    check(offset, 8);
    return region.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }

  @Override
  public void putByte(long offset, byte value) {
    check(offset, 1);
    store(offset, 1);
    region.set(ValueLayout.JAVA_BYTE, offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    check(offset, 4);
    store(offset, 4);
    region.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    check(offset, 8);
    store(offset, 8);
    region.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    check(offset, lengthBytes);
    if (stores + 1 == killAtStore && lengthBytes > 1) {
      // The process dies in the middle of the copy.
      Memory.copy(sourceAddress, address + offset, draws.below(lengthBytes));
    }
    store(offset, lengthBytes);
    Memory.copy(sourceAddress, address + offset, lengthBytes);
  }

  @Override
  public void commit(long offset, long word) {
    check(offset, 8);
    require(offset % 8 == 0, () -> "commit word at " + offset + " is not aligned to 8 bytes");
    store(offset, 8);
    unfenced.clear();
    commits++;
    trace.stir(offset, word);
    if (commits == killAtCommit && !killAfter) {
      throw kill();
    }
    contents = Contents.KEPT;
    region.set(ValueLayout.JAVA_LONG, offset, word);
    if (commits == killAtCommit) {
      throw kill();
    }
  }

  @Override
  public void force() {
    checkAlive();
    ended = true;
  }

  @Override
  public Contents contents() {
    return isRebuilt ? Contents.REBUILT : isMended ? Contents.MENDED : contents;
  }

  private void store(long offset, int lengthBytes) {
    stores++;
    ended = false;
    if (stores == killAtStore) {
      undoSome();
      throw kill();
    }
    if (killAtStore >= 0) {
      remember(offset, lengthBytes);
    }
  }

  private void remember(long offset, int lengthBytes) {
    unfenced.add(new Store(offset, copyOf(offset, lengthBytes)));
  }

  /// Each store since the last fence has reached memory, or has not; of two to one place the
  /// later never comes first. In half of all cases all have.
  private void undoSome() {
    if (unfenced.isEmpty() || draws.chance(500)) {
      return;
    }
    List<Store> made = new ArrayList<>();
    for (int i = unfenced.size() - 1; i >= 0; i--) {
      Store store = unfenced.get(i);
      made.addFirst(new Store(store.offset, copyOf(store.offset, store.bytes.length)));
      put(store);
    }
    for (Store store : made) {
      if (draws.chance(500)) {
        put(store);
      } else {
        storesUndone++;
      }
    }
  }

  private byte[] copyOf(long offset, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    Memory.copy(address + offset, bytes, 0, lengthBytes);
    return bytes;
  }

  private void put(Store store) {
    Memory.copy(store.bytes, 0, address + store.offset, store.bytes.length);
  }

  /// A store outside the region: it changes nothing that a clean end has promised.
  private void recorderStore() {
    checkAlive();
    stores++;
    if (stores == killAtStore) {
      throw kill();
    }
  }

  /// What is, or was, at a place.
  private static final class Store {
    final long offset;
    final byte[] bytes;

    Store(long offset, byte[] bytes) {
      this.offset = offset;
      this.bytes = bytes;
    }
  }

  private CabinetKilled kill() {
    onProcessDeath();
    return new CabinetKilled();
  }

  private void check(long offset, long lengthBytes) {
    checkAlive();
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > sizeBytes) {
      throw new SimulationFailure(
          "NVRAM access at " + offset + ", " + lengthBytes + " bytes, but it has " + sizeBytes);
    }
  }

  private void checkAlive() {
    if (dead) {
      // A finally block of the dead process: it never ran.
      throw new CabinetKilled();
    }
  }
}
