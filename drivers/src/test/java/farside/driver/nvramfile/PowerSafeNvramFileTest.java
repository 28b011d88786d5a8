package farside.driver.nvramfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import farside.driver.netty.DiskIo;
import farside.driver.posix.Posix;
import farside.port.Memory;
import farside.port.NvramLogPort;
import farside.port.NvramPort;
import farside.port.NvramPort.Contents;
import farside.port.powersafe.DamageFinder.Damage;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.Outlet;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PowerSafeNvramFileTest {
  private static final int REGION_BYTES = 1 << 20;
  private static final UUID THIS_BOOT = new UUID(1, 2);
  private static final UUID NEXT_BOOT = new UUID(3, 4);

  @TempDir
  Path directory;

  private Path path;
  private Path logPath;
  private NvramLogFile log;
  private NvramFile nvram;

  /// What is found at the next opening.
  private List<Damage> damaged = List.of();

  @BeforeEach
  void choosePaths() {
    path = directory.resolve("nvram");
    logPath = directory.resolve("nvram-log");
    int fd = Posix.open(
        directory.resolve("probe").toString(), Posix.O_RDWR | Posix.O_CREAT | Posix.O_DIRECT, 0600);
    assumeThat(fd).as("direct I/O in " + directory).isNotNegative();
    Posix.close(fd);
  }

  /// Disk requests that are done at once, on this thread.
  private record DirectIo(int fd, DiskIo.Answers answers) implements DiskIo {
    @Override
    public void write(int slot, long offsetBytes, long address, int lengthBytes) {
      answers.onAnswer(slot, (int) Posix.pwrite(fd, address, lengthBytes, offsetBytes));
    }

    @Override
    public void read(int slot, long offsetBytes, long address, int lengthBytes) {
      answers.onAnswer(slot, (int) Posix.pread(fd, address, lengthBytes, offsetBytes));
    }

    @Override
    public void readVector(int slot, long offsetBytes, long iovecAddress, int count) {
      answers.onAnswer(slot, (int) Posix.preadv(fd, iovecAddress, count, offsetBytes));
    }

    @Override
    public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
      answers.onAnswer(slot, (int) Posix.pwritev(fd, iovecAddress, count, offsetBytes));
    }

    @Override
    public void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count) {
      answers.onAnswer(
          slot, (int) Posix.pwritev2(fd, iovecAddress, count, offsetBytes, Posix.RWF_DSYNC));
    }

    @Override
    public void syncData(int slot) {
      answers.onAnswer(slot, Posix.fdatasync(fd));
    }

    @Override
    public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
      answers.onAnswer(slot, Posix.fallocate(fd, mode, offsetBytes, lengthBytes));
    }

    @Override
    public void poll() {}

    @Override
    public void flushRound() {}

    @Override
    public void close() {}
  }

  /// A log whose device dies after a number of writes.
  private record DyingLog(NvramLogPort log, AtomicInteger writesLeft) implements NvramLogPort {
    @Override
    public String name() {
      return log.name();
    }

    @Override
    public long sizeBytes() {
      return log.sizeBytes();
    }

    @Override
    public void readNow(long offsetBytes, long address, int lengthBytes) {
      log.readNow(offsetBytes, address, lengthBytes);
    }

    @Override
    public void writeNow(long offsetBytes, long address, int lengthBytes) {
      if (writesLeft.getAndDecrement() <= 0) {
        throw new UncheckedIOException(new IOException("the power goes"));
      }
      log.writeNow(offsetBytes, address, lengthBytes);
    }

    @Override
    public void submit(long offsetBytes, long address, int lengthBytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Progress poll() {
      return Progress.NONE;
    }

    @Override
    public String lastError() {
      return "";
    }
  }

  private void useFilesOf(String site) {
    path = directory.resolve("nvram-" + site);
    logPath = directory.resolve("nvram-log-" + site);
  }

  private NvramPort open(UUID bootId) throws IOException {
    log = NvramLogFile.open(logPath, REGION_BYTES, DirectIo::new);
    nvram = NvramFile.openPowerSafe(path, REGION_BYTES, bootId, log, region -> damaged);
    return nvram.port();
  }

  private void close() {
    nvram.close();
    log.close();
  }

  /// A round that made this change, and whose change is in the log.
  private static void change(NvramPort port, long offset, long value) {
    Outlet outlet = new Outlet(((LoggedNvram) port).log());
    port.commit(offset, value);
    outlet.afterRound();
    outlet.beforeRound();
    assertThat(outlet.isIdle()).isTrue();
  }

  private void scramble() throws IOException {
    byte[] noise = new byte[REGION_BYTES];
    new Random(5).nextBytes(noise);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(4096);
      file.write(noise);
    }
  }

  @Test
  void underTheNextKernelTheRegionIsBuiltAnewFromTheLog() throws IOException {
    NvramPort port = open(THIS_BOOT);
    assertThat(port.isPowerSafe()).isTrue();
    change(port, 0, 42);
    change(port, 8192, 43);
    port.commit(16384, 44);
    close();
    scramble();

    NvramPort again = open(NEXT_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.REBUILT);
    assertThat(again.getLong(0)).isEqualTo(42);
    assertThat(again.getLong(8192)).isEqualTo(43);
    assertThat(again.getLong(16384)).as("never durable").isZero();
    close();

    scramble();
    NvramPort third = open(THIS_BOOT);
    assertThat(third.contents()).isEqualTo(Contents.REBUILT);
    assertThat(third.getLong(8192)).isEqualTo(43);
    close();
  }

  @Test
  void underTheSameKernelTheMappingIsBelieved() throws IOException {
    NvramPort port = open(THIS_BOOT);
    port.commit(0, 42);
    close();

    NvramPort again = open(THIS_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.KEPT);
    assertThat(again.getLong(0)).isEqualTo(42);
    close();
    scramble();
    assertThat(open(NEXT_BOOT).getLong(0)).isEqualTo(42);
    close();
  }

  @Test
  void whatChangedByItselfComesBackFromTheLogWhetherOrNotTheEndWasClean() throws IOException {
    for (boolean isClean : new boolean[] {false, true}) {
      NvramPort port = open(THIS_BOOT);
      change(port, 0, 1);
      change(port, 8192, 42);
      damaged = List.of(new Damage(8192, 8, Memory.crc32c(port.address() + 8192, 8)));
      if (isClean) {
        nvram.force();
        nvram.markClean();
      }
      close();
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.seek(4096 + 8192 + 3);
        file.write(77);
      }

      NvramPort again = open(THIS_BOOT);
      assertThat(again.contents()).isEqualTo(Contents.MENDED);
      assertThat(again.getLong(8192)).isEqualTo(42);
      close();
      damaged = List.of();
      scramble();
      assertThat(open(NEXT_BOOT).getLong(8192)).as("in the log that was begun").isEqualTo(42);
      nvram.force();
      nvram.markClean();
      close();
    }
  }

  @Test
  void aDamagedLogMeansLostAndSaysWhy() throws IOException {
    NvramPort port = open(THIS_BOOT);
    change(port, 0, 42);
    close();
    try (RandomAccessFile file = new RandomAccessFile(logPath.toFile(), "rw")) {
      file.seek(8192);
      file.write(77);
    }

    NvramPort again = open(NEXT_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.LOST);
    assertThat(again.lossReason()).contains("nvram-log");
    assertThat(again.getLong(0)).isZero();
    close();
    assertThat(open(NEXT_BOOT).contents()).isEqualTo(Contents.LOST);
    change(nvram.port(), 0, 1);
    close();
    assertThat(open(THIS_BOOT).contents()).isEqualTo(Contents.REBUILT);
    close();
  }

  @Test
  void anOldLogIsNotBelievedAfterARunWithoutIt() throws IOException {
    NvramPort port = open(THIS_BOOT);
    change(port, 0, 42);
    nvram.force();
    nvram.markClean();
    close();
    NvramFile plain = NvramFile.open(path, REGION_BYTES, NEXT_BOOT);
    assertThat(plain.contents()).isEqualTo(Contents.KEPT);
    plain.commit(0, 43);
    plain.close();

    assertThat(open(THIS_BOOT).contents()).isEqualTo(Contents.LOST);
    close();
  }

  @Test
  void whatOnlyTheLogHasIsNotForgottenBecauseTheRigForgotTheLog() throws IOException {
    NvramPort port = open(THIS_BOOT);
    change(port, 0, 42);
    close();

    assertThatThrownBy(() -> NvramFile.open(path, REGION_BYTES, NEXT_BOOT))
        .hasMessageContaining("nvram: power-safe");
    assertThat(open(NEXT_BOOT).getLong(0)).isEqualTo(42);
    close();
  }

  @Test
  void aFileOfSomethingElseIsNotWrittenOver() throws IOException {
    byte[] precious = new byte[1 << 16];
    new Random(1).nextBytes(precious);
    Files.write(logPath, precious);

    assertThatThrownBy(() -> open(THIS_BOOT))
        .hasMessageContaining("not the log of an NVRAM of this size")
        .hasMessageContaining("Nothing was changed");
    assertThat(Files.readAllBytes(logPath)).isEqualTo(precious);
  }

  /// Two sites, each of which has stored a number.
  private void runTwoSites() throws IOException {
    for (String site : List.of("A", "B")) {
      useFilesOf(site);
      change(open(THIS_BOOT), 0, site.charAt(0));
      close();
    }
  }

  private void assertRefusedUnchanged(UUID bootId) throws IOException {
    byte[] nvramBefore = Files.readAllBytes(path);
    byte[] logBefore = Files.readAllBytes(logPath);
    assertThatThrownBy(() -> open(bootId))
        .hasMessageContaining("log of another NVRAM")
        .hasMessageContaining("Nothing was changed")
        .hasMessageContaining("nvramLog");
    log.close();
    assertThat(Files.readAllBytes(path)).isEqualTo(nvramBefore);
    assertThat(Files.readAllBytes(logPath)).isEqualTo(logBefore);
  }

  private void assertBothSitesAreRebuilt() throws IOException {
    for (String site : List.of("A", "B")) {
      useFilesOf(site);
      NvramPort port = open(NEXT_BOOT);
      assertThat(port.contents()).isEqualTo(Contents.REBUILT);
      assertThat(port.getLong(0)).isEqualTo(site.charAt(0));
      close();
    }
  }

  @Test
  void theLogOfAnotherNvramIsRefusedAndNeitherIsChanged() throws IOException {
    runTwoSites();
    useFilesOf("A");
    logPath = directory.resolve("nvram-log-B");
    assertRefusedUnchanged(NEXT_BOOT);
    assertRefusedUnchanged(THIS_BOOT);
    assertBothSitesAreRebuilt();
  }

  @Test
  void aNewNvramDoesNotWriteOverTheLogOfOneThatIsGone() throws IOException {
    change(open(THIS_BOOT), 0, 42);
    close();
    Files.move(path, directory.resolve("gone"));
    Files.createFile(path);
    byte[] logBefore = Files.readAllBytes(logPath);

    assertThatThrownBy(() -> open(THIS_BOOT)).hasMessageContaining("log of another NVRAM");
    log.close();
    assertThat(Files.readAllBytes(logPath)).isEqualTo(logBefore);
    Files.delete(logPath);
    assertThat(open(THIS_BOOT).contents()).isEqualTo(Contents.BLANK);
    close();
  }

  @Test
  void aLogThatWasMovedAwayIsBegunAnew() throws IOException {
    change(open(THIS_BOOT), 0, 42);
    close();
    Files.delete(logPath);

    assertThat(open(THIS_BOOT).getLong(0)).isEqualTo(42);
    close();
    assertThat(open(NEXT_BOOT).contents()).isEqualTo(Contents.REBUILT);
    close();
  }

  @Test
  void aLossOfPowerAtTheFirstStartDoesNotMakeTheLogAnothers() throws IOException {
    boolean begun = false;
    for (int writes = 0; !begun; writes = 2 * writes + 1) {
      Files.deleteIfExists(path);
      Files.deleteIfExists(logPath);
      log = NvramLogFile.open(logPath, REGION_BYTES, DirectIo::new);
      DyingLog dying = new DyingLog(log, new AtomicInteger(writes));
      try {
        NvramFile.openPowerSafe(path, REGION_BYTES, THIS_BOOT, dying, region -> damaged)
            .close();
        begun = true;
      } catch (IOException died) {
        assertThat(died).hasMessageContaining("the power goes");
      }
      log.close();
      NvramPort port = open(NEXT_BOOT);
      assertThat(port.getLong(0)).isZero();
      change(port, 0, 42);
      close();
      scramble();
      assertThat(open(THIS_BOOT).getLong(0)).isEqualTo(42);
      close();
    }
  }

  /// Makes the files of a site what a program left that knew no ids.
  private void forgetIds() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (long copy : new long[] {0, 2048}) {
        file.seek(copy + 72);
        file.write(new byte[12]);
      }
    }
    try (RandomAccessFile file = new RandomAccessFile(logPath.toFile(), "rw")) {
      for (long page = 0; page < file.length(); page += 4096) {
        file.seek(page);
        byte[] magic = new byte[8];
        file.readFully(magic);
        if (new String(magic, StandardCharsets.US_ASCII).equals("FARNVLOG")) {
          file.seek(page + 52);
          file.write(new byte[12]);
        }
      }
    }
  }

  @Test
  void aLogWithoutAnIdIsTakenByTheNvramThatNamesItsEpochAndByNoOther() throws IOException {
    runTwoSites();
    for (String site : List.of("A", "B")) {
      useFilesOf(site);
      forgetIds();
    }
    useFilesOf("A");
    logPath = directory.resolve("nvram-log-B");
    assertRefusedUnchanged(NEXT_BOOT);
    assertBothSitesAreRebuilt();
    useFilesOf("A");
    logPath = directory.resolve("nvram-log-B");
    assertRefusedUnchanged(NEXT_BOOT);
  }

  @Test
  void aLogThatHasNoRoomIsRefusedWithTheCure() throws IOException {
    Files.createFile(logPath);
    try (RandomAccessFile file = new RandomAccessFile(logPath.toFile(), "rw")) {
      file.setLength(1L << 40);
    }

    assertThatThrownBy(() -> open(THIS_BOOT)).hasMessageContaining("nvramLog");
  }
}
