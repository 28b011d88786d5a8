package farside.port.powersafe;

import farside.port.Memory;
import farside.port.NvramLogPort;
import farside.port.powersafe.DamageFinder.Damage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2LongHashMap;

/// Builds a region anew from the log of an epoch, or what was damaged of one that was kept.
///
/// The newest segment whose copy of the region is whole is taken, and what followed it, up to
/// the end of the last whole group. Only one write is under way at a time: so the only part that
/// a loss of power may leave torn is the last. If a later one is there, the log was damaged, and
/// nothing in it is believed. (Damage to the very last part looks like a write that was cut off
/// by the loss of power; no log can tell.)
public final class NvramLogReplay {
  private final NvramLogPort port;
  private final long regionAddress;
  private final int pages;
  private final long epoch;
  private final MemorySegment memory;
  private final LogPart part;
  private final int partBytes;
  private final long segmentBytes;
  private final Segment[] segments = new Segment[NvramLog.SEGMENTS];

  /// What one segment of the device holds of the epoch.
  private static final class Segment {
    final int slot;
    boolean isThere;
    long segment;
    long firstNumber;
    long lastNumber;
    long endBytes;
    /// First part with which its copy of the region is whole; 0: none.
    long wholeAtNumber;

    /// Last part that ends a group; 0: none.
    long groupEndNumber;

    Segment(int slot) {
      this.slot = slot;
    }
  }

  public NvramLogReplay(NvramLogPort port, long regionAddress, long regionBytes, long epoch) {
    this.port = port;
    this.regionAddress = regionAddress;
    this.pages = (int) (regionBytes / LogPart.PAGE_BYTES);
    this.epoch = epoch;
    partBytes = LogPart.bytesMaxFor(regionBytes);
    segmentBytes = LogPart.segmentBytesFor(regionBytes);
    memory = Memory.zeroed(partBytes, LogPart.ALIGN_BYTES);
    part = new LogPart(memory.address(), partBytes);
    for (int slot = 0; slot < segments.length; slot++) {
      segments[slot] = new Segment(slot);
      if (port.sizeBytes() >= NvramLog.SEGMENTS * segmentBytes) {
        walk(segments[slot]);
      }
    }
  }

  /// Brings back what has changed by itself in a region that was kept, as far as the log has it;
  /// returns how many stretches.
  ///
  /// The region may be ahead of its log, which then lacks a stretch, or still has what was there
  /// before: the checksum says whether it is the right one.
  public static int mend(NvramLogPort port, MemorySegment region, long epoch, DamageFinder finder) {
    List<Damage> damaged = finder.find(region);
    if (damaged.isEmpty()) {
      return 0;
    }
    NvramLogReplay replay = new NvramLogReplay(port, region.address(), region.byteSize(), epoch);
    return replay.bringBack(region, damaged);
  }

