package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.port.Memory;
import farside.port.NvramPort.Contents;
import farside.port.powersafe.DamageFinder.Damage;
import farside.simulator.SteppedCabinet.RecordPayload;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedNvramTest {
  @Test
  void aKillBeforeACommitLeavesTheStoresAndNotTheWord() {
    try (Bench bench = new Bench(1)) {
      SimulatedNvram nvram = bench.nvram();
      nvram.killAtCommit(2, false);
      nvram.commit(0, 1);
      nvram.putLong(64, 5);
      assertThatThrownBy(() -> nvram.commit(0, 2)).isInstanceOf(CabinetKilled.class);

      nvram.open();

      assertThat(nvram.contents()).isEqualTo(Contents.KEPT);
      assertThat(nvram.getLong(64)).isEqualTo(5);
      assertThat(nvram.getLong(0)).isEqualTo(1);
    }
  }

  @Test
  void aKillAfterACommitLeavesTheWord() {
    try (Bench bench = new Bench(2)) {
      SimulatedNvram nvram = bench.nvram();
      nvram.killAtCommit(1, true);
      assertThatThrownBy(() -> nvram.commit(0, 2)).isInstanceOf(CabinetKilled.class);
      assertThatThrownBy(() -> nvram.putLong(8, 1)).isInstanceOf(CabinetKilled.class);

      nvram.open();

      assertThat(nvram.getLong(0)).isEqualTo(2);
      assertThat(nvram.getLong(8)).isZero();
    }
  }

  @Test
  void aKillBetweenStoresCutsACopyInTheMiddle() {
    try (Bench bench = new Bench(3)) {
      SimulatedNvram nvram = bench.nvram();
      nvram.killAtStore(2);
      nvram.putInt(0, 1);
      farside.port.Memory.at(bench.memory, 4096).fill((byte) 9);
      assertThatThrownBy(() -> nvram.putBytes(4096, bench.memory, 4096))
          .isInstanceOf(CabinetKilled.class);

      nvram.open();

      assertThat(nvram.getByte(4096 + 4095)).isZero();
    }
  }

  @Test
  void ofTheStoresSinceTheLastFenceAKilledProcessMayLeaveAny() {
    boolean newerWithoutOlder = false;
    boolean all = false;
    for (int seed = 0; seed < 60; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedNvram nvram = bench.nvram();
        nvram.killAtStore(6);
        nvram.putLong(64, 1);
        nvram.commit(0, 1);
        nvram.putLong(8, 5);
        nvram.putLong(16, 6);
        nvram.putInt(16, 7);
        assertThatThrownBy(() -> nvram.commit(0, 2)).isInstanceOf(CabinetKilled.class);

        nvram.open();

        assertThat(nvram.getLong(0)).isEqualTo(1);
        assertThat(nvram.getLong(64)).isEqualTo(1);
        // The later store to one place is over the earlier, or not there.
        assertThat(nvram.getLong(16)).isIn(0L, 6L, 7L);
        newerWithoutOlder |= nvram.getLong(8) == 0 && nvram.getInt(16) == 7;
        all |= nvram.getLong(8) == 5 && nvram.getInt(16) == 7;
      }
    }
    assertThat(newerWithoutOlder).isTrue();
    assertThat(all).isTrue();
  }

  @Test
  void aBitThatRotsWhileNobodyLooksIsTheOnlyThingThatChanges() {
    try (Bench bench = new Bench(7)) {
      SimulatedNvram nvram = bench.nvram();
      nvram.putLong(64, 5);
      nvram.commit(0, 77);
      nvram.onProcessDeath();
      nvram.rot(nvram.address() + 64, 1);
      nvram.open();

      assertThat(nvram.contents()).isEqualTo(Contents.KEPT);
      assertThat(nvram.getLong(0)).isEqualTo(77);
      assertThat(nvram.getLong(64)).isEqualTo(7);
      assertThat(nvram.bitsRotten()).isEqualTo(1);
    }
  }

  @Test
  void whatRotsInPowerSafeNvramIsBroughtBackIfItsLogHasIt() {
    try (Bench bench = new Bench(7)) {
      SimulatedNvram nvram = bench.powerSafeNvram();
      nvram.open();
      nvram.commit(4096, 5);
      nvram.open(() -> {}, region -> List.of());
      nvram.commit(8192, 6);
      nvram.onProcessDeath();
      RecordPayload logged = new RecordPayload("0010", nvram.address() + 4096, 8);
      RecordPayload later = new RecordPayload("0010", nvram.address() + 8192, 8);
      assertThat(nvram.logged(List.of(logged, later))).containsExactly(logged);

      int crc = Memory.crc32c(logged.address(), 8);
      nvram.rot(logged.address(), 1);
      nvram.open(() -> {}, region -> List.of(new Damage(4096, 8, crc)));

      assertThat(nvram.contents()).isEqualTo(Contents.MENDED);
      assertThat(nvram.getLong(4096)).isEqualTo(5);
    }
  }

  @Test
  void aPowerLossLeavesNothingToBeBelieved() {
    try (Bench bench = new Bench(4)) {
      SimulatedNvram nvram = bench.nvram();
      for (int page = 0; page < 16; page++) {
        nvram.commit(page * 4096L, 77);
      }
      nvram.onPowerLoss();
      nvram.open();

      assertThat(nvram.contents()).isEqualTo(Contents.LOST);
      int same = 0;
      for (int page = 0; page < 16; page++) {
        same += nvram.getLong(page * 4096L) == 77 ? 1 : 0;
      }
      assertThat(same).isLessThan(16);
    }
  }

  @Test
  void whatWasForcedOutlivesThePower() {
    try (Bench bench = new Bench(5)) {
      SimulatedNvram nvram = bench.nvram();
      nvram.commit(0, 77);
      nvram.force();
      nvram.onPowerLoss();
      nvram.open();

      assertThat(nvram.contents()).isEqualTo(Contents.KEPT);
      assertThat(nvram.getLong(0)).isEqualTo(77);
    }
  }

  @Test
  void anAccessBeyondTheRegionFailsTheRun() {
    try (Bench bench = new Bench(6)) {
      SimulatedNvram nvram = bench.nvram();
      assertThatThrownBy(() -> nvram.getLong(64 * 1024 - 4)).isInstanceOf(SimulationFailure.class);
    }
  }
}
