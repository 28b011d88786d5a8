package farside.protocol.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Requests byte by byte, and what becomes of the bad ones.
class NbdTransmissionTest {
  private static final long MIB = 1024 * 1024;

  private SessionBench bench = new SessionBench(SessionBench.exports());

  @BeforeEach
  void open() {
    bench.feed(Wire.opened("0010").toBytes());
    bench.log.clear();
    bench.takeSent();
  }

  @Test
  void aWriteIsOfferedThenItsPayloadIsTheServers() {
    bench.feed(
        Wire.hex("25609513 0001 0001 1122334455667788 0000000000001003 00000005 68656c6c6f"));

    assertThat(bench.log)
        .containsExactly(
            "request WRITE fua cookie " + 0x1122334455667788L + " offset 4099 length 5",
            "payload 9a71bb4c");
    assertThat(bench.session.isBetweenMessages()).isTrue();
  }

  private void reopenWithContext() {
    bench = new SessionBench(SessionBench.exports());
    bench.feed(Wire.openedWithContext("0010").toBytes());
    bench.log.clear();
    bench.takeSent();
  }

  @Test
  void everyCommandIsOfferedWithEveryFlagItTakes() {
    reopenWithContext();
    for (NbdCommand command : NbdCommand.values()) {
      if (command == NbdCommand.DISC) {
        continue;
      }
      int taken = switch (command) {
        case READ -> 0b00101;
        case WRITE_ZEROES -> 0b10011;
        case BLOCK_STATUS -> 0b01001;
        default -> 0b00001;
      };
      long length = command == NbdCommand.FLUSH ? 0 : 1;
      for (int flags = 0; flags <= 0xFF; flags++) {
        bench.log.clear();
        bench.feed(new Wire().request(command, flags, 7, 0, length).toBytes());
        if (command == NbdCommand.WRITE) {
          bench.feed(new byte[] {1});
        }
        assertThat(bench.log.getFirst())
            .as("%s with flags %d", command, flags)
            .startsWith((flags & ~taken) == 0 ? "request " + command : "answered EINVAL cookie 7");
        assertThat(bench.session.state()).isEqualTo(NbdSessionState.REQUEST);
      }
    }
  }

  @Test
  void whatNeedsStructuredRepliesOrAContextIsInvalidWithoutThem() {
    bench.feed(new Wire()
        .request(NbdCommand.READ, NbdCommand.FLAG_DF, 1, 0, 512)
        .request(NbdCommand.BLOCK_STATUS, 0, 2, 0, 512)
        .toBytes());

    assertThat(bench.log).containsExactly("answered EINVAL cookie 1", "answered EINVAL cookie 2");
  }

  @Test
  void aReadThatIsTooLongForOneChunkOverflows() {
    reopenWithContext();

    bench.feed(new Wire()
        .request(NbdCommand.READ, NbdCommand.FLAG_DF, 1, 0, 64 * MIB)
        .request(NbdCommand.READ, NbdCommand.FLAG_DF, 2, 0, 64 * MIB + 1)
        .request(NbdCommand.BLOCK_STATUS, 0, 3, 0, 0)
        .request(NbdCommand.BLOCK_STATUS, 0, 4, -1, 512)
        .request(NbdCommand.CACHE, 0, 5, -1, 512)
        .request(NbdCommand.BLOCK_STATUS, NbdCommand.FLAG_REQ_ONE, 6, 0, 0xFFFF_FFFFL)
        .toBytes());

    assertThat(bench.log)
        .containsExactly(
            "request READ df cookie 1 offset 0 length 67108864",
            "answered EOVERFLOW cookie 2",
            "answered EINVAL cookie 3",
            "answered EINVAL cookie 4",
            "answered EINVAL cookie 5",
            "request BLOCK_STATUS req-one cookie 6 offset 0 length 4294967295");
  }

  @Test
  void unknownCommandsAreInvalidAndTheNextRequestIsUnderstood() {
    for (int command : new int[] {8, 9, 0xFFFF}) {
      bench.log.clear();
      bench.feed(new Wire()
          .request(command, 0, 42, 0, 4096)
          .request(NbdCommand.FLUSH, 0, 43, 0, 0)
          .toBytes());

      assertThat(bench.log)
          .containsExactly(
              "answered EINVAL cookie 42", "request FLUSH cookie 43 offset 0 length 0");
    }
  }

