package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.time.Instant;
import java.util.List;

/// Watches how long the peer keeps this cabinet waiting, and draws the consequence: no host
/// waits longer than the link timeout, and memory stays free whatever the peer does.
final class PeerWatch {
  private final long linkTimeoutNs;
  private final LinkGroup links;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final EventLog events;
  private final GroupCut cut;
  private final OutgoingWrites outgoing;
  private final PairDesk.Session session;
  private boolean inReach;
  private long unreachableSinceNs;

  PeerWatch(
      long linkTimeoutNs,
      LinkGroup links,
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      EventLog events,
      GroupCut cut,
      OutgoingWrites outgoing,
      PairDesk.Session session) {
    this.linkTimeoutNs = linkTimeoutNs;
    this.links = links;
    this.records = memory.records();
    this.volumes = volumes;
    this.labels = labels;
    this.events = events;
    this.cut = cut;
    this.outgoing = outgoing;
    this.session = session;
  }

  void onInReach() {
    inReach = true;
  }

  void onOutOfReach(long nowNs) {
    inReach = false;
    unreachableSinceNs = nowNs;
  }

  /// How long the peer has been out of reach; 0 while it is not.
  long silentNs(long nowNs) {
    return inReach ? 0 : nowNs - unreachableSinceNs;
  }

  // ---- hosts that wait ----

  /// The host never waits longer than the link timeout: then its group goes on alone.
  int cutOverdueGroups(long nowNs) {
    int work = 0;
    for (String group : isAnyHeld() ? volumes.sourceGroups() : List.<String>of()) {
      String because = overdue(group, nowNs);
      if (because != null && cut.isCuttable(group)) {
        session.cut(group, because);
        work++;
      }
    }
    return work + breakOffStuckCopies(nowNs);
  }

  /// Mostly no host waits, and this is asked in every round.
  private boolean isAnyHeld() {
    List<Volume> sources = volumes.ofRole(VolumeRole.R1);
    for (int i = 0; i < sources.size(); i++) {
      if (records.oldestHeld(sources.get(i).index()) != WriteRecords.NONE) {
        return true;
      }
    }
    return false;
  }

  private String overdue(String group, long nowNs) {
    for (Volume volume : volumes.sourcesOf(group)) {
      int record = records.oldestHeld(volume.index());
      if (record == WriteRecords.NONE || volume.isHeld() || !volume.pairState().waitsForPeer()) {
        continue;
      }
      if (!links.isVariedOn()) {
        return links.count() == 1
            ? "link " + links.get(0).name() + " is varied off"
            : "no link is varied on";
      }
      if (nowNs - records.committedNsOf(record) >= linkTimeoutNs) {
        return "a write of volume " + volume.name() + " waited " + linkTimeoutNs / 1_000_000
            + " ms for the peer";
      }
      if (silentNs(nowNs) >= linkTimeoutNs) {
        return "the peer has been out of reach for " + silentNs(nowNs) / 1_000_000 + " ms";
      }
    }
    return null;
  }

  // ---- memory that fills ----

  /// In the middle of a copy no write waits for the peer; but if the peer takes none, they fill
  /// the hosts' share of NVRAM. After the link timeout the copy is broken off, and they become
  /// owed bits.
  private int breakOffStuckCopies(long nowNs) {
    if (!inReach) {
      return 0;
    }
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.pairState() != PairState.SYNC_IN_PROG || !records.isTight(volume.index())) {
        continue;
      }
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE && records.numberOf(record) <= outgoing.receivedNumber()) {
        record = records.remoteNextOf(record);
      }
      if (record != WriteRecords.NONE && nowNs - records.committedNsOf(record) >= linkTimeoutNs) {
        session.restart("the peer takes no writes of volume " + volume.name());
        return 1;
      }
    }
    return 0;
  }

  /// Past the high mark, records that only wait for the peer's drive become bits.
  int yieldToBits() {
    int work = 0;
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (!records.isTight(volume.index())) {
        continue;
      }
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE
          && records.isReleased(record)
          && !records.isLocalPending(record)
          && records.numberOf(record) <= outgoing.receivedNumber()) {
        int next = records.remoteNextOf(record);
        volume.table().setPending(records.trackOf(record), records.numberOf(record));
        records.clearRemotePending(record);
        record = next;
        work++;
      }
    }
    return work;
  }

  // ---- a target that hears nothing ----

  /// An R2 that hears nothing says so durably: its R1 may have gone on alone.
  int markStale(long nowNs) {
    if (inReach || silentNs(nowNs) < linkTimeoutNs) {
      return 0;
    }
    int work = 0;
    for (Volume volume : volumes.ofRole(VolumeRole.R2)) {
      if (mayBecomeStale(volume)) {
        volume.become(volume.standing().staleSince(events.wallMs()), "the peer is silent");
        labels.request(volume.driveIndex());
        events.log(
            EventCode.POSSIBLY_STALE,
            volume.name(),
            "the peer is silent",
            Instant.ofEpochMilli(events.wallMs()));
        work++;
      }
    }
    return work;
  }

  private static boolean mayBecomeStale(Volume volume) {
    return volume.pairState() == PairState.SYNCHRONIZED && volume.standing().staleSinceMs() == 0;
  }

  // ---- when to look again ----

  long nextDeadlineNs(long nowNs) {
    long deadline = inReach ? Director.NO_DEADLINE : staleDeadlineNs();
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (inReach
          && volume.pairState() == PairState.SYNC_IN_PROG
          && records.remoteHeadOf(volume.index()) != WriteRecords.NONE) {
        deadline = Director.sooner(deadline, nowNs + linkTimeoutNs / 4);
      }
      int record = records.oldestHeld(volume.index());
      if (record != WriteRecords.NONE && !volume.isHeld() && volume.pairState().waitsForPeer()) {
        deadline = Director.sooner(deadline, records.committedNsOf(record) + linkTimeoutNs);
      }
    }
    return deadline;
  }

  private long staleDeadlineNs() {
    for (Volume volume : volumes.ofRole(VolumeRole.R2)) {
      if (mayBecomeStale(volume)) {
        return unreachableSinceNs + linkTimeoutNs;
      }
    }
    return Director.NO_DEADLINE;
  }
}
