package farside.rig.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DemoIT {
  @Test
  void theDemoHolds() throws Exception {
    long startNs = System.nanoTime();

    Launcher.Ending ending = Launcher.farside("demo");

    assertThat(ending.status()).as(ending.output() + ending.errors()).isZero();
    assertThat(ending.output().lines().filter(line -> line.startsWith("PASS "))).hasSize(12);
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs)).isLessThan(40);
  }
}
