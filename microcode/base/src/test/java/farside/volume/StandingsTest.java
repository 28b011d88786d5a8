package farside.volume;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.CrashingNvram;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandingsTest {
  private static Standing any(Random random) {
    return new Standing(
        PairState.values()[random.nextInt(PairState.values().length)],
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextLong());
  }

  private static DriveLabel anyLabel(Random random) {
    return new DriveLabel(
        random.nextBoolean(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        "CAB-" + random.nextInt(1000),
        "D" + random.nextInt(100),
        random.nextInt(65_536),
        VolumeRole.values()[random.nextInt(3)],
        random.nextLong(1L << 50),
        4096,
        any(random));
  }

  @Test
  void aLabelComesBackAsItWasWritten() {
    Random random = new Random(3);
    MemorySegment block = Arena.ofAuto().allocate(DriveLabel.BYTES, 4096);
    for (int i = 0; i < 200; i++) {
      DriveLabel label = anyLabel(random);
      label.encode(block.address());
      assertThat(DriveLabel.decode(block.address())).isEqualTo(new DriveLabel.Found.Whole(label));
    }
  }

  @Test
  void noDamagedByteOfALabelIsBelieved() {
    MemorySegment block = Arena.ofAuto().allocate(DriveLabel.BYTES, 4096);
    anyLabel(new Random(4)).encode(block.address());
    for (int at = 0; at < DriveLabel.BYTES; at++) {
      byte whole = Memory.getByte(block.address() + at);
      Memory.putByte(block.address() + at, (byte) (whole ^ 0x10));
      assertThat(DriveLabel.decode(block.address()))
          .as("byte " + at)
          .isNotInstanceOf(DriveLabel.Found.Whole.class);
      Memory.putByte(block.address() + at, whole);
    }
  }

  @Test
  void whateverLiesThereIsNoLabel() {
    Random random = new Random(5);
    MemorySegment block = Arena.ofAuto().allocate(DriveLabel.BYTES, 4096);
    assertThat(DriveLabel.decode(block.address())).isEqualTo(new DriveLabel.Found.None(true));
    for (int i = 0; i < 500; i++) {
      byte[] bytes = new byte[DriveLabel.BYTES];
      random.nextBytes(bytes);
      MemorySegment.copy(bytes, 0, block, ValueLayout.JAVA_BYTE, 0, bytes.length);
      if (i % 2 == 0) {
        block.set(ValueLayout.JAVA_LONG, 0, 0x3145_4449_5352_4146L);
        block.set(ValueLayout.JAVA_INT, 4092, Memory.crc32c(block.address(), 4092));
      }
      assertThat(DriveLabel.decode(block.address())).isNotInstanceOf(DriveLabel.Found.Whole.class);
    }
  }

  @Test
  void aStandingIsTheOldOneOrTheNewOneWheneverTheCabinetStops() {
    Random random = new Random(6);
    CrashingNvram nvram = new CrashingNvram(1 << 16, random);
    StandingStore store = new StandingStore(nvram, 4096);
    assertThat(store.load()).isNull();
    Standing held = any(random);
    store.store(held);
    for (int i = 0; i < 500; i++) {
      Standing next = any(random);
      boolean crashes = random.nextBoolean();
      if (crashes) {
        nvram.crashAfter(0);
      }
      try {
        store.store(next);
        held = next;
      } catch (CrashingNvram.Crash crash) {
        store = new StandingStore(nvram, 4096);
      }
      assertThat(store.load()).isEqualTo(held);
    }
  }

  @Test
  void historyMovesWhenTheBaseDoes() {
    Standing standing = Standing.fresh(PairState.UNPAIRED, true);
    for (int generation = 1; generation <= 6; generation++) {
      standing = standing.synchronizedAt(generation);
    }
    assertThat(standing.tablesCover(6)).isTrue();
    assertThat(standing.tablesCover(5)).isFalse();
    assertThat(standing.descendsFrom(5)).isTrue();
    assertThat(standing.descendsFrom(2)).isTrue();
    assertThat(standing.descendsFrom(1)).isFalse();
    assertThat(standing.descendsFrom(0)).isFalse();
    Standing alone = standing.alone(99);
    assertThat(alone.tablesCover(6)).isTrue();
    assertThat(alone.everPaired()).isTrue();
    assertThat(alone.synchronizedAt(99).descendsFrom(6)).isTrue();
  }

  @Test
  void whatMayBeAdoptedIsCoveredUntilItIsSettled() {
    Standing offering =
        Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(5).alone(6).offering(6);
    Standing cut = offering.alone(7);
    assertThat(cut.tablesCover(5)).isTrue();
    assertThat(cut.tablesCover(6)).isTrue();
    assertThat(cut.tablesCover(7)).isTrue();
    assertThat(cut.tablesCover(8)).isFalse();
  }

  @Test
  void onlySynchronizedAndFinishingPairsWaitForThePeer() {
    for (PairState state : PairState.values()) {
      assertThat(PairState.of(state.code())).isEqualTo(state);
      assertThat(state.waitsForPeer())
          .isEqualTo(state == PairState.SYNCHRONIZED || state == PairState.SYNC_FINISHING);
      assertThat(!state.waitsForPeer() || state.sendsWrites()).isTrue();
      assertThat(state.mayBecome(PairState.NOT_MIRRORED)).isFalse();
      assertThat(state.mayBecome(PairState.UNPAIRED))
          .as("forgotten in %s by a target that got a write out of order", state)
          .isEqualTo(state == PairState.SYNC_IN_PROG || state == PairState.SYNCHRONIZED);
      assertThat(state.mayBecome(state)).isFalse();
    }
    assertThat(PairState.of(0)).isNull();
  }
}
