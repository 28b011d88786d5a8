package farside.driver.rawdisk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Bytes at a known place by which a disk says that somebody keeps something on it.
///
/// One table for all of them. A disk that carries any is refused, so a row that matches too often
/// costs a person a minute, and one that is missing may cost them a disk.
///
/// @param name of the format, such as `xfs`
/// @param kind what it is the mark of
/// @param magic in hexadecimal digits
/// @param places where the bytes may be, each from the size of the disk; below 0: nowhere
record Signature(String name, Kind kind, String magic, List<LongUnaryOperator> places) {
  /// What a disk may be to somebody else.
  enum Kind {
    PARTITION_TABLE("a partition table"),
    FILE_SYSTEM("a file system"),
    SWAP("swap space"),
    RAID("the member of a RAID"),
    VOLUMES("part of a volume manager"),
    ENCRYPTED("an encrypted volume"),
    STORE("part of a store");

    private final String shown;

    Kind(String shown) {
      this.shown = shown;
    }
  }

  private static final int SECTOR_BYTES = 512;
  private static final long KIB = 1024;
  private static final int MD_MAGIC = 0xa92b4efc;

  static final List<Signature> TABLE = List.of(
      // Of partitions. A boot sector without a table says the same of the disk: it is in use.
      row("MBR, or a boot sector", Kind.PARTITION_TABLE, "55aa", at(510)),
      row("GPT", Kind.PARTITION_TABLE, text("EFI PART"), at(512), at(4096)),
      row(
          "GPT (the copy at the end)",
          Kind.PARTITION_TABLE,
          text("EFI PART"),
          fromEnd(512),
          fromEnd(4096)),
      row("Apple partition map", Kind.PARTITION_TABLE, text("PM\0\0"), at(512)),
      row("BSD disklabel", Kind.PARTITION_TABLE, "57455682", at(0), at(512)),
      row("Sun disklabel", Kind.PARTITION_TABLE, "dabe", at(508)),
      row("SGI disklabel", Kind.PARTITION_TABLE, "0be5a941", at(0)),
      // Of files.
      row("ext2, ext3 or ext4", Kind.FILE_SYSTEM, "53ef", at(1080)),
      row("xfs", Kind.FILE_SYSTEM, text("XFSB"), at(0)),
      row("btrfs", Kind.FILE_SYSTEM, text("_BHRfS_M"), at(65_600), at(67_108_928)),
      row("f2fs", Kind.FILE_SYSTEM, "1020f5f2", at(1024), at(5120)),
      row("NTFS", Kind.FILE_SYSTEM, text("NTFS    "), at(3)),
      row("exFAT", Kind.FILE_SYSTEM, text("EXFAT   "), at(3), at(3 + 12 * SECTOR_BYTES)),
      row("FAT", Kind.FILE_SYSTEM, text("FAT12   "), at(54)),
      row("FAT", Kind.FILE_SYSTEM, text("FAT16   "), at(54)),
      row("FAT", Kind.FILE_SYSTEM, text("FAT     "), at(54)),
      row("FAT32", Kind.FILE_SYSTEM, text("FAT32   "), at(82)),
      row("ReFS", Kind.FILE_SYSTEM, text("ReFS\0\0\0\0"), at(3)),
      row("iso9660", Kind.FILE_SYSTEM, text("CD001"), at(32_769), at(34_817)),
      row("UDF", Kind.FILE_SYSTEM, text("BEA01"), at(32_769), at(34_817), at(36_865)),
      row("UDF", Kind.FILE_SYSTEM, text("NSR0"), at(34_817), at(36_865), at(40_961)),
      row("zfs", Kind.FILE_SYSTEM, "0cb1ba0000000000", zfsUberblocks()),
      row("zfs", Kind.FILE_SYSTEM, "0000000000bab10c", zfsUberblocks()),
      row("reiserfs", Kind.FILE_SYSTEM, text("ReIsEr"), at(8244), at(65_588)),
      row("reiser4", Kind.FILE_SYSTEM, text("ReIsEr4"), at(65_536)),
      row("jfs", Kind.FILE_SYSTEM, text("JFS1"), at(32_768)),
      row("nilfs2", Kind.FILE_SYSTEM, "3434", at(1030)),
      row("HFS+", Kind.FILE_SYSTEM, text("H+"), at(1024)),
      row("HFSX", Kind.FILE_SYSTEM, text("HX"), at(1024)),
      row("HFS", Kind.FILE_SYSTEM, text("BD"), at(1024)),
      row("APFS", Kind.FILE_SYSTEM, text("NXSB"), at(32)),
      row("ufs", Kind.FILE_SYSTEM, "54190100", at(9564), at(66_908)),
      row("ufs2", Kind.FILE_SYSTEM, "19015419", at(66_908)),
      row("squashfs", Kind.FILE_SYSTEM, text("hsqs"), at(0)),
      row("cramfs", Kind.FILE_SYSTEM, "453dcd28", at(0), at(512)),
      row("erofs", Kind.FILE_SYSTEM, "e2e1f5e0", at(1024)),
      row("minix", Kind.FILE_SYSTEM, "7f13", at(1040)),
      row("minix", Kind.FILE_SYSTEM, "8f13", at(1040)),
      row("minix", Kind.FILE_SYSTEM, "6824", at(1040)),
      row("minix", Kind.FILE_SYSTEM, "7824", at(1040)),
      row("minix", Kind.FILE_SYSTEM, "5a4d", at(1048)),
      row("bcachefs", Kind.FILE_SYSTEM, "c68573f666ce90a9d96a60cf803df7ef", at(4120)),
      row("gfs2", Kind.FILE_SYSTEM, "01161970", at(65_536)),
      row("ocfs2", Kind.FILE_SYSTEM, text("OCFSV2"), at(1024), at(2048), at(4096)),
      row("VMFS", Kind.FILE_SYSTEM, "0dd001c0", at(1_048_576)),
      // Of memory. A sleeping machine leaves its mark in the place of swap's own.
      row("swap", Kind.SWAP, text("SWAPSPACE2"), endsOfPages()),
      row("swap", Kind.SWAP, text("SWAP-SPACE"), endsOfPages()),
      row("a machine asleep", Kind.SWAP, text("S1SUSPEND"), endsOfPages()),
      row("a machine asleep", Kind.SWAP, text("S2SUSPEND"), endsOfPages()),
      row("a machine asleep", Kind.SWAP, text("ULSUSPEND"), endsOfPages()),
      // Of RAIDs: the kernel's own first, then those that are made by the BIOS of a controller.
      row("md 0.90", Kind.RAID, littleEndian(MD_MAGIC), Signature::mdAtTheEnd),
      row("md 0.90", Kind.RAID, bigEndian(MD_MAGIC), Signature::mdAtTheEnd),
      row("md 1.0", Kind.RAID, littleEndian(MD_MAGIC), Signature::mdNearTheEnd),
      row("md 1.1", Kind.RAID, littleEndian(MD_MAGIC), at(0)),
      row("md 1.2", Kind.RAID, littleEndian(MD_MAGIC), at(4096)),
      row("bcache", Kind.RAID, "c68573f64e1a45ca8265f57f48ba6d81", at(4120)),
      row("DRBD", Kind.RAID, "8374026b", fromEnd(4096 - 60)),
      row("DRBD", Kind.RAID, "8374026d", fromEnd(4096 - 60)),
      row("dm-raid", Kind.RAID, text("DmRd"), at(0)),
      row("Intel Matrix", Kind.RAID, text("Intel Raid ISM Cfg Sig. "), sectorsFromEnd(2, 16)),
      row("DDF", Kind.RAID, "de11de11", sectorsFromEnd(1, 257)),
      row("DDF", Kind.RAID, "11de11de", sectorsFromEnd(1, 257)),
      row(
          "Promise",
          Kind.RAID,
          text("Promise Technology, Inc."),
          sectorsFromEnd(63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087)),
      row("Highpoint 37x", Kind.RAID, "f016785a", at(4608 + 32)),
      row("Highpoint 37x", Kind.RAID, "fd16785a", at(4608 + 32)),
      row("Highpoint 45x", Kind.RAID, "f316785a", sectorsFromEnd(11)),
      row("Highpoint 45x", Kind.RAID, "fd16785a", sectorsFromEnd(11)),
      row("Silicon Image", Kind.RAID, "0000002f", in(sectorsFromEnd(1), 0x60)),
      row("LSI MegaRAID", Kind.RAID, text("$XIDE$"), sectorsFromEnd(1)),
      row("NVidia", Kind.RAID, text("NVIDIA"), sectorsFromEnd(2)),
      row("VIA", Kind.RAID, "55aa", sectorsFromEnd(1)),
      row("JMicron", Kind.RAID, text("JM"), sectorsFromEnd(1)),
      row("Adaptec", Kind.RAID, "37fc4d1e", sectorsFromEnd(1)),
      // Of volume managers and of encryption.
      row("LVM2", Kind.VOLUMES, text("LABELONE"), at(0), at(512), at(1024), at(1536)),
      row("LVM1", Kind.VOLUMES, "484d0100", at(0)),
      row("LVM1", Kind.VOLUMES, "484d0200", at(0)),
      row("LUKS", Kind.ENCRYPTED, "4c554b53babe", at(0)),
      row("LUKS2 (the copy)", Kind.ENCRYPTED, "534b554cbabe", luks2Copies()),
      row("BitLocker", Kind.ENCRYPTED, text("-FVE-FS-"), at(3)),
      // Of others that keep blocks.
      row("Ceph BlueStore", Kind.STORE, text("bluestore block device"), at(0)),
      row("Stratis", Kind.STORE, "215374726130746973", at(516), at(516 + 8 * SECTOR_BYTES)),
      row("VDO", Kind.STORE, text("dmvdo001"), at(0)),
      row("Oracle ASM", Kind.STORE, text("ORCLDISK"), at(32)));

