package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.RandomPort;
import farside.protocol.session.PairAnswerDecoder;
import farside.protocol.session.PairOrderCode;
import farside.protocol.session.PairOrderDecoder;
import farside.protocol.session.Role;
import farside.protocol.session.VolumeStatusDecoder;
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
import java.util.List;

/// Settles, volume by volume, what becomes of each pair when a session is up, and brings copies
/// to their end.
///
/// The R1 of a pair decides and orders, its R2 makes the order durable and answers. Nothing of
/// a volume travels before its order is answered. Every answer that promises something waits
/// for the label of the drive.
final class PairDesk implements LeftOutPairs.Desk {
  /// What the desk needs of the session.
  interface Session {
    void restart(String because);

    void cut(String group, String because);

    /// Cuts the group in the middle of the session, which goes on without it.
    void leaveOut(String group, String because);

    void dropUnreceived(Volume volume);

    /// The volume goes on alone, and nothing that was to be sent of it is any more; returns the
    /// ticket of its label.
    long goOnAlone(Volume volume);

    /// The peer's drive holds everything of the volume up to the number.
    boolean isAllStableThere(Volume volume, long number);

    /// Highest number under which anything of the volume was sent.
    long sentOf(Volume volume);

    /// What the peer has told of its drive counts from now on.
    void onSynchronized(Volume volume);
  }

  /// @param answer null: only the peer's hosts wait for the label, see [#mayTellStable]
  private record Promise(Volume volume, long ticket, Control.Answer answer) {}

  /// An order that is carried out when this drive holds everything up to `upToNumber`.
  private record Draining(Volume volume, PairOrderCode code, long generation, long upToNumber) {}

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final RandomPort random;
  private final EventLog events;
  private final GroupCut cut;
  private final TrackCopier copier;
  private final Session session;
  private final LeftOutPairs leftOut;

  private final ArrayDeque<Control> outgoing = new ArrayDeque<>();
  private final List<Promise> promises = new ArrayList<>();
  private final List<Draining> draining = new ArrayList<>();
  private final boolean[] linked;
  private final boolean[] settled;
  private final boolean[] restoring;
  private final boolean[] restoreDrains;
  private final boolean[] becomesStored;
  private final boolean[] completeOrdered;
  private final boolean[] conflictLogged;
  private final long[] orderTicket;
  private final Control.Order[] orderWaiting;
  private final long[] completeAfter;

  /// Per volume with `ack: stored`: what the peer's drive must hold before the copy may end; -1:
  /// not known yet.
  private final long[] stableAfter;

  PairDesk(
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      RandomPort random,
      EventLog events,
      GroupCut cut,
      TrackCopier copier,
      Intake intake,
      Session session) {
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.labels = labels;
    this.random = random;
    this.events = events;
    this.cut = cut;
    this.copier = copier;
    this.session = session;
    leftOut = new LeftOutPairs(volumes, intake, events, session, this);
    int n = volumes.count();
    linked = new boolean[n];
    settled = new boolean[n];
    restoring = new boolean[n];
    restoreDrains = new boolean[n];
    becomesStored = new boolean[n];
    completeOrdered = new boolean[n];
    conflictLogged = new boolean[n];
    orderTicket = new long[n];
    orderWaiting = new Control.Order[n];
    completeAfter = new long[n];
    stableAfter = new long[n];
  }

  // ---- session ----

  /// The session is up: the peer is told how each volume stands here.
  ///
  /// @param peerVersion newest session version that the peer speaks
  void begin(int peerVersion) {
    forget();
    leftOut.begin(peerVersion);
    for (Volume volume : volumes.list()) {
      if (volume.role() != VolumeRole.LOCAL) {
        outgoing.add(new Control.Status(volume.index(), leftOut.tellsNoWrites(volume)));
      }
    }
  }

