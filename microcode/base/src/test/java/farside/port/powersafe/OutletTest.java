package farside.port.powersafe;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.Extents;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.IoVector;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.PatchPanelPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class OutletTest {
  private static final int REGION_BYTES = 64 * 4096;

  private final MemorySegment region = Arena.ofAuto().allocate(REGION_BYTES, 4096);
  private final LogInMemory device = new LogInMemory(REGION_BYTES);
  private final NvramLog log = NvramLog.begin(device, 9, region.address(), REGION_BYTES, 7, 0);
  private final Outlet outlet = new Outlet(log);
  private final List<String> outside = new ArrayList<>();
  private final FakeHost fakeHost = new FakeHost();
  private final FakeLink fakeLink = new FakeLink();
  private final HostPort host = outlet.over(fakeHost);
  private final LinkPort link = outlet.over((LinkPort) fakeLink);
  private final DrivePort drive = outlet.over(new FakeDrive());

  private void change() {
    log.onChanged(0, 8);
  }

  private void logIsWritten() {
    device.complete();
    outlet.beforeRound();
  }

  @Test
  void withoutAChangeEverythingGoesOutAtOnce() {
    host.reply(1, 10, HostStatus.OK);
    link.submit(new UnsafeBuffer(new byte[32]), 32, 0, 0, 0);
    drive.submitWrite(0, new IoVector(), 5);

    assertThat(outside).containsExactly("reply 1 10 OK", "frame 32 0", "write 5");
    assertThat(outlet.isIdle()).isTrue();
  }

  @Test
  void whatRestsOnAChangeWaitsForTheLogAndGoesInOrder() {
    MemorySegment data = Arena.ofAuto().allocateFrom("abcdefg");
    change();
    host.reply(1, 10, HostStatus.OK);
    host.beginData(2, 11, 4096, 8);
    host.dataExtent(2, 8);
    host.data(2, data.address(), 8);
    host.zeroExtent(2, 512);
    host.failData(2, HostStatus.IO_ERROR);
    Extents extents = new Extents();
    extents.add(4096, true);
    extents.add(512, false);
    host.blockStatus(3, 12, extents);
    host.close(1, "done");
    drive.submitZero(0, 4096, 6);
    drive.submitWrite(0, new IoVector().add(data.address(), 8), 7);
    drive.submitWriteThrough(0, new IoVector().add(data.address(), 8), 8);
    data.fill((byte) 'x');
    extents.clear();

    assertThat(outside).isEmpty();
    outlet.afterRound();
    assertThat(outside).isEmpty();
    assertThat(outlet.isIdle()).isFalse();
    logIsWritten();

    assertThat(outside)
        .containsExactly(
            "reply 1 10 OK",
            "beginData 2 11 4096 8",
            "dataExtent 2 8",
            "data 2 abcdefg",
            "zeroExtent 2 512",
            "failData 2 IO_ERROR",
            "blockStatus 3 12 4096 zero 512 data",
            "close 1 done",
            "zero 6",
            "write 7 of 8",
            "write through 8 of 8");
    assertThat(outlet.isIdle()).isTrue();
  }

  @Test
  void whatCameLaterWaitsForALaterWriteOfTheLog() {
    change();
    host.reply(1, 1, HostStatus.OK);
    outlet.afterRound();
    host.reply(1, 2, HostStatus.OK);
    change();
    host.reply(1, 3, HostStatus.OK);
    outlet.afterRound();

    logIsWritten();
    assertThat(outside).containsExactly("reply 1 1 OK", "reply 1 2 OK");
    host.reply(1, 4, HostStatus.OK);
    outlet.afterRound();
    logIsWritten();
    assertThat(outside).endsWith("reply 1 3 OK", "reply 1 4 OK").hasSize(4);
  }

  @Test
  void readsAndFlushesOfADriveWaitForNothing() {
    change();
    drive.submitRead(0, 0, 4096, 1);
    drive.submitRead(0, new IoVector().add(0, 512), 3);
    drive.submitFlush(2);

    assertThat(outside).containsExactly("read 1", "read 3 of 512", "flush 2");
  }

  @Test
  void aHeldFramesPayloadIsPinnedUntilItHasGone() {
    LinkEars ears = new LinkEars();
    change();
    assertThat(link.submit(new UnsafeBuffer(new byte[40]), 40, region.address(), 64, 9))
        .isEqualTo(LinkPort.QUEUED);
    assertThat(link.submit(new UnsafeBuffer(new byte[41]), 41, 0, 0, 0)).isEqualTo(LinkPort.QUEUED);
    outlet.afterRound();
    link.drain(ears, 10);
    assertThat(ears.heard).isEmpty();

    logIsWritten();
    link.drain(ears, 10);
    assertThat(outside).containsExactly("frame 40 64", "frame 41 0");
    assertThat(ears.heard).containsExactly("sent 9", "sent 0");
  }

  @Test
  void aFullLineGetsItsFramesLaterAndInOrder() {
    change();
    link.submit(new UnsafeBuffer(new byte[40]), 40, region.address(), 64, 9);
    link.submit(new UnsafeBuffer(new byte[41]), 41, 0, 0, 0);
    outlet.afterRound();
    fakeLink.full = true;
    logIsWritten();
    assertThat(outside).isEmpty();

    fakeLink.full = false;
    link.submit(new UnsafeBuffer(new byte[42]), 42, 0, 0, 0);
    outlet.beforeRound();
    assertThat(outside).containsExactly("frame 40 64", "frame 41 0", "frame 42 0");
  }

  @Test
  void heldFramesGoWithTheCarrierAndTheirPayloadsAreFree() {
    LinkEars ears = new LinkEars();
    change();
    link.submit(new UnsafeBuffer(new byte[40]), 40, region.address(), 64, 9);
    fakeLink.carrier = false;
    fakeLink.newsOfCarrier = true;
    link.drain(ears, 10);
    outlet.afterRound();
    logIsWritten();

    assertThat(ears.heard).containsExactly("sent 9", "carrier false");
    assertThat(outside).isEmpty();
    assertThat(outlet.isIdle()).isTrue();
  }

  @Test
  void aLinkThatIsPluggedInLaterIsHeldToo() {
    PatchPanelPort panel = outlet.over(new FakePanel());
    LinkPort added = panel.plug("L1", PatchPanelPort.End.LISTEN, "192.0.2.7:1");
    change();
    added.submit(new UnsafeBuffer(new byte[40]), 40, region.address(), 64, 9);
    outlet.afterRound();
    assertThat(outside).isEmpty();
    assertThat(outlet.isIdle()).isFalse();

    logIsWritten();
    assertThat(outside).containsExactly("frame 40 64");
    assertThat(outlet.isIdle()).isTrue();
  }

  @Test
  void aLinkThatIsPulledIsAskedForNothingAnyMore() {
    PatchPanelPort panel = outlet.over(new FakePanel());
    change();
    link.submit(new UnsafeBuffer(new byte[40]), 40, 0, 0, 0);
    panel.pull(link);
    outlet.afterRound();
    logIsWritten();

    assertThat(outside).containsExactly("pulled");
    assertThat(outlet.isIdle()).isTrue();
  }

  @Test
  void answersThatPileUpHoldUpTheHostsAndNothingRunsOver() {
    MemorySegment data = Arena.ofAuto().allocate(65_536);
    change();
    int pieces = 0;
    while (host.isWritable(1)) {
      host.data(1, data.address(), 65_536);
      pieces++;
    }
    assertThat(pieces).isBetween(8, 31);
    HostEars ears = new HostEars();
    fakeHost.offersRequest = true;
    host.drain(ears, 10);
    assertThat(ears.requests).isZero();
    outlet.afterRound();
    logIsWritten();

    host.drain(ears, 10);
    assertThat(ears.requests).isEqualTo(1);
    assertThat(host.isWritable(1)).isTrue();
  }

  private static final class LinkEars implements LinkPort.LinkSink {
    final List<String> heard = new ArrayList<>();

    @Override
    public void onFrame(long address, int lengthBytes) {
      heard.add("frame");
    }

    @Override
    public void onSent(long tag) {
      heard.add("sent " + tag);
    }

    @Override
    public void onCarrier(boolean up, String reason) {
      heard.add("carrier " + up);
    }
  }

  private static final class HostEars implements HostPort.HostSink {
    int requests;

    @Override
    public void onOpened(int connection, String volumeName, String remote) {}

    @Override
    public boolean onRequest(
        int connection,
        farside.port.HostCommand command,
        int flags,
        long cookie,
        long offsetBytes,
        long lengthBytes) {
      requests++;
      return true;
    }

    @Override
    public void onPayload(int connection) {}

    @Override
    public void onDisconnect(int connection) {}

    @Override
    public void onClosed(int connection) {}
  }

  private final class FakeHost implements HostPort {
    boolean offersRequest;

    @Override
    public void offer(HostExport export) {}

    @Override
    public int drain(HostSink sink, int limit) {
      if (offersRequest) {
        sink.onRequest(1, farside.port.HostCommand.FLUSH, 0, 1, 0, 0);
      }
      return 0;
    }

    @Override
    public boolean receive(int connection, long address, int lengthBytes) {
      return true;
    }

    @Override
    public void discard(int connection, long lengthBytes) {}

    @Override
    public void reply(int connection, long cookie, HostStatus status) {
      outside.add("reply " + connection + " " + cookie + " " + status);
    }

    @Override
    public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
      outside.add("beginData " + connection + " " + cookie + " " + offsetBytes + " " + lengthBytes);
    }

    @Override
    public void dataExtent(int connection, long lengthBytes) {
      outside.add("dataExtent " + connection + " " + lengthBytes);
    }

    @Override
    public void zeroExtent(int connection, long lengthBytes) {
      outside.add("zeroExtent " + connection + " " + lengthBytes);
    }

    @Override
    public void data(int connection, long address, int lengthBytes) {
      outside.add("data " + connection + " " + Memory.at(address, lengthBytes).getString(0));
    }

    @Override
    public void failData(int connection, HostStatus status) {
      outside.add("failData " + connection + " " + status);
    }

    @Override
    public void blockStatus(int connection, long cookie, Extents extents) {
      StringBuilder text = new StringBuilder("blockStatus " + connection + " " + cookie);
      for (int i = 0; i < extents.count(); i++) {
        text.append(" ")
            .append(extents.lengthBytes(i))
            .append(extents.isZero(i) ? " zero" : " data");
      }
      outside.add(text.toString());
    }

    @Override
    public boolean isWritable(int connection) {
      return true;
    }

    @Override
    public void close(int connection, String reason) {
      outside.add("close " + connection + " " + reason);
    }

    @Override
    public void stopListening() {}
  }

  private final class FakePanel implements PatchPanelPort {
    @Override
    public String obstacle(End end, String address) {
      return "";
    }

    @Override
    public LinkPort plug(String name, End end, String address) {
      return new FakeLink();
    }

    @Override
    public void pull(LinkPort pulled) {
      outside.add(pulled == fakeLink ? "pulled" : "pulled another");
    }
  }

  private final class FakeLink implements LinkPort {
    boolean full;
    boolean carrier = true;
    boolean newsOfCarrier;

    @Override
    public String name() {
      return "L1";
    }

    @Override
    public boolean hasCarrier() {
      return carrier;
    }

    @Override
    public int submit(
        DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
      if (full) {
        return FULL;
      }
      outside.add("frame " + headerBytes + " " + payloadBytes);
      return SENT;
    }

    @Override
    public int drain(LinkSink sink, int limit) {
      if (newsOfCarrier) {
        newsOfCarrier = false;
        sink.onCarrier(carrier, "told");
      }
      return 0;
    }

    @Override
    public void vary(boolean on) {}

    @Override
    public void hangUp(String reason) {}

    @Override
    public boolean isVariedOn() {
      return true;
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
      return "";
    }
  }

  private final class FakeDrive implements DrivePort {
    @Override
    public String name() {
      return "D1";
    }

    @Override
    public String identity() {
      return "";
    }

    @Override
    public long sizeBytes() {
      return 1 << 20;
    }

    @Override
    public int blockBytes() {
      return 512;
    }

    @Override
    public boolean isKnownZeroBelow(long offsetBytes) {
      return false;
    }

    @Override
    public void tellZeroes(ZeroSink sink) {}

    @Override
    public int queueDepth() {
      return 4;
    }

    @Override
    public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
      outside.add("read " + tag);
    }

    @Override
    public void submitRead(long offsetBytes, IoVector target, long tag) {
      outside.add("read " + tag + " of " + target.totalBytes());
    }

    @Override
    public void submitWrite(long offsetBytes, IoVector source, long tag) {
      outside.add("write " + tag + (source.count() == 0 ? "" : " of " + source.totalBytes()));
    }

    @Override
    public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
      outside.add("write through " + tag + " of " + source.totalBytes());
    }

    @Override
    public void submitZero(long offsetBytes, long lengthBytes, long tag) {
      outside.add("zero " + tag);
    }

    @Override
    public void submitFlush(long tag) {
      outside.add("flush " + tag);
    }

    @Override
    public int drain(DriveSink sink, int limit) {
      sink.onCompletion(0, DriveOutcome.DONE, -1);
      return 1;
    }
  }
}
