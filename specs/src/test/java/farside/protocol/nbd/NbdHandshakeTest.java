package farside.protocol.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Handshakes byte by byte, as they stand on the wire.
class NbdHandshakeTest {
  private static final byte[] NO_DATA = {};

  private final SessionBench bench = new SessionBench(SessionBench.exports());

  private void haggle() {
    bench.feed(new Wire().clientFlags(3).toBytes());
    bench.takeSent();
  }

  private void expectSent(String hex) {
    assertThat(bench.takeSent())
        .asHexString()
        .isEqualTo(hex.replaceAll("\\s", "").toUpperCase(Locale.ROOT));
  }

  @Test
  void theServerSpeaksFirst() {
    expectSent("4e42444d41474943 49484156454f5054 0003");
  }

  @Test
  void goTellsSizeFlagsAndWhatWasAskedAndOpens() {
    haggle();

    bench.feed(Wire.hex("""
        49484156454f5054 00000007 00000010
        00000004 30303130 0003 0001 0002 0003
        """));

    expectSent("""
        0003e889045565a9 00000007 00000003 0000000c  0000 0000000010000000 0d6d
        0003e889045565a9 00000007 00000003 00000006  0001 30303130
        0003e889045565a9 00000007 00000003 0000000e  0002 52312c206d6972726f726564
        0003e889045565a9 00000007 00000003 0000000e  0003 00000001 00001000 02000000
        0003e889045565a9 00000007 00000001 00000000
        """);
    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void goWithoutWishesStillTellsSizeAndFlags() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000007 0000000a 00000004 30303230 0000"));

    expectSent("""
        0003e889045565a9 00000007 00000003 0000000c  0000 0000000010000000 050f
        0003e889045565a9 00000007 00000001 00000000
        """);
    assertThat(bench.log).containsExactly("opened 0020");
  }

  @Test
  void infoAnswersAsGoWouldAndOpensNothing() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000006 0000000c 00000004 30303130 0001 0003"));

