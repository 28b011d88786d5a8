package farside.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.CabinetRefused;
import farside.director.MachineCheck;
import farside.port.ConsolePort.LineNews;
import farside.port.HostCommand;
import farside.replay.Verdict.Outcome;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A cabinet stepped by hand, recorded, and replayed from facts as they were and from changed
/// ones.
class RecordedCabinetTest {
  private static final int CONNECTION = 1;

  /// Of these, some numbers had no consequence for this cabinet.
  private static final Set<FactKind> HINTS = EnumSet.of(
      FactKind.DRIVE_ATTACHED,
      FactKind.DRIVE_ZEROES,
      FactKind.DRIVE_COMPLETION,
      FactKind.HOST_IS_WRITABLE);

  private SmallCabinet small = new SmallCabinet();

  @AfterEach
  void close() {
    small.close();
  }

  private void work() {
    small.run(20);
    small.host.does(sink -> sink.onOpened(CONNECTION, "0010", "host 1"));
    byte[] payload = new byte[8192];
    Arrays.fill(payload, (byte) 5);
    small.host.sends(payload);
    asks(HostCommand.WRITE, 0, 11, 4096, payload.length);
    asks(HostCommand.READ, 0, 12, 0, 16_384);
    asks(HostCommand.WRITE_ZEROES, 0, 13, 65_536, 65_536);
    asks(HostCommand.FLUSH, 0, 14, 0, 0);
    asks(HostCommand.BLOCK_STATUS, 0, 15, 0, SmallCabinet.VOLUME_BYTES);
    small.console.does(sink -> sink.onLine("ttyS0", LineNews.LOGGED_IN, ""));
    small.console.does(sink -> sink.onCommand(3, "query", false));
    small.console.does(sink -> sink.onCommand(4, "no such command", true));
    small.run(200);
    small.host.does(sink -> sink.onDisconnect(CONNECTION));
    small.shutDown();
  }

  private void asks(
      HostCommand command, int flags, long cookie, long offsetBytes, long lengthBytes) {
    small.host.does(sink -> assertThat(
            sink.onRequest(CONNECTION, command, flags, cookie, offsetBytes, lengthBytes))
        .isTrue());
    small.run(20);
  }

  @Test
  void whatAHostAndAnOperatorDidComesAgainWithTheSameStates() throws IOException {
    work();

    assertThat(small.cabinet.isDown()).isTrue();
    assertThat(small.host.replies).contains("reply 11 OK", "data 12", "reply 14 OK");
    Verdict verdict = replay(small.facts);
    assertThat(verdict.difference()).isEmpty();
    assertThat(verdict.outcome()).isEqualTo(Outcome.SAME);
    assertThat(verdict.states()).isGreaterThan(2);
    assertThat(verdict.facts()).isEqualTo(small.facts.size());
  }

  /// One fact of each kind in turn is another than it was: whether it came in or went out, the
  /// replay is different from there on.
  @Test
  void aFactOfAnyKindThatWasChangedIsNoticed() throws IOException {
    work();
    assertThat(changesUnnoticed(EnumSet.allOf(FactKind.class))).isEmpty();
  }

  private List<String> changesUnnoticed(Set<FactKind> kinds) throws IOException {
    List<String> unnoticed = new ArrayList<>();
    for (FactKind kind : kinds) {
      int at = indexOf(kind);
      if (at >= 0 && kind != FactKind.OPENED && !HINTS.contains(kind)) {
        for (Fact changed : changes(small.facts.get(at))) {
          List<Fact> facts = new ArrayList<>(small.facts);
          facts.set(at, changed);
          Verdict verdict = replay(facts);
          if (verdict.outcome() != Outcome.DIFFERENT || !verdict.difference().contains("came: ")) {
            unnoticed.add(changed.shown("") + " -> " + verdict.outcome());
          }
        }
      }
    }
    return unnoticed;
  }

  @Test
  void whatLeftAPowerSafeCabinetWhenItsLogWasWrittenLeavesItThenAgain() throws IOException {
    madeWith(new SmallCabinet.MemoryLog(Integer.MAX_VALUE));
    work();

    assertThat(small.host.replies).contains("reply 11 OK", "data 12", "reply 14 OK");
    Verdict verdict = replay(small.facts);
    assertThat(verdict.difference()).isEmpty();
    assertThat(verdict.outcome()).isEqualTo(Outcome.SAME);
    Set<FactKind> ofTheLog = EnumSet.of(FactKind.NVRAM_LOG_WRITE, FactKind.NVRAM_LOG_WRITTEN);
    assertThat(small.facts)
        .extracting(Fact::kind)
        .contains(FactKind.NVRAM_LOG)
        .containsAll(ofTheLog);
    assertThat(changesUnnoticed(ofTheLog)).isEmpty();
  }

  @Test
  void aPowerSafeCabinetWhoseLogFailedStopsAgain() throws IOException {
    madeWith(new SmallCabinet.MemoryLog(3));
    assertThatThrownBy(this::work)
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("log in memory cannot be written: no space left on device");

    Verdict verdict = replay(small.facts);
    assertThat(verdict.difference()).isEmpty();
    assertThat(verdict.outcome()).isEqualTo(Outcome.SAME);
  }

  private void madeWith(SmallCabinet.MemoryLog log) {
    small.close();
    small = new SmallCabinet(log);
  }

