package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.RandomPort;
import farside.protocol.session.PairAnswerDecoder;
import farside.protocol.session.PairOrderCode;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;

/// The R1 half of [PairDesk]: what becomes of each pair is decided here, from what its R2 has told,
/// and copies are brought to their end.
///
/// An order that needs the label of the own drive waits for it; those of other volumes do not.
final class SourcePairs {
  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final List<Volume> sources;
  private final Labels labels;
  private final RandomPort random;
  private final EventLog events;
  private final GroupCut cut;
  private final TrackCopier copier;
  private final PairDesk.Session session;
  private final LeftOutPairs leftOut;
  private final ArrayDeque<Control> outgoing;

  private boolean peerGivesBackAll;

  private final boolean[] linked;
  private final boolean[] settled;
  private final boolean[] restoreDrains;
  private final boolean[] completeOrdered;
  private final boolean[] conflictLogged;
  private final long[] orderTicket;
  private final Control.Order[] orderWaiting;
  private final long[] completeAfter;

  /// Per volume with `ack: stored`: what the peer's drive must hold before the copy may end; -1:
  /// not known yet.
  private final long[] stableAfter;

  SourcePairs(
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      RandomPort random,
      EventLog events,
      GroupCut cut,
      TrackCopier copier,
      PairDesk.Session session,
      LeftOutPairs leftOut,
      ArrayDeque<Control> outgoing) {
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.sources = volumes.ofRole(VolumeRole.R1);
    this.labels = labels;
    this.random = random;
    this.events = events;
    this.cut = cut;
    this.copier = copier;
    this.session = session;
    this.leftOut = leftOut;
    this.outgoing = outgoing;
    int n = volumes.count();
    linked = new boolean[n];
    settled = new boolean[n];
    restoreDrains = new boolean[n];
    completeOrdered = new boolean[n];
    conflictLogged = new boolean[n];
    orderTicket = new long[n];
    orderWaiting = new Control.Order[n];
    completeAfter = new long[n];
    stableAfter = new long[n];
  }

  // ---- session ----

  /// @param peerVersion newest session version that the peer speaks
  void begin(int peerVersion) {
    peerGivesBackAll = peerVersion >= SessionMessages.VERSION_OF_RESTORE_ALL;
  }

  void forget() {
    Arrays.fill(linked, false);
    Arrays.fill(settled, false);
    Arrays.fill(restoreDrains, false);
    Arrays.fill(completeOrdered, false);
    Arrays.fill(orderWaiting, null);
    Arrays.fill(stableAfter, -1);
  }

  /// The session is over: copies are broken off, and an end that was offered is taken back by a
  /// cut.
  void end(String because) {
    for (Volume volume : sources) {
      if (volume.pairState() == PairState.SYNC_IN_PROG) {
        cut.breakOff(volume, because);
      } else if (volume.pairState() == PairState.SYNC_FINISHING) {
        cut.cut(volume.group(), because);
      }
    }
  }

  void unlink(int index) {
    linked[index] = false;
    settled[index] = true;
    restoreDrains[index] = false;
    completeOrdered[index] = false;
    orderWaiting[index] = null;
    stableAfter[index] = -1;
  }

  boolean isLinked(int volumeIndex) {
    return linked[volumeIndex];
  }

  /// True when no R1 volume keeps the others from being mirrored: the writes of those that are
  /// resumed travel in the order of their numbers. A copy may begin later, and its answer waits
  /// for a drive.
  boolean isSettled() {
    for (Volume volume : sources) {
      if (!settled[volume.index()]) {
        return false;
      }
    }
    return true;
  }

  /// The peer has had its time: a volume that it did not speak of is left as it is.
  int giveUpUnsettled() {
    int work = 0;
    for (Volume volume : sources) {
      int index = volume.index();
      if (!settled[index]) {
        settled[index] = true;
        work++;
        if (!conflictLogged[index]) {
          conflictLogged[index] = true;
          events.log(
              EventCode.PEER_MISMATCH,
              "it has not spoken of volume " + volume.name()
                  + " yet; make the rig's sites agree, or, if they do, wait: it is slow, and the pair "
                  + "is taken up when it speaks");
        }
      }
    }
    return work;
  }

  /// What the R2 tells does not fit: the pair is left as it is, and keeps nobody else waiting.
  void leaveAsItIs(Volume volume) {
    settled[volume.index()] = true;
  }

