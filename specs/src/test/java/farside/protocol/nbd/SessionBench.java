package farside.protocol.nbd;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/// A server reduced to its session: feeds it, takes what it offers, and writes down all that
/// came of it.
final class SessionBench {
  private static final String[] FLAGS = {"fua", "no-hole", "df", "req-one", "fast-zero"};
  private static final int MESSAGES_MAX = 1_000_000;

  final NbdSession session;
  final List<String> log = new ArrayList<>();
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final CRC32C payloadCrc = new CRC32C();

  /// Null: every request is taken when it is offered.
  private final RandomGenerator refusals;

  int outboundBytesPeak;

  SessionBench(ExportDirectory exports) {
    this(exports, null);
  }

  SessionBench(ExportDirectory exports, RandomGenerator refusals) {
    this(exports, refusals, TlsPolicy.OFF);
  }

  SessionBench(ExportDirectory exports, RandomGenerator refusals, TlsPolicy tls) {
    session = new NbdSession(exports, tls);
    this.refusals = refusals;
    send();
  }

  /// Two volumes to write to, one that is read only and one that is not ready.
  static ExportDirectory exports() {
    ExportDirectory exports = new ExportDirectory();
    exports.put(new NbdExport("0020", "R2 of site A", 0x1000_0000L, 4096, true, true, ""));
    exports.put(new NbdExport("0010", "R1, mirrored", 0x1000_0000L, 4096, false, true, ""));
    exports.put(new NbdExport(
        "0030", "local", 0x800_0000L, 8192, false, false, "its drive D3 is varied off"));
    return exports;
  }

  /// Gives the session bytes until they are used up or it has ended; returns how many it took.
  int feed(byte[] bytes) {
    return feed(bytes, 0, bytes.length);
  }

  int feed(byte[] bytes, int offset, int length) {
    UnsafeBuffer in = new UnsafeBuffer(bytes);
    int taken = 0;
    for (int messages = 0; messages < MESSAGES_MAX; messages++) {
      int step = session.accept(in, offset + taken, length - taken);
      taken += step;
      send();
      write();
      int payload = (int) Math.min(session.payloadBytes(), length - taken);
      if (payload > 0) {
        payloadCrc.update(bytes, offset + taken, payload);
        taken += payload;
        session.payloadTaken(payload);
        if (session.payloadBytes() == 0) {
          log.add("payload " + Long.toHexString(payloadCrc.getValue()));
        }
      } else if (step == 0) {
        return taken;
      }
    }
    throw new AssertionError("the session makes no progress in " + session.state());
  }

  private void write() {
    switch (session.message()) {
      case NONE -> {}
      case OPENED -> log.add("opened " + session.export().name());
      case SECURE -> {
        log.add("secure");
        session.secured();
      }
      case REQUEST -> {
        log.add("request " + session.command() + flags()
            + " cookie " + session.cookie() + " offset " + session.offsetBytes() + " length "
            + session.lengthBytes());
        payloadCrc.reset();
        takeAtLast();
      }
      case ANSWERED -> log.add("answered " + session.error() + " cookie " + session.cookie());
      case DISCONNECT -> log.add("disconnect");
      case CLOSE -> log.add("close: " + session.reason());
    }
  }

  private String flags() {
    String text = "";
    for (int bit = 0; bit < FLAGS.length; bit++) {
      text += (session.flags() & 1 << bit) != 0 ? " " + FLAGS[bit] : "";
    }
    return text;
  }

  private void takeAtLast() {
    session.take();
    while (refusals != null && refusals.nextBoolean()) {
      session.giveBack();
      session.accept(new UnsafeBuffer(new byte[1]), 0, 1);
      session.take();
    }
  }

  private void send() {
    outboundBytesPeak = Math.max(outboundBytesPeak, session.outboundBytes());
    byte[] bytes = new byte[session.outboundBytes()];
    session.outbound().getBytes(0, bytes);
    sent.writeBytes(bytes);
    session.outboundSent();
  }

  byte[] sent() {
    return sent.toByteArray();
  }

  /// What was sent since the last call.
  byte[] takeSent() {
    byte[] bytes = sent.toByteArray();
    sent.reset();
    return bytes;
  }

  boolean hasEnded() {
    return session.state() == NbdSessionState.ENDED;
  }
}
