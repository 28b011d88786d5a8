package farside.driver.nvramfile;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import farside.driver.nvramfile.NvramPrologue.Condition;
import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.Posix;
import farside.port.Memory;
import farside.port.NvramLogPort;
import farside.port.NvramPort;
import farside.port.NvramRegion;
import farside.port.RecorderPort;
import farside.port.powersafe.DamageFinder;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.NvramLog;
import farside.port.powersafe.NvramLogReplay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// NVRAM that is a file, mapped into memory: a store is in the page cache at once, and there it
/// outlives the process.
///
/// The file is fully allocated and every page is touched before use, because a store into a
/// hole of a full file system would kill the process. It is locked in memory where that is
/// allowed, and lies in huge pages where the file is on a tmpfs. What the file holds before the
/// region is `NvramPrologue`.
///
/// Behind the region lies the ring of the flight recorder, which no opening wipes and no log
/// keeps. A file of an older program, which has none, is made longer by it.
///
/// Contents found [NvramPort.Contents#LOST] are zeroed before anyone sees them, so that not
/// even a mistake can believe them; they stay `LOST` over any number of restarts until
/// microcode has made its first [#commit].
///
/// With a log beside it the region is *power-safe*: what would be lost is built anew from the
/// log, and so is what has changed by itself. Each opening begins a new log, under an epoch of
/// its own that is in the prologue; the old log is whole until the prologue names the new one.
public final class NvramFile extends NvramRegion {
  /// Of the flight recorder's ring, right behind the region.
  static final int RECORDER_BYTES = 256 << 10;

  private static final int PAGE_BYTES = 4096;
  private static final long HUGE_PAGE_BYTES = 2L << 20;
  private static final int SCAN_BYTES = 1 << 20;
  private static final VarHandle COMMIT_WORD =
      ValueLayout.JAVA_LONG.withOrder(LITTLE_ENDIAN).varHandle();

  private final ExclusiveFile file;
  private final MemorySegment whole;
  private final RecorderPort recorder;
  private final NvramPrologue prologue;
  private final UUID bootId;
  private final String lockRefusal;
  private final Found found;
  private boolean lossUntold;
  private boolean closed;

  /// What an opening came to.
  ///
  /// @param log null: only mapped
  /// @param lossReason why a log could not help
  private record Found(Contents contents, NvramLog log, long logEpoch, String lossReason) {}

  private NvramFile(
      ExclusiveFile file, MemorySegment whole, UUID bootId, Found found, String lockRefusal) {
    super(whole.asSlice(
        NvramPrologue.PROLOGUE_BYTES,
        whole.byteSize() - RECORDER_BYTES - NvramPrologue.PROLOGUE_BYTES));
    this.file = file;
    this.found = found;
    this.whole = whole;
    this.recorder = new RecorderMemory(whole.asSlice(whole.byteSize() - RECORDER_BYTES));
    this.prologue = new NvramPrologue(whole.asSlice(0, NvramPrologue.PROLOGUE_BYTES));
    this.bootId = bootId;
    this.lockRefusal = lockRefusal;
    lossUntold = found.contents == Contents.LOST;
  }

  /// Opens the file, making it if there is none, and owns it until [#close].
  ///
  /// @param regionBytes size that microcode sees, a multiple of 4096; the file has one page
  ///     and the flight recorder's ring more
  public static NvramFile open(Path path, long regionBytes) throws IOException {
    return open(path, regionBytes, BootId.current());
  }

  /// The same under a boot id of the caller's choice: another one than last time is a loss of
  /// power.
  public static NvramFile open(Path path, long regionBytes, UUID bootId) throws IOException {
    return open(path, regionBytes, bootId, ExclusiveFile.BUSY_RETRY_MS);
  }

  /// Opens the file, and makes it power-safe.
  ///
  /// @param log open, and this NVRAM's alone; it is not closed with the NVRAM
  /// @param finder what it finds in a region that was kept is brought back from the log
  public static NvramFile openPowerSafe(
      Path path, long regionBytes, NvramLogPort log, DamageFinder finder) throws IOException {
    return openPowerSafe(path, regionBytes, BootId.current(), log, finder);
  }

