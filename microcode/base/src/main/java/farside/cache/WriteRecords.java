package farside.cache;

import farside.director.MachineCheck;
import farside.port.Memory;
import farside.port.NvramPort;
import java.util.Arrays;
import org.agrona.collections.IntArrayQueue;
import org.agrona.collections.Long2LongHashMap;

/// The write records: every write that a drive or the peer may still lack, in NVRAM.
///
/// A record is a run of 1 to 16 neighbouring frames and a header; its name is the number of its
/// first frame. It lies within one track and is never changed once committed, only its two
/// pending bits are cleared.
///
/// | header offset | length | field | notes |
/// |--------------:|-------:|-------|-------|
/// | 0 | 8 | commit word | header CRC, `0x5243`, pending bits; 0: the frame heads no record |
/// | 8 | 8 | number | order of writes in the cabinet that gave it |
/// | 16 | 8 | offset | bytes from the start of the volume |
/// | 24 | 4 | length | bytes |
/// | 28 | 4 | payload CRC-32C | 0 for a record of zeroes |
/// | 32 | 4 | volume index | |
/// | 36 | 4 | frames and flags | low half: frames; high half: flags, see the constants |
/// | 40 | 8 | arrival | order of commits here; IML's order |
///
/// The commit word holds the CRC-32C of bytes 8 to 47 in its low half, so a torn header is
/// never believed.
///
/// Life of a record: *committed* -> (R1 only) held until the peer has it -> *released*, and
/// only then eligible for destage, so a drive never holds what the peer has never seen ->
/// destaging -> written -> *stable*. It is freed when neither pending bit is set and nothing
/// pins it. Pending bits are cleared oldest first, within a volume: so whatever instant a crash
/// picks, no older content can be destaged over newer.
public final class WriteRecords {
  public static final int NONE = -1;
  public static final int FRAMES_PER_RECORD_MAX = 16;

  private static final int NUMBER = 8;
  private static final int OFFSET = 16;
  private static final int LENGTH = 24;
  private static final int PAYLOAD_CRC = 28;
  private static final int VOLUME = 32;
  private static final int FRAMES_AND_FLAGS = 36;
  private static final int ARRIVAL = 40;
  private static final int HEADER_CRC_FROM = 8;
  private static final int HEADER_CRC_BYTES = 40;

  private static final long COMMIT_MAGIC = 0x5243L << 32;
  private static final long COMMIT_MAGIC_MASK = 0xFFFFL << 32;
  private static final long LOCAL_PENDING = 1L << 48;
  private static final long REMOTE_PENDING = 1L << 49;

  static final int ZEROES = 1 << 16;
  static final int INCOMING = 1 << 17;
  static final int LAST_PIECE = 1 << 18;
  static final int COPY = 1 << 19;

  private static final int RELEASED = 1;
  private static final int DESTAGING = 2;
  private static final int WRITTEN = 4;

  private final NvramPort nvram;
  private final NvramLayout layout;
  private final SlotDirectory slots;
  private final FrameBitmap bitmap;
  private final int[] driveOfVolume;

  private final long[] number;
  private final long[] offsetBytes;
  private final long[] arrival;
  private final long[] committedNs;
  private final int[] lengthBytes;
  private final int[] payloadCrc;
  private final int[] volumeIndex;
  private final int[] framesAndFlags;
  private final int[] pins;
  private final byte[] stage;
  private final boolean[] local;
  private final boolean[] remote;
  private final int[] owner;
  private final int[] localNext;
  private final int[] localPrevious;
  private final int[] remoteNext;
  private final int[] remotePrevious;
  private final int[] older;
  private final int[] newer;

  private final Long2LongHashMap newestOfTrack = new Long2LongHashMap(NONE);
  private final int[] localHead;
  private final int[] localTail;
  private final int[] remoteHead;
  private final int[] remoteTail;
  private final long[] highestNumber;
  private final long[] highestReleased;
  private final long[] flushWantedNumber;
  private final boolean[] destageFailing;
  private final IntArrayQueue[] dirtyOfDrive;
  private final IntArrayQueue[] heldOfVolume;
  private final IntArrayQueue releasedOwners = new IntArrayQueue(256, NONE);
  private final IntArrayQueue toSend = new IntArrayQueue(256, NONE);

  private final int hostFramesMax;
  private final int incomingFramesMax;
  private int hostFrames;
  private int incomingFrames;
  private int liveRecords;
  private long arrivals;
  private long changes;

