package farside.channel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FlushHabitTest {
  private final FlushHabit habit = new FlushHabit();

  /// Answers whether a flush was expected after the last write.
  private boolean write(int times) {
    boolean expected = false;
    for (int i = 0; i < times; i++) {
      assertThat(expected).as("expected in the middle").isFalse();
      expected = habit.onWrite();
    }
    return expected;
  }

  private void flushEach(int writes, int times) {
    for (int i = 0; i < times; i++) {
      write(writes);
      habit.onFlush();
    }
  }

  @Test
  void aFlushAfterEachWriteIsExpectedOnceItHasComeFourTimes() {
    flushEach(1, 3);
    assertThat(write(1)).isFalse();
    habit.onFlush();
    assertThat(write(1)).isTrue();
  }

  @Test
  void soIsOneAfterEverySoManyWritesAndOnlyAfterTheLastOfThem() {
    flushEach(3, 4);
    assertThat(write(3)).isTrue();
  }

  @Test
  void aSecondFlushWithNothingBetweenChangesNothing() {
    flushEach(1, 4);
    habit.onFlush();
    assertThat(write(1)).isTrue();
  }

  @Test
  void aFlushThatDoesNotComeEndsTheGuessing() {
    flushEach(1, 8);
    assertThat(write(1)).isTrue();
    assertThat(write(1)).isFalse();
    habit.onFlush();
    assertThat(write(1)).isFalse();
  }

  @Test
  void aFlushThatComesEarlyEndsItToo() {
    flushEach(3, 8);
    assertThat(write(2)).isFalse();
    habit.onFlush();
    assertThat(write(3)).isFalse();
  }

  @Test
  void manyWritesBetweenFlushesAreNoHabitWorthHaste() {
    flushEach(17, 8);
    assertThat(write(17)).isFalse();
  }
}