  private int bringBack(MemorySegment region, List<Damage> damaged) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> logged = new ArrayList<>();
      Long2LongHashMap wanted = new Long2LongHashMap(0);
      for (Damage damage : damaged) {
        int bytes = LogPart.aligned(damage.lengthBytes());
        MemorySegment stretch = arena.allocate(bytes, LogPart.ALIGN_BYTES);
        for (int at = 0; at < bytes; at += LogPart.PAGE_BYTES) {
          wanted.put((damage.offset() + at) / LogPart.PAGE_BYTES, stretch.address() + at);
        }
        logged.add(stretch);
      }
      if (!rebuild(wanted::get).isEmpty()) {
        return 0;
      }
      int mended = 0;
      for (int i = 0; i < damaged.size(); i++) {
        Damage damage = damaged.get(i);
        MemorySegment stretch = logged.get(i);
        if (Memory.crc32c(stretch.address(), damage.lengthBytes()) == damage.crc()) {
          MemorySegment.copy(stretch, 0, region, damage.offset(), damage.lengthBytes());
          mended++;
        }
      }
      return mended;
    }
  }

  /// Builds the region. Empty if that succeeded; else why the log cannot be believed, and the
  /// region is as it was.
  public String rebuild() {
    return rebuild(page -> regionAddress + page * LogPart.PAGE_BYTES);
  }

  private String rebuild(LogPart.Pages pagesBuilt) {
    long groupEnd = groupEndNumber();
    Segment base = base(groupEnd);
    if (base == null) {
      return "the log " + port.name() + " holds no whole copy of this NVRAM";
    }
    long lastNumber = base.lastNumber;
    for (Segment next = after(base); next != null; next = after(next)) {
      lastNumber = next.lastNumber;
    }
    long beyond = Math.max(highestNumberBeyondEnds(), highestNumber());
    // What a segment holds whole and the chain does not reach was reached by the log that wrote it.
    if (beyond > lastNumber + 1) {
      return "part " + (lastNumber + 1) + " of the log " + port.name()
          + " is damaged, and there are later ones, up to " + beyond;
    }
    for (Segment next = base; next != null; next = after(next)) {
      apply(next, groupEnd, pagesBuilt);
    }
    return "";
  }

  /// A slot that is not needed to rebuild the region: one that holds nothing, or else what is
  /// oldest. Where it holds the beginning of a group that never ended, that is taken away first,
  /// its end before its beginning: half of it would look like damage.
  int freeSlot() {
    long groupEnd = groupEndNumber();
    Segment base = base(groupEnd);
    Segment free = null;
    for (Segment candidate : segments) {
      boolean needed = base != null
          && candidate.isThere
          && candidate.segment >= base.segment
          && candidate.firstNumber <= groupEnd;
      if (!needed && (free == null || isOlder(candidate, free))) {
        free = candidate;
      }
    }
    if (free == null) {
      throw new IllegalStateException("the log " + port.name() + " has no segment to spare");
    }
    if (free.isThere && free.firstNumber > groupEnd) {
      takeAway(free);
    }
    return free.slot;
  }

  private static boolean isOlder(Segment one, Segment other) {
    return !one.isThere && other.isThere
        || one.isThere == other.isThere && one.segment < other.segment;
  }

  private void takeAway(Segment old) {
    for (long at = segmentBytes - LogPart.ALIGN_BYTES; at >= 0; at -= LogPart.ALIGN_BYTES) {
      long offset = old.slot * segmentBytes + at;
      port.readNow(offset, memory.address(), LogPart.ALIGN_BYTES);
      if (part.isHeaderAt(0, epoch)) {
        Memory.zero(memory.address(), LogPart.ALIGN_BYTES);
        port.writeNow(offset, memory.address(), LogPart.ALIGN_BYTES);
      }
    }
  }

  // ---- what is there ----

  private void walk(Segment found) {
    long position = 0;
    while (readPart(found.slot, position)) {
      long number = part.numberAt(0);
      if (!found.isThere) {
        found.isThere = true;
        found.segment = part.segment();
        found.firstNumber = number;
      } else if (number != found.lastNumber + 1 || part.segment() != found.segment) {
        break;
      }
      found.lastNumber = number;
      if (part.has(LogPart.IS_WHOLE) && found.wholeAtNumber == 0) {
        found.wholeAtNumber = number;
      }
      if (part.has(LogPart.GROUP_ENDS)) {
        found.groupEndNumber = number;
      }
      position += LogPart.aligned(part.lengthBytes());
      found.endBytes = position;
    }
  }

  /// True if a whole part of the epoch stands there; it is in the buffer then.
  private boolean readPart(int slot, long positionBytes) {
    if (positionBytes + LogPart.ALIGN_BYTES > segmentBytes) {
      return false;
    }
    long offset = slot * segmentBytes + positionBytes;
    port.readNow(offset, memory.address(), LogPart.ALIGN_BYTES);
    if (!part.isHeaderAt(0, epoch) || !part.isLengthPlausible() || part.pages() != pages) {
      return false;
    }
    int lengthBytes = LogPart.aligned(part.lengthBytes());
    if (positionBytes + lengthBytes > segmentBytes) {
      return false;
    }
    if (lengthBytes > LogPart.ALIGN_BYTES) {
      port.readNow(
          offset + LogPart.ALIGN_BYTES,
          memory.address() + LogPart.ALIGN_BYTES,
          lengthBytes - LogPart.ALIGN_BYTES);
    }
    return part.isBodyWhole();
  }

  /// The segment that follows another without a gap, or null.
  private Segment after(Segment one) {
    for (Segment other : segments) {
      if (other.isThere
          && other.segment == one.segment + 1
          && other.firstNumber == one.lastNumber + 1) {
        return other;
      }
    }
    return null;
  }

  private long highestNumber() {
    long highest = 0;
    for (Segment segment : segments) {
      highest = Math.max(highest, segment.lastNumber);
    }
    return highest;
  }

  private long groupEndNumber() {
    long highest = 0;
    for (Segment segment : segments) {
      highest = Math.max(highest, segment.groupEndNumber);
    }
    return highest;
  }

  /// The newest segment with a whole copy of the region within whole groups, or null.
  private Segment base(long groupEnd) {
    Segment newest = null;
    for (Segment segment : segments) {
      boolean whole =
          segment.isThere && segment.wholeAtNumber > 0 && segment.wholeAtNumber <= groupEnd;
      if (whole && (newest == null || segment.segment > newest.segment)) {
        newest = segment;
      }
    }
    return newest;
  }

  /// The highest number of the epoch behind the last whole part of each segment.
  private long highestNumberBeyondEnds() {
    long highest = 0;
    for (Segment segment : segments) {
      long at = segment.endBytes;
      while (at < segmentBytes) {
        int length = (int) Math.min(partBytes, segmentBytes - at);
        port.readNow(segment.slot * segmentBytes + at, memory.address(), length);
        for (int offset = 0; offset < length; offset += LogPart.ALIGN_BYTES) {
          if (part.isHeaderAt(offset, epoch)) {
            highest = Math.max(highest, part.numberAt(offset));
          }
        }
        at += length;
      }
    }
    return highest;
  }

  private void apply(Segment found, long groupEnd, LogPart.Pages pagesBuilt) {
    long position = 0;
    while (position < found.endBytes
        && readPart(found.slot, position)
        && part.numberAt(0) <= groupEnd) {
      part.applyTo(pagesBuilt);
      position += LogPart.aligned(part.lengthBytes());
    }
  }
}
