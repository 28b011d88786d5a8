package farside.driver.nvramfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import farside.driver.netty.DiskIo;
import farside.driver.posix.Posix;
import farside.port.NvramPort;
import farside.port.NvramPort.Contents;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.Outlet;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
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
      throw new UnsupportedOperationException();
    }

    @Override
    public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void syncData(int slot) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void poll() {}

    @Override
    public void flushRound() {}

    @Override
    public void close() {}
  }

  private NvramPort open(UUID bootId) throws IOException {
    log = NvramLogFile.open(logPath, REGION_BYTES, DirectIo::new);
    nvram = NvramFile.openPowerSafe(path, REGION_BYTES, bootId, log);
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

  @Test
  void aLogThatHasNoRoomIsRefusedWithTheCure() throws IOException {
    Files.createFile(logPath);
    try (RandomAccessFile file = new RandomAccessFile(logPath.toFile(), "rw")) {
      file.setLength(1L << 40);
    }

    assertThatThrownBy(() -> open(THIS_BOOT)).hasMessageContaining("nvramLog");
  }
}
