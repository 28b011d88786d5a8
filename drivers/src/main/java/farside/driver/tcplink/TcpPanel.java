package farside.driver.tcplink;

import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import io.netty.channel.IoEventLoop;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/// The TCP links of a cabinet: those of its rig, and those that the operator plugs in and pulls
/// out while it runs.
///
/// An address that is in use by somebody else is no obstacle, but the new link's trouble: it tries
/// again until the address is free, as a link of the rig does. Only another link of this cabinet,
/// which will keep it, is in the way.
///
/// Everything but [#wire] happens on the thread of the event loop.
public final class TcpPanel implements PatchPanelPort, RoundFlush {
  private static final int PORT_MAX = 65_535;

  private final IoEventLoop loop;
  private final Transport transport;
  private final List<TcpLink> links = new ArrayList<>();

  public TcpPanel(IoEventLoop loop, Transport transport) {
    this.loop = loop;
    this.transport = transport;
  }

  /// A link of the rig, which looks for its far end from [#open] on.
  public LinkPort wire(String name, End end, InetSocketAddress address) {
    TcpLink link = new TcpLink(
        name,
        end == End.LISTEN ? TcpLink.Role.LISTEN : TcpLink.Role.CONNECT,
        address,
        loop,
        transport);
    links.add(link);
    return link;
  }

  public void open() {
    links.forEach(TcpLink::open);
  }

  @Override
  public String obstacle(End end, String address) {
    InetSocketAddress wanted = parsed(address);
    if (wanted == null) {
      return address + " is no IP address with a port from 1 to " + PORT_MAX
          + ". Give one such as 192.0.2.7:11809 or [2001:db8::7]:11809.";
    }
    if (end == End.CONNECT && wanted.getAddress().isAnyLocalAddress()) {
      return "Nobody can be called at " + address
          + ", which means every address of a machine. Give one address of the peer.";
    }
    for (TcpLink link : links) {
      if (end == End.CONNECT && link.isCalledAt(wanted)) {
        return "Link " + link.name() + " of this very cabinet listens at " + address
            + ". Give the address of the peer.";
      }
      if (link.clashesWith(end == End.LISTEN, wanted)) {
        return "Link " + link.name() + " has the address " + address
            + " already. Give another port at both sites, or remove that link first.";
      }
    }
    return "";
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    LinkPort link = wire(name, end, parsed(address));
    links.getLast().open();
    return link;
  }

  @Override
  public void pull(LinkPort link) {
    TcpLink pulled = (TcpLink) link;
    pulled.close();
    links.remove(pulled);
  }

  @Override
  public void flushRound() {
    for (int i = 0; i < links.size(); i++) {
      links.get(i).flushRound();
    }
  }

  /// Null if it is no address: nothing is looked up, since that would hold up the cabinet.
  private static InetSocketAddress parsed(String address) {
    int colon = address.lastIndexOf(':');
    String ip = colon < 0 ? "" : address.substring(0, colon);
    boolean isBracketed = ip.startsWith("[") && ip.endsWith("]");
    byte[] bytes = isBracketed || NetUtil.isValidIpV4Address(ip)
        ? NetUtil.createByteArrayFromIpAddressString(ip)
        : null;
    String port = address.substring(colon + 1);
    int number = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
    if (bytes == null || number < 1 || number > PORT_MAX) {
      return null;
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), number);
    } catch (UnknownHostException wrongLength) {
      return null;
    }
  }
}
