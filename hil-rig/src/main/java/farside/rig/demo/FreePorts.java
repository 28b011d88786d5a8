package farside.rig.demo;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// TCP ports of the loopback address that nobody listens on, for rigs that live for a moment.
///
/// A port that the kernel chose and that was given back may be chosen again at once, for somebody's
/// outgoing connection too. These lie below all that it chooses by itself, and none is handed out
/// twice by one process; another may still take one before we do, and then the site says so.
public final class FreePorts {
  private static final int FIRST = 20_000;

  /// Where Linux begins to choose by itself (ip_local_port_range).
  private static final int END = 32_768;

  private static final Set<Integer> TAKEN = new HashSet<>();

  private FreePorts() {}

  /// So many ports, all different. Any thread may ask.
  public static synchronized List<Integer> take(int count) throws IOException {
    List<Integer> ports = new ArrayList<>();
    while (ports.size() < count) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      if (isFree(port) && TAKEN.add(port)) {
        ports.add(port);
      }
    }
    return ports;
  }

  private static boolean isFree(int port) throws IOException {
    try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return probe.isBound();
    } catch (BindException taken) {
      return false;
    }
  }
}