  @Test
  void thePayloadOfABadWriteIsSwallowedBeforeItIsAnswered() {
    byte[] requestsInPayload = new Wire()
        .request(NbdCommand.FLUSH, 0, 1, 0, 0)
        .request(NbdCommand.FLUSH, 0, 2, 0, 0)
        .toBytes();
    bench.feed(new Wire()
        .request(NbdCommand.WRITE, 0x10, 42, 0, requestsInPayload.length)
        .raw(requestsInPayload)
        .toBytes());

    assertThat(bench.log).containsExactly("answered EINVAL cookie 42");
  }

  @Test
  void theLongestPayloadIsOfferedAndOneByteMoreIsNot() {
    bench.feed(new Wire()
        .request(NbdCommand.READ, 0, 1, 0, 64 * MIB)
        .request(NbdCommand.READ, 0, 2, 0, 64 * MIB + 1)
        .request(NbdCommand.READ, 0, 3, 0, 0xFFFF_FFFFL)
        .request(NbdCommand.WRITE, 0, 4, 0, 64 * MIB)
        .toBytes());
    byte[] mib = new byte[(int) MIB];
    for (int count = 0; count < 64; count++) {
      bench.feed(mib);
    }

    assertThat(bench.log)
        .hasSize(5)
        .startsWith(
            "request READ cookie 1 offset 0 length 67108864",
            "answered EINVAL cookie 2",
            "answered EINVAL cookie 3",
            "request WRITE cookie 4 offset 0 length 67108864");
  }

  @Test
  void aPayloadTooLongIsSwallowedUpToABound() {
    bench.feed(new Wire().request(NbdCommand.WRITE, 0, 4, 0, 128 * MIB).toBytes());
    byte[] mib = new byte[(int) MIB];
    for (int count = 0; count < 128; count++) {
      assertThat(bench.log).isEmpty();
      bench.feed(mib);
    }
    assertThat(bench.log).containsExactly("answered EINVAL cookie 4");

    bench.feed(new Wire().request(NbdCommand.WRITE, 0, 5, 0, 128 * MIB + 1).toBytes());

    assertThat(bench.log).last().isEqualTo("close: a write of 134217729 bytes");
  }

  @Test
  void whatCarriesNoPayloadMayBeAsLongAsItLikes() {
    bench.feed(new Wire()
        .request(NbdCommand.TRIM, 0, 1, 0, 0xFFFF_FFFFL)
        .request(NbdCommand.WRITE_ZEROES, 2, 2, 4096, 0xFFFF_FFFFL)
        .toBytes());

    assertThat(bench.log)
        .containsExactly(
            "request TRIM cookie 1 offset 0 length 4294967295",
            "request WRITE_ZEROES no-hole cookie 2 offset 4096 length 4294967295");
  }

  @Test
  void offsetsThatNoVolumeReachesAreAnsweredAsBeyondTheEnd() {
    bench.feed(new Wire()
        .request(NbdCommand.READ, 0, 1, -1, 1)
        .request(NbdCommand.WRITE, 0, 2, Long.MIN_VALUE, 1)
        .raw(new byte[1])
        .request(NbdCommand.TRIM, 0, 3, -4096, 1)
        .request(NbdCommand.WRITE_ZEROES, 0, 4, -4096, 1)
        .toBytes());

    assertThat(bench.log)
        .containsExactly(
            "answered EINVAL cookie 1",
            "answered ENOSPC cookie 2",
            "answered EINVAL cookie 3",
            "answered ENOSPC cookie 4");
  }

  @Test
  void aRequestForNothingEndsWell() {
    bench.feed(new Wire()
        .request(NbdCommand.READ, 0, 1, 0, 0)
        .request(NbdCommand.WRITE, 1, 2, 0, 0)
        .request(NbdCommand.TRIM, 0, 3, 0, 0)
        .request(NbdCommand.WRITE_ZEROES, 0, 4, 0, 0)
        .toBytes());

    assertThat(bench.log)
        .containsExactly(
            "answered NONE cookie 1",
            "answered NONE cookie 2",
            "answered NONE cookie 3",
            "answered NONE cookie 4");
  }

  @Test
  void aFlushOfAPartIsInvalid() {
    bench.feed(new Wire()
        .request(NbdCommand.FLUSH, 0, 1, 4096, 0)
        .request(NbdCommand.FLUSH, 0, 2, 0, 4096)
        .toBytes());

    assertThat(bench.log).containsExactly("answered EINVAL cookie 1", "answered EINVAL cookie 2");
  }

  @Test
  void afterADisconnectNothingIsRead() {
    byte[] bytes = new Wire()
        .request(NbdCommand.DISC, 0, 0, 0, 0)
        .request(NbdCommand.FLUSH, 0, 1, 0, 0)
        .toBytes();

    int taken = bench.feed(bytes);

    assertThat(taken).isEqualTo(RequestFlyweight.LENGTH_BYTES);
    assertThat(bench.log).containsExactly("disconnect");
  }

