package farside.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Who is taken for a sequential reader, and what is read ahead of it.
class ReadAheadTest {
  private static final int TRACKS = 100_000;
  private static final int SLOTS = 512;
  private static final int SHARE = SLOTS / SlotDirectory.AHEAD_ONE_IN;

  private final ZeroTracks[] zeroTracks = {
    new ZeroTracks(TRACKS * 65_536L), new ZeroTracks(TRACKS * 65_536L)
  };
  private final List<Integer> inFlight = new ArrayList<>();
  private SlotDirectory slots;
  private ReadAhead readAhead;

  ReadAheadTest() {
    begin(SLOTS, TRACKS * 65_536L);
  }

  private void begin(int slotCount, long volumeBytes) {
    slots = new SlotDirectory(0, slotCount, 0, 2);
    readAhead = new ReadAhead(slots, zeroTracks, new long[] {volumeBytes, volumeBytes});
  }

  /// A host reads so many tracks from there.
  private void read(int volume, int first, int count) {
    readAhead.onRead(volume, first, first + count);
  }

  /// What the drive of the volume is asked for, as `track+count`; it has not come yet.
  private List<String> asked(int volume) {
    List<String> runs = new ArrayList<>();
    int[] found = new int[8];
    for (int count = readAhead.take(volume, found);
        count > 0;
        count = readAhead.take(volume, found)) {
      int track = slots.trackOf(found[0]);
      for (int i = 0; i < count; i++) {
        assertThat(slots.trackOf(found[i])).isEqualTo(track + i);
        assertThat(slots.isBeingRead(found[i])).isTrue();
        inFlight.add(found[i]);
      }
      runs.add(track + "+" + count);
    }
    return runs;
  }

  private void arrive() {
    for (int slot : inFlight) {
      slots.onStageEnded(
          slot, 0, readAhead.blocksOf(slots.volumeIndexOf(slot), slots.trackOf(slot)), true);
    }
    inFlight.clear();
  }

  private List<String> readAndArrive(int volume, int first, int count) {
    read(volume, first, count);
    List<String> runs = asked(volume);
    arrive();
    return runs;
  }

  @Test
  void aReaderThatGoesOnHasAWindowThatDoublesAndIsFilledUpWhenHalfOfItIsUsed() {
    assertThat(readAndArrive(0, 40, 4)).isEmpty();
    assertThat(readAndArrive(0, 44, 4)).isEmpty();
    assertThat(readAndArrive(0, 48, 4)).containsExactly("52+4");
    assertThat(readAndArrive(0, 52, 4)).containsExactly("56+8");
    assertThat(readAndArrive(0, 56, 4)).containsExactly("64+8", "72+4");
    assertThat(readAndArrive(0, 60, 4)).containsExactly("76+8", "84+8", "92+4");
    assertThat(readAndArrive(0, 64, 8)).isEmpty();
    assertThat(readAndArrive(0, 72, 8)).containsExactly("96+8", "104+8");
    assertThat(readAhead.stagedTracks(0)).isEqualTo(4 + 8 + 12 + 20 + 16);
    assertThat(readAhead.usedTracks(0)).isEqualTo(80 - 52);
  }

  @Test
  void aReaderOfSmallPiecesIsFollowedFromTrackToTrack() {
    List<String> runs = new ArrayList<>();
    for (int piece = 0; piece < 48; piece++) {
      runs.addAll(readAndArrive(0, piece / 16, 1));
    }
    assertThat(runs).containsExactly("3+4");
  }

