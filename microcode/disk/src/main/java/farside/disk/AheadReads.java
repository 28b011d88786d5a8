package farside.disk;

import farside.cache.BlockMask;
import farside.cache.ReadAhead;
import farside.cache.SlotDirectory;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import farside.volume.Volume;

/// Reads of tracks that no host has asked for yet, several side by side in one request.
///
/// They are the least urgent of all that a drive does: sent only to a drive that is well, while
/// less than half of its queue is taken and no write is pressing. One that fails leaves no
/// trace: whoever comes to its tracks has them staged, and learns which block is bad.
final class AheadReads {
  /// Of one request: long enough for a disk to read at its full rate, short enough for a host's
  /// read to wait behind.
  static final int TRACKS_MAX = 8;

  static final int REQUESTS_MAX = 4;

  private final DriveWatch drive;
  private final Volume volume;
  private final SlotDirectory slots;
  private final ReadAhead readAhead;
  private final long kind;
  private final int[][] slotsOf = new int[REQUESTS_MAX][TRACKS_MAX];
  private final int[] countOf = new int[REQUESTS_MAX];
  private final IoVector vector = new IoVector();

  /// @param kind what marks the tags of its requests, in their high half
  AheadReads(DriveWatch drive, Volume volume, SlotDirectory slots, ReadAhead readAhead, long kind) {
    this.drive = drive;
    this.volume = volume;
    this.slots = slots;
    this.readAhead = readAhead;
    this.kind = kind;
  }

  /// Returns how many reads it submitted.
  int step() {
    int started = 0;
    for (int op = 0; op < REQUESTS_MAX && mayStart(); op++) {
      if (countOf[op] == 0) {
        countOf[op] = readAhead.take(volume.index(), slotsOf[op]);
        if (countOf[op] == 0) {
          break;
        }
        submit(op);
        started++;
      }
    }
    return started;
  }

  private boolean mayStart() {
    return drive.health() == DriveHealth.WELL
        && !drive.isFull()
        && drive.inFlight() < drive.queueDepth() / 2;
  }

  private void submit(int op) {
    vector.clear();
    for (int i = 0; i < countOf[op]; i++) {
      int slot = slotsOf[op][i];
      vector.add(slots.addressOf(slot), blocksOf(slot) * BlockMask.BLOCK_BYTES);
    }
    long firstTrack = slots.trackOf(slotsOf[op][0]);
    drive.submitRead(firstTrack * BlockMask.TRACK_BYTES, vector, kind | op);
  }

  private int blocksOf(int slot) {
    return readAhead.blocksOf(volume.index(), slots.trackOf(slot));
  }

  void onRead(int op, DriveOutcome outcome) {
    boolean isHere = outcome == DriveOutcome.DONE;
    for (int i = 0; i < countOf[op]; i++) {
      int slot = slotsOf[op][i];
      if (isHere) {
        slots.onStageEnded(slot, 0, blocksOf(slot), true);
      } else {
        slots.onStageDropped(slot, 0, blocksOf(slot));
      }
    }
    countOf[op] = 0;
  }
}
