package farside.driver.nbd;

import farside.driver.netty.Transport;
import io.netty.channel.ManualIoEventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// An NBD head on a thread of its own, with a fake channel adapter behind it: the processor in
/// miniature.
final class HeadBench implements AutoCloseable {
  private static final int DRAIN_MAX = 64;
  private static final long IDLE_MAX_NS = 10_000_000;

  final NbdHead head;
  final FakeChannelAdapter adapter;
  InetSocketAddress address;
  private final Future<InetSocketAddress> bound;
  private final ManualIoEventLoop loop;
  private final Thread thread;
  private volatile boolean isStopping;
  private volatile Throwable failure;

  /// A bench that listens at a free port, or says why it does not.
  HeadBench(Transport transport, long sizeBytes, Consumer<FakeChannelAdapter> exports)
      throws Exception {
    this(
        transport,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        1,
        sizeBytes,
        exports);
    awaitListening();
  }

  /// A bench whose hosts must speak TLS.
  HeadBench(long sizeBytes, NbdTls tls, Consumer<FakeChannelAdapter> exports) throws Exception {
    this(
        Transport.best(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        tls,
        1,
        sizeBytes,
        exports);
    awaitListening();
  }

  /// A bench that tries to listen at that address, so many times.
  HeadBench(
      Transport transport,
      InetSocketAddress wanted,
      int bindTriesMax,
      long sizeBytes,
      Consumer<FakeChannelAdapter> exports) {
    this(transport, wanted, null, bindTriesMax, sizeBytes, exports);
  }

  private HeadBench(
      Transport transport,
      InetSocketAddress wanted,
      NbdTls tls,
      int bindTriesMax,
      long sizeBytes,
      Consumer<FakeChannelAdapter> exports) {
    loop = new ManualIoEventLoop(null, transport.ioHandlerFactory());
    head = new NbdHead(loop, transport, wanted, tls, bindTriesMax);
    adapter = new FakeChannelAdapter(head, sizeBytes);
    exports.accept(adapter);
    thread = new Thread(this::run, "nbd-head-bench");
    thread.setDaemon(true);
    thread.start();
    bound = head.listen();
  }

  void awaitListening() throws Exception {
    address = bound.get(10, TimeUnit.SECONDS);
  }

  private void run() {
    try {
      loop.setOwningThread(Thread.currentThread());
      int done = 0;
      while (!isStopping) {
        if (done > 0) {
          loop.runNow();
        } else {
          loop.run(IDLE_MAX_NS);
        }
        done = head.drain(adapter, DRAIN_MAX) + adapter.work();
        head.flushRound();
      }
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      while (!loop.isTerminated()) {
        loop.run(IDLE_MAX_NS);
      }
    } catch (Throwable thrown) {
      failure = thrown;
    }
  }

  /// Runs something between two rounds, on the head's own thread.
  <T> T between(Callable<T> action) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(() -> {
      try {
        result.complete(action.call());
      } catch (Throwable thrown) {
        result.completeExceptionally(thrown);
      }
    });
    return result.get(10, TimeUnit.SECONDS);
  }

  void change(Runnable action) throws Exception {
    var _ = between(() -> {
      action.run();
      return "";
    });
  }

  @Override
  public void close() {
    isStopping = true;
    loop.wakeup();
    try {
      thread.join(10_000);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new AssertionError("the head's thread died", failure);
    }
    adapter.arena.close();
  }
}