  @Test
  void readsHereAndThereAreNotFollowed() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      read(0, random.nextInt(TRACKS - 4), 1 + random.nextInt(4));
      assertThat(asked(0)).isEmpty();
    }
  }

  @Test
  void readsHereAndThereDoNotMakeItForgetWhoGoesOn() {
    Random random = new Random(1);
    for (int track = 0; track < 200; track++) {
      read(0, track, 1);
      for (int i = 0; i < 50 && track > 2; i++) {
        read(0, random.nextInt(TRACKS), 1);
      }
      asked(0);
      arrive();
    }
    assertThat(readAhead.usedTracks(0)).isBetween(190L, 200L);
    assertThat(readAhead.stagedTracks(0) - readAhead.usedTracks(0)).isLessThan(SHARE);
  }

  @Test
  void severalHostsAreFollowedSideBySide() {
    for (int step = 0; step < 40; step++) {
      for (int host = 0; host < 5; host++) {
        readAndArrive(host % 2, host * 10_000 + step * 2, 2);
      }
    }
    assertThat(readAhead.usedTracks(0)).isGreaterThan(3 * 68);
    assertThat(readAhead.usedTracks(1)).isGreaterThan(2 * 68);
  }

  @Test
  void readsThatOvertakeEachOtherAreOfOneHost() {
    int[] order = {0, 2, 1, 3, 6, 4, 5, 8, 9, 10, 7, 11, 12, 13, 15, 14};
    for (int piece : order) {
      readAndArrive(0, 4 * piece, 4);
    }
    // What came first of two was asked for before it could be known.
    assertThat(readAhead.usedTracks(0)).isGreaterThan(32);
    readAndArrive(0, 64, 4);
    assertThat(slots.find(0, 68)).isNotEqualTo(SlotDirectory.NONE);
  }

  @Test
  void whatIsThereAndWhatReadsZeroIsLeftOut() {
    slots.acquire(0, 14);
    zeroTracks[0].set(16);
    zeroTracks[0].set(17);
    read(0, 0, 4);
    read(0, 4, 4);
    read(0, 8, 4);
    assertThat(asked(0)).containsExactly("12+2", "15+1");
    read(0, 12, 4);
    assertThat(asked(0)).containsExactly("18+6");
  }

  @Test
  void itEndsWithTheVolumeWhoseLastTrackMayBeShort() {
    begin(SLOTS, 15 * 65_536L + 4096);
    read(0, 0, 4);
    read(0, 4, 4);
    read(0, 8, 4);
    assertThat(asked(0)).containsExactly("12+4");
    assertThat(readAhead.blocksOf(0, 14)).isEqualTo(128);
    assertThat(readAhead.blocksOf(0, 15)).isEqualTo(8);
    arrive();
    assertThat(readAndArrive(0, 12, 4)).isEmpty();
    assertThat(readAndArrive(0, 15, 1)).isEmpty();
    assertThat(readAhead.usedTracks(0)).isEqualTo(4);
  }

  @Test
  void allWindowsTogetherHoldASmallShareOfTheSlotsWhateverIsUsedOfThem() {
    begin(64, TRACKS * 65_536L);
    Random random = new Random(2);
    int[] at = new int[12];
    long most = 0;
    for (int step = 0; step < 5000; step++) {
      int host = random.nextInt(at.length);
      at[host] = random.nextInt(40) == 0 ? random.nextInt(TRACKS / 2) : at[host] + 2;
      readAndArrive(host % 2, host % 2 * 50_000 + at[host], 2);
      most = Math.max(most, slots.aheadCount());
      assertThat(slots.aheadCount()).isBetween(0, 64 / SlotDirectory.AHEAD_ONE_IN);
    }
    assertThat(most).isEqualTo(64 / SlotDirectory.AHEAD_ONE_IN);
    assertThat(readAhead.usedTracks(0) + readAhead.usedTracks(1)).isPositive();
  }

  @Test
  void whatWasReadAheadForAHostThatDoesNotComeIsGivenAwayFirst() {
    begin(64, TRACKS * 65_536L);
    for (int track = 0; track < 64; track++) {
      slots.acquire(1, 1000 + track);
    }
    read(0, 0, 4);
    read(0, 4, 4);
    read(0, 8, 4);
    assertThat(asked(0)).containsExactly("12+4");
    arrive();
    for (int i = 0; i < 2 * ReadAhead.IDLE_READS_MAX; i++) {
      read(1, 1063, 1);
    }
    assertThat(slots.aheadCount()).isZero();
    for (int track = 0; track < 4; track++) {
      slots.acquire(1, 2000 + track);
    }
    for (int track = 12; track < 16; track++) {
      assertThat(slots.find(0, track)).isEqualTo(SlotDirectory.NONE);
    }
    for (int track = 4; track < 64; track++) {
      assertThat(slots.find(1, 1000 + track)).isNotEqualTo(SlotDirectory.NONE);
    }
  }

  @Test
  void whatCouldNotBeReadTakesNothingOfTheShareAndItsSlotsGoFirst() {
    begin(16, TRACKS * 65_536L);
    for (int track = 1000; track < 1014; track++) {
      slots.acquire(0, track);
    }
    read(0, 40, 4);
    read(0, 44, 4);
    read(0, 48, 4);
    assertThat(asked(0)).containsExactly("52+2");
    inFlight.forEach(slot -> slots.onStageDropped(slot, 0, 128));
    assertThat(slots.aheadCount()).isZero();
    slots.acquire(0, 2000);
    slots.acquire(0, 2001);
    assertThat(slots.find(0, 52)).isEqualTo(SlotDirectory.NONE);
    assertThat(slots.find(0, 53)).isEqualTo(SlotDirectory.NONE);
    assertThat(slots.find(0, 1000)).isNotEqualTo(SlotDirectory.NONE);
    read(0, 52, 2);
    assertThat(readAhead.usedTracks(0)).isZero();
  }

  @Test
  void noSlotIsTakenThatHostsMayWaitFor() {
    begin(16, TRACKS * 65_536L);
    for (int track = 0; track < 8; track++) {
      slots.pin(slots.acquire(0, 5000 + track));
    }
    read(0, 0, 4);
    read(0, 4, 4);
    read(0, 8, 4);
    assertThat(asked(0)).isEmpty();
    for (int track = 0; track < 8; track++) {
      slots.unpin(slots.find(0, 5000 + track));
    }
    read(0, 12, 4);
    assertThat(asked(0)).containsExactly("16+2");
  }

  @Test
  void aCacheOfFewSlotsKeepsThemForHosts() {
    begin(3, TRACKS * 65_536L);
    for (int track = 0; track < 20; track++) {
      read(0, track, 1);
      assertThat(asked(0)).isEmpty();
    }
  }
}