  @Override
  public String toString() {
    return kind.shown + ", " + name;
  }

  byte[] magicBytes() {
    return HexFormat.of().parseHex(magic);
  }

  /// Every signature that the disk carries, in the order of the table.
  static List<Signature> on(BlockDevice device) throws IOException {
    List<Signature> found = new ArrayList<>();
    for (Signature signature : TABLE) {
      if (signature.isOn(device)) {
        found.add(signature);
      }
    }
    return found;
  }

  private boolean isOn(BlockDevice device) throws IOException {
    byte[] bytes = magicBytes();
    for (LongUnaryOperator place : places) {
      long offsetBytes = place.applyAsLong(device.sizeBytes());
      if (offsetBytes >= 0
          && offsetBytes <= device.sizeBytes() - bytes.length
          && Arrays.equals(device.read(offsetBytes, bytes.length), bytes)) {
        return true;
      }
    }
    return false;
  }

  // ---- rows ----

  private static Signature row(String name, Kind kind, String magic, LongUnaryOperator... places) {
    return new Signature(name, kind, magic, List.of(places));
  }

  private static String text(String ascii) {
    return HexFormat.of().formatHex(ascii.getBytes(StandardCharsets.US_ASCII));
  }

  private static String bigEndian(int magic) {
    return HexFormat.of().toHexDigits(magic);
  }

