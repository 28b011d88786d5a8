package farside.port.powersafe;

import farside.director.CabinetRefused;
import farside.director.MachineCheck;
import farside.port.Memory;
import farside.port.NvramLogPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;

/// The log of a power-safe NVRAM: every change of the region, in the order of the rounds that
/// made them, on a device that keeps it when the power goes.
///
/// Changes are collected by lines of 64 bytes, and a line that changes again before it is
/// written is written once. When the device is idle at the end of a round, all that was
/// collected goes to it as one *group*: the state of the region between two rounds. What comes
/// meanwhile makes the next group. A group too large for one write takes several parts, and
/// counts when the last is durable; lines that change meanwhile are in a later part again, so
/// that the parts together are the region at the instant of the last.
///
/// The device is cut into [#SEGMENTS] segments that are filled in turn. Beside the changes each
/// segment gets a copy of the region, some pages with every write; when the copy is whole, the
/// segments before it are not needed any more. Specs: `specs/nvram.md`.
public final class NvramLog {
  /// At most two are needed at any time; the third is where a new process begins.
  public static final int SEGMENTS = 3;

  private NvramLogPort port;
  private final long regionAddress;
  private final int pages;
  private final long nvramId;
  private final long epoch;
  private final MemorySegment memory;
  private final LogPart part;
  private final int partBytes;
  private final long segmentBytes;

  /// Per page, which of its lines have changed; and the pages of which some have, in order.
  private final long[] changedLines;

  private final int[] changedPages;
  private int changedFirst;
  private int changedCount;

  private int slot;
  private long segment;
  private long positionBytes;
  private long copiedBytes;
  private int copiedPages;
  private long newestWholeSegment;
  private long partNumber;

  private long sealedGroup;
  private long durableGroup;
  private boolean writing;
  private boolean endsGroup;

  /// The newest segment with a whole copy; it may be counted upon when the group has ended.
  private long wholeSegment;

  private NvramLog(
      NvramLogPort port, long nvramId, long regionAddress, long regionBytes, long epoch, int slot) {
    this.port = port;
    this.nvramId = nvramId;
    this.regionAddress = regionAddress;
    this.pages = (int) (regionBytes / LogPart.PAGE_BYTES);
    this.epoch = epoch;
    this.slot = slot;
    partBytes = LogPart.bytesMaxFor(regionBytes);
    segmentBytes = LogPart.segmentBytesFor(regionBytes);
    memory = Memory.zeroed(partBytes, LogPart.ALIGN_BYTES);
    part = new LogPart(memory.address(), partBytes);
    changedLines = new long[pages];
    changedPages = new int[pages];
    MachineCheck.require(
        port.sizeBytes() >= bytesFor(regionBytes),
        "NVRAM log " + port.name() + " has " + port.sizeBytes() + " bytes, " + bytesFor(regionBytes)
            + " are needed");
  }

  /// Bytes that the log of a region takes.
  public static long bytesFor(long regionBytes) {
    return SEGMENTS * LogPart.segmentBytesFor(regionBytes);
  }

  /// True if a log may begin with these 8 bytes.
  public static boolean isLogAt(long address) {
    return LogPart.isMagicAt(address);
  }

