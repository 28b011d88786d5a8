package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.port.LinkPort;
import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Whoever lets frames lie on a line that is gone, with another at hand, is found.
class FailoverWatchTest {
  private static final long MILLI = 1_000_000;

  private final Bench bench = new Bench(12);
  private final UnsafeBuffer frame = new UnsafeBuffer(new byte[FrameHeaderFlyweight.HEADER_BYTES]);
  private final List<SimulatedLine> lines = List.of(line("L1"), line("L2"));
  private final FailoverWatch watch = new FailoverWatch(bench.time, lines);

  FailoverWatchTest() {
    lines.forEach(line -> line.setWatch(watch));
    bench.time.runFor(2000 * MILLI);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void aFrameThatStaysWithItsLineIsFound() {
    send(0, 1);
    lines.get(0).cut();
    assertThatThrownBy(() -> bench.time.runFor(1000 * MILLI))
        .hasMessageContaining("frame 1 was on L1");
    assertThat(watch.stranded()).isEqualTo(1);
  }

  @Test
  void aFrameThatGoesOverTheOtherLineInTimeIsWell() {
    send(0, 1);
    lines.get(0).cut();
    bench.time.runFor(20 * MILLI);
    send(1, 1);
    assertThatCode(() -> bench.time.runFor(1000 * MILLI)).doesNotThrowAnyException();
    assertThat(watch.stranded()).isEqualTo(1);
  }

  @Test
  void aFrameThatHasComeNeedNotBeSentAgain() {
    send(0, 1);
    bench.time.runFor(20 * MILLI);
    send(0, 1);
    lines.get(0).cut();
    assertThatCode(() -> bench.time.runFor(1000 * MILLI)).doesNotThrowAnyException();
    assertThat(watch.stranded()).isZero();
  }

  @Test
  void withoutAnotherLineNothingIsAsked() {
    lines.get(1).cut();
    bench.time.runFor(500 * MILLI);
    send(0, 1);
    lines.get(0).cut();
    assertThatCode(() -> bench.time.runFor(1000 * MILLI)).doesNotThrowAnyException();
  }

  private SimulatedLine line(String name) {
    LineHabits habits = new LineHabits(MILLI, 0, 0, 1 << 20, 0, 0, 0, 0, 0, 5 * MILLI, 10 * MILLI);
    SimulatedLine line = new SimulatedLine(
        name, "A", "B", habits, bench.time, bench.arena, bench.draws, bench.trace);
    line.end(0).open(() -> {});
    line.end(1).open(() -> {});
    return line;
  }

  private void send(int line, int sequence) {
    new FrameHeaderFlyweight()
        .wrapForWriting(frame, 0)
        .kind(FrameKind.SEQUENCED)
        .epoch(7)
        .sequence(sequence)
        .seal();
    int answer =
        lines.get(line).end(0).submit(frame, FrameHeaderFlyweight.HEADER_BYTES, 0, 0, sequence);
    assertThat(answer).isEqualTo(LinkPort.SENT);
  }
}
