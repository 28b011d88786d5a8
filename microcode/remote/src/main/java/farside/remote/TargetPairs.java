package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.protocol.session.PairOrderCode;
import farside.protocol.session.PairOrderDecoder;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The R2 half of [PairDesk]: an order is made durable, and then answered. Every answer that
/// promises something waits for the label of the drive.
final class TargetPairs {
  /// @param answer null: only the peer's hosts wait for the label, see [#mayTellStable]
  private record Promise(Volume volume, long ticket, Control.Answer answer) {}

  /// An order that is carried out when this drive holds everything up to `upToNumber`.
  private record Draining(Volume volume, PairOrderCode code, long generation, long upToNumber) {}

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final EventLog events;
  private final TrackCopier copier;
  private final LeftOutPairs leftOut;
  private final ArrayDeque<Control> outgoing;

  private final List<Promise> promises = new ArrayList<>();
  private final List<Draining> draining = new ArrayList<>();
  private final boolean[] linked;

  /// Per volume: the order that is being followed, if all that its source lacks is given back.
  private final PairOrderCode[] restoring;

  private final boolean[] becomesStored;

  TargetPairs(
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      EventLog events,
      TrackCopier copier,
      LeftOutPairs leftOut,
      ArrayDeque<Control> outgoing) {
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.labels = labels;
    this.events = events;
    this.copier = copier;
    this.leftOut = leftOut;
    this.outgoing = outgoing;
    int n = volumes.count();
    linked = new boolean[n];
    restoring = new PairOrderCode[n];
    becomesStored = new boolean[n];
  }

  // ---- session ----

  void forget() {
    promises.clear();
    draining.clear();
    Arrays.fill(linked, false);
    Arrays.fill(restoring, null);
    Arrays.fill(becomesStored, false);
  }

  void unlink(Volume volume) {
    int index = volume.index();
    promises.removeIf(promise -> promise.volume() == volume);
    draining.removeIf(order -> order.volume() == volume);
    linked[index] = false;
    restoring[index] = null;
    becomesStored[index] = false;
  }

  boolean isLinked(int volumeIndex) {
    return linked[volumeIndex];
  }

  /// True if the peer may be told how far this drive is stable. With `ack: stored` its hosts are
  /// told by that, so the label says first that this drive alone holds everything.
  boolean mayTellStable(int volumeIndex) {
    return linked[volumeIndex] && !becomesStored[volumeIndex];
  }

  /// True while what the source has lost is given back to it.
  boolean isGivingBack(int volumeIndex) {
    return restoring[volumeIndex] != null;
  }

  // ---- orders ----

  /// False: the session is broken.
  boolean onOrder(PairOrderDecoder order) {
    Volume volume = volumes.byNumber(order.volume());
    if (volume == null || volume.role() != VolumeRole.R2) {
      return false;
    }
    long generation = order.generation();
    return switch (order.order()) {
      case RESUME -> onResume(volume, generation);
      case RESYNC, FIRST_PAIRING -> onReceive(volume, order.order(), generation);
      case RESTORE, RESTORE_ALL -> onRestore(volume, order.order(), generation);
      case COMPLETE -> onComplete(volume, generation);
      case SUSPEND -> onSuspend(volume);
      default -> false;
    };
  }

  /// The group goes on alone: nothing of it comes any more, and this image stays what it is.
  private boolean onSuspend(Volume volume) {
    leftOut.onSuspended(volume);
    markStale(volume, "its source goes on alone");
    return true;
  }

  /// The image may lack what its source has acknowledged.
  void markStale(Volume volume, String because) {
    if (volume.pairState() == PairState.SYNCHRONIZED && volume.standing().staleSinceMs() == 0) {
      volume.become(volume.standing().staleSince(events.wallMs()), because);
      labels.request(volume.driveIndex());
      events.log(
          EventCode.POSSIBLY_STALE, volume.name(), because, Instant.ofEpochMilli(events.wallMs()));
    }
  }

  private boolean onResume(Volume volume, long generation) {
    boolean fits = volume.pairState() == PairState.SYNCHRONIZED
        && volume.standing().generation() == generation;
    if (fits && volume.table().owed().count() > 0) {
      // It was given back, and both stopped before the source could say so: a source that still
      // lacks something does not resume.
      volume.table().owed().clearAll();
    }
    if (fits && volume.standing().staleSinceMs() != 0 && !leftOut.isRefusing(volume)) {
      volume.become(volume.standing().staleSince(0), "the peer is back");
      labels.request(volume.driveIndex());
    }
    if (fits && volume.standing().stored() && !isStored(volume)) {
      // Hosts are told sooner than the rig had it before: the label says so before the first write.
      volume.become(volume.standing().storing(false), ackOf(volume));
      promise(volume, new Control.Answer(volume.index(), PairOrderCode.RESUME, 1, generation));
      return true;
    }
    if (fits && isStored(volume)) {
      // No host is told of a write before the label says that the drive has all; but writes may
      // come, so that those of other groups do not wait for this drive.
      becomesStored[volume.index()] = true;
      if (volume.standing().stored()) {
        awaitLabel(volume, labels.newestTicket(volume.driveIndex()));
      } else {
        drain(volume, PairOrderCode.RESUME, generation);
      }
    }
    hurry(volume);
    linked[volume.index()] = fits;
    answer(volume, PairOrderCode.RESUME, fits ? 1 : 0);
    return true;
  }