  static NvramFile openPowerSafe(
      Path path, long regionBytes, UUID bootId, NvramLogPort log, DamageFinder finder)
      throws IOException {
    try {
      return open(path, regionBytes, bootId, ExclusiveFile.BUSY_RETRY_MS, log, finder);
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
  }

  static NvramFile open(Path path, long regionBytes, UUID bootId, long busyRetryMs)
      throws IOException {
    return open(path, regionBytes, bootId, busyRetryMs, null, null);
  }

  private static NvramFile open(
      Path path,
      long regionBytes,
      UUID bootId,
      long busyRetryMs,
      NvramLogPort log,
      DamageFinder finder)
      throws IOException {
    if (regionBytes <= 0 || regionBytes % PAGE_BYTES != 0) {
      throw new IOException("NVRAM " + path + ": " + regionBytes
          + " bytes are not a whole number of pages. Set its size to a multiple of " + PAGE_BYTES
          + ".");
    }
    ExclusiveFile file = ExclusiveFile.open("NVRAM", path, 0, busyRetryMs);
    boolean opened = false;
    long fileBytes = fileBytes(regionBytes);
    long address = 0;
    try {
      boolean blank = isAllZero(file);
      if (!blank) {
        checkPrologue(file, regionBytes);
      }
      allocate(file, fileBytes, blank);
      address = map(file, fileBytes);
      String lockRefusal = makeResident(file, address, fileBytes);
      MemorySegment whole = Posix.view(address, fileBytes);
      Found found = takeOver(file, whole, regionBytes, bootId, blank, log, finder);
      NvramFile nvram = new NvramFile(file, whole, bootId, found, lockRefusal);
      opened = true;
      return nvram;
    } finally {
      if (!opened) {
        if (address > 0) {
          Posix.munmap(address, fileBytes);
        }
        file.close();
      }
    }
  }

  private static long fileBytes(long regionBytes) {
    return NvramPrologue.PROLOGUE_BYTES + regionBytes + RECORDER_BYTES;
  }

  /// True for a new file, and for one whose making was cut short: nothing has ever been stored
  /// in it.
  private static boolean isAllZero(ExclusiveFile file) throws IOException {
    long sizeBytes = file.facts().sizeBytes();
    // Mostly the first page of a file says it already.
    MemorySegment page = Memory.zeroed(PAGE_BYTES, PAGE_BYTES);
    if (sizeBytes == 0 || !isAllZero(file, page, 0, PAGE_BYTES)) {
      return sizeBytes == 0;
    }
    return isAllZero(file, Memory.zeroed(SCAN_BYTES, PAGE_BYTES), PAGE_BYTES, sizeBytes);
  }

  /// Looks at a stretch of the file, as much at a time as the memory takes.
  private static boolean isAllZero(
      ExclusiveFile file, MemorySegment chunk, long fromBytes, long toBytes) throws IOException {
    MemorySegment zeroes = Memory.zeroed(chunk.byteSize(), PAGE_BYTES);
    long atBytes = fromBytes;
    while (atBytes < toBytes) {
      long readBytes = Posix.pread(file.fd(), chunk.address(), chunk.byteSize(), atBytes);
      check(file, readBytes, "cannot be read", "Replace the medium it lies on.");
      if (readBytes == 0) {
        break;
      }
      if (MemorySegment.mismatch(chunk, 0, readBytes, zeroes, 0, readBytes) != -1) {
        return false;
      }
      atBytes += readBytes;
    }
    return true;
  }

  private static void checkPrologue(ExclusiveFile file, long regionBytes) throws IOException {
    String who = "NVRAM " + file.path();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(NvramPrologue.PROLOGUE_BYTES, PAGE_BYTES);
      long readBytes = Posix.pread(file.fd(), page.address(), page.byteSize(), 0);
      check(file, readBytes, "cannot be read", "Replace the medium it lies on.");
      NvramPrologue found = new NvramPrologue(page);
      if (!found.isWhole()) {
        throw new IOException(
            who + " does not begin with a whole prologue: it is damaged, or no NVRAM at all."
                + " Nothing was changed. Name another file, or move this one away: the cabinet then starts with"
                + " blank NVRAM, and what only this file held is lost.");
      }
      if (found.version() != NvramPrologue.VERSION || found.condition() == null) {
        throw new IOException(
            who + " is of version " + found.version() + ", this program knows version "
                + NvramPrologue.VERSION
                + ". Nothing was changed. Start the program that wrote it, shut the"
                + " cabinet down cleanly, then move the file away.");
      }
      // An older program's file has no ring, and a process may have been killed while it made
      // the file longer by one.
      long foundBytes = Math.max(
          file.facts().sizeBytes() - NvramPrologue.PROLOGUE_BYTES - RECORDER_BYTES,
          Math.min(file.facts().sizeBytes() - NvramPrologue.PROLOGUE_BYTES, found.regionBytes()));
      if (found.regionBytes() != regionBytes || foundBytes != regionBytes) {
        throw new IOException(
            who + " has " + found.regionBytes() + " bytes"
                + (foundBytes == found.regionBytes()
                    ? ""
                    : " by its prologue and " + foundBytes + " in the file")
                + ", but the rig says " + regionBytes
                + ". Nothing was changed. Correct the rig, or, after a clean shutdown, move the file away.");
      }
    }
  }

