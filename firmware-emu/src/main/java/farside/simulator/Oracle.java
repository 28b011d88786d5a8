package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.HostCommand;
import farside.port.HostStatus;
import farside.simulator.SteppedCabinet.FarCopy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Knows every write with its acknowledgement, and judges every answer.
///
/// What is promised: a read returns what the history of the volume allows; a request that is
/// malformed is refused, and a well-formed one is served, unless the cabinet goes down or a loss
/// of power excuses it, or a block that its drive cannot read any more and that the peer cannot
/// give; a read of the far mirror, while the pair is synchronized, returns nothing older than
/// what was acknowledged, and while it is cut, nothing that was asked for after that. Where drives
/// do nothing worse than hang, a read of a drive in doubt is answered by the peer of a
/// synchronized pair.
final class Oracle {
  /// Whether, at some time since then, no read of the volume could have a slot at the site.
  @FunctionalInterface
  interface Starvation {
    boolean wasStarved(String volume, String site, long sinceNs);
  }

  private final NavigableMap<String, Watched> volumes = new TreeMap<>();
  private final List<VolumeHistory> histories = new ArrayList<>();
  private long answers;
  private long errors;
  private long lostBlockErrors;
  private long linkTimeoutNs;

  /// Null where other faults may keep the peer from answering for a drive in doubt.
  private Starvation starvation;

  /// A volume as the pair holds it.
  ///
  /// @param primarySite where hosts write it
  VolumeHistory add(String name, int number, long sizeBytes, boolean zero, String primarySite) {
    VolumeHistory history = new VolumeHistory(number, sizeBytes, zero);
    volumes.put(name, new Watched(history, primarySite));
    histories.add(history);
    return history;
  }

  VolumeHistory history(String name) {
    return volumes.get(name).history;
  }

  /// A mirror of the volume, and what its drive cannot read.
  void watch(String name, String site, LostBlocks lost) {
    volumes.get(name).lostAt.put(site, lost);
  }

  /// What is answered of the volume while its mirrors are equal is on the peer's drive.
  void setStored(String name) {
    volumes.get(name).isStored = true;
  }

  /// As long a reader may wait for a block from the peer.
  void setLinkTimeout(long ns) {
    linkTimeoutNs = ns;
  }

  /// Requests that may have failed only because of a lost block.
  long lostBlockErrors() {
    return lostBlockErrors;
  }

  /// True while the primary says that the pair is synchronized: what it acknowledged is then on
  /// both sides.
  boolean isSynchronized(String name) {
    return volumes.get(name).pairIsSynchronized;
  }

  /// What the primary believes of the far copy from now on.
  void setFarCopy(String name, FarCopy now) {
    Watched volume = volumes.get(name);
    volume.pairIsSynchronized = now == FarCopy.HAS_ALL;
    volume.cutStep = now == FarCopy.IS_CUT ? volume.history.step() : HostWrite.NOT_YET;
    volume.pairChanges++;
  }

  /// Errors are excused from now on, until told otherwise: somebody has lost memory or drive
  /// content.
  void excuseErrors(String name, boolean on) {
    volumes.get(name).errorsExcused = on;
    if (!on) {
      volumes.get(name).struckAt.clear();
    }
  }

  /// The peer must answer for drives in doubt, but for reads of volumes that can have no slot.
  void setStarvation(Starvation wasStarved) {
    starvation = wasStarved;
  }

  /// The volume's drive at the site may be slow, or hang, from now on.
  void strike(String name, String site) {
    volumes.get(name).struckAt.add(site);
  }

  void onDriveInDoubt(String name, String site, long nowNs) {
    volumes.get(name).inDoubtSinceNs.put(site, nowNs);
  }

  void onDriveReady(String name, String site) {
    volumes.get(name).inDoubtSinceNs.remove(site);
  }

  /// The cabinet has lost what it knew of the far copy; reads of it prove nothing until the
  /// pair is whole again.
  void distrustFarCopy(String name, boolean on) {
    Watched volume = volumes.get(name);
    volume.farCopyLost = on;
    volume.pairChanges++;
  }

  long answers() {
    return answers;
  }

  long errors() {
    return errors;
  }

  long readsChecked() {
    long total = 0;
    for (VolumeHistory history : histories) {
      total += history.readsChecked();
    }
    return total;
  }

  long writesKnown() {
    long total = 0;
    for (VolumeHistory history : histories) {
      total += history.writesKnown();
    }
    return total;
  }

