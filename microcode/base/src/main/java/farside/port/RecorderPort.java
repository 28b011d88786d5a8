package farside.port;

/// The flight recorder's own part of the battery-backed memory, beside the region that
/// [NvramPort] is.
///
/// Plain stores, no fence and no commit: each entry has a checksum, and one that a crash tore is
/// left out by whoever reads it. Survives the end of the process at any instant. No log keeps it
/// over the loss of power, and no opening wipes it: what reached the backing store is there to be
/// read.
///
/// Used only by the cabinet's processor thread.
public interface RecorderPort {
  /// Where nothing is to be recorded.
  RecorderPort NONE = new RecorderPort() {
    @Override
    public int sizeBytes() {
      return 0;
    }

    @Override
    public long getLong(int offset) {
      throw new IndexOutOfBoundsException(offset);
    }

    @Override
    public void putLong(int offset, long word) {
      throw new IndexOutOfBoundsException(offset);
    }
  };

  int sizeBytes();

  /// An aligned word, little-endian.
  long getLong(int offset);

  /// Stores an aligned word, little-endian.
  void putLong(int offset, long word);
}