  @Test
  void aFactThatIsMissingIsNoticed() throws IOException {
    work();
    for (FactKind kind : List.of(
        FactKind.NVRAM_COMMIT, FactKind.DRIVE_WRITE, FactKind.HOST_REPLY, FactKind.RANDOM)) {
      List<Fact> facts = new ArrayList<>(small.facts);
      facts.remove(indexOf(kind));
      assertThat(replay(facts).outcome()).as("%s", kind).isEqualTo(Outcome.DIFFERENT);
    }
  }

  @Test
  void theDifferenceSaysWhatWasRecordedAndWhatCame() throws IOException {
    work();
    int at = indexOf(FactKind.HOST_PAYLOAD);
    Fact payload = small.facts.get(at);
    byte[] content = payload.content().clone();
    content[0] ^= 1;
    small.facts.set(
        at, new Fact(payload.kind(), payload.port(), payload.numbers(), payload.texts(), content));

    Verdict verdict = replay(small.facts);

    assertThat(verdict.outcome()).isEqualTo(Outcome.DIFFERENT);
    assertThat(verdict.difference()).matches("(?s)recorded: \\w+ .*\ncame: +\\w+ .*");
    assertThat(verdict.history()).isNotEmpty().last().asString().contains(" s  ");
    assertThat(verdict.isSame()).isFalse();
  }

  /// Wherever `kill -9` cut it, what is there is replayed.
  @Test
  void aRecordingThatWasCutShortIsReplayedToWhereItWasCut() throws IOException {
    work();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(RecordingFormat.magic());
    for (int from = 0; from < small.facts.size(); from += 25) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      for (Fact fact : small.facts.subList(from, Math.min(small.facts.size(), from + 25))) {
        FactFormat.encode(fact, block);
      }
      file.writeBytes(RecordingFormat.head(block.toByteArray()).array());
      file.writeBytes(block.toByteArray());
    }
    byte[] whole = file.toByteArray();
    int cuts = 0;
    for (int length = whole.length - 1; length > 8; length -= 1 + whole.length / 60) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        Verdict verdict = Replay.of(
            RecordingReader.of(new ByteArrayInputStream(cut)), origin -> SmallCabinet.DESCRIPTION);
        assertThat(verdict.outcome()).as(verdict.difference()).isEqualTo(Outcome.CUT_SHORT);
        cuts++;
      } catch (DamagedRecording nothingThere) {
        assertThat(nothingThere).hasMessageContaining("nothing was recorded before it ended");
      }
    }
    assertThat(cuts).isGreaterThan(50);
  }

  @Test
  void aCabinetThatStoppedAtOnceStopsAgain() throws IOException {
    small.run(20);
    small.drive.completes(-1);
    assertThatThrownBy(() -> small.run(1)).isInstanceOf(MachineCheck.class);

    assertThat(small.facts.getLast().kind()).isEqualTo(FactKind.STOPPED);
    Verdict verdict = replay(small.facts);
    assertThat(verdict.difference()).isEmpty();
    assertThat(verdict.outcome()).isEqualTo(Outcome.SAME);
  }

  @Test
  void aDriverThatFailedIsNotBroughtAgainAndThatIsADifference() throws IOException {
    small.run(20);
    small.host.does(sink -> {
      throw new IllegalStateException("the head is wrong");
    });
    assertThatThrownBy(() -> small.run(1)).hasMessage("the head is wrong");

    Verdict verdict = replay(small.facts);
    assertThat(verdict.outcome()).isEqualTo(Outcome.DIFFERENT);
    assertThat(verdict.difference()).contains("recorded: STOPPED");
  }

  @Test
  void aRecordingOfNothingAndOneThatBeginsInTheMiddleAreRefused() {
    assertThatThrownBy(() -> replay(List.of()))
        .isInstanceOf(DamagedRecording.class)
        .hasMessageContaining("nothing was recorded");
    assertThatThrownBy(() -> replay(
            List.of(new Fact(FactKind.ROUND_END, 0, new long[1], Fact.NO_TEXTS, Fact.NO_CONTENT))))
        .isInstanceOf(DamagedRecording.class)
        .hasMessageContaining("does not say how its cabinet began");
  }

  private int indexOf(FactKind kind) {
    for (int i = 0; i < small.facts.size(); i++) {
      if (small.facts.get(i).kind() == kind) {
        return i;
      }
    }
    return -1;
  }

  /// The fact with one number, text or byte another.
  private static List<Fact> changes(Fact fact) {
    List<Fact> changes = new ArrayList<>();
    for (int i = 0; i < fact.numbers().length; i++) {
      long[] numbers = fact.numbers().clone();
      numbers[i] ^= 1;
      changes.add(new Fact(fact.kind(), fact.port(), numbers, fact.texts(), fact.content()));
    }
    for (int i = 0; i < fact.texts().length; i++) {
      String[] texts = fact.texts().clone();
      texts[i] += "x";
      changes.add(new Fact(fact.kind(), fact.port(), fact.numbers(), texts, fact.content()));
    }
    return changes;
  }

  private static Verdict replay(List<Fact> facts) throws IOException {
    ArrayDeque<Fact> left = new ArrayDeque<>(facts);
    return Replay.of((FactSource) left::pollFirst, origin -> SmallCabinet.DESCRIPTION);
  }
}
