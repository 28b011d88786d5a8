package farside.protocol.nbd;

import com.code_intelligence.jazzer.junit.FuzzTest;

/// Coverage-guided search for bytes that upset a session. As an ordinary test it repeats what
/// was found before; `JAZZER_FUZZ=1` makes it search.
class NbdSessionFuzzTest {
  @FuzzTest
  void fromTheFirstByte(byte[] bytes) {
    check(new byte[0], bytes);
  }

  @FuzzTest
  void fromTheFirstOption(byte[] bytes) {
    check(new Wire().clientFlags(3).toBytes(), bytes);
  }

  @FuzzTest
  void fromTheFirstRequest(byte[] bytes) {
    check(Wire.opened("0010").toBytes(), bytes);
  }

  @FuzzTest
  void fromTheFirstContext(byte[] bytes) {
    byte[] agreed = new Wire()
        .clientFlags(3)
        .option(NbdOption.STRUCTURED_REPLY, new byte[0])
        .toBytes();
    check(agreed, bytes);
  }

  @FuzzTest
  void fromTheFirstRequestWithAContext(byte[] bytes) {
    check(Wire.openedWithContext("0010").toBytes(), bytes);
  }

  @FuzzTest
  void whereTlsIsRequired(byte[] bytes) {
    check(new Wire().clientFlags(3).toBytes(), bytes, TlsPolicy.REQUIRED);
  }

  private static void check(byte[] before, byte[] bytes) {
    check(before, bytes, TlsPolicy.OFF);
  }

  private static void check(byte[] before, byte[] bytes, TlsPolicy tls) {
    SessionBench whole = new SessionBench(SessionBench.exports(), null, tls);
    SessionBench single = new SessionBench(SessionBench.exports(), null, tls);
    whole.feed(before);
    single.feed(before);
    int taken = whole.feed(bytes);
    for (int index = 0; index < bytes.length; index++) {
      single.feed(bytes, index, 1);
    }
    if (!whole.hasEnded() && taken != bytes.length) {
      throw new AssertionError(
          "took " + taken + " of " + bytes.length + " bytes in " + whole.session.state());
    }
    if (!whole.log.equals(single.log)) {
      throw new AssertionError("in one piece: " + whole.log + "; in single bytes: " + single.log);
    }
  }
}
