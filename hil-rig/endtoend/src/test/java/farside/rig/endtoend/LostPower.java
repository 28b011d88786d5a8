package farside.rig.endtoend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// What the loss of the machine's power leaves of a mapped NVRAM file, made of the file of a
/// process that was killed.
///
/// The kernel is another one afterwards, so the prologue gets a boot id that no kernel here has.
/// Each page of the region is one of four: as the process left it, as it was some time before,
/// zeroes, or noise.
final class LostPower {
  private static final int PAGE_BYTES = 4096;

  // The prologue of an NVRAM file, as in `NvramPrologue`.
  private static final int PROLOGUE_COPY_BYTES = 2048;
  private static final int BOOT_ID_OFFSET = 32;
  private static final int CRC_OFFSET = 48;

  private LostPower() {}

  /// @param older a copy of the file, taken some time before the kill
  static void over(Path nvram, Path older, SplittableRandom random) throws IOException {
    try (FileChannel file =
            FileChannel.open(nvram, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel past = FileChannel.open(older, StandardOpenOption.READ)) {
      ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.read(page.clear(), 0);
      for (int copy = 0; copy < PAGE_BYTES; copy += PROLOGUE_COPY_BYTES) {
        page.putLong(copy + BOOT_ID_OFFSET, random.nextLong());
        page.putLong(copy + BOOT_ID_OFFSET + 8, random.nextLong());
        CRC32C crc = new CRC32C();
        crc.update(page.array(), copy, CRC_OFFSET);
        page.putInt(copy + CRC_OFFSET, (int) crc.getValue());
      }
      file.write(page.flip(), 0);
      for (long at = PAGE_BYTES; at < file.size(); at += PAGE_BYTES) {
        scramble(file, past, at, page.clear(), random);
      }
    }
  }

  private static void scramble(
      FileChannel file, FileChannel past, long at, ByteBuffer page, SplittableRandom random)
      throws IOException {
    switch (random.nextInt(4)) {
      case 0 -> {
        // The page had reached the backing store.
        return;
      }
      case 1 -> past.read(page, at);
      case 2 -> page.put(new byte[PAGE_BYTES]);
      default -> {
        byte[] noise = new byte[PAGE_BYTES];
        random.nextBytes(noise);
        page.put(noise);
      }
    }
    file.write(page.flip(), at);
  }
}
