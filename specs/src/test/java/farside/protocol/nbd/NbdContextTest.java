package farside.protocol.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Structured replies, metadata contexts and STARTTLS while client and server haggle.
class NbdContextTest {
  private static final byte[] NO_DATA = {};

  private SessionBench bench = new SessionBench(SessionBench.exports());

  @BeforeEach
  void haggle() {
    bench.feed(new Wire().clientFlags(3).toBytes());
    bench.takeSent();
  }

  private void agreeOnStructuredReplies() {
    bench.feed(new Wire().option(NbdOption.STRUCTURED_REPLY, NO_DATA).toBytes());
    expectSent("0003e889045565a9 00000008 00000001 00000000");
  }

  private void requireTls() {
    bench = new SessionBench(SessionBench.exports(), null, TlsPolicy.REQUIRED);
    haggle();
  }

  private void expectSent(String hex) {
    assertThat(bench.takeSent())
        .asHexString()
        .isEqualTo(hex.replaceAll("\\s", "").toUpperCase(Locale.ROOT));
  }

  private void expectRefusal(Wire option, NbdOptionReply type) {
    bench.feed(option.toBytes());
    assertThat(new Wire().raw(bench.takeSent()).toBytes())
        .as(type.name())
        .startsWith(Wire.hex("0003e889045565a9"))
        .satisfies(sent -> assertThat(replyType(sent)).isEqualTo(type.number()));
    assertThat(bench.session.state()).isEqualTo(NbdSessionState.OPTION);
  }

  private static int replyType(byte[] sent) {
    return (sent[12] & 0xFF) << 24
        | (sent[13] & 0xFF) << 16
        | (sent[14] & 0xFF) << 8
        | sent[15] & 0xFF;
  }

  @Test
  void structuredRepliesAreAgreedOnAndTheExportSaysThatItCanAvoidFragments() {
    agreeOnStructuredReplies();

    bench.feed(new Wire().infoOption(NbdOption.GO, "0010").toBytes());

    expectSent("""
        0003e889045565a9 00000007 00000003 0000000c  0000 0000000010000000 0ded
        0003e889045565a9 00000007 00000001 00000000
        """);
    assertThat(bench.session.hasStructuredReplies()).isTrue();
  }

  @Test
  void structuredRepliesTakeNoData() {
    expectRefusal(
        new Wire().option(NbdOption.STRUCTURED_REPLY, new byte[1]), NbdOptionReply.ERR_INVALID);
    bench.feed(new Wire().infoOption(NbdOption.GO, "0010").toBytes());

    assertThat(bench.session.hasStructuredReplies()).isFalse();
  }

  @Test
  void contextsAreListedByNoneByNamespaceAndByName() {
    agreeOnStructuredReplies();
    for (String[] queries :
        new String[][] {{}, {"base:"}, {"base:allocation"}, {"x:y", "base:", "base:allocation"}}) {
      bench.feed(
          new Wire().contextOption(NbdOption.LIST_META_CONTEXT, "0010", queries).toBytes());

      expectSent("""
          0003e889045565a9 00000009 00000004 00000013
          00000000 626173653a616c6c6f636174696f6e
          0003e889045565a9 00000009 00000001 00000000
          """);
    }
    bench.feed(new Wire()
        .contextOption(NbdOption.LIST_META_CONTEXT, "0010", "qemu:", "base:alloc")
        .toBytes());

    expectSent("0003e889045565a9 00000009 00000001 00000000");
  }

  @Test
  void aContextIsChosenByItsNameOnly() {
    agreeOnStructuredReplies();

    bench.feed(new Wire()
        .contextOption(NbdOption.SET_META_CONTEXT, "0010", "qemu:x", "base:allocation")
        .toBytes());

    expectSent("""
        0003e889045565a9 0000000a 00000004 00000013
        00000001 626173653a616c6c6f636174696f6e
        0003e889045565a9 0000000a 00000001 00000000
        """);
    expectStatusServed("0010", true);
  }

  private void expectStatusServed(String export, boolean isServed) {
    bench.feed(new Wire()
        .infoOption(NbdOption.GO, export)
        .request(NbdCommand.BLOCK_STATUS, 0, 5, 0, 4096)
        .toBytes());
    assertThat(bench.log)
        .last()
        .isEqualTo(
            isServed
                ? "request BLOCK_STATUS cookie 5 offset 0 length 4096"
                : "answered EINVAL cookie 5");
  }

  @Test
  void aNamespaceChoosesNothing() {
    agreeOnStructuredReplies();
    bench.feed(
        new Wire().contextOption(NbdOption.SET_META_CONTEXT, "0010", "base:").toBytes());

    expectSent("0003e889045565a9 0000000a 00000001 00000000");
    expectStatusServed("0010", false);
  }

  @Test
  void aChoiceIsForTheExportThatItNamed() {
    agreeOnStructuredReplies();
    bench.feed(new Wire()
        .contextOption(NbdOption.SET_META_CONTEXT, "0020", "base:allocation")
        .toBytes());

    expectStatusServed("0010", false);
  }

