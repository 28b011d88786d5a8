package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Standing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// With `ack: stored` a FLUSH may be answered because the target's drive has what it covers, while
/// the source's hangs. Then the source loses its power, and the NVRAM with it, at different times.
class FlushOnPeersDriveTest {
  private static final long MILLI = SiteBench.MILLI;
  private static final long SECOND = SiteBench.SECOND;
  private static final long SIZE = SiteBench.VOLUME_BYTES;
  private static final String VOLUME = SiteBench.VOLUME;

  private final SiteBench bench = new SiteBench(7, 0, AckMode.STORED);
  private final VirtualTime time = bench.time;
  private final VolumeHistory history = bench.oracle.history(VOLUME);
  private final SimulatedLine line = bench.line();
  private final SimulatedSite a = bench.ofPair(0, line);
  private final SimulatedSite b = bench.ofPair(1, line);
  private final SimulatedDrive drive = a.drives().getFirst();
  private final DriveMedium near = drive.medium();
  private final DriveMedium far = b.drives().getFirst().medium();

  @BeforeEach
  void mirror() {
    a.start();
    b.start();
    await(PairState.SYNCHRONIZED);
  }

  @AfterEach
  void release() {
    bench.close();
  }

  private void await(PairState state) {
    assertThat(time.runUntil(() -> a.isRunning() && pair() == state, 60 * SECOND))
        .as("pair is " + state)
        .isTrue();
  }

  private PairState pair() {
    Standing standing = a.standingOf(VOLUME);
    return standing == null ? null : standing.pairState();
  }

  private WorkloadProgram program() {
    WorkloadProgram program =
        new WorkloadProgram(a.host(), VOLUME, SIZE, false, time, bench.draws.fork());
    program.start();
    return program;
  }

  /// Hosts write and flush, and all is answered, while the source's drive hangs.
  private void writeAndFlushWithoutTheDrive() {
    // Of a drive that hangs neither all reads nor, for ever, all writes can be served.
    bench.oracle.excuseErrors(VOLUME, true);
    drive.faults().hang(1000);
    WorkloadProgram program = program();
    time.runFor(50 * MILLI);
    program.stop();
    assertThat(time.runUntil(program::isQuiet, 10 * SECOND)).isTrue();
    time.runFor(SECOND);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE)).isNotNegative();
  }

  /// The first write that cannot be mirrored suspends the group.
  private void goAlone() {
    line.cut();
    WorkloadProgram program = program();
    await(PairState.SUSPENDED);
    time.runFor(50 * MILLI);
    program.stop();
  }

  /// The drive goes on, and takes its label; but what hosts wrote it does not take yet.
  private void returnButForData() {
    drive.faults().spoil(0, SIZE);
    drive.free(Long.MAX_VALUE);
    time.runFor(3 * SECOND);
  }

  private void losePower() {
    a.losePower();
    history.loseUnflushed();
    drive.mend();
    a.start();
  }

  private void assertThatBothHaveWhatWasFlushed() {
    line.restore();
    await(PairState.SYNCHRONIZED);
    assertThat(time.runUntil(() -> a.isSettled() && b.isSettled(), 60 * SECOND))
        .as(a.unsettled() + "; " + b.unsettled())
        .isTrue();
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE))
        .as("first byte that differs")
        .isEqualTo(-1);
    history.adopt(near.visible(), "the drives");
  }

  @Test
  void whileTheGroupIsAloneAndTheDriveHasItsLabelAndNothingElse() {
    writeAndFlushWithoutTheDrive();
    goAlone();
    returnButForData();
    losePower();
    assertThatBothHaveWhatWasFlushed();
  }

  @Test
  void whileTheTargetIsCopiedOverAndTheDriveHasItsLabelAndNothingElse() {
    writeAndFlushWithoutTheDrive();
    goAlone();
    returnButForData();
    b.drives().getFirst().faults().slowDown(100 * MILLI);
    line.restore();
    await(PairState.SYNC_IN_PROG);
    losePower();
    assertThatBothHaveWhatWasFlushed();
  }

  @Test
  void whileARecordOfItIsDamagedBeforeTheDriveHasIt() {
    writeAndFlushWithoutTheDrive();
    goAlone();
    assertThat(a.killAndDamage(bench.draws.fork())).contains(VOLUME);
    history.loseUnflushed();
    drive.mend();
    a.start();
    assertThatBothHaveWhatWasFlushed();
  }

  @Test
  void whileItIsGivenBack() {
    writeAndFlushWithoutTheDrive();
    goAlone();
    returnButForData();
    losePower();
    drive.faults().slowDown(300 * MILLI);
    line.restore();
    await(PairState.RESTORING);
    assertThat(time.runUntil(
            () -> a.standingOf(VOLUME).generation() == a.standingOf(VOLUME).base(), 60 * SECOND))
        .isTrue();
    time.runFor(300 * MILLI);
    assertThat(pair()).isEqualTo(PairState.RESTORING);
    losePower();
    assertThatBothHaveWhatWasFlushed();
  }

  @Test
  void whenTheDriveHasAllAgainWhatIsFlushedAloneIsKept() {
    writeAndFlushWithoutTheDrive();
    goAlone();
    drive.free(Long.MAX_VALUE);
    assertThat(time.runUntil(() -> !a.standingOf(VOLUME).behind(), 10 * SECOND)).isTrue();
    WorkloadProgram program = program();
    time.runFor(3 * SECOND);
    program.stop();
    time.runFor(SECOND);
    losePower();
    assertThatBothHaveWhatWasFlushed();
  }
}
