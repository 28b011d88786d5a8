package farside.driver.tcplink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.netty.SystemSockets;
import farside.driver.netty.Transport;
import farside.port.LinkPort;
import farside.port.LinkPort.LinkSink;
import io.netty.channel.ManualIoEventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Two ends, or one end and a bare socket, on one event loop that the test steps.
class TcpLinkTest {
  private static final long SEED = 10_900L;

  private final Random random = new Random(SEED);
  private final List<LinkEnd> ends = new ArrayList<>();
  private ManualIoEventLoop loop;
  private Transport transport;
  private int port;
  private LinkEnd listening;
  private LinkEnd connecting;

  @ParameterizedTest
  @EnumSource(Transport.class)
  void framesOfEveryLengthArriveInOrderAndUnchanged(Transport with) throws Exception {
    startPair(with);
    List<byte[]> forth = new ArrayList<>();
    List<byte[]> back = new ArrayList<>();
    for (int payloadBytes : new int[] {0, 1, 4096, 16_384, 16_385, 65_535, 65_536}) {
      forth.add(TestFrames.frame(forth.size(), 30, payloadBytes, random));
    }
    for (int i = 0; i < 400; i++) {
      forth.add(TestFrames.anyFrame(forth.size(), random));
      back.add(TestFrames.anyFrame(i, random));
    }

    List<Long> queued = new ArrayList<>();
    int forthSent = 0;
    int backSent = 0;
    while (forthSent < forth.size() || backSent < back.size()) {
      for (int i = 0; i < 10 && forthSent < forth.size(); i++) {
        int answer = connecting.send(forth.get(forthSent), forthSent);
        if (answer == LinkPort.FULL) {
          break;
        }
        if (answer == LinkPort.QUEUED) {
          queued.add((long) forthSent);
        }
        forthSent++;
      }
      if (backSent < back.size() && listening.send(back.get(backSent), -1) != LinkPort.FULL) {
        backSent++;
      }
      step();
    }
    runUntil(() -> listening.frames.size() == forth.size()
        && connecting.frames.size() == back.size()
        && connecting.freedTags.size() == queued.size());

    assertSame(listening.frames, forth);
    assertSame(connecting.frames, back);
    assertThat(queued).as("long payloads are sent from where they lie").isNotEmpty();
    assertThat(connecting.freedTags).isEqualTo(queued);
    assertThat(listening.placesGiven).as("long payloads go to their places").isPositive();
    assertThat(connecting.link.sentFrames()).isEqualTo(forth.size());
    assertThat(connecting.link.sentBytes()).isEqualTo(listening.link.receivedBytes());
    assertThat(listening.link.receivedFrames()).isEqualTo(forth.size());
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void noEndOfALinkWithinThisMachineIsPaced(Transport with) throws Exception {
    startPair(with);
    assumeTrue(with != Transport.NIO, "NIO leaves it to the system");

    assertThat(SystemSockets.areUnpaced(port)).containsExactly(true, true);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void bytesInPiecesOfAnySizeAreCutIntoTheSameFrames(Transport with) throws Exception {
    startListening(with);
    List<byte[]> sent = new ArrayList<>();
    try (Socket peer = connectBare()) {
      OutputStream out = peer.getOutputStream();
      for (int i = 0; i < 100; i++) {
        byte[] frame = TestFrames.anyFrame(i, random);
        sent.add(frame);
        for (int at = 0; at < frame.length; ) {
          int pieceBytes = Math.min(frame.length - at, 1 + random.nextInt(30_000));
          out.write(frame, at, pieceBytes);
          at += pieceBytes;
          step();
        }
      }
      runUntil(() -> listening.frames.size() == sent.size());
    }
    assertSame(listening.frames, sent);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aStreamOfLongFramesMayBreakOffAtAnyByteAndGoOnLater(Transport with) throws Exception {
    startListening(with);
    List<byte[]> sent = new ArrayList<>();
    try (Socket peer = connectBare()) {
      OutputStream out = peer.getOutputStream();
      sent.add(TestFrames.frame(0, 30, 16_384, random));
      out.write(sent.getFirst());
      runUntil(() -> listening.frames.size() == 1);
      byte[] first = TestFrames.frame(1, 30, 16_384, random);
      byte[] second = TestFrames.frame(2, 30, 16_400, random);
      byte[] third = TestFrames.frame(3, 30, 100, random);
      byte[] stream = concat(first, second, third);
      for (int cutAt : cutsNear(first.length, first.length + second.length, stream.length)) {
        listening.frames.clear();
        out.write(stream, 0, cutAt);
        // What is there has been taken when the end has found nothing more several times.
        for (int turn = 0; turn < 3; turn++) {
          step();
        }
        out.write(stream, cutAt, stream.length - cutAt);
        runUntil(() -> listening.frames.size() == 3);
        assertSame(listening.frames, List.of(first, second, third));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDamagedHeadBehindALongPayloadEndsTheConnectionAndTakesNothingOfThePayloadAway(
      Transport with) throws Exception {
    startListening(with);
    byte[] damaged = TestFrames.frame(3, 30, 20_000, random);
    damaged[20] ^= 4;

    bringBehindALongPayload(damaged, false);

    assertThat(listening.carrierFacts.getLast()).contains("header is damaged");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void halfAHeadBehindALongPayloadTakesNothingOfThePayloadAway(Transport with) throws Exception {
    startListening(with);
    byte[] whole = TestFrames.frame(3, 30, 20_000, random);
    for (int bytes : new int[] {1, 31, 32, 61, 62, 63}) {
      bringBehindALongPayload(Arrays.copyOf(whole, bytes), true);
    }
  }

  /// Two long frames, the second with these bytes right behind it, on a connection that ends after
  /// them: by itself, or because the peer has nothing more to say.
  private void bringBehindALongPayload(byte[] bytes, boolean isLast) throws IOException {
    int facts = listening.carrierFacts.size();
    listening.frames.clear();
    byte[] first = TestFrames.frame(1, 30, 20_000, random);
    byte[] second = TestFrames.frame(2, 30, 20_000, random);
    try (Socket peer = connectBare()) {
      peer.getOutputStream().write(first);
      runUntil(() -> listening.frames.size() == 1);
      peer.getOutputStream().write(concat(second, bytes));
      if (isLast) {
        peer.shutdownOutput();
      }
      runUntil(() -> listening.carrierFacts.size() == facts + 2);
    }
    assertSame(listening.frames, List.of(first, second));
    assertThat(listening.isReceivingInPlace()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aPeerKilledInMidFrameLeavesItsWholeFramesAndNothingOfTheHalfOne(Transport with)
      throws Exception {
    startListening(with);
    byte[] whole = TestFrames.frame(1, 30, 70, random);
    byte[] half = Arrays.copyOf(TestFrames.frame(2, 30, 60_000, random), 40_000);
    try (Socket peer = connectBare()) {
      peer.getOutputStream().write(whole);
      peer.getOutputStream().write(half);
    }
    runUntil(listening::isDown);

    assertSame(listening.frames, List.of(whole));
    assertThat(listening.carrierFacts).hasSize(2);

    // The peer comes back, and its first frame does not meet the rest of the half one.
    byte[] next = TestFrames.frame(1, 30, 60_000, random);
    try (Socket peer = connectBare()) {
      peer.getOutputStream().write(next);
      runUntil(() -> listening.frames.size() == 2);
    }
    assertThat(listening.frames.get(1)).isEqualTo(next);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aPlaceIsFreeBeforeItIsToldThatTheLineBrokeInTheMiddleOfThePayload(Transport with)
      throws Exception {
    startListening(with);
    byte[] frame = TestFrames.frame(1, 30, 60_000, random);
    for (int life = 1; life <= 3; life++) {
      int facts = listening.carrierFacts.size();
      int given = listening.placesGiven;
      listening.placesAsked = 0;
      try (Socket peer = connectBare()) {
        peer.getOutputStream().write(frame, 0, 20_000 * life - 10_000);
        runUntil(listening::isReceivingInPlace);
        if (life == 2) {
          listening.link.hangUp("a test");
        } else if (life == 3) {
          listening.link.vary(false);
        }
      }
      runUntil(() -> listening.carrierFacts.size() == facts + 2);
      assertThat(listening.placesGiven).isEqualTo(given + 1);
      assertThat(listening.placesFreed).isEqualTo(life);
      assertThat(listening.carrierFactsAtFree).isEqualTo(facts + 1);
      assertThat(listening.isReceivingInPlace()).isFalse();
    }
    assertThat(listening.frames).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void whatAPeerSentBeforeItWentArrivesWhateverItsLength(Transport with) throws Exception {
    startListening(with);
    List<byte[]> sent = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      sent.add(TestFrames.frame(i, 30, i % 4 == 3 ? 500 : 60_000, random));
    }
    try (Socket peer = connectBare()) {
      for (int i = 0; i < sent.size(); i++) {
        peer.getOutputStream().write(sent.get(i));
        if (i == 1) {
          runUntil(() -> listening.frames.size() == 2);
        }
      }
    }
    runUntil(listening::isDown);
    assertSame(listening.frames, sent);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aLinkThatIsHungUpIsConnectedAnew(Transport with) throws Exception {
    startPair(with);
    for (LinkEnd end : List.of(connecting, listening)) {
      int facts = end.carrierFacts.size();
      end.link.hangUp("nothing came");
      runUntil(() -> end.carrierFacts.size() >= facts + 2 && end.isUp());
      assertThat(end.carrierFacts.get(facts)).startsWith("down").contains("nothing came");
      assertThat(end.link.isVariedOn()).isTrue();
    }
    runUntil(() -> connecting.isUp() && listening.isUp());
    byte[] frame = TestFrames.frame(1, 30, 70, random);
    connecting.send(frame, 0);
    runUntil(() -> !listening.frames.isEmpty());
    assertSame(listening.frames, List.of(frame));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDamagedHeaderEndsTheConnectionAndSaysSo(Transport with) throws Exception {
    startListening(with);
    byte[] good = TestFrames.frame(1, 30, 70, random);
    byte[] damaged = TestFrames.frame(2, 30, 70, random);
    damaged[20] ^= 4;
    try (Socket peer = connectBare()) {
      peer.getOutputStream().write(good);
      peer.getOutputStream().write(damaged);
      runUntil(listening::isDown);
      peer.setSoTimeout(5000);
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }

    assertSame(listening.frames, List.of(good));
    assertThat(listening.carrierFacts.getLast()).contains("header is damaged");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void noiseCostsThatConnectionOnly(Transport with) throws Exception {
    startListening(with);
    for (int i = 0; i < 20; i++) {
      byte[] noise = new byte[500 + random.nextInt(5000)];
      random.nextBytes(noise);
      int factsBefore = listening.carrierFacts.size();
      try (Socket peer = connectBare()) {
        peer.getOutputStream().write(noise);
        runUntil(() -> listening.carrierFacts.size() > factsBefore && listening.isDown());
      } catch (IOException e) {
        // The other end may hang up while we are still writing.
        runUntil(listening::isDown);
      }
    }
    assertThat(listening.frames).isEmpty();

    connecting = end("B", TcpLink.Role.CONNECT);
    connecting.link.open();
    runUntil(() -> listening.isUp() && connecting.isUp());
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aStrayConnectionDoesNotCutALivingLinkButAPeerThatComesBackReplacesIt(Transport with)
      throws Exception {
    startPair(with);
    byte[] frame = TestFrames.frame(1, 30, 70, random);
    try (Socket stray = new Socket(InetAddress.getLoopbackAddress(), port)) {
      stray
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: somebody-else\r\n\r\n"
              .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      connecting.send(frame, 0);
      runUntil(() -> listening.frames.size() == 1);
      stray.setSoTimeout(1);
      runUntil(() -> isClosedByPeer(stray));
    }
    assertThat(listening.carrierFacts).hasSize(1);

    try (Socket peer = new Socket(InetAddress.getLoopbackAddress(), port)) {
      peer.getOutputStream().write(frame);
      runUntil(() -> listening.frames.size() == 2);
      assertThat(listening.carrierFacts).hasSize(3);
      assertThat(listening.carrierFacts.get(1)).startsWith("down: the peer connected anew");
      assertThat(listening.carrierFacts.get(2)).startsWith("up: ");
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void idleStrangersBesideALivingLinkAreTurnedAway(Transport with) throws Exception {
    startPair(with);
    List<Socket> strangers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Socket stranger = new Socket(InetAddress.getLoopbackAddress(), port);
      stranger.setSoTimeout(1);
      strangers.add(stranger);
      step();
    }
    runUntil(() -> strangers.subList(0, 8).stream().allMatch(TcpLinkTest::isClosedByPeer));
    assertThat(listening.isUp()).isTrue();
    assertThat(connecting.isUp()).isTrue();
    for (Socket stranger : strangers) {
      stranger.close();
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void theConnectingSideComesBackWhenItsPeerWasAway(Transport with) throws Exception {
    startLoop(with);
    connecting = end("B", TcpLink.Role.CONNECT);
    connecting.link.open();
    runUntil(connecting::isDown);
    assertThat(connecting.carrierFacts.getFirst()).contains("cannot connect to 127.0.0.1:" + port);
    assertThat(connecting.link.description()).startsWith("tcp connect 127.0.0.1:" + port + " (");

    for (int life = 1; life <= 3; life++) {
      listening = end("A", TcpLink.Role.LISTEN);
      listening.link.open();
      runUntil(() -> listening.isUp() && connecting.isUp());
      assertThat(connecting.link.description()).isEqualTo("tcp connect 127.0.0.1:" + port);
      byte[] frame = TestFrames.frame(life, 30, 20_000, random);
      listening.send(frame, life);
      runUntil(() -> !connecting.frames.isEmpty());
      assertThat(connecting.frames.removeFirst()).isEqualTo(frame);
      listening.link.close();
      runUntil(connecting::isDown);
    }
    assertThat(connecting.carrierFacts).hasSize(7);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void everyLongPayloadIsGivenBackAlsoWhenTheConnectionEnds(Transport with) throws Exception {
    startListening(with);
    try (Socket peer = connectBare()) {
      int queuedCount = fill();
      assertThat(queuedCount).as("64 KiB payloads before it is full").isGreaterThan(20);
      runFor(50);
      assertThat(listening.freedTags).hasSizeLessThan(queuedCount);

      listening.link.close();
      runUntil(() -> listening.freedTags.size() == queuedCount);
      assertThat(listening.freedTags).doesNotHaveDuplicates();
      assertThat(peer.isClosed()).isFalse();
    }
    runFor(20);
    assertThat(listening.freedTags).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aFullLinkTakesFramesAgainOnceThePeerReads(Transport with) throws Exception {
    startListening(with);
    try (Socket peer = connectBare()) {
      int queuedCount = fill();
      byte[] next = TestFrames.frame(999, 30, 65_536, random);
      assertThat(listening.send(next, 999)).isEqualTo(LinkPort.FULL);

      long wantedBytes = queuedCount * (32L + 30 + 65_536);
      long readBytes = 0;
      byte[] into = new byte[1 << 20];
      while (readBytes < wantedBytes) {
        step();
        int available = peer.getInputStream().available();
        if (available > 0) {
          readBytes += peer.getInputStream().read(into);
        }
      }
      runUntil(() -> listening.freedTags.size() == queuedCount);
      assertThat(listening.send(next, 999)).isEqualTo(LinkPort.QUEUED);
      runUntil(() -> listening.freedTags.size() == queuedCount + 1);
      peer.setSoTimeout(5000);
      assertThat(peer.getInputStream().readNBytes(next.length)).isEqualTo(next);
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void whoDoesNotDrainHoldsUpItsPeerAndLosesNothing(Transport with) throws Exception {
    startPair(with);
    listening.isDraining = false;
    int sent = 0;
    for (int idle = 0; idle < 200; ) {
      if (connecting.send(TestFrames.frame(sent, 30, 65_536, random), sent) == LinkPort.FULL) {
        idle++;
      } else {
        idle = 0;
        sent++;
      }
      step();
    }
    assertThat(sent * 65_536L).as("bytes under way while nobody drains").isLessThan(64L << 20);

    listening.isDraining = true;
    int all = sent;
    runUntil(() -> listening.frames.size() == all && connecting.freedTags.size() == all);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void variedOffItHasNoCarrierAndRefusesItsPeerUntilVariedOn(Transport with) throws Exception {
    startPair(with);
    for (LinkEnd varied : List.of(listening, connecting)) {
      varied.link.vary(false);
      assertThat(varied.link.hasCarrier()).isFalse();
      assertThat(varied.link.isVariedOn()).isFalse();
      runUntil(() -> listening.isDown() && connecting.isDown());
      assertThat(varied.carrierFacts.getLast()).isEqualTo("down: varied off");
      assertThat(varied.send(TestFrames.frame(1, 30, 65_536, random), 1))
          .as("without carrier a frame is lost, and its payload free at once")
          .isEqualTo(LinkPort.SENT);
      runFor(150);
      assertThat(listening.isUp() || connecting.isUp()).isFalse();

      varied.link.vary(true);
      runUntil(() -> listening.isUp() && connecting.isUp());
    }
    listening.frames.clear();
    byte[] frame = TestFrames.frame(1, 30, 70, random);
    connecting.send(frame, 2);
    runUntil(() -> !listening.frames.isEmpty());
    assertSame(listening.frames, List.of(frame));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aLinkVariedOffByWhoIsLookingAtAFrameShowsNoFurtherOne(Transport with) throws Exception {
    startListening(with);
    listening.isDraining = false;
    byte[] first = TestFrames.frame(1, 30, 70, random);
    byte[] second = TestFrames.frame(2, 30, 70, random);
    List<byte[]> seen = new ArrayList<>();
    List<String> facts = new ArrayList<>();
    LinkSink varyingOff = new LinkSink() {
      @Override
      public void onFrame(long address, int lengthBytes) {
        listening.link.vary(false);
        seen.add(farside.port.Memory.at(address, lengthBytes)
            .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
      }

      @Override
      public void onSent(long tag) {}

      @Override
      public void onCarrier(boolean up, String reason) {
        facts.add(up + " " + reason);
      }
    };
    try (Socket peer = connectBare()) {
      peer.getOutputStream().write(first);
      peer.getOutputStream().write(second);
      runUntil(() -> listening.link.drain(varyingOff, 10) > 0 && facts.size() == 2);
    }
    assertSame(seen, List.of(first));
    assertThat(facts.getLast()).isEqualTo("false varied off");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void anAddressInUseIsToldOnceAndTriedAgain(Transport with) throws Exception {
    startLoop(with);
    try (ServerSocket squatter = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(squatter.getLocalPort()).isEqualTo(port);
      listening = end("A", TcpLink.Role.LISTEN);
      listening.link.open();
      runUntil(() -> !listening.carrierFacts.isEmpty());
      assertThat(listening.carrierFacts.getFirst())
          .contains("cannot listen on 127.0.0.1:" + port)
          .containsIgnoringCase("in use");
      runFor(200);
      assertThat(listening.carrierFacts).hasSize(1);
    }
    connecting = end("B", TcpLink.Role.CONNECT);
    connecting.link.open();
    runUntil(() -> listening.isUp() && connecting.isUp());
    assertThat(listening.link.description()).isEqualTo("tcp listen 127.0.0.1:" + port);
  }

  @Test
  void aHostNameWithoutAnAddressIsRefusedWithTheCure() {
    InetSocketAddress nowhere = InetSocketAddress.createUnresolved("site-b.invalid", 10900);
    assertThatThrownBy(() -> new TcpLink("L1", TcpLink.Role.CONNECT, nowhere, null, Transport.NIO))
        .hasMessageContaining("link L1: the host name site-b.invalid has no address")
        .hasMessageContaining("Correct it in the rig");
  }

  /// Sends 64 KiB payloads until the link is full and stays full. Returns how many it took.
  private int fill() {
    int queuedCount = 0;
    for (int idle = 0; idle < 50; ) {
      int answer = listening.send(TestFrames.frame(queuedCount, 30, 65_536, random), queuedCount);
      if (answer == LinkPort.FULL) {
        idle++;
      } else {
        assertThat(answer).isEqualTo(LinkPort.QUEUED);
        queuedCount++;
        idle = 0;
      }
      step();
    }
    return queuedCount;
  }

  private void startLoop(Transport with) throws IOException {
    assumeTrue(with.isAvailable(), with + " is not available here");
    transport = with;
    loop = new ManualIoEventLoop(Thread.currentThread(), with.ioHandlerFactory());
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
  }

  private LinkEnd end(String name, TcpLink.Role role) {
    LinkEnd end = new LinkEnd(name, role, port, loop, transport);
    ends.add(end);
    return end;
  }

  private void startListening(Transport with) throws IOException {
    startLoop(with);
    listening = end("A", TcpLink.Role.LISTEN);
    listening.link.open();
    runFor(20);
  }

  private void startPair(Transport with) throws IOException {
    startListening(with);
    connecting = end("B", TcpLink.Role.CONNECT);
    connecting.link.open();
    runUntil(() -> listening.isUp() && connecting.isUp());
  }

  /// A peer without manners: a plain socket, admitted by the listening end.
  private Socket connectBare() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    runUntil(listening.link::hasCarrier);
    return socket;
  }

  private static boolean isClosedByPeer(Socket socket) {
    try {
      return socket.getInputStream().read() == -1;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  /// All places near the ends of frames, and some between.
  private static List<Integer> cutsNear(int... ends) {
    List<Integer> cuts = new ArrayList<>();
    int last = ends[ends.length - 1];
    for (int at = 1; at < last; at++) {
      int place = at;
      boolean isNear = at < 70 || Arrays.stream(ends).anyMatch(end -> Math.abs(place - end) < 70);
      if (isNear || at % 997 == 0) {
        cuts.add(at);
      }
    }
    return cuts;
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static void assertSame(List<byte[]> actual, List<byte[]> expected) {
    assertThat(actual)
        .as("seed %d", SEED)
        .usingElementComparator(Arrays::compare)
        .isEqualTo(expected);
  }

  private void step() {
    loop.runNow();
    ends.forEach(LinkEnd::work);
    loop.runNow();
  }

  private void runUntil(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .atMost(20, TimeUnit.SECONDS)
        .until(() -> {
          step();
          return condition.call();
        });
  }

  /// Lets things happen that the test says do not.
  private void runFor(long durationMs) {
    Awaitility.await()
        .pollInSameThread()
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .during(durationMs, TimeUnit.MILLISECONDS)
        .atMost(durationMs + 10_000, TimeUnit.MILLISECONDS)
        .until(() -> {
          step();
          return true;
        });
  }

  @AfterEach
  void stop() {
    if (loop == null) {
      return;
    }
    ends.forEach(end -> end.link.close());
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .until(() -> {
          loop.runNow();
          return loop.isTerminated();
        });
  }
}