  // ---- decisions ----

  void decide(Volume volume, TargetStatus status) {
    Standing own = volume.standing();
    PairDecision.Own ownKind = switch (volume.pairState()) {
      case UNPAIRED -> PairDecision.Own.UNPAIRED;
      case SYNCHRONIZED -> PairDecision.Own.SYNCED;
      case RESTORING -> own.behind() ? PairDecision.Own.BEHIND : PairDecision.Own.LOST;
      default -> PairDecision.Own.ALONE;
    };
    long theirs = status.generation();
    if (ownKind == PairDecision.Own.ALONE && theirs != 0 && theirs == own.offered()) {
      // The next offer takes the place of this one, and the target may never hear of that.
      own = own.equalAt(theirs);
      volume.become(own, "the peer adopted what it was offered");
    }
    PairDecision.Peer peer = peerKind(ownKind, own, status);
    PairDecision.Relation relation = theirs == 0
        ? PairDecision.Relation.NONE
        : own.tablesCover(theirs)
            ? PairDecision.Relation.COVERED
            : own.descendsFrom(theirs)
                ? PairDecision.Relation.ANCESTOR
                : PairDecision.Relation.FOREIGN;
    PairDecision.Case row = PairDecision.of(ownKind, peer, relation);
    if (row == null) {
      conflict(volume, "the peer's state makes no sense");
      return;
    }
    carryOut(volume, row, status);
  }

  private static PairDecision.Peer peerKind(
      PairDecision.Own ownKind, Standing own, TargetStatus status) {
    if (!status.inconsistent()) {
      return status.generation() == 0 ? PairDecision.Peer.FRESH : PairDecision.Peer.WHOLE;
    }
    // An own label that is newer than what the target has speaks of writes that only this drive
    // has; unless it says that no FLUSH has been answered for them.
    boolean isBase = switch (ownKind) {
      case LOST -> status.generation() != 0 && status.generation() == own.generation();
      case BEHIND -> own.tablesCover(status.generation());
      case UNPAIRED, SYNCED, ALONE -> false;
    };
    boolean isCopiedOver = isBase && status.stored();
    return isCopiedOver ? PairDecision.Peer.COPIED_OVER : PairDecision.Peer.INCONSISTENT;
  }

  private void carryOut(Volume volume, PairDecision.Case row, TargetStatus status) {
    int index = volume.index();
    switch (row.verdict()) {
      case PAIR -> {
        boolean peerIsZero = row.peer() == PairDecision.Peer.FRESH && status.pristine();
        if (!volume.standing().zeroBased() || !peerIsZero) {
          volume.table().owed().setAll();
        }
        order(volume, PairOrderCode.FIRST_PAIRING, random.nextNonZero());
      }
      case RESUME -> {
        if (volume.table().owed().count() > 0) {
          // A cut was begun and not finished when the cabinet stopped.
          session.cut(volume.group(), "tracks are owed " + row.label());
        } else {
          order(volume, PairOrderCode.RESUME, volume.standing().generation());
        }
      }
      case COPY_OWED -> order(volume, PairOrderCode.RESYNC, volume.standing().generation());
      case COPY_ALL -> {
        volume.table().owed().setAll();
        if (volume.pairState() == PairState.SYNCHRONIZED) {
          session.cut(volume.group(), "the peer's copy is not what it was " + row.label());
          return;
        }
        if (volume.pairState() == PairState.RESTORING) {
          // The peer cannot give back what was lost here: what the drive has is the best there
          // is.
          volume.become(
              volume.standing().alone(random.nextNonZero()).lagging(false),
              "the peer cannot restore it " + row.label());
          orderTicket[index] = session.goOnAlone(volume);
          settled[index] = !cut.isCuttable(volume.group());
          if (!leftOut.mayBeMirrored(volume)) {
            return;
          }
          orderWaiting[index] =
              new Control.Order(index, PairOrderCode.RESYNC, volume.standing().generation(), 0);
          return;
        }
        order(volume, PairOrderCode.RESYNC, volume.standing().generation());
      }
      case RESTORE -> {
        session.dropUnreceived(volume);
        order(volume, PairOrderCode.RESTORE, volume.standing().generation());
      }
      case RESTORE_ALL -> {
        if (!peerGivesBackAll) {
          // It would end the session, again and again, and nothing would be mirrored.
          leaveToNewerBuild(volume, row.label());
          return;
        }
        session.dropUnreceived(volume);
        volume.become(
            volume.standing().fallingBackTo(status.generation()),
            "the peer gives back all " + row.label());
        order(volume, PairOrderCode.RESTORE_ALL, status.generation());
      }
      case CONFLICT -> conflict(volume, "its history and the peer's do not fit " + row.label());
    }
  }