  private static void check(ExclusiveFile file, long result, String problem, String cure)
      throws IOException {
    if (result < 0) {
      throw new IOException(
          "NVRAM " + file.path() + " " + problem + ": " + Posix.strerror(result) + ". " + cure);
    }
  }

  /// Gives every byte of the file its place, so that no store can meet a full file system
  /// later.
  private static void allocate(ExclusiveFile file, long fileBytes, boolean blank)
      throws IOException {
    int result = 0;
    if (blank) {
      // Shorter first: what a killed predecessor of another size had begun is of no use to us.
      result = file.resize(0);
    }
    if (result == 0) {
      result = Posix.fallocate(file.fd(), 0, 0, fileBytes);
    }
    if (result == -Posix.EOPNOTSUPP || result == -Posix.ENOSYS) {
      // What is there has its place; of an older program's file the ring is not.
      result = writeZeroes(file.fd(), blank ? 0 : file.facts().sizeBytes(), fileBytes);
    }
    if (result == 0 && blank) {
      result = file.syncWithName();
    }
    if (result == 0) {
      return;
    }
    if (blank) {
      Files.deleteIfExists(file.path());
    }
    throw new IOException("NVRAM " + file.path() + ": cannot allocate " + fileBytes + " bytes: "
        + Posix.strerror(result)
        + ". Free that much space, make the NVRAM smaller, or put the file elsewhere.");
  }

