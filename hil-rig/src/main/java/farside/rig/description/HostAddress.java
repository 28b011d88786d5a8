package farside.rig.description;

import java.net.InetSocketAddress;
import java.util.Set;

/// HOST:PORT, as a rig writes it.
///
/// @param host a name or an address; an IPv6 address without its brackets
public record HostAddress(String host, int port) {
  private static final Set<String> EVERYWHERE = Set.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0");

  /// Takes what the schema let through; the port may still be too large.
  static HostAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, colon);
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return new HostAddress(host, Integer.parseInt(text.substring(colon + 1)));
  }

  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(host, port);
  }

  /// True if two listeners of one machine cannot have both.
  boolean clashesWith(HostAddress other) {
    return port == other.port
        && (host.equalsIgnoreCase(other.host)
            || EVERYWHERE.contains(host)
            || EVERYWHERE.contains(other.host));
  }

  /// True if only this machine can be meant; by what is written, nothing is looked up.
  public boolean isThisMachineAlone() {
    return host.matches("127(\\.[0-9]{1,3}){3}")
        || host.equals("::1")
        || host.equalsIgnoreCase("localhost");
  }

  /// A host on this machine finds the listener here, also when it listens everywhere.
  public String reachedAt() {
    if (EVERYWHERE.contains(host)) {
      return (host.contains(":") ? "[::1]" : "127.0.0.1") + ":" + port;
    }
    return toString();
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
