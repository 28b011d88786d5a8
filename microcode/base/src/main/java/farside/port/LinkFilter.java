package farside.port;

import org.agrona.DirectBuffer;

/// Stands in front of a link and passes everything on; what a filter does otherwise it
/// overrides.
public abstract class LinkFilter implements LinkPort {
  protected final LinkPort link;

  protected LinkFilter(LinkPort link) {
    this.link = link;
  }

  @Override
  public String name() {
    return link.name();
  }

  @Override
  public boolean hasCarrier() {
    return link.hasCarrier();
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    return link.submit(header, headerBytes, payloadAddress, payloadBytes, tag);
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    return link.drain(sink, limit);
  }

  @Override
  public void vary(boolean on) {
    link.vary(on);
  }

  @Override
  public boolean isVariedOn() {
    return link.isVariedOn();
  }

  @Override
  public void hangUp(String reason) {
    link.hangUp(reason);
  }

  @Override
  public long sentFrames() {
    return link.sentFrames();
  }

  @Override
  public long sentBytes() {
    return link.sentBytes();
  }

  @Override
  public long receivedFrames() {
    return link.receivedFrames();
  }

  @Override
  public long receivedBytes() {
    return link.receivedBytes();
  }

  @Override
  public String description() {
    return link.description();
  }
}
