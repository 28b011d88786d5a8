package farside.port.powersafe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.CabinetRefused;
import farside.port.Memory;
import farside.port.powersafe.DamageFinder.Damage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NvramLogTest {
  private static final int REGION_BYTES = 64 * 4096;
  private static final long EPOCH = 0x1234;

  private final MemorySegment region = Arena.ofAuto().allocate(REGION_BYTES, 4096);
  private final LogInMemory device = new LogInMemory(REGION_BYTES);
  private NvramLog log;

  private void begin(long epoch, long oldEpoch) {
    log = NvramLog.begin(device, 9, region.address(), REGION_BYTES, epoch, oldEpoch);
  }

  private void put(long offset, long value) {
    region.set(ValueLayout.JAVA_LONG, offset, value);
    log.onChanged(offset, 8);
  }

  private void fill(SplittableRandom random, long offset, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, region, ValueLayout.JAVA_BYTE, offset, lengthBytes);
    log.onChanged(offset, lengthBytes);
  }

  private void write() {
    assertThat(log.seal()).isEqualTo(1);
    device.complete();
    log.poll();
  }

  private byte[] content() {
    return region.toArray(ValueLayout.JAVA_BYTE);
  }

  /// What the next kernel finds, whose memory holds noise.
  private static String rebuild(LogInMemory device, long epoch, byte[] into) {
    MemorySegment noise = Arena.ofAuto().allocate(REGION_BYTES, 4096);
    noise.fill((byte) 0x5A);
    String reason = new NvramLogReplay(device, noise.address(), REGION_BYTES, epoch).rebuild();
    MemorySegment.copy(noise, ValueLayout.JAVA_BYTE, 0, into, 0, REGION_BYTES);
    return reason;
  }

  private byte[] rebuilt(long epoch) {
    byte[] found = new byte[REGION_BYTES];
    assertThat(rebuild(device, epoch, found)).isEmpty();
    return found;
  }

  @Test
  void whatIsDurableIsThereWhateverTheLossOfPowerLeavesOfTheLastWrite() {
    for (int seed = 0; seed < 60; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      begin(seed + 1, 0);
      byte[] durable = content();
      byte[] underWay = durable;
      int groups = 0;
      int rounds = random.nextInt(600);
      for (int round = 0; round < rounds; round++) {
        changeAtRandom(random);
        if (log.seal() > 0) {
          underWay = content();
        }
        if (device.isBusy() && random.nextInt(3) > 0) {
          device.complete();
          log.poll();
          if (log.isDurable(groups + 1)) {
            groups++;
            durable = underWay;
          }
        }
      }
      device.losePower(random);

      byte[] found = rebuilt(seed + 1);
      assertThat(Arrays.equals(found, durable) || Arrays.equals(found, underWay))
          .as("seed %d", seed)
          .isTrue();
    }
  }

  @Test
  void whatChangedByItselfComesBackIfTheLogHasIt() {
    begin(EPOCH, 0);
    fill(new SplittableRandom(1), 2 * 4096, 6000);
    fill(new SplittableRandom(2), 5 * 4096, 4096);
    write();
    // What is there now the log does not have yet, but what was there before.
    fill(new SplittableRandom(3), 5 * 4096, 4096);
    List<Damage> damaged = List.of(damage(2 * 4096, 6000), damage(5 * 4096, 4096));
    byte[] good = content();
    rot(2 * 4096 + 5000);
    rot(5 * 4096 + 7);

    assertThat(NvramLogReplay.mend(device, region, EPOCH, found -> damaged)).isOne();

    good[5 * 4096 + 7] ^= 1;
    assertThat(content()).isEqualTo(good);
  }

  @Test
  void aLogThatIsDamagedItselfMendsNothing() {
    begin(EPOCH, 0);
    fill(new SplittableRandom(1), 0, 4096);
    write();
    List<Damage> damaged = List.of(damage(0, 4096));
    rot(100);
    byte[] found = content();
    device.stored.set(ValueLayout.JAVA_BYTE, 5000, (byte) 77);

    assertThat(NvramLogReplay.mend(device, region, EPOCH, looked -> damaged)).isZero();
    assertThat(content()).isEqualTo(found);
  }

  private Damage damage(int offset, int lengthBytes) {
    return new Damage(offset, lengthBytes, Memory.crc32c(region.address() + offset, lengthBytes));
  }

  private void rot(int offset) {
    byte was = region.get(ValueLayout.JAVA_BYTE, offset);
    region.set(ValueLayout.JAVA_BYTE, offset, (byte) (was ^ 1));
  }

  private void changeAtRandom(SplittableRandom random) {
    int changes = random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      if (random.nextInt(3) == 0) {
        int pages = 1 + random.nextInt(random.nextInt(50) == 0 ? 40 : 3);
        fill(random, random.nextInt(64 - pages + 1) * 4096L, pages * 4096);
      } else {
        put(random.nextInt(REGION_BYTES / 8) * 8L, random.nextLong());
      }
    }
  }

  @Test
  void changesThatDoNotFitIntoOnePartCountTogether() {
    begin(EPOCH, 0);
    byte[] before = content();
    fill(new SplittableRandom(1), 0, REGION_BYTES);
    long mark = log.mark();

    write();
    write();
    assertThat(log.isDurable(mark)).isFalse();
    assertThat(rebuilt(EPOCH)).isEqualTo(before);
    while (!log.isDurable()) {
      write();
    }
    assertThat(log.isDurable(mark)).isTrue();
    assertThat(rebuilt(EPOCH)).isEqualTo(content());
  }

  @Test
  void whatChangesWhileItIsWrittenBelongsToTheNextWrite() {
    begin(EPOCH, 0);
    put(0, 1);
    long first = log.mark();
    log.seal();
    put(0, 2);
    long second = log.mark();
    device.complete();
    log.poll();

    assertThat(log.isDurable(first)).isTrue();
    assertThat(log.isDurable(second)).isFalse();
    byte[] found = rebuilt(EPOCH);
    assertThat(found[0]).isEqualTo((byte) 1);
    write();
    assertThat(log.isDurable(second)).isTrue();
    assertThat(rebuilt(EPOCH)[0]).isEqualTo((byte) 2);
  }

  @Test
  void theLogNeverGrowsAndAnOldSegmentIsUsedAgain() {
    begin(EPOCH, 0);
    SplittableRandom random = new SplittableRandom(3);
    long bytes = 0;
    while (bytes < 10 * device.sizeBytes()) {
      int offset = random.nextInt(64) * 4096;
      fill(random, offset, 4096);
      bytes += 4096;
      write();
      assertThat(device.lastOffsetBytes).isLessThan(device.sizeBytes());
    }
    assertThat(rebuilt(EPOCH)).isEqualTo(content());
  }

  @Test
  void aDamagedPartWithALaterOneBehindItMakesTheLogUnbelievable() {
    begin(EPOCH, 0);
    put(0, 1);
    write();
    long damaged = device.lastOffsetBytes;
    put(8, 2);
    write();
    put(16, 3);
    write();
    device.stored.set(ValueLayout.JAVA_BYTE, damaged + 80, (byte)
        (device.stored.get(ValueLayout.JAVA_BYTE, damaged + 80) ^ 1));

    byte[] found = new byte[REGION_BYTES];
    assertThat(rebuild(device, EPOCH, found)).contains("is damaged");
    assertThat(found).containsOnly(0x5A);
  }

  @Test
  void theBeginningOfASegmentThatIsDamagedIsMissed() {
    begin(EPOCH, 0);
    SplittableRandom random = new SplittableRandom(5);
    long segmentBytes = device.sizeBytes() / NvramLog.SEGMENTS;
    while (device.lastOffsetBytes < segmentBytes + 3 * 4096 * 4) {
      fill(random, random.nextInt(64) * 4096L, 4096);
      write();
    }
    device.stored.asSlice(segmentBytes, 512).fill((byte) 0);

    assertThat(rebuild(device, EPOCH, new byte[REGION_BYTES])).contains("is damaged");
  }

  @Test
  void theEndOfASegmentThatIsDamagedIsMissedThoughTheNextOneIsWhole() {
    begin(EPOCH, 0);
    SplittableRandom random = new SplittableRandom(6);
    long segmentBytes = device.sizeBytes() / NvramLog.SEGMENTS;
    long endOfFirst = 0;
    while (device.lastOffsetBytes < segmentBytes) {
      endOfFirst = device.lastOffsetBytes;
      fill(random, random.nextInt(64) * 4096L, 4096);
      write();
    }
    device.stored.asSlice(endOfFirst, 4096).fill((byte) 0);

    assertThat(rebuild(device, EPOCH, new byte[REGION_BYTES])).contains("is damaged");
  }

  @Test
  void aStartThatIsKilledLeavesTheOldLogWholeAlsoAfterHalfAGroup() {
    for (long seed = 1; seed <= 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      long epoch = EPOCH + 1000 * seed;
      begin(epoch, 0);
      int writes = random.nextInt(300);
      for (int i = 0; i < writes; i++) {
        fill(random, random.nextInt(64) * 4096L, 4096);
        write();
      }
      // The power goes in the middle of a group of several parts.
      fill(random, 0, REGION_BYTES);
      for (int i = random.nextInt(7); i > 0 && !log.isDurable(); i--) {
        write();
      }
      byte[] before = rebuilt(epoch);
      boolean begun = false;
      for (int parts = 0; !begun; parts++) {
        device.writesNowLeft = parts;
        try {
          NvramLog.begin(device, 9, region.address(), REGION_BYTES, epoch + 1 + parts, epoch);
          begun = true;
        } catch (LogInMemory.Died died) {
          assertThat(rebuilt(epoch)).as("seed %d, part %d", seed, parts).isEqualTo(before);
        }
      }
      device.writesNowLeft = Integer.MAX_VALUE;
      assertThat(rebuilt(epoch)).as("seed %d", seed).isEqualTo(before);
    }
  }

  @Test
  void aLogOfAnotherEpochIsNotBelieved() {
    begin(EPOCH, 0);

    assertThat(rebuild(device, EPOCH + 1, new byte[REGION_BYTES])).contains("no whole copy");
  }

  @Test
  void aLogTellsWhoseItIs() {
    assertThat(NvramLog.isOfAnother(device, 8, REGION_BYTES, 0)).as("empty").isFalse();
    begin(EPOCH, 0);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 500; i++) {
      assertThat(NvramLog.isOfAnother(device, 9, REGION_BYTES, 0)).isFalse();
      assertThat(NvramLog.isOfAnother(device, 8, REGION_BYTES, EPOCH)).isFalse();
      assertThat(NvramLog.isOfAnother(device, 8, REGION_BYTES, EPOCH + 1)).isTrue();
      assertThat(NvramLog.isOfAnother(device, 0, REGION_BYTES, 0)).isTrue();
      fill(random, random.nextInt(64) * 4096L, 4096);
      write();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 50, 333, 777})
  void theOldLogIsWholeUntilTheNewOneIs(int writesBefore) {
    begin(EPOCH, 0);
    SplittableRandom random = new SplittableRandom(writesBefore);
    for (int i = 0; i < writesBefore; i++) {
      fill(random, random.nextInt(64) * 4096L, 4096);
      write();
    }
    byte[] before = content();
    int parts = 0;
    boolean begun = false;
    while (!begun) {
      // A process of the same kernel, whose memory is ahead of the log, dies while it begins its
      // own.
      put(0, 1000 + parts);
      device.writesNowLeft = parts++;
      try {
        NvramLog.begin(device, 9, region.address(), REGION_BYTES, EPOCH + parts, EPOCH);
        begun = true;
      } catch (LogInMemory.Died died) {
        assertThat(rebuilt(EPOCH)).isEqualTo(before);
      }
    }
    assertThat(parts).isGreaterThan(2);
    assertThat(rebuilt(EPOCH)).isEqualTo(before);
    assertThat(rebuilt(EPOCH + parts)).isEqualTo(content());
  }

  @Test
  void aLogThatCannotBeWrittenStopsTheCabinet() {
    begin(EPOCH, 0);
    put(0, 1);
    log.seal();
    device.fail();

    assertThatThrownBy(log::poll)
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("it fails");
    assertThat(log.isDurable()).isFalse();
  }

  @Test
  void nothingIsWrittenWhileNothingChanges() {
    begin(EPOCH, 0);

    assertThat(log.seal()).isZero();
    assertThat(log.isDurable()).isTrue();
    assertThat(Memory.getByte(region.address())).isZero();
    assertThat(device.writes).isZero();
  }
}
