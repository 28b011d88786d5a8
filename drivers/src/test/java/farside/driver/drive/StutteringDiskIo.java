package farside.driver.drive;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import farside.driver.netty.DiskIo;
import farside.driver.posix.Posix;
import farside.port.Memory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Random;

/// A kernel in a bad mood: moves a part of what is asked, is interrupted, answers in any order,
/// and cannot punch holes. The file behind it is real.
public final class StutteringDiskIo implements DiskIo {
  private record Answer(int slot, int result) {}

  private final int fd;
  private final Answers answers;
  private final Random random;
  private final ArrayDeque<Answer> ready = new ArrayDeque<>();
  /// Bytes of the file that cannot be read or written; none if -1.
  public long badByte = -1;

  public int nextFailure;
  public boolean punchingRefused = true;

  public StutteringDiskIo(int fd, Answers answers, Random random) {
    this.fd = fd;
    this.answers = answers;
    this.random = random;
  }

  private void answer(int slot, long result) {
    if (random.nextBoolean()) {
      ready.addFirst(new Answer(slot, (int) result));
    } else {
      ready.addLast(new Answer(slot, (int) result));
    }
  }

  /// Bytes to move of those asked, or minus an error number.
  private int mood(long offsetBytes, int lengthBytes) {
    if (nextFailure != 0) {
      int failure = nextFailure;
      nextFailure = 0;
      return failure;
    }
    if (random.nextInt(4) == 0) {
      return random.nextBoolean() ? -Posix.EINTR : -Posix.EAGAIN;
    }
    int moved = 1 + random.nextInt(lengthBytes);
    if (badByte >= offsetBytes && badByte < offsetBytes + lengthBytes) {
      return badByte == offsetBytes ? -Posix.EIO : (int) Math.min(moved, badByte - offsetBytes);
    }
    return moved;
  }

  @Override
  public void read(int slot, long offsetBytes, long address, int lengthBytes) {
    int moved = mood(offsetBytes, lengthBytes);
    answer(slot, moved < 0 ? moved : Posix.pread(fd, address, moved, offsetBytes));
  }

  @Override
  public void write(int slot, long offsetBytes, long address, int lengthBytes) {
    int moved = mood(offsetBytes, lengthBytes);
    answer(slot, moved < 0 ? moved : Posix.pwrite(fd, address, moved, offsetBytes));
  }

  @Override
  public void readVector(int slot, long offsetBytes, long iovecAddress, int count) {
    vector(slot, offsetBytes, iovecAddress, count, false);
  }

  @Override
  public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
    vector(slot, offsetBytes, iovecAddress, count, true);
  }

  @Override
  public void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count) {
    vector(slot, offsetBytes, iovecAddress, count, true);
  }

  private void vector(int slot, long offsetBytes, long iovecAddress, int count, boolean isWrite) {
    MemorySegment iovec = Memory.at(iovecAddress, (long) count * Posix.IOVEC_BYTES);
    long totalBytes = 0;
    for (int index = 0; index < count; index++) {
      totalBytes += iovec.getAtIndex(JAVA_LONG, index * 2L + 1);
    }
    int moved = mood(offsetBytes, (int) totalBytes);
    if (moved < 0) {
      answer(slot, moved);
      return;
    }
    int leftBytes = moved;
    long atBytes = offsetBytes;
    for (int index = 0; index < count && leftBytes > 0; index++) {
      int pieceBytes = (int) Math.min(leftBytes, iovec.getAtIndex(JAVA_LONG, index * 2L + 1));
      long address = iovec.getAtIndex(JAVA_LONG, index * 2L);
      if (isWrite) {
        Posix.pwrite(fd, address, pieceBytes, atBytes);
      } else {
        Posix.pread(fd, address, pieceBytes, atBytes);
      }
      atBytes += pieceBytes;
      leftBytes -= pieceBytes;
    }
    answer(slot, moved);
  }

  @Override
  public void syncData(int slot) {
    int failure = nextFailure;
    nextFailure = 0;
    answer(slot, failure);
  }

  @Override
  public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
    int failure = nextFailure;
    nextFailure = 0;
    answer(slot, punchingRefused ? -Posix.EOPNOTSUPP : failure);
  }

  @Override
  public void poll() {
    int count = ready.size();
    for (int index = 0; index < count; index++) {
      Answer answer = ready.poll();
      answers.onAnswer(answer.slot, answer.result);
    }
  }

  @Override
  public void flushRound() {}

  @Override
  public void close() {}
}
