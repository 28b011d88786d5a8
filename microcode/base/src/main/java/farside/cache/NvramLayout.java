package farside.cache;

import farside.director.MachineCheck;

/// Where everything lies in the NVRAM region. Spec: `specs/nvram.md`.
///
/// | part | offset | what |
/// |------|--------|------|
/// | superblock | 0 | magic, incarnation, write numbers, what is known of the peer |
/// | volume states | 4096 | 512 bytes a volume: two copies and the word that selects one |
/// | track tables | after, 4096-aligned | per volume: pending bits, owed bits |
/// | record headers | after, 4096-aligned | 64 bytes a frame |
/// | frames | after, 4096-aligned | 4096 bytes each, payload |
///
/// Little-endian. The layout follows from the region's size and the volumes' sizes, in the
/// rig's order; its fingerprint is in the superblock, so that a changed rig is refused rather
/// than misread.
public final class NvramLayout {
  public static final int FRAME_BYTES = 4096;
  public static final int HEADER_BYTES = 64;
  public static final int VOLUMES_MAX = 64;
  public static final int VOLUME_STATE_BYTES = 512;

  public static final long MAGIC = 0x4D41_5256_4E53_4601L;
  public static final long MAGIC_OFFSET = 0;
  public static final long FINGERPRINT_OFFSET = 8;
  public static final long INCARNATION_OFFSET = 16;
  public static final long NUMBER_BOUND_OFFSET = 24;
  public static final long PEER_INCARNATION_OFFSET = 32;
  public static final long PEER_RECEIVED_OFFSET = 40;
  public static final long VOLUME_STATES_OFFSET = 4096;

  private final long[] pendingOffsets;
  private final long[] owedOffsets;
  private final int[] tableWords;
  private final long headersOffset;
  private final long framesOffset;
  private final int frameCount;
  private final long fingerprint;

  /// @param regionBytes size of the NVRAM region
  /// @param volumeNumbers in the rig's order
  /// @param volumeBytes size of each, same order
  public NvramLayout(long regionBytes, int[] volumeNumbers, long[] volumeBytes) {
    MachineCheck.require(
        volumeBytes.length <= VOLUMES_MAX, volumeBytes.length + " volumes; at most " + VOLUMES_MAX);
    pendingOffsets = new long[volumeBytes.length];
    owedOffsets = new long[volumeBytes.length];
    tableWords = new int[volumeBytes.length];
    long offset = VOLUME_STATES_OFFSET + (long) VOLUMES_MAX * VOLUME_STATE_BYTES;
    long print = regionBytes * 31 + volumeBytes.length;
    for (int i = 0; i < volumeBytes.length; i++) {
      long tracks = (volumeBytes[i] + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES;
      tableWords[i] = (int) ((tracks + 63) / 64);
      pendingOffsets[i] = offset;
      owedOffsets[i] = offset + tableWords[i] * 8L;
      offset = owedOffsets[i] + tableWords[i] * 8L;
      print = print * 31 + volumeNumbers[i];
      print = print * 31 + volumeBytes[i];
    }
    headersOffset = align(offset);
    long frames = (regionBytes - headersOffset) / (FRAME_BYTES + HEADER_BYTES);
    while (frames > 0
        && align(headersOffset + frames * HEADER_BYTES) + frames * FRAME_BYTES > regionBytes) {
      frames--;
    }
    MachineCheck.require(
        frames >= 32,
        "NVRAM of " + regionBytes + " bytes leaves " + frames
            + " frames; give the cabinet more nvram");
    frameCount = (int) frames;
    framesOffset = align(headersOffset + frames * HEADER_BYTES);
    fingerprint = print;
  }

  private static long align(long offset) {
    return (offset + 4095) & ~4095L;
  }

  public int frameCount() {
    return frameCount;
  }

  public long fingerprint() {
    return fingerprint;
  }

  public long headerOffset(int frame) {
    return headersOffset + (long) frame * HEADER_BYTES;
  }

  public long frameOffset(int frame) {
    return framesOffset + (long) frame * FRAME_BYTES;
  }

  public long volumeStateOffset(int volumeIndex) {
    return VOLUME_STATES_OFFSET + (long) volumeIndex * VOLUME_STATE_BYTES;
  }

  long pendingOffset(int volumeIndex) {
    return pendingOffsets[volumeIndex];
  }

  long owedOffset(int volumeIndex) {
    return owedOffsets[volumeIndex];
  }

  int tableWords(int volumeIndex) {
    return tableWords[volumeIndex];
  }
}
