package farside.driver.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Keeps the system from pacing what one process of this machine sends to another.
///
/// A congestion control that paces (BBR, some systems' default) sends at the rate that it has
/// measured, by timers. On a network that is for the system's owner to choose, and stays as it
/// is. Between two processes of one machine there is no queue to keep short: a frame waits for a
/// timer, and the timers cost a fifth of the processor time of a long mirrored write.
public final class Pacing {
  /// Numbers of Linux, `IPPROTO_TCP` and `TCP_CONGESTION`.
  private static final int TCP = 6;

  private static final int CONGESTION = 13;

  /// Every kernel has it, anybody may choose it, and it never paces by itself.
  private static final String UNPACED = "reno";

  private Pacing() {}

  /// To be called before the channel listens or connects: a connection that was paced once stays
  /// so. What a listener accepts has it from the listener. Where it cannot be had, by the
  /// transport or by the system, the channel stays as it is.
  ///
  /// @param address where the channel is going to listen, or to connect to
  public static void avoid(Channel channel, InetSocketAddress address) {
    if (address.getAddress().isLoopbackAddress()) {
      control(channel, UNPACED);
    }
  }

  static void control(Channel channel, String name) {
    var option = new RawUnixChannelOption("TCP_CONGESTION", TCP, CONGESTION, name.length());
    try {
      channel.config().setOption(option, ByteBuffer.wrap(name.getBytes(StandardCharsets.US_ASCII)));
    } catch (ChannelException _) {
      // The system's owner may forbid it (tcp_allowed_congestion_control): that costs only speed.
    }
  }
}