  /// The process at that site has gone: what it had not acknowledged has taken effect by now,
  /// or never will. If it loses its memory too, the peer may still hold such a write and bring
  /// it back later.
  void settle(String site) {
    for (Watched volume : volumes.values()) {
      if (volume.primarySite.equals(site)) {
        volume.history.settle();
      }
    }
  }

  void begin(String name, HostRequest request, long nowNs) {
    Watched volume = volumes.get(name);
    VolumeHistory history = volume.history;
    request.pairChanges = volume.pairChanges;
    request.beganNs = nowNs;
    if (request.isRead()) {
      if (request.wellFormed) {
        request.beganStep = history.beginRead();
      }
    } else if (request.command == HostCommand.FLUSH) {
      request.beganStep = history.beginFlush();
    } else if (request.command == HostCommand.CACHE) {
      // It promises nothing.
      request.beganStep = 0;
    } else if (request.wellFormed) {
      request.write = history.begin(
          request.command != HostCommand.WRITE,
          request.forceUnitAccess(),
          request.offsetBytes,
          request.lengthBytes,
          nowNs);
    } else {
      // Refused before it can change anything; its payload still has to be something.
      request.write = new HostWrite(
          history.volume(), -1, false, false, request.offsetBytes, request.offsetBytes, 0, nowNs);
    }
  }

  void end(String name, HostRequest request, String site, long nowNs) {
    Watched volume = volumes.get(name);
    answers++;
    if (request.status == HostStatus.OK) {
      require(
          request.wellFormed,
          () -> site + ": volume " + name + ": " + request + " must be refused, but was served");
      accept(name, volume, request, site, nowNs);
      return;
    }
    abandon(name, request);
    if (request.wellFormed) {
      errors++;
      if (request.changesVolume()) {
        volume.history.settle(request.write);
      }
      require(
          request.status == HostStatus.SHUTDOWN
              || volume.errorsExcused && !isOwedByPeer(name, volume, request, site, nowNs)
              || isExcusedByLostBlock(volume, request, site, nowNs),
          () -> site + ": volume " + name + ": " + request + " was answered " + request.status
              + " without need");
    } else {
      boolean right = request.status == HostStatus.INVALID
          || request.status == HostStatus.NO_SPACE
          || request.status == HostStatus.NOT_PERMITTED
          || request.status == HostStatus.NOT_SUPPORTED
          || request.status == HostStatus.SHUTDOWN;
      require(
          right,
          () -> site + ": volume " + name + ": malformed " + request + " was answered "
              + request.status);
    }
  }

  /// True if the drive at the primary is in doubt, and the peer has to answer for it: for FLUSH
  /// with `ack: stored` at once, and for a read within the link timeout, if its drive is well.
  private boolean isOwedByPeer(
      String name, Watched volume, HostRequest request, String site, long nowNs) {
    if (!isPeersTurn(volume, request) || !site.equals(volume.primarySite)) {
      return false;
    }
    if (request.command == HostCommand.FLUSH) {
      return volume.isStored;
    }
    return isReadOfPeer(volume, request)
        && waitedInDoubtNs(volume, request, nowNs) < linkTimeoutNs
        && !starvation.wasStarved(name, site, request.beganNs);
  }

  /// True if a read at the primary has waited for so long beyond the link timeout that it must be
  /// the drive in doubt that it waits for.
  boolean isLeftToDriveInDoubt(
      String name, HostRequest request, String site, long beyondNs, long nowNs) {
    Watched volume = volumes.get(name);
    return request.begun
        && site.equals(volume.primarySite)
        && isPeersTurn(volume, request)
        && isReadOfPeer(volume, request)
        && waitedInDoubtNs(volume, request, nowNs) >= linkTimeoutNs + beyondNs;
  }

  private boolean isPeersTurn(Watched volume, HostRequest request) {
    return starvation != null
        && volume.inDoubtSinceNs.containsKey(volume.primarySite)
        && volume.lostAt.size() > 1
        && volume.pairIsSynchronized
        && request.pairChanges == volume.pairChanges;
  }

  private static boolean isReadOfPeer(Watched volume, HostRequest request) {
    return request.command == HostCommand.READ
        && volume.struckAt.equals(Collections.singleton(volume.primarySite));
  }

  private static long waitedInDoubtNs(Watched volume, HostRequest request, long nowNs) {
    long sinceNs = volume.inDoubtSinceNs.get(volume.primarySite);
    return Math.min(nowNs - request.beganNs, nowNs - sinceNs);
  }