  private void leaveToNewerBuild(Volume volume, String label) {
    int index = volume.index();
    settled[index] = true;
    if (!conflictLogged[index]) {
      conflictLogged[index] = true;
      events.log(
          EventCode.PEER_MISMATCH,
          "its build is too old to give back all of volume " + volume.name() + " " + label
              + "; give it a newer one");
    }
  }

  private void conflict(Volume volume, String because) {
    int index = volume.index();
    settled[index] = true;
    if (!conflictLogged[index]) {
      conflictLogged[index] = true;
      events.log(EventCode.PAIR_CONFLICT, volume.name(), because);
    }
    if (volume.pairState().waitsForPeer()) {
      session.cut(volume.group(), because);
    } else if (volume.pairState() != PairState.RESTORING
        && volume.pairState() != PairState.CONFLICT) {
      volume.become(volume.standing().with(PairState.CONFLICT), because);
      labels.request(volume.driveIndex());
    }
  }

  private void order(Volume volume, PairOrderCode code, long generation) {
    order(new Control.Order(volume.index(), code, generation, memory.numbers().last()));
  }

  /// Nothing of a volume is sent before a copy of it begins: no other group waits for the
  /// answer, which waits for the label of a drive that may hang. One of its own group would be
  /// ahead of what the drive of this one says.
  private void order(Control.Order order) {
    int index = order.volumeIndex();
    boolean isCopy =
        order.code() == PairOrderCode.RESYNC || order.code() == PairOrderCode.FIRST_PAIRING;
    settled[index] |= isCopy && !cut.isCuttable(volumes.get(index).group());
    outgoing.add(order);
  }