  /// True if the log holds something, and nothing in it says that it is this NVRAM's. A part
  /// does if it names the NVRAM, or is of the epoch that the NVRAM names: an older one names
  /// none. It goes by the first part of each segment, which is there as long as the segment
  /// holds anything.
  ///
  /// @param nvramId 0: the NVRAM has none yet
  /// @param epoch that the NVRAM names; 0: none
  public static boolean isOfAnother(NvramLogPort port, long nvramId, long regionBytes, long epoch) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(LogPart.ALIGN_BYTES, LogPart.ALIGN_BYTES);
      LogPart part = new LogPart(page.address(), LogPart.ALIGN_BYTES);
      boolean isUsed = false;
      for (int slot = 0; slot < SEGMENTS && port.sizeBytes() >= bytesFor(regionBytes); slot++) {
        long offset = slot * LogPart.segmentBytesFor(regionBytes);
        port.readNow(offset, page.address(), LogPart.ALIGN_BYTES);
        if (part.isHeader()) {
          isUsed = true;
          if (nvramId != 0 && part.nvramId() == nvramId || epoch != 0 && part.epoch() == epoch) {
            return false;
          }
        }
      }
      return isUsed;
    }
  }

  /// Begins a new log over a region, with a copy of it as it is now, and waits until that is
  /// durable. The log of the epoch before is whole until then.
  ///
  /// @param nvramId random, never 0; the caller has made it durable before
  /// @param epoch random, never 0; the caller makes it durable before the cabinet runs
  /// @param oldEpoch of the log that may still be needed; 0: there is none
  public static NvramLog begin(
      NvramLogPort port,
      long nvramId,
      long regionAddress,
      long regionBytes,
      long epoch,
      long oldEpoch) {
    int slot = oldEpoch == 0
        ? 0
        : new NvramLogReplay(port, regionAddress, regionBytes, oldEpoch).freeSlot();
    NvramLog log = new NvramLog(port, nvramId, regionAddress, regionBytes, epoch, slot);
    log.writeWholeCopy();
    return log;
  }

  private void writeWholeCopy() {
    while (copiedPages < pages) {
      int lengthBytes = copyPages(LogPart.HEADER_BYTES, Long.MAX_VALUE);
      int flags = copiedPages == pages ? LogPart.GROUP_ENDS | LogPart.IS_WHOLE : 0;
      part.seal(nvramId, epoch, ++partNumber, segment, lengthBytes, flags, pages);
      port.writeNow(offsetBytes(), memory.address(), LogPart.aligned(lengthBytes));
      positionBytes += LogPart.aligned(lengthBytes);
    }
  }

  /// Puts a filter in front of the log's device. Only before the cabinet runs.
  public void putInFront(UnaryOperator<NvramLogPort> filter) {
    port = filter.apply(port);
  }

  /// Where it is, for people.
  public String name() {
    return port.name();
  }

  // ---- changes ----

  /// Bytes of the region have changed.
  void onChanged(long offset, long lengthBytes) {
    long end = offset + lengthBytes;
    long at = offset;
    while (at < end) {
      int page = (int) (at / LogPart.PAGE_BYTES);
      long pageEnd = Math.min(end, (page + 1L) * LogPart.PAGE_BYTES);
      int first = (int) (at % LogPart.PAGE_BYTES) / LogPart.LINE_BYTES;
      int last = (int) ((pageEnd - 1) % LogPart.PAGE_BYTES) / LogPart.LINE_BYTES;
      if (changedLines[page] == 0) {
        changedPages[(changedFirst + changedCount) % pages] = page;
        changedCount++;
      }
      changedLines[page] |= -1L << first & -1L >>> (63 - last);
      at = pageEnd;
    }
  }

  /// What must be durable before anything may leave that rests on the region as it is now.
  public long mark() {
    return changedCount > 0 ? sealedGroup + 1 : sealedGroup;
  }

  /// True if what the mark stood for is durable.
  public boolean isDurable(long mark) {
    return mark <= durableGroup;
  }

  /// True if the region as it is now is durable.
  public boolean isDurable() {
    return mark() <= durableGroup;
  }

  // ---- the device ----

  /// Takes in how the write under way ended; returns how much was done.
  ///
  /// @throws CabinetRefused if it failed: nothing may be answered any more
  int poll() {
    return switch (port.poll()) {
      case NONE -> 0;
      case DONE -> {
        writing = false;
        if (endsGroup) {
          durableGroup = sealedGroup;
          newestWholeSegment = wholeSegment;
        }
        yield 1;
      }
      case FAILED ->
        throw new CabinetRefused("NVRAM log " + port.name() + " cannot be written: "
            + port.lastError()
            + ". The cabinet stops, since it can promise nothing any more; what it had promised is safe."
            + " Repair the log's device or free its space, and start again");
    };
  }

  /// The end of a round: begins to write what has changed, if the device is idle.
  int seal() {
    if (writing || changedCount == 0) {
      return 0;
    }
    if (positionBytes + partBytes > segmentBytes) {
      beginSegment();
    }
    int lengthBytes = putChanges();
    endsGroup = changedCount == 0;
    lengthBytes = copyPages(lengthBytes, positionBytes);
    boolean isWhole = copiedPages == pages;
    wholeSegment = isWhole ? segment : wholeSegment;
    int flags = (endsGroup ? LogPart.GROUP_ENDS : 0) | (isWhole ? LogPart.IS_WHOLE : 0);
    part.seal(nvramId, epoch, ++partNumber, segment, lengthBytes, flags, pages);
    sealedGroup += endsGroup ? 1 : 0;
    writing = true;
    int alignedBytes = LogPart.aligned(lengthBytes);
    port.submit(offsetBytes(), memory.address(), alignedBytes);
    positionBytes += alignedBytes;
    return 1;
  }

  private void beginSegment() {
    MachineCheck.require(
        segment + 1 - SEGMENTS < newestWholeSegment,
        "NVRAM log: segment " + (segment + 1) + " would go over segment " + (segment + 1 - SEGMENTS)
            + ", and the newest whole one is " + newestWholeSegment);
    segment++;
    slot = (slot + 1) % SEGMENTS;
    positionBytes = 0;
    copiedBytes = 0;
    copiedPages = 0;
  }

  private long offsetBytes() {
    return slot * segmentBytes + positionBytes;
  }

  /// Half of a part at most, so that the copy of the region always keeps pace.
  private int putChanges() {
    int limitBytes = partBytes / 2 - 2 * LogPart.ALIGN_BYTES;
    int at = LogPart.HEADER_BYTES;
    while (changedCount > 0 && at + LogPart.ENTRY_BYTES_MAX <= limitBytes) {
      int page = changedPages[changedFirst];
      changedFirst = (changedFirst + 1) % pages;
      changedCount--;
      at = part.putEntry(at, page, changedLines[page], addressOf(page));
      changedLines[page] = 0;
    }
    return at;
  }

  /// Adds pages to the segment's copy of the region until it is half of all that the segment
  /// has.
  private int copyPages(int lengthBytes, long pacePositionBytes) {
    int at = lengthBytes;
    while (copiedPages < pages
        && at + LogPart.ENTRY_BYTES_MAX <= partBytes
        && (pacePositionBytes == Long.MAX_VALUE
            || 2 * copiedBytes < pacePositionBytes + LogPart.aligned(at))) {
      at = part.putEntry(at, copiedPages, -1L, addressOf(copiedPages));
      copiedPages++;
      copiedBytes += LogPart.ENTRY_BYTES_MAX;
    }
    return at;
  }

  private long addressOf(int page) {
    return regionAddress + (long) page * LogPart.PAGE_BYTES;
  }
}
