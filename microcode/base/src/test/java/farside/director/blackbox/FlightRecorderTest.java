package farside.director.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.Severity;
import farside.port.RecorderPort;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class FlightRecorderTest {
  private static final int ENTRIES = 8;
  private static final int ENTRY_STORES = EntryFormat.ENTRY_BYTES / Long.BYTES;
  private static final long WALL_MS = 1_800_000_000_000L;

  /// A ring that the process may die over, before any of its stores.
  private static final class Ring implements RecorderPort {
    private final ByteBuffer bytes;
    private int storesLeft = Integer.MAX_VALUE;

    Ring(int entries) {
      bytes = ByteBuffer.allocateDirect(entries * EntryFormat.ENTRY_BYTES)
          .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int sizeBytes() {
      return bytes.capacity();
    }

    @Override
    public long getLong(int offset) {
      return bytes.getLong(offset);
    }

    @Override
    public void putLong(int offset, long word) {
      if (storesLeft-- == 0) {
        throw new IllegalStateException("killed");
      }
      bytes.putLong(offset, word);
    }

    byte[] content() {
      byte[] content = new byte[bytes.capacity()];
      bytes.get(0, content);
      return content;
    }

    Recording read() {
      return Recording.of(content());
    }
  }

  private final Ring ring = new Ring(ENTRIES);

  private static void tell(FlightRecorder recorder, int from, int to) {
    for (int i = from; i <= to; i++) {
      recorder.event(i * 1_000L, WALL_MS + i, 1000 + i, Severity.WARNING, "event " + i);
    }
  }

  private static List<String> words(Recording recording) {
    return recording.entries().stream().map(RecordedEntry::words).toList();
  }

  @Test
  void theNewestEntriesAreThereOldestFirst() {
    tell(new FlightRecorder(ring), 1, 11);

    Recording recording = ring.read();
    assertThat(words(recording))
        .containsExactly(
            "event 4",
            "event 5",
            "event 6",
            "event 7",
            "event 8",
            "event 9",
            "event 10",
            "event 11");
    RecordedEntry last = recording.entries().getLast();
    assertThat(last.sequence()).isEqualTo(11);
    assertThat(last.boot()).isEqualTo(1);
    assertThat(last.wallMs()).isEqualTo(WALL_MS + 11);
    assertThat(last.atNs()).isEqualTo(11_000);
    assertThat(last.text()).isEqualTo("1011 WARNING event 11");
    assertThat(recording.lines(entry -> "at " + entry.atNs()))
        .hasSize(ENTRIES + 2)
        .startsWith(
            "-- entries overwritten or lost before: 3",
            "-- boot 1",
            "at 4000 1004 WARNING event 4");
  }

  @Test
  void whateverStoreTheProcessDiesBeforeTheRingHoldsTheEntriesBeforeItAndTheNextBootGoesOn() {
    int entries = 2 * ENTRIES + 3;
    for (int stores = 0; stores < entries * ENTRY_STORES; stores++) {
      Ring dying = new Ring(ENTRIES);
      dying.storesLeft = stores;
      assertThatThrownBy(() -> tell(new FlightRecorder(dying), 1, entries)).hasMessage("killed");

      int told = stores / ENTRY_STORES;
      boolean isTorn = stores % ENTRY_STORES > 0;
      int kept = Math.min(told, isTorn ? ENTRIES - 1 : ENTRIES);
      assertThat(dying.read().damaged()).isEqualTo(isTorn ? 1 : 0);
      assertThat(words(dying.read())).isEqualTo(events(told - kept + 1, told));

      dying.storesLeft = Integer.MAX_VALUE;
      tell(new FlightRecorder(dying), told + 1, told + 1);
      Recording after = dying.read();
      assertThat(words(after)).isEqualTo(events(Math.max(1, told + 2 - ENTRIES), told + 1));
      assertThat(after.damaged()).isZero();
      assertThat(after.entries().getLast().boot()).isEqualTo(told == 0 ? 1 : 2);
    }
  }

  private static List<String> events(int from, int to) {
    List<String> events = new ArrayList<>();
    for (int i = from; i <= to; i++) {
      events.add("event " + i);
    }
    return events;
  }

  @Test
  void aDamagedEntryIsLeftOutAndItsPlaceIsShown() {
    tell(new FlightRecorder(ring), 1, 4);
    ring.bytes.put(EntryFormat.ENTRY_BYTES + 45, (byte) 'X');

    assertThat(ring.read().lines(entry -> "*"))
        .containsExactly(
            "-- boot 1",
            "* 1001 WARNING event 1",
            "-- entries missing here: 1",
            "* 1003 WARNING event 3",
            "* 1004 WARNING event 4",
            "-- entries torn or damaged, and left out: 1");
  }

  @Test
  void standingsPhasesAndStartsAreToldWithTheirBoot() {
    EventLog log = new EventLog((now, number, severity, text) -> {}, WALL_MS, ring);
    log.recordStart("cabinet A, serial ALONE");
    log.setNow(2_000_000);
    log.recordPhase("SERVING");
    log.recordStanding(0x10, 0xABCL, 0xDEFL, 0, "Suspended (link L1 down)");
    log.log(EventCode.VOLUME_READY, "0010");
    new EventLog((now, number, severity, text) -> {}, WALL_MS, ring)
        .recordStart("cabinet A, serial ALONE");

    assertThat(ring.read().lines(entry -> "+" + (entry.wallMs() - WALL_MS)))
        .containsExactly(
            "-- boot 1",
            "+0 cabinet A, serial ALONE starts",
            "+2 phase: SERVING",
            "+2 NVRAM: volume 0010 Suspended (link L1 down); generation 0000000000000abc,"
                + " base 0000000000000def, offered 0000000000000000",
            "+2 2003 INFO volume 0010 ready",
            "-- boot 2",
            "+0 cabinet A, serial ALONE starts");
  }

  @Test
  void aTextThatIsTooLongIsCutAtAWholeCharacterAndNothingInItIsObeyed() {
    FlightRecorder recorder = new FlightRecorder(ring);
    recorder.event(0, 0, 1, Severity.ERROR, "a" + "\u20ac".repeat(100));
    recorder.event(0, 0, 2, Severity.INFO, "\u00e9 \ud83d\ude00 \ud800\u001b[2J\n");

    List<RecordedEntry> entries = ring.read().entries();
    assertThat(entries.get(0).words()).isEqualTo("a" + "\u20ac".repeat(71));
    assertThat(entries.get(0).isCut()).isTrue();
    assertThat(entries.get(0).text()).endsWith("\u20ac...");
    assertThat(entries.get(1).words()).isEqualTo("\u00e9 \ud83d\ude00 ? [2J ");
    assertThat(entries.get(1).isCut()).isFalse();
  }

  @Test
  void anyBytesAreReadAsEntriesOrAsNothingAndARecorderGoesOnBehindThem() {
    Random random = new Random(4);
    CRC32C crc = new CRC32C();
    for (int round = 0; round < 2_000; round++) {
      Ring garbage = new Ring(ENTRIES);
      ByteBuffer entry = EntryFormat.room();
      byte[] noise = new byte[EntryFormat.ENTRY_BYTES];
      for (int slot = 0; slot < ENTRIES; slot++) {
        random.nextBytes(noise);
        entry.clear().put(noise);
        if (random.nextBoolean()) {
          // Of what a checksum lets through: any kind, length, number.
          long sequence = random.nextLong() >>> random.nextInt(64);
          entry.putLong(
              EntryFormat.SEQUENCE_OFFSET,
              random.nextBoolean() ? sequence : sequence / ENTRIES * ENTRIES + slot + 1);
          entry.put(EntryFormat.KIND_OFFSET, (byte) random.nextInt(6));
          entry.putInt(EntryFormat.CRC_OFFSET, EntryFormat.crcOf(entry, crc));
        }
        garbage.bytes.put(slot * EntryFormat.ENTRY_BYTES, entry.clear(), 0, noise.length);
      }
      Recording found = garbage.read();
      assertThat(found.lines(any -> any.wallMs() + " " + any.atNs())).isNotEmpty();
      assertThat(found.entries().size() + found.damaged()).isEqualTo(ENTRIES);

      new FlightRecorder(garbage).start(0, 0, "the next boot");
      assertThat(words(garbage.read())).endsWith("the next boot");
    }
    assertThat(Recording.of(new byte[0]).entries()).isEmpty();
    assertThat(Recording.of(new byte[300]).lines(any -> ""))
        .containsExactly("-- nothing is recorded");
  }

  @Test
  void anEntryAllocatesNothing() {
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    FlightRecorder recorder = new FlightRecorder(ring);
    int entries = 20_000;
    long before = 0;
    for (int i = -entries; i < entries; i++) {
      if (i == 0) {
        before = thread.getCurrentThreadAllocatedBytes();
      }
      recorder.standing(i, WALL_MS, 0x10, i, i, i, "Synchronized (nothing is owed)");
      recorder.event(i, WALL_MS, 3001, Severity.INFO, "link L1 up: connected to 127.0.0.1:10900");
    }
    long perEntry = (thread.getCurrentThreadAllocatedBytes() - before) / (2L * entries);
    assertThat(perEntry).as("bytes allocated for an entry").isZero();
  }
}