  private static int writeZeroes(int fd, long fromBytes, long fileBytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(SCAN_BYTES, PAGE_BYTES);
      long atBytes = fromBytes;
      while (atBytes < fileBytes) {
        long result =
            Posix.pwrite(fd, zeroes.address(), Math.min(SCAN_BYTES, fileBytes - atBytes), atBytes);
        if (result == -Posix.EINTR) {
          continue;
        }
        if (result <= 0) {
          return result < 0 ? (int) result : -Posix.ENOSPC;
        }
        atBytes += result;
      }
      return 0;
    }
  }

  private static long map(ExclusiveFile file, long fileBytes) throws IOException {
    long address = Posix.mmapNear(
        placeForHugePages(fileBytes),
        fileBytes,
        Posix.PROT_READ | Posix.PROT_WRITE,
        Posix.MAP_SHARED,
        file.fd(),
        0);
    check(
        file,
        address,
        "cannot be mapped",
        "Make the NVRAM smaller, or give the machine more memory.");
    return address;
  }

  /// An address at which so much is free and a huge page may begin; 0 if the system does not say.
  ///
  /// Only what is free now: if somebody takes it meanwhile, the file is mapped elsewhere, and in
  /// small pages.
  private static long placeForHugePages(long fileBytes) {
    long roomBytes = fileBytes + HUGE_PAGE_BYTES;
    long room = Posix.mmap(
        roomBytes,
        Posix.PROT_NONE,
        Posix.MAP_PRIVATE | Posix.MAP_ANONYMOUS | Posix.MAP_NORESERVE,
        -1,
        0);
    if (room < 0) {
      return 0;
    }
    Posix.munmap(room, roomBytes);
    return (room + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
  }

  /// Touches every page; answers why the pages could not be locked in memory, or nothing.
  private static String makeResident(ExclusiveFile file, long address, long fileBytes)
      throws IOException {
    int result = Posix.madvise(address, fileBytes, Posix.MADV_POPULATE_WRITE);
    if (result == -Posix.EINVAL) {
      // A kernel before 5.14. A page that is written with what it holds is touched as well.
      for (long page = address; page < address + fileBytes; page += PAGE_BYTES) {
        Memory.putByte(page, Memory.getByte(page));
      }
    } else {
      check(
          file,
          result,
          "cannot be brought into memory",
          "Free space on its file system, and memory.");
    }
    // Best effort. What goes through NVRAM is touched four times at one site and three times at the
    // other, and in huge pages the processor has fewer addresses to look up. A kernel before 6.1
    // refuses, and so do file systems but tmpfs.
    Posix.madvise(address, fileBytes & -HUGE_PAGE_BYTES, Posix.MADV_COLLAPSE);
    int locked = Posix.mlock(address, fileBytes);
    return locked < 0 ? Posix.strerror(locked) : "";
  }

  /// Judges what was found, and takes the clean mark away before anything else can change.
  private static Found takeOver(
      ExclusiveFile file,
      MemorySegment whole,
      long regionBytes,
      UUID bootId,
      boolean blank,
      NvramLogPort log,
      DamageFinder finder)
      throws IOException {
    NvramPrologue prologue = new NvramPrologue(whole.asSlice(0, NvramPrologue.PROLOGUE_BYTES));
    MemorySegment region = whole.asSlice(NvramPrologue.PROLOGUE_BYTES, regionBytes);
    Contents contents = blank ? Contents.BLANK : judge(prologue, bootId);
    // After a clean end the file itself has everything, until the prologue is written again.
    boolean mayNeedLog = !blank && prologue.condition() != Condition.CLEAN;
    long oldEpoch = mayNeedLog ? prologue.logEpoch() : 0;
    if (log != null) {
      refuseOthersLog(file, log, regionBytes, prologue);
      if (prologue.nvramId() == 0) {
        // Before the log says it: were it the other way round, a loss of power between the two
        // would make the log another's.
        prologue.identify(UUID.randomUUID().getMostSignificantBits(), regionBytes, bootId);
        pushPrologue(file, whole);
      }
    }
    String lossReason = "";
    if (contents == Contents.LOST && oldEpoch != 0) {
      refuseToForget(file, log);
      lossReason = new NvramLogReplay(log, region.address(), regionBytes, oldEpoch).rebuild();
      // A region that nobody had begun to use was lost before, and still is.
      boolean isUsed = lossReason.isEmpty() && !isZero(region.asSlice(0, PAGE_BYTES));
      contents = isUsed ? Contents.REBUILT : Contents.LOST;
    }
    if (contents == Contents.KEPT
        && log != null
        && prologue.logEpoch() != 0
        && NvramLogReplay.mend(log, region, prologue.logEpoch(), finder) > 0) {
      contents = Contents.MENDED;
      // Also after a clean end: what was mended is not in the file itself yet.
      oldEpoch = prologue.logEpoch();
    }
    if (contents == Contents.LOST) {
      // In this order: from the first zeroed byte on nobody may take the rest for whole.
      prologue.write(Condition.LOST, regionBytes, bootId, 0);
      pushPrologue(file, whole);
      region.fill((byte) 0);
      oldEpoch = 0;
    }
    NvramLog begun = null;
    long epoch = 0;
    if (log != null) {
      epoch = UUID.randomUUID().getMostSignificantBits();
      begun =
          NvramLog.begin(log, prologue.nvramId(), region.address(), regionBytes, epoch, oldEpoch);
    }
    Condition condition = contents == Contents.LOST ? Condition.LOST : Condition.IN_USE;
    prologue.write(condition, regionBytes, bootId, epoch);
    pushPrologue(file, whole);
    return new Found(contents, begun, epoch, lossReason);
  }

  private static void refuseOthersLog(
      ExclusiveFile file, NvramLogPort log, long regionBytes, NvramPrologue prologue)
      throws IOException {
    long epoch = prologue.isBlank() ? 0 : prologue.logEpoch();
    if (NvramLog.isOfAnother(log, prologue.nvramId(), regionBytes, epoch)) {
      throw new IOException("NVRAM log " + log.name() + " is the log of another NVRAM than "
          + file.path()
          + ". Nothing was changed. Correct nvramLog in the rig: the logs of two sites may"
          + " be exchanged; or, if the NVRAM that it belongs to is gone for good, move the log away, and what"
          + " only it held is lost.");
    }
  }

  private static void refuseToForget(ExclusiveFile file, NvramLogPort log) throws IOException {
    if (log == null) {
      throw new IOException("NVRAM " + file.path()
          + " was power-safe, was not ended cleanly before the machine stopped, and only its log has what it held;"
          + " but the rig does not say so any more. Nothing was changed. Say `nvram: power-safe` again until the"
          + " cabinet was shut down once; or move this file away, and what it held is lost.");
    }
  }

  private static boolean isZero(MemorySegment page) {
    return page.mismatch(MemorySegment.ofArray(new byte[PAGE_BYTES])) == -1;
  }

  private static void pushPrologue(ExclusiveFile file, MemorySegment whole) throws IOException {
    check(
        file,
        push(whole, NvramPrologue.PROLOGUE_BYTES),
        "cannot be written",
        "Replace the medium it lies on.");
  }

  private static Contents judge(NvramPrologue found, UUID bootId) {
    return switch (found.condition()) {
      case CLEAN -> Contents.KEPT;
      case IN_USE -> found.bootId().equals(bootId) ? Contents.KEPT : Contents.LOST;
      case LOST -> Contents.LOST;
    };
  }

  private static int push(MemorySegment mapped, long lengthBytes) {
    return Posix.msync(mapped.address(), lengthBytes, Posix.MS_SYNC);
  }

  @Override
  public void commit(long offset, long word) {
    COMMIT_WORD.setRelease(region, offset, word);
    // A release store lets what follows be there before it: the frames of a record that was
    // cleared would be another's while its header still stands.
    VarHandle.storeStoreFence();
    if (lossUntold && word != 0) {
      // Microcode has begun anew in a zeroed region: from here on the contents are its own.
      lossUntold = false;
      VarHandle.releaseFence();
      prologue.write(Condition.IN_USE, region.byteSize(), bootId, found.logEpoch);
    }
  }

  /// @throws IllegalStateException if the backing store refuses: the memory is then not clean,
  ///     and must not be marked so
  @Override
  public void force() {
    int result = push(whole, whole.byteSize());
    if (result == 0) {
      result = Posix.fsync(file.fd());
    }
    if (result < 0) {
      throw new IllegalStateException(
          "NVRAM " + file.path() + " cannot be pushed to its backing store: "
              + Posix.strerror(result) + ". It survives this process, but not the loss of power.");
    }
  }

  @Override
  public Contents contents() {
    return found.contents;
  }

  @Override
  public String lossReason() {
    return found.lossReason;
  }

  /// What the cabinet is to be given: the region itself, or it together with its log.
  public NvramPort port() {
    return found.log == null ? this : new LoggedNvram(this, found.log);
  }

  /// Where the flight recorder writes.
  public RecorderPort recorder() {
    return recorder;
  }

  /// Says that the contents are good under any kernel. Called after [#force], when nothing will
  /// change any more; the next opening takes the mark away.
  public void markClean() {
    if (lossUntold) {
      // Nobody has acted on the loss: it is still one.
      return;
    }
    VarHandle.releaseFence();
    prologue.write(Condition.CLEAN, region.byteSize(), bootId, found.logEpoch);
    force();
  }

  /// True if the pages cannot be swapped out.
  public boolean isLocked() {
    return lockRefusal.isEmpty();
  }

  /// Why the pages could not be locked in memory, for people; empty if they are. The memory
  /// works all the same, only slower when the machine is short of memory.
  public String lockRefusal() {
    return lockRefusal;
  }

  /// Absolute path of the file.
  public Path path() {
    return file.path();
  }

  /// Gives memory and file up. Only when the processor has ended and no drive or socket is
  /// moving data in or out: the addresses are invalid afterwards.
  public void close() {
    if (!closed) {
      closed = true;
      Posix.munmap(whole.address(), whole.byteSize());
      file.close();
    }
  }
}