  /// False: the session is broken.
  boolean onAnswer(PairAnswerDecoder answer) {
    Volume volume = volumes.byNumber(answer.volume());
    if (volume == null || volume.role() != VolumeRole.R1) {
      return false;
    }
    int index = volume.index();
    if (leftOut.isOut(index)) {
      // To an order that was withdrawn.
      return true;
    }
    if (answer.accepted() == 0) {
      conflict(volume, "the peer refused " + answer.order());
      return true;
    }
    switch (answer.order()) {
      case RESUME -> link(volume);
      case RESYNC, FIRST_PAIRING -> {
        startCopy(volume, answer.generation());
        link(volume);
      }
      case RESTORE, RESTORE_ALL -> {
        if (answer.accepted() == 1) {
          link(volume);
        } else {
          restoreDrains[index] = true;
        }
      }
      case COMPLETE -> completed(volume);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void link(Volume volume) {
    linked[volume.index()] = true;
    settled[volume.index()] = true;
    conflictLogged[volume.index()] = false;
  }

  private void startCopy(Volume volume, long generation) {
    Standing own = volume.standing();
    Standing next = own.everPaired()
        ? own.with(PairState.SYNC_IN_PROG)
        : new Standing(
            PairState.SYNC_IN_PROG, generation, 0, 0, 0, 0, 0, 0, false, false, false, false, 0);
    volume.become(next.notZeroBased(), "the peer is ready to receive");
    volume.setReady();
    labels.request(volume.driveIndex());
    events.log(EventCode.COPY_STARTED, volume.name(), volume.table().owed().count());
    stableAfter[volume.index()] = -1;
    copier.begin(volume, false);
  }

  private void completed(Volume volume) {
    if (volume.pairState() == PairState.SYNC_FINISHING) {
      long generation = volume.standing().offered();
      volume.become(volume.standing().synchronizedAt(generation), "nothing is owed");
      labels.request(volume.driveIndex());
      events.log(EventCode.COPY_COMPLETE, volume.name(), generation);
      session.onSynchronized(volume);
    }
  }

  // ---- every round ----

  /// @param sentNumber highest number of a record that was sent, or everything if all were
  int step(boolean everythingSent, long sentNumber) {
    return sendOrdersThatWaited() + offerEnds(everythingSent, sentNumber) + endRestores();
  }

  private int sendOrdersThatWaited() {
    int work = 0;
    for (int i = 0; i < orderWaiting.length; i++) {
      if (orderWaiting[i] != null
          && labels.isDurable(volumes.get(i).driveIndex(), orderTicket[i])) {
        order(orderWaiting[i]);
        orderWaiting[i] = null;
        work++;
      }
    }
    return work;
  }

  private int endRestores() {
    int work = 0;
    for (int index = 0; index < restoreDrains.length; index++) {
      if (restoreDrains[index] && records.localHeadOf(index) == WriteRecords.NONE) {
        restoreDrains[index] = false;
        restored(volumes.get(index));
        work++;
      }
    }
    return work;
  }

  /// What was lost with the NVRAM is on the drive again, and stable.
  private void restored(Volume volume) {
    Standing own = volume.standing();
    long generation = own.generation();
    volume.become(own.synchronizedAt(generation), "the peer gave back what was lost");
    labels.request(volume.driveIndex());
    volume.setReady();
    events.log(EventCode.COPY_COMPLETE, volume.name(), generation);
    if (!leftOut.mayBeMirrored(volume)) {
      return;
    }
    if (volume.table().owed().count() > 0) {
      session.cut(volume.group(), "tracks are owed");
    } else {
      order(volume, PairOrderCode.COMPLETE, generation);
    }
  }

  /// A group of which nothing is owed any more is offered its end: from here on its writes wait
  /// for the peer again, and the label says so first, since a cabinet that loses its NVRAM now
  /// must ask the peer.
  private int offerEnds(boolean everythingSent, long sentNumber) {
    int work = 0;
    if (!isAnyCopied()) {
      return 0;
    }
    for (String group : volumes.sourceGroups()) {
      List<Volume> members = volumes.sourcesOf(group);
      if (isCopied(members) && isStableThere(members)) {
        for (Volume volume : members) {
          if (volume.pairState() == PairState.SYNC_IN_PROG) {
            copier.end(volume);
            volume.become(
                volume.standing().offering(volume.standing().generation()), "nothing is owed");
            orderTicket[volume.index()] = labels.request(volume.driveIndex());
            completeAfter[volume.index()] = memory.numbers().last();
            work++;
          }
        }
      }
      for (Volume volume : members) {
        int index = volume.index();
        if (volume.pairState() == PairState.SYNC_FINISHING
            && !completeOrdered[index]
            && labels.isDurable(volume.driveIndex(), orderTicket[index])
            && (everythingSent || sentNumber >= completeAfter[index])) {
          completeOrdered[index] = true;
          order(volume, PairOrderCode.COMPLETE, volume.standing().offered());
          work++;
        }
      }
    }
    return work;
  }

  /// Mostly none is, and this is asked in every round.
  private boolean isAnyCopied() {
    for (int i = 0; i < sources.size(); i++) {
      PairState pair = sources.get(i).pairState();
      if (pair == PairState.SYNC_IN_PROG || pair == PairState.SYNC_FINISHING) {
        return true;
      }
    }
    return false;
  }

  /// With `ack: stored` a copy ends only when the peer's drive has it: were the end offered
  /// before, hosts would wait for a drive that may be slow or fail, again and again.
  private boolean isStableThere(List<Volume> members) {
    boolean all = true;
    for (Volume volume : members) {
      int index = volume.index();
      if (volume.ack() == AckMode.STORED && volume.pairState() == PairState.SYNC_IN_PROG) {
        if (stableAfter[index] < 0) {
          stableAfter[index] = session.sentOf(volume);
        }
        all &= session.isAllStableThere(volume, stableAfter[index]);
      }
    }
    return all;
  }

  private boolean isCopied(List<Volume> members) {
    boolean any = false;
    for (Volume volume : members) {
      if (volume.pairState() == PairState.SYNC_IN_PROG) {
        any = true;
        if (!linked[volume.index()]
            || volume.table().owed().count() > 0
            || copier.inFlight(volume.index()) > 0) {
          return false;
        }
      } else if (!linked[volume.index()] && volume.pairState() != PairState.CONFLICT) {
        return false;
      }
    }
    return any;
  }
}
