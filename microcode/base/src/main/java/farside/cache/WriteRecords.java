package farside.cache;

import farside.director.MachineCheck;
import farside.port.NvramPort;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntArrayQueue;

/// The write records: every write that a drive or the peer may still lack, in NVRAM.
///
/// A record is a run of 1 to 16 neighbouring frames and a header; its name is the number of its
/// first frame. It lies within one track and is never changed once committed, only its two
/// pending bits are cleared. `RecordHeaders` has what stands in NVRAM, `FrameShares` the space.
///
/// Life of a record: *committed* -> (R1 only) held until the peer has it -> *released*, and
/// only then eligible for destage, so a drive never holds what the peer has never seen ->
/// destaging -> written -> *stable*. It is freed when neither pending bit is set and nothing
/// pins it. Pending bits are cleared oldest first, within a volume: so whatever instant a crash
/// picks, no older content can be destaged over newer.
public final class WriteRecords {
  public static final int NONE = -1;
  public static final int FRAMES_PER_RECORD_MAX = 16;

  private static final int RELEASED = 1;
  private static final int DESTAGING = 2;
  private static final int WRITTEN = 4;

  private final RecordHeaders headers;
  private final FrameShares shares;
  private final SlotDirectory slots;
  private final int[] driveOfVolume;

  private final long[] number;
  private final long[] offsetBytes;
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

  private final TrackStacks overTrack;
  private final RecordLists localLists;
  private final RecordLists remoteLists;
  private final long[] highestNumber;
  private final long[] highestAnswerable;
  private final long[] flushWantedNumber;
  private final boolean[] destageFailing;
  private final boolean[] driveInDoubt;
  private final IntArrayQueue[] dirtyOfDrive;
  private final IntArrayQueue[] heldOfVolume;
  private final IntArrayQueue releasedOwners = new IntArrayQueue(256, NONE);
  private final IntArrayQueue toSend = new IntArrayQueue(256, NONE);

  private int liveRecords;
  private long arrivals;
  private long changes;

  /// @param driveOfVolume drive index of each volume
  /// @param hostFramesMax frames that records of this cabinet's hosts may take
  /// @param incomingFramesMax frames that records from the peer may take
  public WriteRecords(
      NvramPort nvram,
      NvramLayout layout,
      SlotDirectory slots,
      int[] driveOfVolume,
      int driveCount,
      int hostFramesMax,
      int incomingFramesMax) {
    this.headers = new RecordHeaders(nvram, layout);
    this.shares = new FrameShares(
        layout.frameCount(), hostFramesMax, incomingFramesMax, driveOfVolume.length);
    this.slots = slots;
    this.driveOfVolume = driveOfVolume.clone();
    int n = layout.frameCount();
    number = new long[n];
    offsetBytes = new long[n];
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
    int volumes = driveOfVolume.length;
    overTrack = new TrackStacks(n);
    localLists = new RecordLists(volumes, n);
    remoteLists = new RecordLists(volumes, n);
    highestNumber = new long[volumes];
    highestAnswerable = new long[volumes];
    flushWantedNumber = new long[volumes];
    destageFailing = new boolean[volumes];
    driveInDoubt = new boolean[volumes];
    heldOfVolume = new IntArrayQueue[volumes];
    for (int i = 0; i < volumes; i++) {
      heldOfVolume[i] = new IntArrayQueue(64, NONE);
    }
    dirtyOfDrive = new IntArrayQueue[driveCount];
    for (int i = 0; i < driveCount; i++) {
      dirtyOfDrive[i] = new IntArrayQueue(256, NONE);
    }
  }

  // ---- space ----

  /// No other volume ever takes these frames of the hosts' share. Before any is taken.
  public void guarantee(int volume, int hostFrames) {
    shares.guarantee(volume, hostFrames);
  }

  /// The same of the share of what comes from the peer.
  public void guaranteeIncoming(int volume, int frames) {
    shares.guaranteeIncoming(volume, frames);
  }

