package farside.rig.endtoend;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/// A line between the two ends of a TCP link, which can be cut, or held without anybody being
/// told.
final class TcpRelay implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final ServerSocket listener;
  private final InetSocketAddress far;
  private final List<Socket> sockets = new ArrayList<>();
  private boolean isCut;
  private boolean isHeld;
  private boolean isClosed;

  /// @param far where the listening end of the link is
  TcpRelay(InetSocketAddress far) throws IOException {
    this.far = far;
    listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /// Both ends see their connection break, and no new one comes about.
  synchronized void cut() {
    isCut = true;
    sockets.forEach(TcpRelay::close);
    sockets.clear();
  }

  /// Nothing passes any more, and no end is told.
  synchronized void hold() {
    isHeld = true;
  }

  /// What was held goes on its way, late.
  synchronized void restore() {
    isCut = false;
    isHeld = false;
    notifyAll();
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      isClosed = true;
    }
    restore();
    cut();
    listener.close();
  }

  private void accept() {
    while (true) {
      try {
        Socket near = listener.accept();
        if (isCutNow()) {
          close(near);
          continue;
        }
        Socket away = new Socket(far.getAddress(), far.getPort());
        near.setTcpNoDelay(true);
        away.setTcpNoDelay(true);
        synchronized (this) {
          sockets.add(near);
          sockets.add(away);
        }
        Thread.ofVirtual().start(() -> pass(near, away));
        Thread.ofVirtual().start(() -> pass(away, near));
      } catch (IOException nobodyThere) {
        if (listener.isClosed()) {
          return;
        }
      }
    }
  }

  private synchronized boolean isCutNow() {
    return isCut;
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        awaitPassage();
        out.write(buffer, 0, count);
      }
    } catch (IOException | InterruptedException over) {
      // The other direction ends with this one.
    } finally {
      close(from);
      close(to);
    }
  }

  private synchronized void awaitPassage() throws InterruptedException {
    while (isHeld && !isClosed) {
      wait();
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      // That is what was wanted.
    }
  }
}