  private static String littleEndian(int magic) {
    return bigEndian(Integer.reverseBytes(magic));
  }

  // ---- places ----

  private static LongUnaryOperator at(long offsetBytes) {
    return sizeBytes -> offsetBytes;
  }

  private static LongUnaryOperator fromEnd(long bytes) {
    return sizeBytes -> sizeBytes - bytes;
  }

  private static LongUnaryOperator[] sectorsFromEnd(int... sectors) {
    return IntStream.of(sectors)
        .<LongUnaryOperator>mapToObj(
            count -> sizeBytes -> (sizeBytes / SECTOR_BYTES - count) * SECTOR_BYTES)
        .toArray(LongUnaryOperator[]::new);
  }

  private static LongUnaryOperator[] in(LongUnaryOperator[] places, long bytes) {
    return Arrays.stream(places)
        .<LongUnaryOperator>map(place -> sizeBytes -> place.applyAsLong(sizeBytes) + bytes)
        .toArray(LongUnaryOperator[]::new);
  }

  /// Ten bytes before the end of the first page, of whatever size the machine's pages were.
  private static LongUnaryOperator[] endsOfPages() {
    return LongStream.of(4, 8, 16, 32, 64)
        .mapToObj(pageKib -> at(pageKib * KIB - 10))
        .toArray(LongUnaryOperator[]::new);
  }

  private static LongUnaryOperator[] luks2Copies() {
    return LongStream.of(16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
        .mapToObj(kib -> at(kib * KIB))
        .toArray(LongUnaryOperator[]::new);
  }

  /// Four labels of 256 KiB, two at either end, each with a ring of 128 slots in its upper half.
  private static LongUnaryOperator[] zfsUberblocks() {
    List<LongUnaryOperator> places = new ArrayList<>();
    for (int label = 0; label < 4; label++) {
      long labelKib = 256L * label;
      for (int slot = 0; slot < 128; slot++) {
        long inLabelsBytes = (labelKib + 128 + slot) * KIB;
        places.add(
            label < 2
                ? at(inLabelsBytes)
                : size -> size - size % (256 * KIB) - 1024 * KIB + inLabelsBytes);
      }
    }
    return places.toArray(LongUnaryOperator[]::new);
  }

  /// The last whole 64 KiB but one.
  private static long mdAtTheEnd(long sizeBytes) {
    return sizeBytes - sizeBytes % (64 * KIB) - 64 * KIB;
  }

  /// 8 KiB before the end, then down to a multiple of 4 KiB.
  private static long mdNearTheEnd(long sizeBytes) {
    long offsetBytes = sizeBytes / SECTOR_BYTES * SECTOR_BYTES - 8 * KIB;
    return offsetBytes - offsetBytes % (4 * KIB);
  }
}