  /// Takes a run of free frames, at most `framesWanted`, for a record of the volume to be.
  /// Returns the record's name, or [#NONE] when the share of its side, or what of it the
  /// volume may have, is used up. [#framesOf] tells how long the run is.
  public int reserve(int framesWanted, boolean incoming, int volume) {
    long run = shares.reserve(Math.min(framesWanted, FRAMES_PER_RECORD_MAX), incoming, volume);
    if (run < 0) {
      return NONE;
    }
    return begin((int) run, (int) (run >>> 32), incoming, volume);
  }

  /// Takes just so many frames for another record of hosts, right behind one of the same volume
  /// that was reserved and not committed yet: what comes for both can come by one call. Returns
  /// its name, or [#NONE] if these frames are not free, or half of what the volume may have is
  /// in use: nobody is to keep others from the first of their records by what he takes ahead.
  public int reserveBehind(int record, int frames) {
    int volume = volumeIndex[record];
    int first = record + framesOf(record);
    boolean isPlenty = shares.hostFree(volume) * 2L > shares.hostMax(volume);
    return isPlenty && shares.reserveAt(first, frames, volume)
        ? begin(first, frames, false, volume)
        : NONE;
  }

  private int begin(int first, int count, boolean incoming, int volume) {
    framesAndFlags[first] = count | (incoming ? RecordHeaders.INCOMING : 0);
    volumeIndex[first] = volume;
    pins[first] = 0;
    owner[first] = NONE;
    return first;
  }

  /// Gives back a run that was reserved and never committed.
  public void abandon(int record) {
    giveBack(record);
  }

  private void giveBack(int record) {
    shares.giveBack(record, framesOf(record), isIncoming(record), volumeIndex[record]);
    changes++;
  }

  public int incomingFramesFree() {
    return shares.incomingFree();
  }

  /// What of them the peer may fill with what it sends of the volume.
  public int incomingFramesFree(int volume) {
    return shares.incomingFree(volume);
  }

  public int incomingFramesMax() {
    return shares.incomingMax();
  }

  public int hostFramesFree() {
    return shares.hostFree();
  }

  public int hostFramesMax() {
    return shares.hostMax();
  }

  /// A quarter or less is left of what the volume may have.
  public boolean isTight(int volume) {
    return shares.hostFree(volume) * 4L < shares.hostMax(volume);
  }

