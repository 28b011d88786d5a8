package farside.rig.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteRecorderTest {
  private static final int BLOCK = BlockPattern.BLOCK_BYTES;
  private final WriteRecorder recorder = new WriteRecorder(77, 8);

  @Test
  void whatWasAcknowledgedMustBeThere() {
    byte[] first = recorder.nextPayload(2, 1);
    recorder.onAcknowledged(2, 1);

    assertThat(recorder.judge(2, first)).isEmpty();
    assertThat(recorder.judge(2, new byte[BLOCK]))
        .singleElement()
        .asString()
        .contains("block 2 holds nothing");
  }

  @Test
  void aWriteUnderWayMayBeThereOrNot() {
    byte[] first = recorder.nextPayload(2, 1);
    recorder.onAcknowledged(2, 1);
    byte[] second = recorder.nextPayload(2, 1);

    assertThat(recorder.judgeMirror(2, first)).isEmpty();
    assertThat(recorder.judgeMirror(2, second)).isEmpty();
    assertThat(recorder.judge(2, first)).isEmpty();
  }

  @Test
  void whatWasOnceShownMustStay() {
    byte[] first = recorder.nextPayload(2, 1);
    recorder.onAcknowledged(2, 1);
    byte[] second = recorder.nextPayload(2, 1);

    assertThat(recorder.judge(2, second)).isEmpty();
    assertThat(recorder.judge(2, first))
        .singleElement()
        .asString()
        .contains("version 1, acknowledged is version 2");
  }

  @Test
  void whatWasNotFlushedMayBeLostWithThePowerAndStaysLost() {
    byte[] first = recorder.nextPayload(2, 1);
    recorder.onAcknowledged(2, 1);
    recorder.onFlushed(recorder.beforeFlush());
    byte[] second = recorder.nextPayload(2, 1);
    recorder.onAcknowledged(2, 1);
    recorder.loseUnflushed();

    assertThat(recorder.judge(2, new byte[BLOCK])).isNotEmpty();
    assertThat(recorder.judge(2, first)).isEmpty();
    recorder.settle();

    assertThat(recorder.judge(2, second)).isNotEmpty();
    byte[] third = recorder.nextPayload(2, 1);
    assertThat(recorder.judge(2, first)).isEmpty();
    assertThat(recorder.judge(2, third)).isEmpty();
  }

  @Test
  void aTornBlockAndABlockOfAnotherPlaceAreFound() {
    byte[] payload = recorder.nextPayload(0, 2);
    recorder.onAcknowledged(0, 2);
    byte[] torn = payload.clone();
    torn[BLOCK - 1] ^= 1;
    byte[] swapped = payload.clone();
    System.arraycopy(payload, 0, swapped, BLOCK, BLOCK);

    assertThat(recorder.judge(0, torn)).singleElement().asString().contains("never written there");
    assertThat(recorder.judge(0, swapped)).singleElement().asString().contains("block 1");
  }

  @Test
  void anotherRunsBlockIsForeign() {
    byte[] other = new WriteRecorder(78, 8).nextPayload(0, 1);
    recorder.nextPayload(0, 1);

    assertThat(recorder.judge(0, other)).singleElement().asString().contains("never written there");
  }

  @Test
  void whatWasNeverWrittenIsBlank() {
    assertThat(recorder.judge(0, new byte[8 * BLOCK])).isEmpty();
    assertThat(recorder.acknowledgedBlocks()).isZero();
  }
}
