package farside.rig.host;

import java.util.ArrayList;
import java.util.List;

/// Remembers, for every block of a region, the newest version sent and the newest acknowledged,
/// and judges what is read back.
///
/// A block has at most one write under way: then it must hold the acknowledged version or the
/// one under way, and nothing else. What a judged read has returned counts as acknowledged from
/// then on, for a volume must not go back on what it has shown.
public final class WriteRecorder {
  private static final int COMPLAINTS_MAX = 10;

  private final long seed;
  private final int[] sent;
  private final int[] acknowledged;
  private final int[] flushed;

  /// Versions up to this one that are not the acknowledged one were lost, and stay so.
  private final int[] lost;

  private long acknowledgedCount;

  public WriteRecorder(long seed, int blockCount) {
    this.seed = seed;
    sent = new int[blockCount];
    acknowledged = new int[blockCount];
    flushed = new int[blockCount];
    lost = new int[blockCount];
  }

  public long seed() {
    return seed;
  }

  public int blockCount() {
    return sent.length;
  }

  /// The payload of a write that is about to be sent.
  public synchronized byte[] nextPayload(int firstBlock, int count) {
    byte[] payload = new byte[count * BlockPattern.BLOCK_BYTES];
    for (int i = 0; i < count; i++) {
      int version = ++sent[firstBlock + i];
      BlockPattern.fill(payload, i * BlockPattern.BLOCK_BYTES, seed, firstBlock + i, version);
    }
    return payload;
  }

  /// The write of these blocks that is under way was acknowledged.
  public synchronized void onAcknowledged(int firstBlock, int count) {
    for (int i = firstBlock; i < firstBlock + count; i++) {
      acknowledged[i] = sent[i];
    }
    acknowledgedCount++;
  }

  /// A flush is about to be sent; hand what is returned to [#onFlushed] when it was answered.
  public synchronized int[] beforeFlush() {
    return acknowledged.clone();
  }

  /// What was acknowledged before the flush was sent survives the loss of power.
  public synchronized void onFlushed(int[] beforeFlush) {
    for (int i = 0; i < flushed.length; i++) {
      flushed[i] = Math.max(flushed[i], beforeFlush[i]);
    }
  }

  /// Power was lost, and the memory of everybody who had more than the drives: only what was
  /// flushed is promised now, and anything newer may be there.
  public synchronized void loseUnflushed() {
    System.arraycopy(flushed, 0, acknowledged, 0, flushed.length);
  }

  /// Nothing is under way, and every block was judged: what did not show then must not come
  /// back.
  public synchronized void settle() {
    System.arraycopy(sent, 0, lost, 0, sent.length);
  }

  /// Writes acknowledged so far.
  public synchronized long acknowledgedCount() {
    return acknowledgedCount;
  }

  /// Blocks that hold an acknowledged write.
  public synchronized int acknowledgedBlocks() {
    int blocks = 0;
    for (int version : acknowledged) {
      blocks += version > 0 ? 1 : 0;
    }
    return blocks;
  }

  /// What is wrong with these blocks as read; empty if nothing is. For a reader that must see
  /// every acknowledged write, and whose word is final: the source of a pair.
  public synchronized List<String> judge(int firstBlock, byte[] content) {
    return judge(firstBlock, content, true);
  }

  /// As [#judge], for a reader whose word is not final: the target of a pair may hold a write
  /// that the source lost before it was acknowledged.
  public synchronized List<String> judgeMirror(int firstBlock, byte[] content) {
    return judge(firstBlock, content, false);
  }

  private List<String> judge(int firstBlock, byte[] content, boolean isFinal) {
    List<String> complaints = new ArrayList<>();
    for (int i = 0; i < content.length / BlockPattern.BLOCK_BYTES; i++) {
      int block = firstBlock + i;
      int found = BlockPattern.versionIn(content, i * BlockPattern.BLOCK_BYTES, seed, block);
      boolean isRight = found != BlockPattern.FOREIGN
          && (found == acknowledged[block]
              || found > Math.max(acknowledged[block], lost[block]) && found <= sent[block]);
      if (!isRight && complaints.size() < COMPLAINTS_MAX) {
        complaints.add("block %d holds %s, acknowledged is version %d, sent %d"
            .formatted(block, named(found), acknowledged[block], sent[block]));
      }
      if (isRight && isFinal) {
        acknowledged[block] = found;
      }
    }
    return complaints;
  }

  private static String named(int version) {
    return switch (version) {
      case BlockPattern.BLANK -> "nothing";
      case BlockPattern.FOREIGN -> "what was never written there";
      default -> "version " + version;
    };
  }
}