  @Test
  void aNewChoiceEndsTheOldOneEvenIfItFails() {
    Wire[] failures = {
      new Wire().contextOption(NbdOption.SET_META_CONTEXT, "0010"),
      new Wire().contextOption(NbdOption.SET_META_CONTEXT, "0099", "base:allocation"),
      new Wire().option(NbdOption.SET_META_CONTEXT, new byte[3]),
      new Wire().option(NbdOption.SET_META_CONTEXT, new byte[NbdLimits.OPTION_BYTES_MAX + 1]),
    };
    for (Wire failure : failures) {
      bench = new SessionBench(SessionBench.exports());
      haggle();
      agreeOnStructuredReplies();
      bench.feed(new Wire()
          .contextOption(NbdOption.SET_META_CONTEXT, "0010", "base:allocation")
          .toBytes());
      bench.feed(failure.toBytes());

      expectStatusServed("0010", false);
    }
  }

  @Test
  void contextsNeedStructuredRepliesAndAnExportThatIsThere() {
    for (NbdOption option :
        new NbdOption[] {NbdOption.LIST_META_CONTEXT, NbdOption.SET_META_CONTEXT}) {
      bench = new SessionBench(SessionBench.exports());
      haggle();
      expectRefusal(
          new Wire().contextOption(option, "0010", "base:allocation"), NbdOptionReply.ERR_INVALID);
      agreeOnStructuredReplies();
      expectRefusal(
          new Wire().contextOption(option, "0099", "base:allocation"), NbdOptionReply.ERR_UNKNOWN);
      expectRefusal(
          new Wire().contextOption(option, "0030", "base:allocation"), NbdOptionReply.ERR_POLICY);
    }
  }

  @Test
  void queriesThatDoNotAddUpAreInvalidAndTheHagglingGoesOn() {
    agreeOnStructuredReplies();
    String[] malformed = {
      "",
      "00000000 000000",
      "00000005 30303130 00000000",
      "ffffffff 30303130 00000000",
      "00000004 30303130 00000001",
      "00000004 30303130 00000001 00000005 62617365",
      "00000004 30303130 00000001 ffffffff 62617365",
      "00000004 30303130 ffffffff 00000000",
      "00000004 30303130 00000000 00",
      "00000004 30303130 00000001 00000002 c328",
      "00000002 c328 00000000",
    };
    for (String data : malformed) {
      expectRefusal(
          new Wire().option(NbdOption.LIST_META_CONTEXT, Wire.hex(data)),
          NbdOptionReply.ERR_INVALID);
      expectRefusal(
          new Wire().option(NbdOption.SET_META_CONTEXT, Wire.hex(data)),
          NbdOptionReply.ERR_INVALID);
    }
  }

  @Test
  void withoutACertificateTlsIsRefusedAndNothingAsksForIt() {
    expectRefusal(new Wire().option(NbdOption.STARTTLS, NO_DATA), NbdOptionReply.ERR_POLICY);
    expectRefusal(new Wire().option(NbdOption.STARTTLS, new byte[1]), NbdOptionReply.ERR_INVALID);

    bench.feed(new Wire().infoOption(NbdOption.GO, "0010").toBytes());

    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void whereTlsIsRequiredNothingIsToldBeforeIt() {
    requireTls();
    for (NbdOption option : NbdOption.values()) {
      if (option != NbdOption.STARTTLS
          && option != NbdOption.ABORT
          && option != NbdOption.EXPORT_NAME) {
        expectRefusal(new Wire().option(option, new byte[7]), NbdOptionReply.ERR_TLS_REQD);
      }
    }
    expectRefusal(new Wire().option(999, NO_DATA), NbdOptionReply.ERR_TLS_REQD);
    assertThat(bench.log).isEmpty();

    bench.feed(new Wire()
        .option(NbdOption.EXPORT_NAME, "0010".getBytes(StandardCharsets.UTF_8))
        .toBytes());

    assertThat(bench.takeSent()).isEmpty();
    assertThat(bench.log).containsExactly("close: option 1 needs TLS: send STARTTLS first");
  }

  @Test
  void abortIsServedBeforeTls() {
    requireTls();

    bench.feed(new Wire().option(NbdOption.ABORT, NO_DATA).toBytes());

    expectSent("0003e889045565a9 00000002 00000001 00000000");
  }

  @Test
  void tlsBeginsAtOnceAfterItsAcknowledgementAndOnlyOnce() {
    requireTls();

    bench.feed(new Wire().option(NbdOption.STARTTLS, NO_DATA).toBytes());

    expectSent("0003e889045565a9 00000005 00000001 00000000");
    assertThat(bench.log).containsExactly("secure");
    expectRefusal(new Wire().option(NbdOption.STARTTLS, NO_DATA), NbdOptionReply.ERR_INVALID);
    bench.feed(new Wire().infoOption(NbdOption.GO, "0010").toBytes());
    assertThat(bench.log).containsExactly("secure", "opened 0010");
  }
}
