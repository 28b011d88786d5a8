package farside.simulator;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.Severity;
import farside.director.blackbox.FlightRecorder;
import farside.director.blackbox.Recording;
import org.junit.jupiter.api.Test;

class RecorderCheckTest {
  private final RecorderCheck check = new RecorderCheck("A");
  private final SimulatedRecorder ring = new SimulatedRecorder(() -> {});
  private FlightRecorder recorder = new FlightRecorder(ring);

  private void tell(int number) {
    recorder.event(number, number, number, Severity.INFO, "event");
    check.onEvent(number, "event");
  }

  private void die() {
    check.onProcessDeath(Recording.of(ring.bytes()));
    recorder = new FlightRecorder(ring);
  }

  @Test
  void aRingThatHasAllThatWasToldLastIsRightHoweverOftenItWentRound() {
    assertThatCode(() -> {
          for (int number = 1; number <= 300; number++) {
            tell(number);
            die();
          }
        })
        .doesNotThrowAnyException();
  }

  @Test
  void anEventThatIsNotRecordedIsFound() {
    tell(1);
    check.onEvent(2, "event");
    assertThatThrownBy(this::die).hasMessageContaining("but told was [1 event, 2 event]");
  }

  @Test
  void anEntryThatIsDamagedInTheMiddleIsFound() {
    tell(1);
    tell(2);
    tell(3);
    ring.putLong(256 + 64, 1);
    assertThatThrownBy(this::die).hasMessageContaining("has a gap");
  }

  @Test
  void afterALossOfPowerWhatIsLeftIsEnoughAndWhatWasNeverToldIsFound() {
    for (int number = 1; number <= 50; number++) {
      tell(number);
    }
    ring.onPowerLoss(new Draws(3));
    check.onPowerLoss(Recording.of(ring.bytes()));
    die();
    tell(51);
    die();
    recorder.event(1, 1, 52, Severity.INFO, "never told");
    assertThatThrownBy(() -> check.onPowerLoss(Recording.of(ring.bytes())))
        .hasMessageContaining("never told: 52 never told");
  }
}
