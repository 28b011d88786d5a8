package farside.rig.host;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// A busy host: writes to random blocks of one volume over several connections until the far
/// end dies or it is told to stop, and lets a [WriteRecorder] know.
///
/// The blocks are dealt out to the connections, so that no two of them write the same one.
public final class LoadHost {
  private static final int RUN_MAX_BLOCKS = 4;
  private static final int REPLY_TIMEOUT_MS = 20_000;

  private final InetSocketAddress address;
  private final String volume;
  private final WriteRecorder recorder;
  private final int queueDepth;
  private int burstWrites = Integer.MAX_VALUE;
  private int pauseMs;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;
  private volatile String refusal = "";

  /// @param queueDepth writes that each connection keeps under way
  public LoadHost(
      InetSocketAddress address, String volume, WriteRecorder recorder, int queueDepth) {
    this.address = address;
    this.volume = volume;
    this.recorder = recorder;
    this.queueDepth = queueDepth;
  }

  /// Has each connection pause after so many writes, so that a long test leaves the processors to
  /// others; within a burst it writes as fast as ever. To be said before [#start].
  public LoadHost inBursts(int writes, int thenPauseMs) {
    burstWrites = writes;
    pauseMs = thenPauseMs;
    return this;
  }

  /// Begins to write. Fails if the volume cannot be opened.
  public void start(int connections, SplittableRandom random) throws IOException {
    int share = recorder.blockCount() / connections;
    for (int i = 0; i < connections; i++) {
      NbdClient client = NbdClient.connect(address, volume, REPLY_TIMEOUT_MS);
      int firstBlock = i * share;
      SplittableRandom draws = random.split();
      threads.add(Thread.ofPlatform()
          .name("load-host-" + i)
          .daemon()
          .start(() -> write(client, firstBlock, share, draws)));
    }
  }

  /// Ends after what is under way is answered, or the connection is gone.
  public void stop() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    }
    threads.clear();
  }

  /// The first write that was answered with an error; empty if none was.
  public String refusal() {
    return refusal;
  }

  private void write(NbdClient client, int shareStart, int share, SplittableRandom random) {
    Map<Long, int[]> underWay = new HashMap<>();
    boolean[] isBusy = new boolean[share];
    int leftOfBurst = burstWrites;
    try (client) {
      while (!stopping || !underWay.isEmpty()) {
        if (leftOfBurst <= 0 && !stopping && underWay.isEmpty()) {
          Thread.sleep(pauseMs);
          leftOfBurst = burstWrites;
        }
        while (leftOfBurst > 0 && !stopping && underWay.size() < queueDepth) {
          int count = 1 + random.nextInt(RUN_MAX_BLOCKS);
          int first = random.nextInt(share - count + 1);
          if (!isFree(isBusy, first, count)) {
            break;
          }
          setBusy(isBusy, first, count, true);
          byte[] payload = recorder.nextPayload(shareStart + first, count);
          long offsetBytes = (long) (shareStart + first) * BlockPattern.BLOCK_BYTES;
          leftOfBurst--;
          underWay.put(client.submitWrite(offsetBytes, payload, false), new int[] {first, count});
        }
        if (!underWay.isEmpty()) {
          NbdClient.Reply reply = client.awaitReply();
          int[] run = underWay.remove(reply.cookie());
          if (reply.error() != 0) {
            refusal = "a write to %s was answered with error %d".formatted(volume, reply.error());
            return;
          }
          setBusy(isBusy, run[0], run[1], false);
          recorder.onAcknowledged(shareStart + run[0], run[1]);
        }
      }
    } catch (SocketTimeoutException late) {
      refusal = "a write to %s was not answered within %d ms".formatted(volume, REPLY_TIMEOUT_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (IOException ended) {
      // The far end died under load, as it was meant to: what was under way stays in doubt.
      stopping = true;
    }
  }

  private static boolean isFree(boolean[] isBusy, int first, int count) {
    for (int i = first; i < first + count; i++) {
      if (isBusy[i]) {
        return false;
      }
    }
    return true;
  }

  private static void setBusy(boolean[] isBusy, int first, int count, boolean busy) {
    for (int i = first; i < first + count; i++) {
      isBusy[i] = busy;
    }
  }
}