  /// @param driveOfVolume drive index of each volume
  /// @param hostFramesMax frames that records of this cabinet's hosts may take
  /// @param incomingFramesMax frames that records from the peer may take: a reserve that waits
  ///     for the local drives only, never for the link, which is what rules out deadlock
  ///     between two cabinets
  public WriteRecords(
      NvramPort nvram,
      NvramLayout layout,
      SlotDirectory slots,
      int[] driveOfVolume,
      int driveCount,
      int hostFramesMax,
      int incomingFramesMax) {
    this.nvram = nvram;
    this.layout = layout;
    this.slots = slots;
    this.driveOfVolume = driveOfVolume.clone();
    this.hostFramesMax = hostFramesMax;
    this.incomingFramesMax = incomingFramesMax;
    int n = layout.frameCount();
    bitmap = new FrameBitmap(n);
    number = new long[n];
    offsetBytes = new long[n];
    arrival = new long[n];
    committedNs = new long[n];
    lengthBytes = new int[n];
    payloadCrc = new int[n];
    volumeIndex = new int[n];
    framesAndFlags = new int[n];
    pins = new int[n];
    stage = new byte[n];
    local = new boolean[n];
    remote = new boolean[n];
    owner = new int[n];
    localNext = new int[n];
    localPrevious = new int[n];
    remoteNext = new int[n];
    remotePrevious = new int[n];
    older = new int[n];
    newer = new int[n];
    int volumes = driveOfVolume.length;
    localHead = filled(volumes);
    localTail = filled(volumes);
    remoteHead = filled(volumes);
    remoteTail = filled(volumes);
    highestNumber = new long[volumes];
    highestReleased = new long[volumes];
    flushWantedNumber = new long[volumes];
    destageFailing = new boolean[volumes];
    heldOfVolume = new IntArrayQueue[volumes];
    for (int i = 0; i < volumes; i++) {
      heldOfVolume[i] = new IntArrayQueue(64, NONE);
    }
    dirtyOfDrive = new IntArrayQueue[driveCount];
    for (int i = 0; i < driveCount; i++) {
      dirtyOfDrive[i] = new IntArrayQueue(256, NONE);
    }
  }

  private static int[] filled(int count) {
    int[] a = new int[count];
    Arrays.fill(a, NONE);
    return a;
  }

  // ---- space ----

  /// Takes a run of free frames, at most `framesWanted`, for a record to be. Returns the
  /// record's name, or [#NONE] when its side's share is used up. [#framesOf] tells how long the
  /// run is.
  public int reserve(int framesWanted, boolean incoming) {
    int room = incoming ? incomingFramesMax - incomingFrames : hostFramesMax - hostFrames;
    int wanted = Math.min(Math.min(framesWanted, room), FRAMES_PER_RECORD_MAX);
    if (wanted <= 0) {
      return NONE;
    }
    long run = bitmap.findRun(wanted);
    if (run < 0) {
      return NONE;
    }
    int first = (int) run;
    int count = (int) (run >>> 32);
    bitmap.take(first, count);
    charge(incoming, count);
    framesAndFlags[first] = count | (incoming ? INCOMING : 0);
    pins[first] = 0;
    owner[first] = NONE;
    return first;
  }

  /// Gives back a run that was reserved and never committed.
  public void abandon(int record) {
    giveBack(record, framesOf(record), isIncoming(record));
  }

  private void charge(boolean incoming, int frames) {
    if (incoming) {
      incomingFrames += frames;
    } else {
      hostFrames += frames;
    }
  }

  private void giveBack(int first, int count, boolean incoming) {
    bitmap.free(first, count);
    charge(incoming, -count);
    changes++;
  }

  public int incomingFramesFree() {
    return incomingFramesMax - incomingFrames;
  }

  public int incomingFramesMax() {
    return incomingFramesMax;
  }

  public int hostFramesFree() {
    return hostFramesMax - hostFrames;
  }

  public int hostFramesMax() {
    return hostFramesMax;
  }

  public int frameCount() {
    return layout.frameCount();
  }

  public int liveRecords() {
    return liveRecords;
  }

  /// Rises whenever a record was released, made stable or freed.
  public long changes() {
    return changes;
  }

  // ---- commit ----