  @Test
  void wrongMagicClosesTheConnection() {
    bench.feed(Wire.hex("25609514 0000 0000 0000000000000001 0000000000000000 00000001"));

    assertThat(bench.log).containsExactly("close: request magic 0x25609514 is not NBD's");
  }

  @Test
  void aRequestGivenBackIsOfferedAgainAndNothingIsReadBeforeItIsTaken() {
    byte[] bytes = new Wire()
        .request(NbdCommand.WRITE, 0, 1, 0, 3)
        .raw(new byte[3])
        .request(NbdCommand.FLUSH, 0, 2, 0, 0)
        .toBytes();
    NbdSession session = bench.session;
    UnsafeBuffer in = new UnsafeBuffer(bytes);

    int taken = session.accept(in, 0, bytes.length);
    session.take();
    session.giveBack();
    assertThat(session.accept(in, taken, bytes.length - taken)).isZero();
    assertThat(session.state()).isEqualTo(NbdSessionState.OFFERED);
    assertThat(session.payloadBytes()).isZero();

    session.take();
    assertThat(session.payloadBytes()).isEqualTo(3);
    session.payloadTaken(1);
    assertThatThrownBy(session::giveBack).isInstanceOf(IllegalStateException.class);
    session.payloadTaken(2);
    session.accept(in, taken + 3, bytes.length - taken - 3);
    assertThat(session.command()).isEqualTo(NbdCommand.FLUSH);
  }

  @Test
  void requestsAllocateNothing() {
    byte[] bytes = new Wire()
        .request(NbdCommand.WRITE, 0, 1, 0, 4)
        .raw(new byte[4])
        .request(NbdCommand.READ, 0, 2, 0, 4)
        .request(99, 0, 3, 0, 4)
        .request(NbdCommand.BLOCK_STATUS, 0, 4, 0, 4)
        .toBytes();
    UnsafeBuffer in = new UnsafeBuffer(bytes);
    serve(in, 20_000);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    serve(in, 20_000);

    long perRequest = (threads.getCurrentThreadAllocatedBytes() - before) / 80_000;
    assertThat(perRequest).as("bytes allocated per request").isZero();
  }

  private void serve(UnsafeBuffer in, int rounds) {
    NbdSession session = bench.session;
    for (int round = 0; round < rounds; round++) {
      int taken = 0;
      while (taken < in.capacity()) {
        taken += session.accept(in, taken, in.capacity() - taken);
        if (session.state() == NbdSessionState.OFFERED) {
          session.take();
          taken += (int) session.payloadBytes();
          if (session.payloadBytes() > 0) {
            session.payloadTaken(session.payloadBytes());
          }
        }
      }
    }
  }

  @Test
  void theHeaderOfAChunkIsAsTheProtocolDrawsIt() {
    UnsafeBuffer chunk = new UnsafeBuffer(new byte[StructuredReplyFlyweight.LENGTH_BYTES]);

    StructuredReplyFlyweight.put(
        chunk, 0, true, StructuredReplyFlyweight.TYPE_ERROR, 0x1122334455667788L, 6);

    assertThat(chunk.byteArray())
        .asHexString()
        .isEqualTo("668e33ef 0001 8001 1122334455667788 00000006"
            .replace(" ", "")
            .toUpperCase(Locale.ROOT));
    StructuredReplyFlyweight read = new StructuredReplyFlyweight().wrap(chunk, 0);
    assertThat(read.magic()).isEqualTo(StructuredReplyFlyweight.MAGIC);
    assertThat(read.isLast()).isTrue();
    assertThat(read.type()).isEqualTo(StructuredReplyFlyweight.TYPE_ERROR);
    assertThat(read.cookie()).isEqualTo(0x1122334455667788L);
    assertThat(read.contentBytes()).isEqualTo(6);
  }

  @Test
  void theSimpleReplyIsAsTheProtocolDrawsIt() {
    UnsafeBuffer reply = new UnsafeBuffer(new byte[SimpleReplyFlyweight.LENGTH_BYTES]);

    SimpleReplyFlyweight.put(reply, 0, NbdError.ESHUTDOWN, 0x1122334455667788L);

    assertThat(reply.byteArray())
        .asHexString()
        .isEqualTo("67446698 0000006c 1122334455667788".replace(" ", "").toUpperCase(Locale.ROOT));
  }
}
