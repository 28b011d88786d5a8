package farside.driver.nvramfile;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The flight recorder's ring in an NVRAM file that this process does not own.
///
/// Nothing is locked and nothing changed, so a cabinet may be running on the file: an entry that
/// it is writing at this instant has a wrong checksum and is left out.
public final class RecorderFile {
  private RecorderFile() {}

  /// The bytes of the ring as they are now.
  ///
  /// @throws IOException with the cure, if there is no ring to be read
  public static byte[] read(Path nvram) throws IOException {
    try (FileChannel file = FileChannel.open(nvram, StandardOpenOption.READ)) {
      long recorderOffset = NvramPrologue.PROLOGUE_BYTES + regionBytes(nvram, file);
      if (file.size() != recorderOffset + NvramFile.RECORDER_BYTES) {
        throw new IOException("NVRAM " + nvram + " has " + file.size()
            + " bytes, and with a flight recorder's ring it would have "
            + (recorderOffset + NvramFile.RECORDER_BYTES)
            + ". An older program wrote it, or it was cut short. Run the site once with this program,"
            + " which adds the ring; what came before is in the site's log only.");
      }
      byte[] ring = new byte[NvramFile.RECORDER_BYTES];
      read(file, ByteBuffer.wrap(ring), recorderOffset);
      return ring;
    }
  }

  private static long regionBytes(Path nvram, FileChannel file) throws IOException {
    byte[] bytes = new byte[NvramPrologue.PROLOGUE_BYTES];
    if (file.size() >= bytes.length) {
      read(file, ByteBuffer.wrap(bytes), 0);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(bytes.length, bytes.length);
      page.copyFrom(MemorySegment.ofArray(bytes));
      NvramPrologue prologue = new NvramPrologue(page);
      if (!prologue.isWhole()) {
        throw new IOException(
            "NVRAM " + nvram + " does not begin with a whole prologue: it is damaged, or no NVRAM"
                + " at all, or its making was cut short. Name the --run-dir that the site ran with.");
      }
      if (prologue.version() != NvramPrologue.VERSION) {
        throw new IOException("NVRAM " + nvram + " is of version " + prologue.version()
            + ", this program knows version " + NvramPrologue.VERSION
            + ". Use the program that wrote it.");
      }
      return prologue.regionBytes();
    }
  }

  private static void read(FileChannel file, ByteBuffer into, long fromBytes) throws IOException {
    while (into.hasRemaining()) {
      if (file.read(into, fromBytes + into.position()) < 0) {
        throw new EOFException("the NVRAM file became shorter while it was read. Try again.");
      }
    }
  }
}