  /// True if a block of the request is lost at the site, and the peer could not give it: there is
  /// none, it has lost the block too, the pair was not synchronized all the time, or the session
  /// did not bring an answer within the link timeout. Of several readers the first may have begun
  /// to wait before this one came.
  private boolean isExcusedByLostBlock(
      Watched volume, HostRequest request, String site, long nowNs) {
    boolean excused = false;
    if (!volume.lostAt.containsKey(site)) {
      return false;
    }
    for (long block : volume.lostAt.get(site).everLost(request.offsetBytes, request.lengthBytes)) {
      excused |= volume.lostAt.size() == 1
          || !volume.pairIsSynchronized
          || request.pairChanges != volume.pairChanges
          || nowNs - request.beganNs >= linkTimeoutNs
          || volume.lostAt.get(site).isKnownLostFor(block, linkTimeoutNs, nowNs);
      for (var mirror : volume.lostAt.entrySet()) {
        excused |= !mirror.getKey().equals(site) && mirror.getValue().wasEverLost(block);
      }
    }
    lostBlockErrors += excused ? 1 : 0;
    return excused;
  }

  /// The request will never be answered.
  void abandon(String name, HostRequest request) {
    if (request.isRead() && request.begun && request.wellFormed) {
      volumes.get(name).history.abandonRead(request.beganStep);
    }
  }

  private static void accept(
      String name, Watched volume, HostRequest request, String site, long nowNs) {
    VolumeHistory history = volume.history;
    boolean far = !site.equals(volume.primarySite);
    switch (request.command) {
      case READ -> judge(volume, request, far, 0, request.data, request.lengthBytes, site);
      case BLOCK_STATUS -> {
        // What is said to read zero is judged as a read of zeroes.
        for (int i = 0; i < request.zeroExtents.size(); i += 2) {
          int from = request.zeroExtents.getInt(i);
          int lengthBytes = request.zeroExtents.getInt(i + 1) - from;
          judge(volume, request, far, from, volume.zeroes(lengthBytes), lengthBytes, site);
        }
        history.abandonRead(request.beganStep);
      }
      case CACHE -> {}
      case FLUSH -> {
        if (!far) {
          history.flushed(request.beganStep);
        }
      }
      case WRITE, TRIM, WRITE_ZEROES -> {
        require(!far, () -> site + ": volume " + name + " is a target here, but took " + request);
        history.acknowledge(request.write, nowNs);
      }
    }
  }

  private static void judge(
      Watched volume,
      HostRequest request,
      boolean far,
      int from,
      byte[] data,
      int lengthBytes,
      String site) {
    VolumeHistory history = volume.history;
    Answer by = new Answer(site, request);
    long at = request.offsetBytes + from;
    if (!far) {
      history.endRead(request.beganStep, at, data, lengthBytes, by);
    } else if (volume.pairIsSynchronized
        && !volume.farCopyLost
        && request.pairChanges == volume.pairChanges) {
      history.checkCopy(request.beganStep, at, data, lengthBytes, by);
    } else {
      if (request.pairChanges == volume.pairChanges) {
        history.checkCut(volume.cutStep, at, data, lengthBytes, by);
      }
      history.abandonRead(request.beganStep);
    }
  }

  /// Who returned what is judged; made into text only when it is refused.
  private record Answer(String site, HostRequest request) {
    @Override
    public String toString() {
      return site + ": " + request;
    }
  }

  private static final class Watched {
    final VolumeHistory history;
    final String primarySite;
    final NavigableMap<String, LostBlocks> lostAt = new TreeMap<>();
    boolean pairIsSynchronized;

    /// When the pair was cut; [HostWrite#NOT_YET] if it is not, or is being copied.
    long cutStep = HostWrite.NOT_YET;

    boolean farCopyLost;
    final NavigableMap<String, Long> inDoubtSinceNs = new TreeMap<>();
    final NavigableSet<String> struckAt = new TreeSet<>();
    boolean isStored;
    boolean errorsExcused;
    long pairChanges;

    private byte[] zeroes = {};

    Watched(VolumeHistory history, String primarySite) {
      this.history = history;
      this.primarySite = primarySite;
    }

    /// So many at least.
    byte[] zeroes(int lengthBytes) {
      if (zeroes.length < lengthBytes) {
        zeroes = new byte[lengthBytes];
      }
      return zeroes;
    }
  }
}