  public int frameCount() {
    return shares.frameCount();
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
    int flags = framesAndFlags[record] & (RecordHeaders.FRAMES_MASK | RecordHeaders.INCOMING);
    flags |= zeroes ? RecordHeaders.ZEROES : 0;
    flags |= lastPiece ? RecordHeaders.LAST_PIECE : 0;
    flags |= copy ? RecordHeaders.COPY : 0;
    framesAndFlags[record] = flags;
    headers.put(record, writeNumber, offset, length, crc, volume, flags, ++arrivals);
    headers.commit(record, true, remotePending);
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

  private void link(int record, boolean localPending, boolean remotePending) {
    int volume = volumeIndex[record];
    liveRecords++;
    local[record] = localPending;
    remote[record] = remotePending;
    highestNumber[volume] = Math.max(highestNumber[volume], number[record]);
    if (localPending) {
      localLists.append(volume, record);
      overTrack.push(volume, trackOf(record), record);
    }
    if (remotePending) {
      remoteLists.append(volume, record);
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
    highestAnswerable[volume] = Math.max(highestAnswerable[volume], number[record]);
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
    return headers.payloadAddress(record);
  }

  public int framesOf(int record) {
    return framesAndFlags[record] & RecordHeaders.FRAMES_MASK;
  }

  public boolean isIncoming(int record) {
    return (framesAndFlags[record] & RecordHeaders.INCOMING) != 0;
  }

  public boolean isZeroes(int record) {
    return (framesAndFlags[record] & RecordHeaders.ZEROES) != 0;
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
    return overTrack.newestOf(volume, track);
  }

  public int olderOf(int record) {
    return overTrack.olderOf(record);
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
    if (!local[record] || (stage[record] & WRITTEN) == 0) {
      throw new MachineCheck("record " + record + " is stable but was never written");
    }
    local[record] = false;
    storePending(record);
    int volume = volumeIndex[record];
    localLists.remove(volume, record);
    overTrack.remove(volume, trackOf(record), record);
    slots.onDriveChanged(
        volume,
        trackOf(record),
        firstBlock(record),
        endBlock(record),
        isZeroes(record) ? 0 : addressOf(record));
    changes++;
    freeIfDone(record);
  }

  public int localHeadOf(int volume) {
    return localLists.head(volume);
  }

  public int localNextOf(int record) {
    return localLists.next(record);
  }

  /// Everything of the volume up to this number is stable on this cabinet's drive.
  public long stableNumber(int volume, long assignedNumber) {
    int head = localLists.head(volume);
    return head == NONE ? assignedNumber : number[head] - 1;
  }

  public long highestNumber(int volume) {
    return highestNumber[volume];
  }

  /// Highest number of the volume whose host has been, or may be, told: also of a record that a
  /// life before left behind, and whose host may have been told then.
  public long highestAnswerable(int volume) {
    return highestAnswerable[volume];
  }

  /// Somebody waits for the drive to hold everything up to this number.
  public void wantFlush(int volume, long upToNumber) {
    flushWantedNumber[volume] = Math.max(flushWantedNumber[volume], upToNumber);
  }

  public long flushWanted(int volume) {
    return flushWantedNumber[volume];
  }

  public boolean isStableUpTo(int volume, long upToNumber) {
    int head = localLists.head(volume);
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

  /// The drive of the volume does not answer, or has not taken its label since it does again.
  public boolean isDriveInDoubt(int volume) {
    return driveInDoubt[volume];
  }

  public void setDriveInDoubt(int volume, boolean isInDoubt) {
    driveInDoubt[volume] = isInDoubt;
    changes++;
  }

  // ---- towards the peer ----

  /// The peer's drive has told that it holds every record up to this number that was sent to it.
  public boolean isStableThereUpTo(int volume, long upToNumber) {
    int head = remoteLists.head(volume);
    return head == NONE || number[head] > upToNumber;
  }

  /// Records to be sent, in number order; the remote adapter takes them.
  public IntArrayQueue toSend() {
    return toSend;
  }

  /// Begins again: everything that the peer may lack and that comes after `number` is to be
  /// sent, in order.
  public void rebuildToSend(long afterNumber) {
    toSend.clear();
    List<Integer> order = new ArrayList<>();
    for (int volume = 0; volume < driveOfVolume.length; volume++) {
      for (int r = remoteHeadOf(volume); r != NONE; r = remoteNextOf(r)) {
        if (number[r] > afterNumber) {
          order.add(r);
        }
      }
    }
    order.sort((a, b) -> Long.compare(number[a], number[b]));
    for (int r : order) {
      toSend.addInt(r);
    }
  }

  public int remoteHeadOf(int volume) {
    return remoteLists.head(volume);
  }

  public int remoteNextOf(int record) {
    return remoteLists.next(record);
  }

  /// The peer no longer lacks the record (or is owed its track instead). Called oldest first.
  public void clearRemotePending(int record) {
    remote[record] = false;
    storePending(record);
    remoteLists.remove(volumeIndex[record], record);
    changes++;
    freeIfDone(record);
  }

  /// The record is nobody's: neither its host nor the peer ever heard that it was committed.
  public void drop(int record) {
    MachineCheck.require(
        !isReleased(record) && local[record] && remote[record],
        "record " + record + " is dropped, but somebody counts on it");
    local[record] = false;
    localLists.remove(volumeIndex[record], record);
    overTrack.remove(volumeIndex[record], trackOf(record), record);
    withdraw(record);
  }

  /// The peer is not to have the record any more, and is owed nothing for it. No older one of the
  /// volume is held.
  public void withdraw(int record) {
    clearRemotePending(record);
    // It leaves the queue of the held here: its frames may head another record soon.
    oldestHeld(volumeIndex[record]);
  }

  /// A record that is only kept by a pin has its bits cleared all the same: after a crash it
  /// must not be destaged over what came later.
  private void storePending(int record) {
    if (local[record] || remote[record] || pins[record] > 0) {
      headers.commit(record, local[record], remote[record]);
    }
  }

  private void freeIfDone(int record) {
    if (local[record] || remote[record] || pins[record] > 0) {
      return;
    }
    // The word is cleared here and not with the last pending bit: until it is, the frames are
    // in use.
    headers.clear(record);
    liveRecords--;
    giveBack(record);
  }

  // ---- IML ----

  /// What IML found in NVRAM.
  ///
  /// @param kept records taken over
  /// @param bad records whose commit word stood but whose payload does not match its checksum
  /// @param highestIncoming highest number of a write of the peer's that is wholly here; 0 if
  ///     none. Copies do not count: those that were taken back have numbers of this cabinet
  public record Found(int kept, int bad, long highestOwn, long highestIncoming) {}

  /// Takes a bad record's place: the caller says durably what becomes of its track before the
  /// record is dropped.
  public interface BadRecordSink {
    /// @param localPending the drive may lack it too, so that it is nowhere in this cabinet
    void onBadRecord(int record, int volume, int track, boolean localPending);
  }

  /// Reads every header and takes over what is committed. Records come back oldest first,
  /// and none is released before [#releaseRecovered].
  public Found recover(BadRecordSink bad, long nowNs) {
    RecordScan scan = new RecordScan(headers);
    int[] found = scan.run(bad);
    long highestOwn = 0;
    long highestIncoming = 0;
    for (int record : found) {
      takeOver(record, nowNs);
      if (!isIncoming(record)) {
        highestOwn = Math.max(highestOwn, number[record]);
      } else if ((framesAndFlags[record] & RecordHeaders.COPY) == 0) {
        boolean whole = (framesAndFlags[record] & RecordHeaders.LAST_PIECE) != 0;
        highestIncoming = Math.max(highestIncoming, whole ? number[record] : number[record] - 1);
      }
    }
    return new Found(found.length, scan.badCount(), highestOwn, highestIncoming);
  }

  private void takeOver(int record, long nowNs) {
    number[record] = headers.number(record);
    offsetBytes[record] = headers.offsetBytes(record);
    lengthBytes[record] = headers.lengthBytes(record);
    payloadCrc[record] = headers.payloadCrc(record);
    volumeIndex[record] = headers.volumeIndex(record);
    framesAndFlags[record] = headers.framesAndFlags(record);
    arrivals = headers.arrival(record);
    committedNs[record] = nowNs;
    owner[record] = NONE;
    stage[record] = 0;
    pins[record] = 0;
    shares.take(record, framesOf(record), isIncoming(record), volumeIndex[record]);
    link(record, headers.isLocalPending(record), headers.isRemotePending(record));
    if (remote[record]) {
      int volume = volumeIndex[record];
      heldOfVolume[volume].addInt(record);
      highestAnswerable[volume] = Math.max(highestAnswerable[volume], number[record]);
    }
  }

  /// IML is over, and the labels say under which generations: what does not wait for the peer may
  /// go to its drive.
  public void releaseRecovered() {
    for (int volume = 0; volume < driveOfVolume.length; volume++) {
      for (int r = localHeadOf(volume); r != NONE; r = localNextOf(r)) {
        if (!remote[r]) {
          release(r);
        }
      }
    }
  }

  /// Lengths and lists agree; for tests and the simulator's quiet points.
  public void checkInvariants() {
    shares.checkInvariants();
  }
}
