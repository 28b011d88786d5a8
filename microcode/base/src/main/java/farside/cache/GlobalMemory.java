package farside.cache;

import farside.port.NvramPort;

/// The global memory of a cabinet: write records, track tables and the superblock in NVRAM,
/// track slots in plain memory. Every director is handed the one instance.
public final class GlobalMemory {
  private final NvramPort nvram;
  private final NvramLayout layout;
  private final WriteRecords records;
  private final SlotDirectory slots;
  private final TrackTable[] tables;
  private final ZeroTracks[] zeroTracks;
  private final ReadAhead readAhead;
  private final WriteNumbers numbers;

  public GlobalMemory(
      NvramPort nvram,
      NvramLayout layout,
      WriteRecords records,
      SlotDirectory slots,
      long[] volumeBytes) {
    this.nvram = nvram;
    this.layout = layout;
    this.records = records;
    this.slots = slots;
    this.numbers = new WriteNumbers(nvram);
    tables = new TrackTable[volumeBytes.length];
    zeroTracks = new ZeroTracks[volumeBytes.length];
    for (int i = 0; i < tables.length; i++) {
      int tracks = (int) ((volumeBytes[i] + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES);
      tables[i] = new TrackTable(nvram, layout, i, tracks);
      zeroTracks[i] = new ZeroTracks(volumeBytes[i]);
    }
    readAhead = new ReadAhead(slots, zeroTracks, volumeBytes);
  }

  public NvramPort nvram() {
    return nvram;
  }

  public NvramLayout layout() {
    return layout;
  }

  public WriteRecords records() {
    return records;
  }

  public SlotDirectory slots() {
    return slots;
  }

  public TrackTable table(int volumeIndex) {
    return tables[volumeIndex];
  }

  public ZeroTracks zeroTracks(int volumeIndex) {
    return zeroTracks[volumeIndex];
  }

  public ReadAhead readAhead() {
    return readAhead;
  }

  public WriteNumbers numbers() {
    return numbers;
  }

  /// Random number of this NVRAM's life: another one means that what it held is lost.
  public long incarnation() {
    return nvram.getLong(NvramLayout.INCARNATION_OFFSET);
  }

  /// Incarnation of the peer's NVRAM that the tables here are true for; 0: never met.
  public long peerIncarnation() {
    return nvram.getLong(NvramLayout.PEER_INCARNATION_OFFSET);
  }

  public void setPeerIncarnation(long incarnation) {
    nvram.commit(NvramLayout.PEER_INCARNATION_OFFSET, incarnation);
  }

  /// Highest write number of the peer's up to which everything is committed here.
  public long peerReceived() {
    return nvram.getLong(NvramLayout.PEER_RECEIVED_OFFSET);
  }

  public void setPeerReceived(long number) {
    nvram.commit(NvramLayout.PEER_RECEIVED_OFFSET, number);
  }
}
