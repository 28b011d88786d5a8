package farside.replay;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/// Writes the facts of one cabinet to a file, on a thread of its own.
///
/// The cabinet's thread only puts blocks into a bounded queue and never waits for the file, so
/// recording delays no host. When the file cannot keep up, or fails, the recording ends where it
/// is, and says why; the cabinet goes on. A recording with a hole would be of no use, and a host
/// that waits for a test's recording would spoil the test.
///
/// Blocks reach the kernel within some milliseconds, and so survive `kill -9`. Nothing is synced:
/// the loss of the machine's power may cost the end.
public final class RecordingFile implements FactSink, AutoCloseable {
  /// What may wait for the file.
  static final long QUEUED_MAX_BYTES = 128L << 20;

  private static final int BLOCK_BYTES = 64 << 10;
  private static final int BLOCKS_MAX = 1 << 14;
  private static final long POLL_NS = 1_000_000;
  private static final long CLOSE_MAX_MS = 10_000;

  private final OneToOneConcurrentArrayQueue<byte[]> blocks =
      new OneToOneConcurrentArrayQueue<>(BLOCKS_MAX);
  private final AtomicLong queuedBytes = new AtomicLong();
  private final Path path;
  private final FileChannel file;
  private final long queuedMaxBytes;
  private final Thread writer;
  private ByteArrayOutputStream block = new ByteArrayOutputStream(2 * BLOCK_BYTES);
  private boolean mayWait = true;
  private volatile boolean isClosing;
  private volatile String trouble = "";

  private RecordingFile(Path path, FileChannel file, long queuedMaxBytes) {
    this.path = path;
    this.file = file;
    this.queuedMaxBytes = queuedMaxBytes;
    writer = new Thread(this::write, "recording-" + path.getFileName());
    writer.setDaemon(true);
  }

  /// Begins a recording.
  ///
  /// @throws IOException with the cure, if there is such a file already, or it cannot be made
  public static RecordingFile create(Path path) throws IOException {
    return create(path, QUEUED_MAX_BYTES);
  }

  static RecordingFile create(Path path, long queuedMaxBytes) throws IOException {
    FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    RecordingFile made = new RecordingFile(path, file, queuedMaxBytes);
    try {
      made.writeAll(ByteBuffer.wrap(RecordingFormat.magic()));
    } catch (IOException failure) {
      file.close();
      throw failure;
    }
    made.writer.start();
    return made;
  }

  @Override
  public void accept(Fact fact) {
    if (!trouble.isEmpty()) {
      return;
    }
    FactFormat.encode(fact, block);
    if (block.size() >= BLOCK_BYTES) {
      handOver();
    }
  }

  @Override
  public void onRoundEnd(boolean isIdle) {
    // From the first round on hosts may be waiting.
    mayWait = false;
    if (isIdle) {
      handOver();
    }
  }

  @Override
  public String trouble() {
    return trouble;
  }

  private void handOver() {
    if (block.size() == 0 || !trouble.isEmpty()) {
      return;
    }
    byte[] facts = block.toByteArray();
    block.reset();
    while (mayWait && queuedBytes.get() > 0 && queuedBytes.get() + facts.length > queuedMaxBytes) {
      LockSupport.parkNanos(POLL_NS);
    }
    if (queuedBytes.addAndGet(facts.length) > queuedMaxBytes || !blocks.offer(facts)) {
      trouble = path + " is not written as fast as the cabinet works";
      block = new ByteArrayOutputStream(0);
    }
  }

  private void write() {
    try {
      // Closing is looked at before the queue: what was put there before is then found.
      boolean isLast = false;
      while (!isLast || !blocks.isEmpty()) {
        isLast = isClosing;
        byte[] next = blocks.poll();
        if (next != null) {
          writeAll(RecordingFormat.head(next));
          writeAll(ByteBuffer.wrap(next));
          queuedBytes.addAndGet(-next.length);
        } else if (!isLast) {
          LockSupport.parkNanos(POLL_NS);
        }
      }
    } catch (IOException failure) {
      trouble = path + " cannot be written: " + failure.getMessage();
      // Nobody is to wait for it.
      queuedBytes.set(0);
    }
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  /// Writes what is left, for a while, and lets go of the file. The cabinet has stopped.
  @Override
  public void close() {
    if (isClosing) {
      return;
    }
    handOver();
    isClosing = true;
    try {
      writer.join(CLOSE_MAX_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      file.close();
    } catch (IOException failure) {
      trouble = path + " cannot be closed: " + failure.getMessage();
    }
  }
}