  private boolean onReceive(Volume volume, PairOrderCode code, long generation) {
    boolean mayPair = code == PairOrderCode.FIRST_PAIRING
        || volume.standing().everPaired()
        || volume.standing().inconsistent()
        || volume.pairState() == PairState.UNPAIRED;
    if (!mayPair) {
      answer(volume, code, 0);
      return true;
    }
    // Before the first block of a copy reaches the drive, the drive says that its image is not
    // consistent.
    // What it held of another pairing is no base of this one.
    boolean keepsBase = code == PairOrderCode.RESYNC && volume.standing().stored();
    volume.become(volume.standing().receiving().storing(keepsBase), "the peer copies " + code);
    volume.table().owed().clearAll();
    promise(volume, new Control.Answer(volume.index(), code, 1, generation));
    return true;
  }

  private boolean onRestore(Volume volume, PairOrderCode code, long generation) {
    Standing own = volume.standing();
    boolean isAll = code == PairOrderCode.RESTORE_ALL;
    boolean isWhole = volume.pairState() == PairState.SYNCHRONIZED && !own.inconsistent();
    boolean keepsBase = own.inconsistent() && own.stored() && own.generation() == generation;
    boolean fits = isWhole || isAll && keepsBase;
    answer(volume, code, fits ? 1 : 0);
    if (fits) {
      if (isAll) {
        // Some blocks are newer on one of the drives, and nobody knows which.
        volume.table().pending().setAll();
      }
      linked[volume.index()] = true;
      restoring[volume.index()] = code;
      // All that the source has not made stable, whether it lost one record or its whole memory.
      volume.table().pendingBecomesOwed();
      events.log(EventCode.COPY_STARTED, volume.name(), volume.table().owed().count());
      copier.begin(volume, true);
    }
    return generation != 0;
  }

  private boolean onComplete(Volume volume, long generation) {
    if (!linked[volume.index()]) {
      return false;
    }
    if (restoring[volume.index()] != null) {
      restoring[volume.index()] = null;
      copier.end(volume);
      volume.table().owed().clearAll();
      volume.table().clearPending();
    }
    drain(volume, PairOrderCode.COMPLETE, generation);
    return true;
  }

  private static String ackOf(Volume volume) {
    return "the rig says ack: " + volume.ack().shown();
  }

  private static boolean isStored(Volume volume) {
    return volume.ack() == AckMode.STORED;
  }

  /// With `ack: stored` the label may say that this drive holds everything only when it does.
  private void drain(Volume volume, PairOrderCode code, long generation) {
    draining.add(new Draining(
        volume, code, generation, isStored(volume) ? memory.peerReceived() : Long.MIN_VALUE));
    hurry(volume);
    endDrains();
  }

  /// Hosts of the peer wait for what has come so far.
  private void hurry(Volume volume) {
    if (isStored(volume)) {
      records.wantFlush(volume.index(), memory.peerReceived());
    }
  }

  private int endDrains() {
    int work = 0;
    for (int i = 0; i < draining.size(); i++) {
      Draining order = draining.get(i);
      Volume volume = order.volume();
      if (records.isStableUpTo(volume.index(), order.upToNumber())) {
        draining.remove(i--);
        Standing own = volume.standing();
        if (order.code() == PairOrderCode.COMPLETE) {
          volume.become(
              own.synchronizedAt(order.generation()).storing(isStored(volume)),
              "the copy is complete");
          if (leftOut.isRefusing(volume)) {
            markStale(volume, "its source may go on alone");
          }
          promise(volume, new Control.Answer(volume.index(), order.code(), 1, order.generation()));
          hurry(volume);
        } else {
          volume.become(own.storing(true), ackOf(volume));
          awaitLabel(volume, labels.request(volume.driveIndex()));
        }
        work++;
      }
    }
    return work;
  }

  private void answer(Volume volume, PairOrderCode code, int verdict) {
    outgoing.add(
        new Control.Answer(volume.index(), code, verdict, volume.standing().generation()));
  }

  private void promise(Volume volume, Control.Answer answer) {
    promises.add(new Promise(volume, labels.request(volume.driveIndex()), answer));
  }

  private void awaitLabel(Volume volume, long ticket) {
    promises.add(new Promise(volume, ticket, null));
  }

  // ---- every round ----

  int step() {
    return endDrains() + keepPromises();
  }

  private int keepPromises() {
    int work = 0;
    for (int i = 0; i < promises.size(); i++) {
      Promise promise = promises.get(i);
      if (labels.isDurable(promise.volume().driveIndex(), promise.ticket())) {
        promises.remove(i--);
        if (promise.answer() == null) {
          becomesStored[promise.volume().index()] = false;
        } else {
          linked[promise.volume().index()] = true;
          outgoing.add(promise.answer());
        }
        work++;
      }
    }
    return work;
  }

  /// What was given back is with the source when nothing of it is under way here any more.
  int endGivingBack() {
    int work = 0;
    for (int index = 0; index < restoring.length; index++) {
      if (restoring[index] != null
          && copier.isPassOver(volumes.get(index))
          && records.localHeadOf(index) == WriteRecords.NONE) {
        // The source may not know any more what this drive lacks: so it lacks nothing.
        copier.end(volumes.get(index));
        answer(volumes.get(index), restoring[index], 2);
        work++;
      }
    }
    return work;
  }
}
