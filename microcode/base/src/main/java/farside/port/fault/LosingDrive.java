package farside.port.fault;

import farside.port.DriveFilter;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import java.util.ArrayDeque;
import java.util.TreeSet;
import org.agrona.collections.Long2ObjectHashMap;

/// A drive with latent errors: blocks that it cannot read until they are written anew.
///
/// A read that meets such a block does not reach the drive behind: it ends with a medium error
/// that names the first of them, and its memory holds noise, as it may after a real one.
public final class LosingDrive extends DriveFilter {
  private static final byte NOISE = (byte) 0xBD;

  private record Extent(long fromBlock, long toBlock) {}

  private record Failure(long tag, long firstBadByte) {}

  private final TreeSet<Long> lost = new TreeSet<>();
  private final ArrayDeque<Failure> failures = new ArrayDeque<>();
  private final Long2ObjectHashMap<Extent> rewriting = new Long2ObjectHashMap<>();

  public LosingDrive(DrivePort drive) {
    super(drive);
  }

  /// From now on these blocks cannot be read.
  public void lose(long offsetBytes, long lengthBytes) {
    for (long block = firstBlock(offsetBytes);
        block < endBlock(offsetBytes, lengthBytes);
        block++) {
      lost.add(block);
    }
  }

  private long firstBlock(long offsetBytes) {
    return offsetBytes / drive.blockBytes();
  }

  private long endBlock(long offsetBytes, long lengthBytes) {
    return (offsetBytes + lengthBytes + drive.blockBytes() - 1) / drive.blockBytes();
  }

  /// The first lost block of the extent, or null.
  private Long firstLost(long offsetBytes, long lengthBytes) {
    Long block = lost.ceiling(firstBlock(offsetBytes));
    return block != null && block < endBlock(offsetBytes, lengthBytes) ? block : null;
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    Long bad = firstLost(offsetBytes, lengthBytes);
    if (bad == null) {
      drive.submitRead(offsetBytes, address, lengthBytes, tag);
      return;
    }
    Memory.at(address, lengthBytes).fill(NOISE);
    fail(offsetBytes, bad, tag);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    Long bad = firstLost(offsetBytes, target.totalBytes());
    if (bad == null) {
      drive.submitRead(offsetBytes, target, tag);
      return;
    }
    for (int i = 0; i < target.count(); i++) {
      Memory.at(target.address(i), target.lengthBytes(i)).fill(NOISE);
    }
    fail(offsetBytes, bad, tag);
  }

  private void fail(long offsetBytes, long badBlock, long tag) {
    failures.add(new Failure(tag, Math.max(offsetBytes, badBlock * drive.blockBytes())));
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    remember(offsetBytes, source.totalBytes(), tag);
    drive.submitWrite(offsetBytes, source, tag);
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    remember(offsetBytes, source.totalBytes(), tag);
    drive.submitWriteThrough(offsetBytes, source, tag);
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    remember(offsetBytes, lengthBytes, tag);
    drive.submitZero(offsetBytes, lengthBytes, tag);
  }

  private void remember(long offsetBytes, long lengthBytes, long tag) {
    if (firstLost(offsetBytes, lengthBytes) != null) {
      rewriting.put(tag, new Extent(firstBlock(offsetBytes), endBlock(offsetBytes, lengthBytes)));
    }
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !failures.isEmpty()) {
      Failure failure = failures.poll();
      drained++;
      sink.onCompletion(failure.tag, DriveOutcome.MEDIUM_ERROR, failure.firstBadByte);
    }
    return drained
        + drive.drain(
            (tag, outcome, firstBadByte) -> {
              Extent written = rewriting.remove(tag);
              if (written != null && outcome == DriveOutcome.DONE) {
                lost.subSet(written.fromBlock, written.toBlock).clear();
              }
              sink.onCompletion(tag, outcome, firstBadByte);
            },
            limit - drained);
  }
}