  /// Commits a record whose payload is in its frames: from here on it survives the process.
  ///
  /// @param remotePending the peer must get it; it is held, and not destaged, until released
  /// @param held not released yet: its host waits for the peer
  /// @param ownerId who is told by [#pollReleasedOwner]; [#NONE] for nobody
  public void commit(
      int record,
      int volume,
      long offset,
      int length,
      long writeNumber,
      boolean zeroes,
      boolean lastPiece,
      boolean copy,
      int crc,
      boolean remotePending,
      boolean held,
      int ownerId,
      long nowNs) {
    int flags = framesAndFlags[record] & (0xFFFF | INCOMING);
    flags |= zeroes ? ZEROES : 0;
    flags |= lastPiece ? LAST_PIECE : 0;
    flags |= copy ? COPY : 0;
    framesAndFlags[record] = flags;
    long header = layout.headerOffset(record);
    nvram.putLong(header + NUMBER, writeNumber);
    nvram.putLong(header + OFFSET, offset);
    nvram.putInt(header + LENGTH, length);
    nvram.putInt(header + PAYLOAD_CRC, crc);
    nvram.putInt(header + VOLUME, volume);
    nvram.putInt(header + FRAMES_AND_FLAGS, flags);
    arrival[record] = ++arrivals;
    nvram.putLong(header + ARRIVAL, arrivals);
    nvram.commit(header, commitWord(record, true, remotePending));
    number[record] = writeNumber;
    offsetBytes[record] = offset;
    lengthBytes[record] = length;
    payloadCrc[record] = crc;
    volumeIndex[record] = volume;
    committedNs[record] = nowNs;
    owner[record] = ownerId;
    stage[record] = 0;
    link(record, true, remotePending);
    if (held) {
      heldOfVolume[volume].addInt(record);
    } else {
      release(record);
    }
  }

  private long commitWord(int record, boolean localPending, boolean remotePending) {
    long crc = Memory.crc32c(
            nvram.address() + layout.headerOffset(record) + HEADER_CRC_FROM, HEADER_CRC_BYTES)
        & 0xFFFF_FFFFL;
    return crc
        | COMMIT_MAGIC
        | (localPending ? LOCAL_PENDING : 0)
        | (remotePending ? REMOTE_PENDING : 0);
  }

  private void link(int record, boolean localPending, boolean remotePending) {
    int volume = volumeIndex[record];
    liveRecords++;
    local[record] = localPending;
    remote[record] = remotePending;
    highestNumber[volume] = Math.max(highestNumber[volume], number[record]);
    if (localPending) {
      localPrevious[record] = localTail[volume];
      localNext[record] = NONE;
      if (localTail[volume] == NONE) {
        localHead[volume] = record;
      } else {
        localNext[localTail[volume]] = record;
      }
      localTail[volume] = record;
      long key = SlotDirectory.key(volume, trackOf(record));
      int newest = (int) newestOfTrack.get(key);
      older[record] = newest;
      newer[record] = NONE;
      if (newest != NONE) {
        newer[newest] = record;
      }
      newestOfTrack.put(key, record);
    }
    if (remotePending) {
      remotePrevious[record] = remoteTail[volume];
      remoteNext[record] = NONE;
      if (remoteTail[volume] == NONE) {
        remoteHead[volume] = record;
      } else {
        remoteNext[remoteTail[volume]] = record;
      }
      remoteTail[volume] = record;
      toSend.addInt(record);
    }
  }

  /// The host of the record may be told, and the drive may have it.
  public void release(int record) {
    if ((stage[record] & RELEASED) != 0) {
      return;
    }
    stage[record] |= RELEASED;
    int volume = volumeIndex[record];
    highestReleased[volume] = Math.max(highestReleased[volume], number[record]);
    if (owner[record] != NONE) {
      releasedOwners.addInt(owner[record]);
      owner[record] = NONE;
    }
    if (local[record]) {
      dirtyOfDrive[driveOfVolume[volume]].addInt(record);
    }
    changes++;
  }

  /// The oldest record of the volume that is not released, or [#NONE]. Records of a volume are
  /// released in the order in which they were committed.
  public int oldestHeld(int volume) {
    IntArrayQueue held = heldOfVolume[volume];
    while (!held.isEmpty()) {
      int record = held.peekInt();
      if ((local[record] || remote[record]) && (stage[record] & RELEASED) == 0) {
        return record;
      }
      held.pollInt();
    }
    return NONE;
  }

