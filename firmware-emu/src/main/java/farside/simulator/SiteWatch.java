package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.director.EventCode;
import farside.simulator.SteppedCabinet.FarCopy;
import farside.volume.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What is seen of one site's cabinet, process after process: its events, and between its rounds
/// what it knows of its mirrors and of slots that are lacking. The oracle is told what it needs;
/// who judges a run asks for the rest.
final class SiteWatch {
  private final CabinetDescription description;
  private final List<String> sources;
  private final Oracle oracle;
  private final VirtualTime time;

  /// Null while no process runs.
  private SteppedCabinet cabinet;

  /// Of each source: what its cabinet last knew of the far copy, and the oracle was told.
  private final FarCopy[] farCopies;

  /// Those that the process says it waits for no longer.
  private final List<String> drivesInDoubt = new ArrayList<>();

  /// Of each volume on one of them, when it was last seen without a slot.
  private final Map<String, Long> starvedNs = new HashMap<>();

  private Consumer<String> onSuspended = text -> {};
  private EventCode awaited = EventCode.PAIR_STATE;
  private int awaitedCount;
  private Runnable atAwaited = () -> {};
  private long shutdownsInIml;
  private long suspensions;
  private long leftOut;
  private long doubts;
  private long standIns;
  private long repairs;
  private long linksAdded;

  /// Of the processes that are gone.
  private long tracksReadAhead;

  private long tracksReadAheadAndUsed;

  /// @param sources names of the mirrored volumes whose source is here
  SiteWatch(CabinetDescription description, List<String> sources, Oracle oracle, VirtualTime time) {
    this.description = description;
    this.sources = List.copyOf(sources);
    this.oracle = oracle;
    this.time = time;
    this.farCopies = new FarCopy[sources.size()];
    Arrays.fill(farCopies, FarCopy.LACKS_SOMETHING);
  }

  /// Called with the event's text when a group is suspended.
  void setOnSuspended(Consumer<String> onSuspended) {
    this.onSuspended = onSuspended;
  }

  /// Has something done once an event has come here so often; never, if 0.
  void afterEvents(EventCode event, int count, Runnable what) {
    awaited = event;
    awaitedCount = count;
    atAwaited = what;
  }

  // ---- what the site tells ----

  void onProcess(SteppedCabinet cabinet) {
    this.cabinet = cabinet;
  }

  void onProcessDeath() {
    tracksReadAhead = tracksReadAhead();
    tracksReadAheadAndUsed = tracksReadAheadAndUsed();
    cabinet = null;
    drivesInDoubt.clear();
  }

  void onEvent(int number, String text) {
    if (number == EventCode.GROUP_TRIPPED.number()) {
      suspensions++;
      onSuspended.accept(text);
    }
    if (number == awaited.number() && --awaitedCount == 0) {
      atAwaited.run();
    }
    shutdownsInIml += number == EventCode.SHUTDOWN_IN_IML.number() ? 1 : 0;
    leftOut += number == EventCode.PEER_TAKES_NO_WRITES.number() ? 1 : 0;
    linksAdded += number == EventCode.LINK_ADDED.number() ? 1 : 0;
    repairs += number == EventCode.BLOCKS_REPAIRED.number() ? 1 : 0;
    standIns += number == EventCode.READ_FROM_PEER.number() ? 1 : 0;
    if (number == EventCode.DRIVE_IN_DOUBT.number()) {
      doubts++;
      drivesInDoubt.add(driveIn(text));
      oracle.onDriveInDoubt(volumeOn(driveIn(text)), description.site(), time.nowNs());
    } else if (number == EventCode.DRIVE_READY.number()) {
      drivesInDoubt.remove(driveIn(text));
      oracle.onDriveReady(volumeOn(driveIn(text)), description.site());
    }
  }

  private static String driveIn(String event) {
    return event.split(" ")[1];
  }

  private String volumeOn(String drive) {
    return description.volumes().stream()
        .filter(volume -> volume.drive().equals(drive))
        .map(volume -> Volume.nameOf(volume.number()))
        .findFirst()
        .orElseThrow();
  }

  /// The process is about to run a round.
  void beforeRound() {
    noteStarvation();
  }

  void afterRound() {
    noteStarvation();
    for (int i = 0; i < farCopies.length; i++) {
      String volume = sources.get(i);
      FarCopy now = cabinet.farCopyOf(volume);
      if (now != FarCopy.NOT_KNOWN && now != farCopies[i]) {
        farCopies[i] = now;
        oracle.setFarCopy(volume, now);
      }
    }
  }

  private void noteStarvation() {
    if (drivesInDoubt.isEmpty()) {
      return;
    }
    for (VolumeDescription volume : description.volumes()) {
      String name = Volume.nameOf(volume.number());
      if (isInDoubt(volume.drive()) && cabinet.isStarved(name)) {
        starvedNs.put(name, time.nowNs());
      }
    }
  }

  // ---- what is asked ----

  /// True if the process says that it does not wait for the drive any longer.
  boolean isInDoubt(String drive) {
    return drivesInDoubt.contains(drive);
  }

  /// True if at some time from then on no read of the volume could have a slot before its drive,
  /// which hangs, gave one back. An answer may be held for the NVRAM's log until one can.
  boolean wasStarvedSince(String volume, long sinceNs) {
    return cabinet != null
        && (cabinet.isStarved(volume) || starvedNs.getOrDefault(volume, Long.MIN_VALUE) >= sinceNs);
  }

  /// How often a group went on alone.
  long suspensions() {
    return suspensions;
  }

  /// Shutdowns that came while IML waited for a drive.
  long shutdownsInIml() {
    return shutdownsInIml;
  }

  /// How often a group was left out of the session.
  long leftOut() {
    return leftOut;
  }

  /// How often a drive came in doubt.
  long doubts() {
    return doubts;
  }

  /// How often the peer began to give what a drive in doubt does not.
  long standIns() {
    return standIns;
  }

  /// Runs of blocks that were made good with what the peer had.
  long repairs() {
    return repairs;
  }

  /// Links that were added while the cabinet ran, each removed before.
  long linksAdded() {
    return linksAdded;
  }

  /// Tracks that were staged before a host asked for them.
  long tracksReadAhead() {
    return tracksReadAhead + (cabinet == null ? 0 : cabinet.tracksReadAhead());
  }

  /// Those of them that a host then came to.
  long tracksReadAheadAndUsed() {
    return tracksReadAheadAndUsed + (cabinet == null ? 0 : cabinet.tracksReadAheadAndUsed());
  }
}
