package farside.port;

/// The memory that survives a crash of the emulator: the battery-backed memory of the real
/// cabinet.
///
/// Offsets are bytes from the start of the region. Every change that spans more than one word
/// is made as: stores, then one [#commit], which is a release fence followed by one aligned
/// 8-byte store, followed by a fence for stores. After a crash at any instant every committed
/// word is whole, all stores made before it are there, and where one that was made after it is
/// there, so is the word. Which words commit what is listed in `specs/nvram.md`.
///
/// Used only by the cabinet's processor thread.
public interface NvramPort {
  /// Bytes in the region; a multiple of 4096.
  long sizeBytes();

  /// Address of byte 0, aligned to 4096, for drivers that move payload in and out.
  long address();

  byte getByte(long offset);

  int getInt(long offset);

  long getLong(long offset);

  void putByte(long offset, byte value);

  void putInt(long offset, int value);

  void putLong(long offset, long value);

  /// Copies payload from memory outside the region.
  void putBytes(long offset, long sourceAddress, int lengthBytes);

  /// Payload was moved in by address, and a commit that stands for it follows.
  default void onFilled(long offset, int lengthBytes) {}

  /// Makes one aligned 8-byte store that is seen only after every store before it, and before
  /// every store after it.
  void commit(long offset, long word);

  /// Pushes the whole region to its backing store, so that it survives the loss of the kernel
  /// too. Called at a clean shutdown only: it may take seconds.
  void force();

  /// What the region held when it was opened.
  Contents contents();

  /// Why a log that should have brought lost contents back could not; empty if there was none.
  default String lossReason() {
    return "";
  }

  /// True if what is committed survives the loss of power before anybody learns of it.
  default boolean isPowerSafe() {
    return false;
  }

  /// What was found when the region was opened.
  enum Contents {
    /// Written by this boot of the kernel, or ended cleanly under an earlier one: to be
    /// believed.
    KEPT,
    /// Written under another boot of the kernel, and built anew from the log of its changes: to
    /// be believed.
    REBUILT,
    /// Never used: all zero.
    BLANK,
    /// Written under another boot of the kernel and not ended cleanly: nothing in it is
    /// believed.
    LOST,
    /// Kept, but payload in it had changed by itself, and what of that the log of its changes has
    /// is as it was: to be believed.
    MENDED;

    /// True if what is there is what the last process left, or was mended to be so.
    public boolean isBelieved() {
      return this == KEPT || this == REBUILT || this == MENDED;
    }
  }
}