  /// The next owner one of whose records was released, or [#NONE].
  public int pollReleasedOwner() {
    return releasedOwners.isEmpty() ? NONE : releasedOwners.pollInt();
  }

  // ---- what a record is ----

  public long addressOf(int record) {
    return nvram.address() + layout.frameOffset(record);
  }

  public int framesOf(int record) {
    return framesAndFlags[record] & 0xFFFF;
  }

  public boolean isIncoming(int record) {
    return (framesAndFlags[record] & INCOMING) != 0;
  }

  public boolean isZeroes(int record) {
    return (framesAndFlags[record] & ZEROES) != 0;
  }

  public boolean isReleased(int record) {
    return (stage[record] & RELEASED) != 0;
  }

  public boolean isLocalPending(int record) {
    return local[record];
  }

  public boolean isRemotePending(int record) {
    return remote[record];
  }

  public long numberOf(int record) {
    return number[record];
  }

  public long offsetOf(int record) {
    return offsetBytes[record];
  }

  public int lengthOf(int record) {
    return lengthBytes[record];
  }

  public int payloadCrcOf(int record) {
    return payloadCrc[record];
  }

  public int volumeIndexOf(int record) {
    return volumeIndex[record];
  }

  public long committedNsOf(int record) {
    return committedNs[record];
  }

  public int trackOf(int record) {
    return (int) (offsetBytes[record] / BlockMask.TRACK_BYTES);
  }

  /// First block of the record within its track.
  public int firstBlock(int record) {
    return (int) (offsetBytes[record] % BlockMask.TRACK_BYTES) / BlockMask.BLOCK_BYTES;
  }

  /// The block after the record's last one, within its track.
  public int endBlock(int record) {
    return firstBlock(record) + lengthBytes[record] / BlockMask.BLOCK_BYTES;
  }

  public void pin(int record) {
    pins[record]++;
  }

  public void unpin(int record) {
    pins[record]--;
    freeIfDone(record);
  }

  // ---- what lies over a track ----

  /// The newest record of the track that its drive may lack, or [#NONE]; then [#olderOf].
  public int newestOf(int volume, int track) {
    return (int) newestOfTrack.get(SlotDirectory.key(volume, track));
  }

  public int olderOf(int record) {
    return older[record];
  }

  // ---- towards the drive ----

  /// Oldest record of the drive that is eligible for destage and not being destaged, or
  /// [#NONE]. It stays in the queue until [#onDestageStarted].
  public int peekDirty(int drive) {
    IntArrayQueue dirty = dirtyOfDrive[drive];
    while (!dirty.isEmpty()) {
      int record = dirty.peekInt();
      if (isDirty(record) && driveOfVolume[volumeIndex[record]] == drive) {
        return record;
      }
      dirty.pollInt();
    }
    return NONE;
  }

  /// Drops the record that [#peekDirty] showed; it comes back by [#onDestageDeferred].
  public void pollDirty(int drive) {
    dirtyOfDrive[drive].pollInt();
  }

  public void onDestageDeferred(int record) {
    if (isDirty(record)) {
      dirtyOfDrive[driveOfVolume[volumeIndex[record]]].addInt(record);
    }
  }

  /// True if the record may go to its drive and is not on the way.
  public boolean isDirty(int record) {
    return local[record] && stage[record] == RELEASED;
  }

  /// In flight or written, but not yet covered by a flush.
  public boolean isDestaging(int record) {
    return local[record] && (stage[record] & DESTAGING) != 0;
  }

  public void onDestageStarted(int record) {
    stage[record] |= DESTAGING;
    pin(record);
  }

  public void onDestageWritten(int record) {
    stage[record] = (byte) (stage[record] & ~DESTAGING | WRITTEN);
    unpin(record);
  }

  public void onDestageFailed(int record) {
    stage[record] = (byte) (stage[record] & ~DESTAGING);
    unpin(record);
    onDestageDeferred(record);
  }

  /// A flush failed: what was written before it may be gone, and goes to the drive again.
  public void onFlushFailed(int record) {
    stage[record] = (byte) (stage[record] & ~WRITTEN);
    onDestageDeferred(record);
  }

  /// True if the record is on the drive, but no flush has covered it yet.
  public boolean isWritten(int record) {
    return local[record] && (stage[record] & WRITTEN) != 0;
  }

