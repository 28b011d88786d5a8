package farside.remote;

import farside.cache.GlobalMemory;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.RandomPort;
import farside.protocol.session.PairAnswerDecoder;
import farside.protocol.session.PairOrderDecoder;
import farside.protocol.session.Role;
import farside.protocol.session.VolumeStatusDecoder;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayDeque;

/// Settles, volume by volume, what becomes of each pair when a session is up, and brings copies
/// to their end.
///
/// The R1 of a pair decides and orders ([SourcePairs]), its R2 makes the order durable and answers
/// ([TargetPairs]). Nothing of a volume travels before its order is answered. The desk takes the
/// peer's messages to the half that they are for, and sends what both have to say in its order.
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

  private final Volumes volumes;
  private final EventLog events;
  private final TrackCopier copier;
  private final LeftOutPairs leftOut;
  private final SourcePairs sources;
  private final TargetPairs targets;
  private final ArrayDeque<Control> outgoing = new ArrayDeque<>();

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
    this.volumes = volumes;
    this.events = events;
    this.copier = copier;
    leftOut = new LeftOutPairs(volumes, intake, events, session, this);
    sources = new SourcePairs(
        memory, volumes, labels, random, events, cut, copier, session, leftOut, outgoing);
    targets = new TargetPairs(memory, volumes, labels, events, copier, leftOut, outgoing);
  }

  // ---- session ----

  /// The session is up: the peer is told how each volume stands here.
  ///
  /// @param peerVersion newest session version that the peer speaks
  void begin(int peerVersion) {
    forget();
    leftOut.begin(peerVersion);
    sources.begin(peerVersion);
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
    sources.end(because);
  }

  private void forget() {
    outgoing.clear();
    leftOut.forget();
    sources.forget();
    targets.forget();
  }

  /// True once the pair's order is answered, so that writes may travel.
  boolean isLinked(int volumeIndex) {
    return sources.isLinked(volumeIndex) || targets.isLinked(volumeIndex);
  }

  /// See [TargetPairs#mayTellStable].
  boolean mayTellStable(int volumeIndex) {
    return sources.isLinked(volumeIndex) || targets.mayTellStable(volumeIndex);
  }

  /// True while the source of the pair sends no writes: the session goes on without it, or it
  /// takes back what it lost.
  boolean sendsNoWrites(int volumeIndex) {
    return leftOut.isOut(volumeIndex) || targets.isGivingBack(volumeIndex);
  }

  /// See [SourcePairs#isSettled].
  boolean isSettled() {
    return sources.isSettled();
  }

  /// See [SourcePairs#giveUpUnsettled].
  int giveUpUnsettled() {
    return sources.giveUpUnsettled();
  }

  Control peekOutgoing() {
    return outgoing.peek();
  }

  void pollOutgoing() {
    outgoing.poll();
  }

  // ---- what the peer says ----

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
      sources.leaveAsItIs(volume);
      return true;
    }
    AckMode theirAck = status.flags().ackStored() ? AckMode.STORED : AckMode.RECEIVED;
    if (theirAck != volume.ack()) {
      events.log(
          EventCode.PEER_MISMATCH,
          "volume " + volume.name() + " has ack: " + theirAck.shown() + " there, "
              + volume.ack().shown() + " here; make the rig's sites agree");
      sources.leaveAsItIs(volume);
      return true;
    }
    if (volume.role() == VolumeRole.R1) {
      leftOut.onStatus(volume, TargetStatus.of(status));
    }
    return true;
  }

  /// False: the session is broken.
  boolean onAnswer(PairAnswerDecoder answer) {
    return sources.onAnswer(answer);
  }

  /// False: the session is broken.
  boolean onOrder(PairOrderDecoder order) {
    return targets.onOrder(order);
  }

  // ---- left out ----

  @Override
  public void say(Control control) {
    outgoing.add(control);
  }

  @Override
  public boolean isGivingBack(Volume volume) {
    return targets.isGivingBack(volume.index());
  }

  @Override
  public void decide(Volume volume, TargetStatus theirs) {
    sources.decide(volume, theirs);
  }

  @Override
  public void markStale(Volume volume, String because) {
    targets.markStale(volume, because);
  }

  @Override
  public void unlink(Volume volume) {
    outgoing.removeIf(
        control -> control.volumeIndex() == volume.index() && !(control instanceof Control.Status));
    copier.leaveOut(volume);
    sources.unlink(volume.index());
    targets.unlink(volume);
  }

  // ---- every round ----

  /// @param sentNumber highest number of a record that was sent, or everything if all were
  int step(boolean everythingSent, long sentNumber) {
    return leftOut.step()
        + targets.step()
        + sources.step(everythingSent, sentNumber)
        + targets.endGivingBack();
  }
}
