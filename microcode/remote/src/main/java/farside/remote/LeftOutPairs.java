package farside.remote;

import farside.director.EventCode;
import farside.director.EventLog;
import farside.protocol.session.PairOrderCode;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.Arrays;
import java.util.List;

/// The pairs that are left out of the session, which goes on with the others, because the target
/// takes no writes of their group. Spec: `specs/link-session.md`, "Left out".
///
/// The target says `takesNoWrites`. The source cuts the group, as for a link that is lost, sends
/// nothing of it any more, and says so with the order SUSPEND. Only after that order does the
/// target say that it takes writes again: so whatever it had answered before has come by then, and
/// the source, which has ignored it, decides anew.
final class LeftOutPairs {
  /// What only the desk can do.
  interface Desk {
    void say(Control control);

    /// Nothing of the volume is under way any more: orders, answers and promises are forgotten.
    void unlink(Volume volume);

    /// The R2 gives back what its R1 lost.
    boolean isGivingBack(Volume volume);

    void decide(Volume volume, TargetStatus theirs);

    /// The image of a target may lack what its source has acknowledged.
    void markStale(Volume volume, String because);
  }

  private final Volumes volumes;
  private final List<Volume> targets;
  private final Intake intake;
  private final EventLog events;
  private final PairDesk.Session session;
  private final Desk desk;
  private boolean peerKnows;

  /// Of an R1: SUSPEND was ordered. Of an R2: it was carried out. Nothing of the volume travels.
  private final boolean[] isOut;

  /// Of an R1: its R2 has spoken in this session; its last word was `takesNoWrites`; or it takes
  /// writes, is thus, and waits for the labels of the group's cut.
  private final boolean[] hasSpoken;

  private final boolean[] isRefused;
  private final TargetStatus[] back;

  /// Of an R2: its last word in this session was `takesNoWrites`.
  private final boolean[] isTold;

  LeftOutPairs(
      Volumes volumes, Intake intake, EventLog events, PairDesk.Session session, Desk desk) {
    this.volumes = volumes;
    targets = volumes.ofRole(VolumeRole.R2);
    this.intake = intake;
    this.events = events;
    this.session = session;
    this.desk = desk;
    int count = volumes.count();
    isOut = new boolean[count];
    hasSpoken = new boolean[count];
    isRefused = new boolean[count];
    back = new TargetStatus[count];
    isTold = new boolean[count];
  }

  /// The session is over: the next one begins with a word of every R2.
  void forget() {
    Arrays.fill(isOut, false);
    Arrays.fill(hasSpoken, false);
    Arrays.fill(isRefused, false);
    Arrays.fill(back, null);
    Arrays.fill(isTold, false);
  }

  /// @param peerVersion newest session version that the peer speaks
  void begin(int peerVersion) {
    peerKnows = peerVersion >= SessionMessages.VERSION_OF_LEAVING_OUT;
  }

  boolean isOut(int volumeIndex) {
    return isOut[volumeIndex];
  }

  // ---- the source ----

  void onStatus(Volume volume, TargetStatus theirs) {
    int index = volume.index();
    boolean isFirst = !hasSpoken[index];
    hasSpoken[index] = true;
    isRefused[index] = theirs.takesNoWrites();
    if (isRefused[index] && volume.pairState() != PairState.RESTORING) {
      leaveOut(volume);
    } else if (isOut[index]) {
      back[index] = theirs;
    } else if (isFirst && volume.isHeld()) {
      // The drive may hang: nobody else waits for its label.
      desk.unlink(volume);
      back[index] = theirs;
    } else if (isFirst) {
      desk.decide(volume, theirs);
    }
  }

  /// An R1 that only took back what it had lost would send writes again: false if it may not.
  boolean mayBeMirrored(Volume volume) {
    if (isRefused[volume.index()]) {
      leaveOut(volume);
      return false;
    }
    return true;
  }

  private void leaveOut(Volume refused) {
    List<Volume> group = volumes.sourcesOf(refused.group());
    boolean isNews = group.stream().noneMatch(volume -> isOut[volume.index()]);
    if (isNews) {
      events.log(EventCode.PEER_TAKES_NO_WRITES, refused.group(), refused.name());
    }
    session.leaveOut(refused.group(), "the peer takes no writes of volume " + refused.name());
    for (Volume volume : group) {
      int index = volume.index();
      boolean isLeftAlone = volume.pairState() == PairState.RESTORING;
      if (volume == refused || !isOut[index] && !isLeftAlone) {
        isOut[index] = true;
        back[index] = null;
        desk.unlink(volume);
        desk.say(
            new Control.Order(index, PairOrderCode.SUSPEND, volume.standing().generation(), 0));
      }
    }
  }

  // ---- the target ----

  /// What the R2 says of itself when the session begins.
  boolean tellsNoWrites(Volume volume) {
    boolean isTarget = volume.role() == VolumeRole.R2;
    isTold[volume.index()] = isTarget && !intake.takesWritesOf(volume);
    if (isRefusing(volume)) {
      markStale(volume);
    }
    return isTold[volume.index()];
  }

  /// True of an R2 that takes no writes and whose source heeds that: it may be alone already.
  boolean isRefusing(Volume volume) {
    return peerKnows && isTold[volume.index()];
  }

  /// The source goes on alone as soon as it has heard, and nothing that it says may come any more.
  private void markStale(Volume volume) {
    desk.markStale(volume, "its source may go on alone, since writes are not taken");
  }

  void onSuspended(Volume volume) {
    desk.unlink(volume);
    isOut[volume.index()] = true;
  }

  // ---- every round ----

  int step() {
    int work = 0;
    for (int index = 0; index < back.length; index++) {
      TargetStatus theirs = back[index];
      if (theirs == null) {
        continue;
      }
      Volume volume = volumes.get(index);
      // While the new generation is not on the drives, the group is not taken up.
      if (!volume.isHeld()) {
        back[index] = null;
        isOut[index] = false;
        desk.decide(volume, theirs);
        work++;
      }
    }
    return peerKnows ? work + tell() : work;
  }

  private int tell() {
    int work = 0;
    for (Volume volume : targets) {
      int index = volume.index();
      boolean takes = intake.takesWritesOf(volume);
      boolean isHeard = isOut[index] || isTold[index] && desk.isGivingBack(volume);
      if (!takes && !isTold[index]) {
        isTold[index] = true;
        isOut[index] = false;
        markStale(volume);
        desk.say(new Control.Status(index, true));
        work++;
      } else if (takes && isHeard) {
        isTold[index] = false;
        isOut[index] = false;
        desk.say(new Control.Status(index, false));
        work++;
      }
    }
    return work;
  }
}