  /// A completed flush covers the record. Called oldest first within a track.
  public void onStable(int record) {
    MachineCheck.require(
        local[record] && (stage[record] & WRITTEN) != 0,
        "record " + record + " is stable but was never written");
    local[record] = false;
    storePending(record);
    int volume = volumeIndex[record];
    int previous = localPrevious[record];
    int next = localNext[record];
    if (previous == NONE) {
      localHead[volume] = next;
    } else {
      localNext[previous] = next;
    }
    if (next == NONE) {
      localTail[volume] = previous;
    } else {
      localPrevious[next] = previous;
    }
    unchain(record);
    slots.onDriveChanged(
        volume,
        trackOf(record),
        firstBlock(record),
        endBlock(record),
        isZeroes(record) ? 0 : addressOf(record));
    changes++;
    freeIfDone(record);
  }

  private void unchain(int record) {
    long key = SlotDirectory.key(volumeIndex[record], trackOf(record));
    if (newer[record] == NONE) {
      if (older[record] == NONE) {
        newestOfTrack.remove(key);
      } else {
        newestOfTrack.put(key, older[record]);
      }
    } else {
      older[newer[record]] = older[record];
    }
    if (older[record] != NONE) {
      newer[older[record]] = newer[record];
    }
  }

  public int localHeadOf(int volume) {
    return localHead[volume];
  }

  public int localNextOf(int record) {
    return localNext[record];
  }

  /// Everything of the volume up to this number is stable on this cabinet's drive.
  public long stableNumber(int volume, long assignedNumber) {
    int head = localHead[volume];
    return head == NONE ? assignedNumber : number[head] - 1;
  }

  public long highestNumber(int volume) {
    return highestNumber[volume];
  }

  /// Highest number of the volume whose host has been, or may be, told.
  public long highestReleased(int volume) {
    return highestReleased[volume];
  }

  /// Somebody waits for the drive to hold everything up to this number.
  public void wantFlush(int volume, long upToNumber) {
    flushWantedNumber[volume] = Math.max(flushWantedNumber[volume], upToNumber);
  }

  public long flushWanted(int volume) {
    return flushWantedNumber[volume];
  }

  public boolean isStableUpTo(int volume, long upToNumber) {
    int head = localHead[volume];
    return head == NONE || number[head] > upToNumber;
  }

  /// A destage of the volume failed and has not succeeded since.
  public boolean isDestageFailing(int volume) {
    return destageFailing[volume];
  }

  public void setDestageFailing(int volume, boolean failing) {
    if (destageFailing[volume] != failing) {
      destageFailing[volume] = failing;
      changes++;
    }
  }

  // ---- towards the peer ----

  /// Records to be sent, in number order; the remote adapter takes them.
  public IntArrayQueue toSend() {
    return toSend;
  }

  /// Begins again: everything that the peer may lack and that comes after `number` is to be
  /// sent, in order.
  public void rebuildToSend(long afterNumber) {
    toSend.clear();
    int count = 0;
    for (int head : remoteHead) {
      for (int r = head; r != NONE; r = remoteNext[r]) {
        count += number[r] > afterNumber ? 1 : 0;
      }
    }
    Integer[] order = new Integer[count];
    int at = 0;
    for (int head : remoteHead) {
      for (int r = head; r != NONE; r = remoteNext[r]) {
        if (number[r] > afterNumber) {
          order[at++] = r;
        }
      }
    }
    Arrays.sort(order, (a, b) -> Long.compare(number[a], number[b]));
    for (int r : order) {
      toSend.addInt(r);
    }
  }

  public int remoteHeadOf(int volume) {
    return remoteHead[volume];
  }

  public int remoteNextOf(int record) {
    return remoteNext[record];
  }

  /// The peer no longer lacks the record (or is owed its track instead). Called oldest first.
  public void clearRemotePending(int record) {
    remote[record] = false;
    storePending(record);
    int volume = volumeIndex[record];
    int previous = remotePrevious[record];
    int next = remoteNext[record];
    if (previous == NONE) {
      remoteHead[volume] = next;
    } else {
      remoteNext[previous] = next;
    }
    if (next == NONE) {
      remoteTail[volume] = previous;
    } else {
      remotePrevious[next] = previous;
    }
    changes++;
    freeIfDone(record);
  }

  /// A record that is only kept by a pin has its bits cleared all the same: after a crash it
  /// must not be destaged over what came later.
  private void storePending(int record) {
    if (local[record] || remote[record] || pins[record] > 0) {
      nvram.commit(layout.headerOffset(record), commitWord(record, local[record], remote[record]));
    }
  }

