package farside.replay;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.HostCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How many rounds of a cabinet it takes from what a host asks to what it is answered; a drive
/// in memory has each request done when it is next asked.
class RoundsTest {
  private static final int CONNECTION = 1;

  private final SmallCabinet small = new SmallCabinet();

  @BeforeEach
  void start() {
    small.run(20);
    small.host.does(sink -> sink.onOpened(CONNECTION, "0010", "host 1"));
    small.run(1);
  }

  @AfterEach
  void close() {
    small.close();
  }

  private void ask(HostCommand command, long cookie, long offsetBytes, long lengthBytes) {
    small.host.does(
        sink -> sink.onRequest(CONNECTION, command, 0, cookie, offsetBytes, lengthBytes));
  }

  @Test
  void aFlushIsAnsweredInTheRoundInWhichTheDriveHasDoneIt() {
    small.host.sends(new byte[4096]);
    ask(HostCommand.WRITE, 1, 0, 4096);
    // The payload comes a round later.
    small.run(2);
    assertThat(small.host.replies).containsExactly("reply 1 OK");
    ask(HostCommand.FLUSH, 2, 0, 0);
    small.run(1);
    assertThat(small.host.replies).hasSize(1);
    small.run(1);
    assertThat(small.host.replies).containsExactly("reply 1 OK", "reply 2 OK");
  }

  @Test
  void whatADriveReadsForAHostIsAwaitedAndWhatItWritesOnlyKeepsItAtWork() {
    small.host.sends(new byte[4096]);
    ask(HostCommand.WRITE, 1, 0, 4096);
    small.run(2);
    ask(HostCommand.FLUSH, 2, 0, 0);
    small.run(1);
    assertThat(small.cabinet.isDriveAtWork()).isTrue();
    assertThat(small.cabinet.isReadAwaited()).isFalse();
    small.run(50);
    assertThat(small.cabinet.isDriveAtWork()).isFalse();

    ask(HostCommand.READ, 3, 4096, 4096);
    small.run(1);

    assertThat(small.cabinet.isReadAwaited()).isTrue();
    small.run(1);
    assertThat(small.host.replies).contains("data 3");
    assertThat(small.cabinet.isReadAwaited()).isFalse();
  }

  @Test
  void aReadWhoseHostHasGoneIsNotAwaited() {
    small.host.sends(new byte[4096]);
    ask(HostCommand.WRITE, 1, 0, 4096);
    small.run(50);
    ask(HostCommand.READ, 2, 4096, 4096);
    small.host.does(sink -> sink.onClosed(CONNECTION));
    small.run(1);

    assertThat(small.cabinet.isReadAwaited()).isFalse();
  }

  @Test
  void aReadIsAnsweredInTheRoundInWhichTheDriveHasReadIt() {
    small.host.sends(new byte[4096]);
    ask(HostCommand.WRITE, 1, 0, 4096);
    // Long enough for the drive to have it, and NVRAM to have given it up.
    small.run(50);
    ask(HostCommand.READ, 2, 4096, 4096);
    small.run(1);
    assertThat(small.host.replies).doesNotContain("data 2");
    small.run(1);
    assertThat(small.host.replies).contains("data 2");
  }
}