    expectSent("""
        0003e889045565a9 00000006 00000003 0000000c  0000 0000000010000000 0d6d
        0003e889045565a9 00000006 00000003 0000000e  0003 00000001 00001000 02000000
        0003e889045565a9 00000006 00000001 00000000
        """);
    assertThat(bench.log).isEmpty();
    assertThat(bench.session.state()).isEqualTo(NbdSessionState.OPTION);
  }

  @Test
  void theEmptyNameStandsForTheFirstExportAndNameTellsWhichThatIs() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000007 00000008 00000000 0001 0001"));

    expectSent("""
        0003e889045565a9 00000007 00000003 0000000c  0000 0000000010000000 0d6d
        0003e889045565a9 00000007 00000003 00000006  0001 30303130
        0003e889045565a9 00000007 00000001 00000000
        """);
    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void listTellsAllExportsByName() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000003 00000000"));

    expectSent("""
        0003e889045565a9 00000003 00000002 00000014  00000004 30303130 52312c206d6972726f726564
        0003e889045565a9 00000003 00000002 00000014  00000004 30303230 5232206f6620736974652041
        0003e889045565a9 00000003 00000002 0000000d  00000004 30303330 6c6f63616c
        0003e889045565a9 00000003 00000001 00000000
        """);
  }

  @Test
  void exportNameOpensWithoutZeroesIfBothAgreed() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000001 00000004 30303130"));

    expectSent("0000000010000000 0d6d");
    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void exportNamePadsForAClientThatKnowsNoOtherWay() {
    bench.takeSent();

    bench.feed(new Wire().clientFlags(0).toBytes());
    bench.feed(Wire.hex("49484156454f5054 00000001 00000004 30303130"));

    expectSent("0000000010000000 0d6d" + "00".repeat(124));
    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void goNeverPads() {
    bench.takeSent();

    bench.feed(new Wire().clientFlags(1).infoOption(NbdOption.GO, "0010").toBytes());

    expectSent("""
        0003e889045565a9 00000007 00000003 0000000c  0000 0000000010000000 0d6d
        0003e889045565a9 00000007 00000001 00000000
        """);
  }

  @Test
  void abortIsAcknowledgedAndClosed() {
    haggle();

    bench.feed(Wire.hex("49484156454f5054 00000002 00000003 010203"));

    expectSent("0003e889045565a9 00000002 00000001 00000000");
    assertThat(bench.log).containsExactly("close: the client broke off the handshake");
  }

  @Test
  void whatIsNotServedIsRefusedAndTheHagglingGoesOn() {
    haggle();
    for (NbdOption option : NbdOption.values()) {
      if (!OptionRequest.isServed(option)) {
        expectRefusal(option.number(), new byte[] {1, 2, 3}, NbdOptionReply.ERR_UNSUP);
        expectRefusal(option.number(), NO_DATA, NbdOptionReply.ERR_UNSUP);
      }
    }
    expectRefusal(0x7eadbeef, new byte[NbdLimits.OPTION_BYTES_MAX], NbdOptionReply.ERR_UNSUP);

    bench.feed(new Wire().infoOption(NbdOption.GO, "0010").toBytes());
    assertThat(bench.log).containsExactly("opened 0010");
  }

  @Test
  void lengthsThatDoNotAddUpAreInvalidAndTheHagglingGoesOn() {
    haggle();
    expectRefusal(NbdOption.LIST.number(), new byte[1], NbdOptionReply.ERR_INVALID);
    for (NbdOption option : new NbdOption[] {NbdOption.INFO, NbdOption.GO}) {
      int number = option.number();
      expectRefusal(number, NO_DATA, NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("00000000 00"), NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("00000005 30303130 0000"), NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("ffffffff 30303130 0000"), NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("00000004 30303130 0001"), NbdOptionReply.ERR_INVALID);
      expectRefusal(
          number, Wire.hex("00000004 30303130 0001 0003 0003"), NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("00000002 c328 0000"), NbdOptionReply.ERR_INVALID);
      expectRefusal(number, Wire.hex("00000002 3000 0000"), NbdOptionReply.ERR_INVALID);
      byte[] endless = new byte[NbdLimits.NAME_BYTES_MAX + 1];
      Arrays.fill(endless, (byte) 'x');
      expectRefusal(
          number,
          new Wire().u32(endless.length).raw(endless).u16(0).toBytes(),
          NbdOptionReply.ERR_INVALID);
    }
  }

  @Test
  void whatDoesNotExistOrIsNotReadyIsRefusedWithTheReason() {
    haggle();

    String unknown = expectRefusal(
        NbdOption.GO.number(),
        new Wire().text("0099").u16(0).toBytes(),
        NbdOptionReply.ERR_UNKNOWN);
    String notReady = expectRefusal(
        NbdOption.GO.number(), new Wire().text("0030").u16(0).toBytes(), NbdOptionReply.ERR_POLICY);

    assertThat(unknown).isEqualTo("no export '0099' here");
    assertThat(notReady).isEqualTo("export '0030' is not ready: its drive D3 is varied off");
  }

  @Test
  void exportNameOfWhatCannotBeOpenedClosesWithoutAWord() {
    for (String name : new String[] {"0099", "0030"}) {
      SessionBench each = new SessionBench(SessionBench.exports());
      each.takeSent();
      each.feed(new Wire()
          .clientFlags(3)
          .option(NbdOption.EXPORT_NAME, name.getBytes(StandardCharsets.UTF_8))
          .toBytes());

      assertThat(each.takeSent()).isEmpty();
      assertThat(each.log).singleElement().asString().startsWith("close: ").contains(name);
    }
  }

  @Test
  void withoutAnyExportEvenTheEmptyNameIsUnknown() {
    SessionBench empty = new SessionBench(new ExportDirectory());

    empty.feed(Wire.opened("").toBytes());

    assertThat(empty.log).isEmpty();
    assertThat(empty.session.state()).isEqualTo(NbdSessionState.OPTION);
  }

  @Test
  void unknownClientFlagsCloseTheConnection() {
    bench.feed(new Wire().clientFlags(4).toBytes());

    assertThat(bench.log).containsExactly("close: unknown client flags 0x4");
  }

  @Test
  void aClientOfTheUnfixedWayMayOnlyNameAnExport() {
    bench.feed(new Wire().clientFlags(0).option(NbdOption.LIST, NO_DATA).toBytes());

    assertThat(bench.log)
        .containsExactly("close: option 3 of a client that may only name an export");
  }

  @Test
  void wrongMagicClosesTheConnection() {
    haggle();

    bench.feed(Wire.hex("49484156454f5055 00000003 00000000"));

    assertThat(bench.log).containsExactly("close: option magic 0x49484156454f5055 is not IHAVEOPT");
  }

  @Test
  void oneOptionTooManyClosesTheConnection() {
    haggle();
    for (int count = 0; count < NbdLimits.OPTIONS_MAX; count++) {
      bench.feed(new Wire().option(NbdOption.LIST, NO_DATA).toBytes());
    }
    assertThat(bench.log).isEmpty();

    bench.feed(new Wire().option(NbdOption.LIST, NO_DATA).toBytes());

    assertThat(bench.log).containsExactly("close: more than 64 options");
  }

  @Test
  void optionDataThatIsTooLongIsSkippedUpToABound() {
    haggle();
    byte[] tooLong = new byte[NbdLimits.OPTION_BYTES_MAX + 1];
    expectRefusal(NbdOption.GO.number(), tooLong, NbdOptionReply.ERR_TOO_BIG);
    expectRefusal(99, new byte[NbdLimits.OPTION_BYTES_SKIPPED_MAX], NbdOptionReply.ERR_UNSUP);

    bench.feed(Wire.hex("49484156454f5054 00000009 00100001"));

    assertThat(bench.log)
        .containsExactly("close: option 9 with 1048577 bytes of data, more than 1048576");
  }

  /// Sends the option and returns the text of the error that is the only answer.
  private String expectRefusal(int option, byte[] data, NbdOptionReply type) {
    bench.feed(new Wire().option(option, data).toBytes());
    byte[] sent = bench.takeSent();
    byte[] header = new Wire()
        .raw(Wire.hex("0003e889045565a9"))
        .u32(option)
        .u32(type.number())
        .u32(sent.length - 20)
        .toBytes();
    assertThat(sent).startsWith(header);
    assertThat(bench.session.state()).isEqualTo(NbdSessionState.OPTION);
    return new String(sent, header.length, sent.length - header.length, StandardCharsets.UTF_8);
  }
}
