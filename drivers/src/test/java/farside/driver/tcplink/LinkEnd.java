package farside.driver.tcplink;

import farside.driver.netty.Transport;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import io.netty.channel.IoEventLoop;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/// One end of a link, with whoever drains it: notes frames, carrier facts and freed payloads. It
/// has a place for two of three payloads that it is asked about.
final class LinkEnd implements LinkPort.LinkSink {
  final TcpLink link;
  final List<byte[]> frames = new ArrayList<>();
  final List<String> carrierFacts = new ArrayList<>();
  final List<Long> freedTags = new ArrayList<>();
  int drainLimit = 64;
  boolean isDraining = true;
  int placesAsked;
  int placesGiven;
  int placesFreed;
  private MemorySegment place;

  LinkEnd(String name, TcpLink.Role role, int port, IoEventLoop loop, Transport transport) {
    this(new TcpLink(
        name,
        role,
        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port),
        loop,
        transport));
  }

  LinkEnd(TcpLink link) {
    this.link = link;
  }

  void work() {
    if (isDraining) {
      link.drain(this, drainLimit);
    }
    link.flushRound();
  }

  boolean isUp() {
    return link.hasCarrier()
        && !carrierFacts.isEmpty()
        && carrierFacts.getLast().startsWith("up");
  }

  boolean isDown() {
    return !link.hasCarrier()
        && !carrierFacts.isEmpty()
        && carrierFacts.getLast().startsWith("down");
  }

  /// Sends a frame whose payload lies in memory of its own, which stays for ever.
  int send(byte[] frame, long tag) {
    FrameHeaderFlyweight header =
        new FrameHeaderFlyweight().wrapForReading(new UnsafeBuffer(frame), 0);
    int payloadBytes = header.payloadBytes();
    int headerBytes = frame.length - payloadBytes;
    MemorySegment payload = Arena.ofAuto().allocate(Math.max(1, payloadBytes));
    MemorySegment.copy(frame, headerBytes, payload, ValueLayout.JAVA_BYTE, 0, payloadBytes);
    kept.add(payload);
    return link.submit(new UnsafeBuffer(frame), headerBytes, payload.address(), payloadBytes, tag);
  }

  private final List<MemorySegment> kept = new ArrayList<>();

  @Override
  public void onFrame(long address, int lengthBytes) {
    frames.add(Memory.at(address, lengthBytes).toArray(ValueLayout.JAVA_BYTE));
    // A sink may change what it is shown: nobody may find it so again.
    Memory.zero(address, lengthBytes);
  }

  @Override
  public long placeFor(long headAddress, int headBytes, int payloadBytes) {
    if (place != null) {
      throw new IllegalStateException("a second place");
    }
    if (placesAsked++ % 3 == 2) {
      return NOWHERE;
    }
    placesGiven++;
    place = Arena.ofAuto().allocate(payloadBytes);
    return place.address();
  }

  @Override
  public void onFrameInPlace(long headAddress, int headBytes) {
    byte[] frame = Arrays.copyOf(
        Memory.at(headAddress, headBytes).toArray(ValueLayout.JAVA_BYTE),
        headBytes + (int) place.byteSize());
    MemorySegment.copy(place, ValueLayout.JAVA_BYTE, 0, frame, headBytes, (int) place.byteSize());
    frames.add(frame);
    Memory.zero(headAddress, headBytes);
    place = null;
  }

  @Override
  public void onPlaceFree() {
    place = null;
    placesFreed++;
    carrierFactsAtFree = carrierFacts.size();
  }

  int carrierFactsAtFree;

  /// True while a payload is on its way to its place.
  boolean isReceivingInPlace() {
    return place != null;
  }

  @Override
  public void onSent(long tag) {
    freedTags.add(tag);
  }

  @Override
  public void onCarrier(boolean up, String reason) {
    carrierFacts.add((up ? "up: " : "down: ") + reason);
  }
}
