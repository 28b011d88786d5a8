package farside.rig.host;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Writes or reads a recorded region from end to end.
public final class RecordedRegion {
  /// Blocks in one request: 256 KiB.
  private static final int REQUEST_BLOCKS = 64;

  private static final int QUEUE_DEPTH = 8;

  private RecordedRegion() {}

  /// Writes every block of the region once, then flushes.
  public static void writeAll(NbdClient host, WriteRecorder recorder) throws IOException {
    int sent = 0;
    int answered = 0;
    while (answered < recorder.blockCount()) {
      while (sent < recorder.blockCount() && sent - answered < QUEUE_DEPTH * REQUEST_BLOCKS) {
        int count = Math.min(REQUEST_BLOCKS, recorder.blockCount() - sent);
        host.submitWrite(
            (long) sent * BlockPattern.BLOCK_BYTES, recorder.nextPayload(sent, count), false);
        sent += count;
      }
      NbdClient.Reply reply = host.awaitReply();
      if (reply.error() != 0) {
        throw new NbdException("a write failed with error " + reply.error(), reply.error());
      }
      answered += Math.min(REQUEST_BLOCKS, recorder.blockCount() - answered);
    }
    recorder.onAcknowledged(0, recorder.blockCount());
    host.flush();
  }

  /// Reads the region and has it judged; empty if all is well.
  ///
  /// @param isFinal true for the source of a pair, see [WriteRecorder#judgeMirror]
  public static List<String> judgeAll(NbdClient host, WriteRecorder recorder, boolean isFinal)
      throws IOException {
    List<String> complaints = new ArrayList<>();
    for (int first = 0; first < recorder.blockCount(); first += REQUEST_BLOCKS) {
      int count = Math.min(REQUEST_BLOCKS, recorder.blockCount() - first);
      byte[] content =
          host.read((long) first * BlockPattern.BLOCK_BYTES, count * BlockPattern.BLOCK_BYTES);
      complaints.addAll(
          isFinal ? recorder.judge(first, content) : recorder.judgeMirror(first, content));
    }
    return complaints;
  }
}
