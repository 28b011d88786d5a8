package farside.cabinet;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.channel.ChannelAdapter;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.disk.DiskAdapter;
import farside.port.NvramPort;
import farside.remote.RemoteAdapter;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// How a cabinet ends.
///
/// | phase     | ends when                                                                 |
/// |-----------|---------------------------------------------------------------------------|
/// | AHEAD     | it is asked for and the cabinet serves; in IML, see [#stepInIml]          |
/// | QUIETING  | hosts have finished what they have begun, or took too long                |
/// | DESTAGING | everything is on our drives, and on the peer's, unless that took too long |
/// | LABELLING | the labels say that the end was clean                                     |
/// | DOWN      | never: NVRAM is on its backing store                                      |
///
/// The cabinet serves on in all but the last.
final class Shutdown {
  private static final long QUIET_WAIT_NS = 5_000_000_000L;
  private static final long PEER_WAIT_NS = 2_000_000_000L;

  private enum Phase {
    AHEAD,
    QUIETING,
    DESTAGING,
    LABELLING,
    DOWN
  }

  private final NvramPort nvram;
  private final GlobalMemory memory;
  private final Volumes volumes;
  private final Labels labels;
  private final DiskAdapter disk;
  private final ChannelAdapter channel;
  private final RemoteAdapter remote;
  private final EventLog events;

  private Phase phase = Phase.AHEAD;
  private long phaseSinceNs;
  private boolean requested;

  /// Those that were not waited for.
  private List<String> drivesLeft = List.of();

  private final long[] cleanTickets;

  Shutdown(
      NvramPort nvram,
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      DiskAdapter disk,
      ChannelAdapter channel,
      RemoteAdapter remote,
      EventLog events) {
    this.nvram = nvram;
    this.memory = memory;
    this.volumes = volumes;
    this.labels = labels;
    this.disk = disk;
    this.channel = channel;
    this.remote = remote;
    this.events = events;
    cleanTickets = new long[labels.driveCount()];
  }

  void request() {
    requested = true;
  }

  boolean isRequested() {
    return requested;
  }

  boolean hasBegun() {
    return phase != Phase.AHEAD;
  }

  boolean isDown() {
    return phase == Phase.DOWN;
  }

  /// The drives that were not waited for, for people.
  String drivesLeft() {
    return String.join(", ", drivesLeft);
  }

  boolean isIncomplete() {
    return !drivesLeft.isEmpty();
  }

  /// Comes at the end of each round of a cabinet that serves.
  int step(long nowNs) {
    return switch (phase) {
      case AHEAD -> begin(nowNs);
      case QUIETING -> quiet(nowNs);
      case DESTAGING -> destage(nowNs);
      case LABELLING -> label(nowNs);
      case DOWN -> 0;
    };
  }

  /// A shutdown that comes while IML waits for a drive, and nobody knows for how long. Nothing was
  /// begun that the next IML would not do again: NVRAM only has to outlive the machine, too.
  int stepInIml(long nowNs) {
    if (!requested || !disk.isIdle()) {
      return 0;
    }
    drivesLeft = drivesThat(disk::isAwaited);
    if (drivesLeft.isEmpty()) {
      return 0;
    }
    events.log(EventCode.SHUTDOWN_IN_IML, drivesLeft());
    nvram.force();
    enter(Phase.DOWN, nowNs);
    return 1;
  }

  long nextDeadlineNs() {
    if (phase == Phase.QUIETING) {
      return phaseSinceNs + QUIET_WAIT_NS;
    }
    if (phase == Phase.DESTAGING && isDestaged()) {
      // Only then is it the peer that is waited for; a drive that is not done wakes us itself.
      return phaseSinceNs + PEER_WAIT_NS;
    }
    return Director.NO_DEADLINE;
  }

  private void enter(Phase next, long nowNs) {
    phase = next;
    phaseSinceNs = nowNs;
    if (next != Phase.DOWN) {
      // The end itself is an event, told before NVRAM was pushed to its backing store.
      events.recordPhase(next.name());
    }
  }

  private int begin(long nowNs) {
    if (!requested) {
      return 0;
    }
    enter(Phase.QUIETING, nowNs);
    events.log(EventCode.SHUTDOWN_STARTED, memory.records().liveRecords());
    channel.stop();
    return 1;
  }

  private int quiet(long nowNs) {
    if (!channel.isQuiet() && nowNs - phaseSinceNs < QUIET_WAIT_NS) {
      return 0;
    }
    channel.closeAll("the cabinet is going down");
    if (!volumes.ofRole(VolumeRole.R2).isEmpty()) {
      // The peer's writes would come for ever, and one of them between the last destage and the
      // clean label.
      remote.leave();
    }
    flushAll();
    enter(Phase.DESTAGING, nowNs);
    return 1;
  }

  private int destage(long nowNs) {
    if (!isDestaged() || peerIsBehind() && nowNs - phaseSinceNs < PEER_WAIT_NS) {
      return 0;
    }
    remote.leave();
    labels.setClean(true);
    for (int drive = 0; drive < cleanTickets.length; drive++) {
      if (labels.volumeOf(drive) != null) {
        cleanTickets[drive] = labels.request(drive);
      }
    }
    enter(Phase.LABELLING, nowNs);
    return 1;
  }

  private int label(long nowNs) {
    for (int drive = 0; drive < cleanTickets.length; drive++) {
      if (labels.volumeOf(drive) != null
          && !labels.isDurable(drive, cleanTickets[drive])
          && !disk.isOutOfUse(drive)) {
        return 0;
      }
    }
    if (!disk.isIdle()) {
      // A read for a copy that was broken off may still write into our memory. What a drive
      // that hangs still has of it is the launcher's to keep.
      return 0;
    }
    tellEnd();
    nvram.force();
    enter(Phase.DOWN, nowNs);
    return 1;
  }

  /// A drive that hangs is not waited for: what it lacks stays in NVRAM, which is as durable,
  /// and goes to it after the next IML.
  private void tellEnd() {
    drivesLeft = drivesThat(disk::isOutOfUse);
    if (isIncomplete()) {
      events.log(EventCode.SHUTDOWN_INCOMPLETE, memory.records().liveRecords(), drivesLeft());
    } else {
      events.log(EventCode.SHUTDOWN_COMPLETE);
    }
  }

  private List<String> drivesThat(IntPredicate isSo) {
    List<String> names = new ArrayList<>();
    for (int drive = 0; drive < labels.driveCount(); drive++) {
      if (isSo.test(drive)) {
        names.add(labels.driveName(drive));
      }
    }
    return names;
  }

  private void flushAll() {
    for (Volume volume : volumes.list()) {
      memory.records().wantFlush(volume.index(), Long.MAX_VALUE);
    }
  }

  private boolean isDestaged() {
    for (Volume volume : volumes.list()) {
      if (!disk.isOutOfUse(volume.driveIndex())
          && memory.records().localHeadOf(volume.index()) != WriteRecords.NONE) {
        return false;
      }
    }
    return true;
  }

  /// True while the peer's drives lack what its memory has, and it can tell us when they do not
  /// any more: it is given a moment, so that both sides end clean. A peer that is on its way out
  /// too says nothing more.
  private boolean peerIsBehind() {
    if (!remote.isInSession()) {
      return false;
    }
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.pairState() == PairState.SYNCHRONIZED
          && memory.records().remoteHeadOf(volume.index()) != WriteRecords.NONE) {
        return true;
      }
    }
    return false;
  }
}