  /// The session is over. A copy that was under way is broken off; an end that was offered is
  /// taken back by a cut.
  void end(String because) {
    forget();
    copier.abort();
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.pairState() == PairState.SYNC_IN_PROG) {
        cut.breakOff(volume, because);
      } else if (volume.pairState() == PairState.SYNC_FINISHING) {
        cut.cut(volume.group(), because);
      }
    }
  }

  private void forget() {
    outgoing.clear();
    promises.clear();
    draining.clear();
    leftOut.forget();
    for (int i = 0; i < linked.length; i++) {
      linked[i] = false;
      settled[i] = false;
      restoring[i] = false;
      restoreDrains[i] = false;
      becomesStored[i] = false;
      completeOrdered[i] = false;
      orderWaiting[i] = null;
      stableAfter[i] = -1;
    }
  }

  /// True once the pair's order is answered, so that writes may travel.
  boolean isLinked(int volumeIndex) {
    return linked[volumeIndex];
  }

  /// True if the peer may be told how far this drive is stable. With `ack: stored` its hosts are
  /// told by that, so the label says first that this drive alone holds everything.
  boolean mayTellStable(int volumeIndex) {
    return linked[volumeIndex] && !becomesStored[volumeIndex];
  }

  /// True while the source of the pair sends no writes: the session goes on without it, or it
  /// takes back what it lost.
  boolean sendsNoWrites(int volumeIndex) {
    return leftOut.isOut(volumeIndex) || restoring[volumeIndex];
  }

  /// True when no R1 volume keeps the others from being mirrored: the writes of those that are
  /// resumed travel in the order of their numbers. A copy may begin later, and its answer waits
  /// for a drive.
  boolean isSettled() {
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (!settled[volume.index()]) {
        return false;
      }
    }
    return true;
  }

  /// The peer has had its time: a volume that it did not speak of is left as it is.
  int giveUpUnsettled() {
    int work = 0;
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
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

  Control peekOutgoing() {
    return outgoing.peek();
  }

  void pollOutgoing() {
    outgoing.poll();
  }

  // ---- R1 decides ----

  /// False: the message makes no sense, the session is broken.
  boolean onStatus(VolumeStatusDecoder status) {
    Volume volume = volumes.byNumber(status.volume());
    if (volume == null || volume.role() == VolumeRole.LOCAL) {
      events.log(
          EventCode.PEER_MISMATCH,
          "it mirrors volume " + Volume.nameOf(status.volume())
              + ", which is not mirrored here; make the rig's sites agree");
      return true;
    }
    boolean rolesFit = volume.role() == VolumeRole.R1 == (status.role() == Role.R2);
    if (!rolesFit || status.sizeBytes() != volume.sizeBytes()) {
      events.log(
          EventCode.PEER_MISMATCH,
          "volume "
              + volume.name()
              + " is "
              + status.role()
              + " of "
              + status.sizeBytes()
              + " bytes there, "
              + volume.role()
              + " of "
              + volume.sizeBytes()
              + " bytes here; make the rig's sites agree");
      settled[volume.index()] = true;
      return true;
    }
    AckMode theirAck = status.flags().ackStored() ? AckMode.STORED : AckMode.RECEIVED;
    if (theirAck != volume.ack()) {
      events.log(
          EventCode.PEER_MISMATCH,
          "volume " + volume.name() + " has ack: " + theirAck.shown() + " there, "
              + volume.ack().shown() + " here; make the rig's sites agree");
      settled[volume.index()] = true;
      return true;
    }
    if (volume.role() == VolumeRole.R1) {
      leftOut.onStatus(volume, TargetStatus.of(status));
    }
    return true;
  }

  @Override
  public void decide(Volume volume, TargetStatus status) {
    Standing own = volume.standing();
    PairDecision.Own ownKind = switch (volume.pairState()) {
      case UNPAIRED -> PairDecision.Own.UNPAIRED;
      case SYNCHRONIZED -> PairDecision.Own.SYNCED;
      case RESTORING -> PairDecision.Own.LOST;
      default -> PairDecision.Own.ALONE;
    };
    long theirs = status.generation();
    if (ownKind == PairDecision.Own.ALONE && theirs != 0 && theirs == own.offered()) {
      // The next offer takes the place of this one, and the target may never hear of that.
      own = own.equalAt(theirs);
      volume.become(own, "the peer adopted what it was offered");
    }
    PairDecision.Peer peer = status.inconsistent()
        ? PairDecision.Peer.INCONSISTENT
        : theirs == 0 ? PairDecision.Peer.FRESH : PairDecision.Peer.WHOLE;
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
    carryOut(volume, row, peer == PairDecision.Peer.FRESH && status.pristine());
  }

  private void carryOut(Volume volume, PairDecision.Case row, boolean peerIsZero) {
    int index = volume.index();
    switch (row.verdict()) {
      case PAIR -> {
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
              volume.standing().alone(random.nextNonZero()),
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
      case CONFLICT -> conflict(volume, "its history and the peer's do not fit " + row.label());
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
      case RESTORE -> {
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
            PairState.SYNC_IN_PROG, generation, 0, 0, 0, 0, 0, 0, false, false, false, 0);
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

  // ---- R2 obeys ----

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
      case RESTORE -> onRestore(volume, generation);
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

  @Override
  public void markStale(Volume volume, String because) {
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
    volume.become(volume.standing().receiving(), "the peer copies " + code);
    volume.table().owed().clearAll();
    promise(volume, new Control.Answer(volume.index(), code, 1, generation));
    return true;
  }

  private boolean onRestore(Volume volume, long generation) {
    boolean fits =
        volume.pairState() == PairState.SYNCHRONIZED && !volume.standing().inconsistent();
    answer(volume, PairOrderCode.RESTORE, fits ? 1 : 0);
    if (fits) {
      linked[volume.index()] = true;
      restoring[volume.index()] = true;
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
    if (restoring[volume.index()]) {
      restoring[volume.index()] = false;
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

  // ---- left out ----

  @Override
  public void say(Control control) {
    outgoing.add(control);
  }

  @Override
  public boolean isGivingBack(Volume volume) {
    return restoring[volume.index()];
  }

  @Override
  public void unlink(Volume volume) {
    int index = volume.index();
    outgoing.removeIf(
        control -> control.volumeIndex() == index && !(control instanceof Control.Status));
    promises.removeIf(promise -> promise.volume() == volume);
    draining.removeIf(order -> order.volume() == volume);
    copier.leaveOut(volume);
    linked[index] = false;
    settled[index] = true;
    restoring[index] = false;
    restoreDrains[index] = false;
    becomesStored[index] = false;
    completeOrdered[index] = false;
    orderWaiting[index] = null;
    stableAfter[index] = -1;
  }

  // ---- every round ----

  /// @param sentNumber highest number of a record that was sent, or everything if all were
  int step(boolean everythingSent, long sentNumber) {
    int work = leftOut.step();
    work += endDrains() + keepPromises() + offerEnds(everythingSent, sentNumber);
    for (int index = 0; index < restoring.length; index++) {
      if (!restoring[index] && !restoreDrains[index]) {
        continue;
      }
      Volume volume = volumes.get(index);
      if (restoring[index]
          && copier.isPassOver(volume)
          && records.localHeadOf(index) == WriteRecords.NONE) {
        // The source may not know any more what this drive lacks: so it lacks nothing.
        copier.end(volume);
        answer(volume, PairOrderCode.RESTORE, 2);
        work++;
      }
      if (restoreDrains[index] && records.localHeadOf(index) == WriteRecords.NONE) {
        restoreDrains[index] = false;
        restored(volume);
        work++;
      }
    }
    return work;
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
    List<Volume> sources = volumes.ofRole(VolumeRole.R1);
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
      if (isStored(volume) && volume.pairState() == PairState.SYNC_IN_PROG) {
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
