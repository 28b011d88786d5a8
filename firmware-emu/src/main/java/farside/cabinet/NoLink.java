package farside.cabinet;

import farside.port.LinkPort;
import org.agrona.DirectBuffer;

/// The link of a cabinet that has none: never any carrier.
final class NoLink implements LinkPort {
  @Override
  public String name() {
    return "-";
  }

  @Override
  public boolean hasCarrier() {
    return false;
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    return SENT;
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    return 0;
  }

  @Override
  public void vary(boolean on) {}

  @Override
  public boolean isVariedOn() {
    return false;
  }

  @Override
  public long sentFrames() {
    return 0;
  }

  @Override
  public long sentBytes() {
    return 0;
  }

  @Override
  public long receivedFrames() {
    return 0;
  }

  @Override
  public long receivedBytes() {
    return 0;
  }

  @Override
  public String description() {
    return "no link";
  }
}
