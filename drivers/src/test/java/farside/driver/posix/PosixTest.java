package farside.driver.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixTest {
  private static final int FLAGS = Posix.O_RDWR | Posix.O_CREAT | Posix.O_CLOEXEC;

  @TempDir
  Path directory;

  private Arena arena;
  private Path path;
  private int fd;

  @BeforeEach
  void openFile() {
    arena = Arena.ofConfined();
    path = directory.resolve("file");
    fd = Posix.open(path.toString(), FLAGS, 0600);
    assertThat(fd).isNotNegative();
  }

  @AfterEach
  void closeFile() {
    Posix.close(fd);
    arena.close();
  }

  @Test
  void failedCallAnswersMinusTheErrorNumber() {
    assertThat(Posix.open(directory.resolve("no/such").toString(), Posix.O_RDWR, 0))
        .isEqualTo(-Posix.ENOENT);
    assertThat(Posix.open(directory.toString(), Posix.O_RDWR, 0)).isEqualTo(-Posix.EISDIR);
    assertThat(Posix.pread(-1, 0, 0, 0)).isEqualTo(-9);
    assertThat(Posix.strerror(-Posix.ENOSPC)).isEqualTo("No space left on device");
  }

  @Test
  void whatIsWrittenInPiecesIsReadInPieces() throws IOException {
    MemorySegment bytes = arena.allocate(300);
    for (int index = 0; index < 300; index++) {
      bytes.set(JAVA_BYTE, index, (byte) (index * 7));
    }
    MemorySegment iovec = arena.allocate(2L * Posix.IOVEC_BYTES, 8);
    iovec.setAtIndex(JAVA_LONG, 0, bytes.address() + 200);
    iovec.setAtIndex(JAVA_LONG, 1, 100);
    iovec.setAtIndex(JAVA_LONG, 2, bytes.address());
    iovec.setAtIndex(JAVA_LONG, 3, 200);

    assertThat(Posix.pwritev(fd, iovec.address(), 2, 1000)).isEqualTo(300);
    assertThat(Posix.fdatasync(fd)).isZero();

    MemorySegment back = arena.allocate(300);
    iovec.setAtIndex(JAVA_LONG, 0, back.address() + 200);
    iovec.setAtIndex(JAVA_LONG, 2, back.address());
    assertThat(Posix.preadv(fd, iovec.address(), 2, 1000)).isEqualTo(300);
    assertThat(back.mismatch(bytes)).isEqualTo(-1);
    assertThat(Files.readAllBytes(path)[1000]).isEqualTo(bytes.get(JAVA_BYTE, 200));
  }

  @Test
  void factsOfAFileAreThoseThatJavaKnows() throws IOException {
    assertThat(Posix.ftruncate(fd, 1 << 20)).isZero();
    FileFacts facts = Posix.fstat(fd);

    assertThat(facts.errorNumber()).isZero();
    assertThat(facts.isRegularFile()).isTrue();
    assertThat(facts.sizeBytes()).isEqualTo(1 << 20);
    assertThat(facts.linkCount()).isEqualTo(1);
    assertThat(facts.inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
    assertThat(facts.allocatedBytes()).isZero();
    assertThat(Posix.fstat(-1).errorNumber()).isNegative();
  }

  @Test
  void punchedHoleReadsZeroAndKeepsTheSize() throws IOException {
    MemorySegment ones = arena.allocate(65536).fill((byte) 1);
    assertThat(Posix.pwrite(fd, ones.address(), 65536, 0)).isEqualTo(65536);

    int mode = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
    int result = Posix.fallocate(fd, mode, 4096, 8192);
    assumeTrue(result != -Posix.EOPNOTSUPP, "this file system cannot punch holes");

    assertThat(result).isZero();
    byte[] found = Files.readAllBytes(path);
    assertThat(found).hasSize(65536);
    assertThat(found[4095]).isEqualTo((byte) 1);
    assertThat(found[4096]).isZero();
    assertThat(found[12287]).isZero();
    assertThat(found[12288]).isEqualTo((byte) 1);
  }

  @Test
  void storeIntoAMappingIsInTheFile() throws IOException {
    assertThat(Posix.ftruncate(fd, 8192)).isZero();
    long address = Posix.mmap(8192, Posix.PROT_READ | Posix.PROT_WRITE, Posix.MAP_SHARED, fd, 0);
    assertThat(address).isPositive();
    Posix.view(address, 8192).set(JAVA_BYTE, 5000, (byte) 42);
    assertThat(Posix.msync(address, 8192, Posix.MS_SYNC)).isZero();
    assertThat(Posix.munmap(address, 8192)).isZero();

    assertThat(Files.readAllBytes(path)[5000]).isEqualTo((byte) 42);
    assertThat(Posix.mmap(8192, Posix.PROT_READ, Posix.MAP_SHARED, -1, 0)).isEqualTo(-9);
  }
}
