package farside.simulator;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// The oracle finds what it is there to find, and nothing else.
class VolumeHistoryTest {
  private static final int SIZE = 64 * 1024;

  private final VolumeHistory history = new VolumeHistory(0x10, SIZE, true);

  @Test
  void anAcknowledgedWriteMustBeRead() {
    HostWrite write = acknowledged(0, 4096);
    assertThatCode(() -> reads(write, 0, 4096)).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(history.initial(), 0, 4096))
        .hasMessageContaining("no history allows")
        .hasMessageContaining("the initial content");
  }

  @Test
  void anUnacknowledgedWriteMayBeReadOrNot() {
    HostWrite write = history.begin(false, false, 0, 4096, 0);
    assertThatCode(() -> reads(history.initial(), 0, 4096)).doesNotThrowAnyException();
    assertThatCode(() -> reads(write, 0, 4096)).doesNotThrowAnyException();
  }

  @Test
  void aValueOnceReadDoesNotGoBack() {
    HostWrite write = history.begin(false, false, 0, 4096, 0);
    reads(write, 0, 4096);
    assertThatThrownBy(() -> reads(history.initial(), 0, 4096))
        .hasMessageContaining("no history allows");
  }

  @Test
  void aReadThatBeganBeforeTheAcknowledgementMayReturnEither() {
    HostWrite write = history.begin(false, false, 0, 512, 0);
    long began = history.beginRead();
    history.acknowledge(write, 0);
    byte[] bytes = new byte[512];
    assertThatCode(() -> history.endRead(began, 0, bytes, 512, "test")).doesNotThrowAnyException();
  }

  @Test
  void aWriteThatNobodyAcknowledgedMayBeThereInSomeBlocks() {
    HostWrite write = history.begin(false, false, 0, 1024, 0);
    history.settle();
    byte[] bytes = new byte[1024];
    write.fill(bytes, 0, 0, 512);
    long began = history.beginRead();
    assertThatCode(() -> history.endRead(began, 0, bytes, 1024, "test")).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(write, 512, 512)).hasMessageContaining("no history allows");
  }

  @Test
  void aTornBlockIsFound() {
    HostWrite write = history.begin(false, false, 0, 512, 0);
    byte[] bytes = new byte[512];
    write.fill(bytes, 0, 0, 256);
    long began = history.beginRead();
    assertThatThrownBy(() -> history.endRead(began, 0, bytes, 512, "test"))
        .hasMessageContaining("no history allows");
  }

  @Test
  void aByteThatTwoWritesShareDoesNotTellWhichOfThemIsInItsBlock() {
    HostWrite before = acknowledged(0, 1024);
    HostWrite open = beginsWithByteOf(before, 512);
    byte[] bytes = new byte[513];
    open.fill(bytes, 0, 0, 512);
    before.fill(bytes, 512, 512, 1);
    history.endRead(history.beginRead(), 0, bytes, 513, "test");
    HostWrite next = acknowledged(0, 1024);
    history.acknowledge(open, 0);
    assertThatCode(() -> reads(open, 512, 512)).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(open, 0, 512)).hasMessageContaining("no history allows");
    reads(next, 0, 512);
  }

  @Test
  void norDoesTheLastByteOfABlock() {
    HostWrite before = acknowledged(0, 1024);
    HostWrite open = beginsWithByteOf(before, 511);
    byte[] bytes = new byte[513];
    before.fill(bytes, 0, 511, 1);
    open.fill(bytes, 1, 512, 512);
    history.endRead(history.beginRead(), 511, bytes, 513, "test");
    HostWrite next = acknowledged(0, 1024);
    history.acknowledge(open, 0);
    assertThatCode(() -> reads(open, 0, 512)).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(open, 512, 512)).hasMessageContaining("no history allows");
    reads(next, 512, 512);
  }

  @Test
  void aByteThatOnlyOneWriteCanHaveLeftTells() {
    HostWrite before = acknowledged(0, 1024);
    HostWrite open = history.begin(false, false, 0, 1024, 0);
    reads(open, 0, 513);
    assertThatThrownBy(() -> reads(before, 512, 1)).hasMessageContaining("bytes 512 to 513");
  }

  @Test
  void partsOfABlockAreKeptApart() {
    HostWrite first = acknowledged(0, 512);
    HostWrite second = acknowledged(100, 56);
    byte[] bytes = new byte[512];
    first.fill(bytes, 0, 0, 512);
    second.fill(bytes, 100, 100, 56);
    long began = history.beginRead();
    assertThatCode(() -> history.endRead(began, 0, bytes, 512, "test")).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(first, 0, 512)).hasMessageContaining("bytes 100 to 156");
  }

  @Test
  void aWriteThatWasOvertakenBeforeItsHostDiedDoesNotComeBack() {
    HostWrite lost = history.begin(false, false, 0, 512, 0);
    history.settle();
    HostWrite next = acknowledged(0, 512);
    assertThatThrownBy(() -> reads(lost, 0, 512)).hasMessageContaining("never acknowledged");
    reads(next, 0, 512);
  }

  @Test
  void whatWasFlushedIsNotLostWithThePower() {
    HostWrite old = acknowledged(0, 512);
    HostWrite flushed = acknowledged(0, 512);
    history.flushed(history.beginFlush());
    HostWrite unflushed = acknowledged(0, 512);
    history.loseUnflushed();
    assertThatThrownBy(() -> reads(old, 0, 512)).hasMessageContaining("no history allows");
    assertThatCode(() -> reads(flushed, 0, 512)).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(unflushed, 0, 512)).hasMessageContaining("no history allows");
  }

  @Test
  void aFlushAfterTheLossDoesNotBringBackWhatWasLost() {
    HostWrite first = acknowledged(0, 512);
    HostWrite second = acknowledged(0, 512);
    history.loseUnflushed();
    history.flushed(history.beginFlush());
    history.loseUnflushed();
    assertThatCode(() -> reads(first, 0, 512)).doesNotThrowAnyException();
    assertThatThrownBy(() -> reads(second, 0, 512)).hasMessageContaining("no history allows");
  }

  @Test
  void aDriveThatHoldsSomethingElseIsFound() {
    acknowledged(4096, 4096);
    DriveImage image = new DriveImage(SIZE);
    assertThatThrownBy(() -> history.adopt(image, "the drive"))
        .hasMessageContaining("the drive returned");
  }

  @Test
  void aDriveAtRestMakesOneHistory() {
    HostWrite write = acknowledged(4096, 4096);
    DriveImage image = new DriveImage(SIZE);
    byte[] bytes = new byte[4096];
    write.fill(bytes, 0, 4096, 4096);
    image.write(4096, bytes, 0, 4096);
    history.adopt(image, "the drive");
    history.loseUnflushed();
    assertThatThrownBy(() -> reads(history.initial(), 4096, 512))
        .hasMessageContaining("no history allows");
  }

  @Test
  void aCopyThatIsCutHasNothingOfWhatWasAskedForAfterwards() {
    HostWrite before = history.begin(false, false, 0, 4096, 0);
    long cutStep = history.step();
    HostWrite after = acknowledged(0, 4096);
    byte[] bytes = new byte[4096];
    before.fill(bytes, 0, 0, 4096);
    assertThatCode(() -> history.checkCut(cutStep, 0, bytes, 4096, "test"))
        .doesNotThrowAnyException();
    assertThatCode(() -> history.checkCut(cutStep, 0, new byte[4096], 4096, "test"))
        .as("what is older than all that is known")
        .doesNotThrowAnyException();
    after.fill(bytes, 1024, 1024, 512);
    assertThatThrownBy(() -> history.checkCut(cutStep, 0, bytes, 4096, "test"))
        .hasMessageContaining("bytes 1024 to 1536")
        .hasMessageContaining("after the pair was cut");
    assertThatCode(() -> history.checkCut(HostWrite.NOT_YET, 0, bytes, 4096, "test"))
        .doesNotThrowAnyException();
  }

  private HostWrite acknowledged(long offsetBytes, int lengthBytes) {
    HostWrite write = history.begin(false, false, offsetBytes, lengthBytes, 0);
    history.acknowledge(write, 0);
    return write;
  }

  /// Begins a write of 1024 bytes that leaves at one place the byte that the other left there.
  private HostWrite beginsWithByteOf(HostWrite other, int placeBytes) {
    byte[] shared = new byte[1];
    other.fill(shared, 0, placeBytes, 1);
    // What a write leaves follows from its number: numbers are used up elsewhere.
    while (!upcoming().matches(shared, 0, placeBytes, 1)) {
      acknowledged(4096, 512);
    }
    return history.begin(false, false, 0, 1024, 0);
  }

  private HostWrite upcoming() {
    return new HostWrite(0x10, history.writesKnown() + 1, false, false, 0, 1024, 0, 0);
  }

  private void reads(HostWrite write, long offsetBytes, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    write.fill(bytes, 0, offsetBytes, lengthBytes);
    history.endRead(history.beginRead(), offsetBytes, bytes, lengthBytes, "test");
  }
}