  private void freeIfDone(int record) {
    if (local[record] || remote[record] || pins[record] > 0) {
      return;
    }
    // The word is cleared here and not with the last pending bit: until it is, the frames are
    // in use.
    nvram.commit(layout.headerOffset(record), 0);
    liveRecords--;
    giveBack(record, framesOf(record), isIncoming(record));
  }

  // ---- IML ----

  /// What IML found in NVRAM.
  ///
  /// @param kept records taken over
  /// @param bad records whose commit word stood but whose payload does not match its checksum
  /// @param highestIncoming highest number of the peer's that is wholly here; 0 if none
  public record Found(int kept, int bad, long highestOwn, long highestIncoming) {}

  /// Takes a bad record's place: the caller makes its track owed before the record is dropped.
  public interface BadRecordSink {
    void onBadRecord(int record, int volume, int track);
  }

  /// Reads every header and takes over what is committed. Records come back oldest first,
  /// released if they do not wait for the peer.
  public Found recover(BadRecordSink bad, long nowNs) {
    int n = layout.frameCount();
    int found = 0;
    int[] live = new int[n];
    int badCount = 0;
    for (int record = 0; record < n; record++) {
      long header = layout.headerOffset(record);
      long word = nvram.getLong(header);
      if ((word & COMMIT_MAGIC_MASK) != COMMIT_MAGIC) {
        continue;
      }
      boolean localPending = (word & LOCAL_PENDING) != 0;
      boolean remotePending = (word & REMOTE_PENDING) != 0;
      readHeader(record, header);
      if (!localPending && !remotePending) {
        nvram.commit(header, 0);
        continue;
      }
      MachineCheck.require(
          (commitWord(record, localPending, remotePending) == word),
          "NVRAM record " + record + ": header does not match its commit word");
      if (!isZeroes(record)
          && Memory.crc32c(addressOf(record), lengthBytes[record]) != payloadCrc[record]) {
        bad.onBadRecord(record, volumeIndex[record], trackOf(record));
        nvram.commit(header, 0);
        badCount++;
        continue;
      }
      local[record] = localPending;
      remote[record] = remotePending;
      live[found++] = record;
      bitmap.take(record, framesOf(record));
      charge(isIncoming(record), framesOf(record));
    }
    Integer[] order = new Integer[found];
    for (int i = 0; i < found; i++) {
      order[i] = live[i];
    }
    Arrays.sort(order, (a, b) -> Long.compare(arrival[a], arrival[b]));
    long highestOwn = 0;
    long highestIncoming = 0;
    for (int record : order) {
      arrivals = arrival[record];
      committedNs[record] = nowNs;
      owner[record] = NONE;
      stage[record] = 0;
      pins[record] = 0;
      link(record, local[record], remote[record]);
      if (remote[record]) {
        heldOfVolume[volumeIndex[record]].addInt(record);
      } else {
        release(record);
      }
      if (!isIncoming(record)) {
        highestOwn = Math.max(highestOwn, number[record]);
      } else {
        boolean whole = (framesAndFlags[record] & LAST_PIECE) != 0;
        highestIncoming = Math.max(highestIncoming, whole ? number[record] : number[record] - 1);
      }
    }
    return new Found(found, badCount, highestOwn, highestIncoming);
  }

  private void readHeader(int record, long header) {
    number[record] = nvram.getLong(header + NUMBER);
    offsetBytes[record] = nvram.getLong(header + OFFSET);
    lengthBytes[record] = nvram.getInt(header + LENGTH);
    payloadCrc[record] = nvram.getInt(header + PAYLOAD_CRC);
    volumeIndex[record] = nvram.getInt(header + VOLUME);
    framesAndFlags[record] = nvram.getInt(header + FRAMES_AND_FLAGS);
    arrival[record] = nvram.getLong(header + ARRIVAL);
  }

  /// Lengths and lists agree; for tests and the simulator's quiet points.
  public void checkInvariants() {
    MachineCheck.require(
        hostFrames + incomingFrames + bitmap.freeCount() == layout.frameCount(),
        "frames: " + hostFrames + " host + " + incomingFrames + " incoming + " + bitmap.freeCount()
            + " free != " + layout.frameCount());
    MachineCheck.require(hostFrames <= hostFramesMax, "host frames over their share");
    MachineCheck.require(incomingFrames <= incomingFramesMax, "incoming frames over their share");
  }
}
