package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.director.blackbox.EntryKind;
import farside.director.blackbox.RecordedEntry;
import farside.director.blackbox.Recording;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Holds what a flight recorder has after the end of a process against the events that the
/// cabinet told.
///
/// After any crash the ring is a suffix of them, without a gap, that ends with the last one. A
/// loss of power may leave any of its pages; even then nothing is read that was never told.
final class RecorderCheck {
  /// Longer texts are cut.
  private static final int TEXT_MAX = 216;

  private final String site;
  private final Set<String> everTold = new HashSet<>();

  /// Since the last loss of power.
  private final List<String> told = new ArrayList<>();

  /// Up to this entry a loss of power has left what it left.
  private long doubtfulSequence;

  RecorderCheck(String site) {
    this.site = site;
  }

  void onEvent(int number, String text) {
    String line = number + " " + text.substring(0, Math.min(text.length(), TEXT_MAX));
    everTold.add(line);
    told.add(line);
  }

  /// The process has gone.
  void onProcessDeath(Recording recording) {
    List<RecordedEntry> entries = recording.entries();
    for (int i = 1; i < entries.size(); i++) {
      require(
          recording.missingBefore(i) == 0 || entries.get(i).sequence() <= doubtfulSequence,
          () -> site + ": the flight recorder has a gap: " + entries);
    }
    boolean isWhole = entries.isEmpty()
        || entries.size() >= recording.entryMax() - 1
        || entries.get(0).sequence() == 1
        || doubtfulSequence > 0;
    require(isWhole, () -> site + ": the flight recorder lacks its oldest entries: " + entries);
    List<String> recorded = eventsOf(entries, doubtfulSequence);
    require(
        recorded.size() <= told.size()
            && told.subList(told.size() - recorded.size(), told.size()).equals(recorded),
        () -> site + ": the flight recorder has " + recorded + ", but told was " + told);
    require(
        !recorded.isEmpty() || told.isEmpty() || entries.size() >= recording.entryMax() - 1,
        () -> site + ": the flight recorder has none of " + told);
  }

  /// Power is gone as well.
  void onPowerLoss(Recording recording) {
    List<RecordedEntry> entries = recording.entries();
    for (String event : eventsOf(entries, 0)) {
      require(
          everTold.contains(event),
          () -> site + ": the flight recorder has an event that was never told: " + event);
    }
    told.clear();
    doubtfulSequence = entries.isEmpty() ? 0 : entries.get(entries.size() - 1).sequence();
  }

  private static List<String> eventsOf(List<RecordedEntry> entries, long afterSequence) {
    List<String> events = new ArrayList<>();
    for (RecordedEntry entry : entries) {
      if (entry.kind() == EntryKind.EVENT && entry.sequence() > afterSequence) {
        events.add(entry.number() + " " + entry.words());
      }
    }
    return events;
  }
}
