package farside.simulator;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;
import farside.cache.TrackBits;
import farside.cache.WriteRecords;
import farside.remote.SessionState;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The real microcode, as the simulator steps it.
final class MicrocodeCabinet implements SteppedCabinet {
  private final Cabinet cabinet;
  private final Map<String, Volume> volumes = new HashMap<>();

  MicrocodeCabinet(CabinetDescription description, CabinetPorts ports, long wallMsAtZero) {
    this.cabinet = new Cabinet(description, ports, wallMsAtZero);
    for (Volume volume : cabinet.volumes().list()) {
      volumes.put(volume.name(), volume);
    }
  }

  /// For tests.
  Cabinet cabinet() {
    return cabinet;
  }

  @Override
  public int doWork(long nowNs) {
    return cabinet.doWork(nowNs);
  }

  @Override
  public long nextDeadlineNs() {
    return cabinet.nextDeadlineNs();
  }

  @Override
  public void requestShutdown() {
    cabinet.requestShutdown();
  }

  @Override
  public boolean isReady() {
    return cabinet.isReady();
  }

  @Override
  public boolean isDown() {
    return cabinet.isDown();
  }

  @Override
  public FarCopy farCopyOf(String volumeName) {
    Volume volume = volumes.get(volumeName);
    if (volume.standing() == null || volume.pairState() == PairState.RESTORING) {
      return FarCopy.NOT_KNOWN;
    }
    return switch (volume.pairState()) {
      case SYNCHRONIZED -> FarCopy.HAS_ALL;
      case SUSPENDED -> FarCopy.IS_CUT;
      default -> FarCopy.LACKS_SOMETHING;
    };
  }

  @Override
  public Standing standingOf(String volumeName) {
    Volume volume = volumes.get(volumeName);
    return volume.role() == VolumeRole.LOCAL ? null : volume.standing();
  }

  @Override
  public boolean isStarved(String volumeName) {
    return cabinet.memory().slots().isStarved(volumes.get(volumeName).index());
  }

  @Override
  public long tracksReadAhead() {
    long sum = 0;
    for (Volume volume : cabinet.volumes().list()) {
      sum += cabinet.memory().readAhead().stagedTracks(volume.index());
    }
    return sum;
  }

  @Override
  public long tracksReadAheadAndUsed() {
    long sum = 0;
    for (Volume volume : cabinet.volumes().list()) {
      sum += cabinet.memory().readAhead().usedTracks(volume.index());
    }
    return sum;
  }

  @Override
  public String unsettled() {
    if (!cabinet.holdsNothingBack()) {
      return "something waits for the NVRAM log";
    }
    WriteRecords records = cabinet.memory().records();
    if (records.liveRecords() > 0) {
      return records.liveRecords() + " records live" + oldestRecords(records);
    }
    if (cabinet.requestsOutstanding() == 0 && cabinet.bytesOutstanding() != 0) {
      return cabinet.bytesOutstanding() + " bytes are outstanding, of no request";
    }
    if (cabinet.awaitsDrive()) {
      return "a drive is in doubt, or comes back";
    }
    if (cabinet.awaitsLabel()) {
      return "a label was ordered that its drive has yet to take";
    }
    SessionState session = cabinet.remote().sessionState();
    for (Volume volume : cabinet.volumes().list()) {
      // Pairs that were equal say so from their labels; what a session that opens has to write is
      // still to come.
      if (volume.role() != VolumeRole.LOCAL && session != SessionState.READY) {
        return "the session is " + session;
      }
      if (volume.standing() == null || !volume.isReady()) {
        return "volume " + volume.name() + " is not ready: " + volume.notReadyReason();
      }
      if (volume.role() != VolumeRole.LOCAL && volume.pairState() != PairState.SYNCHRONIZED) {
        return "volume " + volume.name() + " is " + volume.pairState() + ", "
            + volume.table().owed().count() + " tracks owed";
      }
      if (volume.table().owed().count() > 0 || volume.table().pending().count() > 0) {
        return "volume " + volume.name() + ": " + volume.table().owed().count() + " tracks owed, "
            + volume.table().pending().count() + " pending";
      }
    }
    return "";
  }

  @Override
  public List<RecordPayload> recordPayloads() {
    List<RecordPayload> payloads = new ArrayList<>();
    WriteRecords records = cabinet.memory().records();
    for (Volume volume : cabinet.volumes().list()) {
      int record = records.localHeadOf(volume.index());
      while (record != WriteRecords.NONE) {
        if (!records.isZeroes(record)) {
          payloads.add(new RecordPayload(
              volume.name(), records.addressOf(record), records.lengthOf(record)));
        }
        record = records.localNextOf(record);
      }
    }
    return payloads;
  }

  @Override
  public List<String> tableLines() {
    List<String> lines = new ArrayList<>();
    for (Volume volume : cabinet.volumes().list()) {
      lines.add("  volume " + volume.name() + " (" + volume.role() + ", "
          + (volume.standing() == null ? "no standing yet" : volume.standing()) + ")");
      lines.add("    owed to the peer: " + shown(volume.table().owed()));
      lines.add("    not known to be stable there: " + shown(volume.table().pending()));
      lines.add("    records not destaged yet: "
          + countOf(cabinet.memory().records(), volume.index(), true)
          + ", not answered by the peer yet: "
          + countOf(cabinet.memory().records(), volume.index(), false));
    }
    return lines;
  }

  private static int countOf(WriteRecords records, int volume, boolean isLocal) {
    int count = 0;
    int record = isLocal ? records.localHeadOf(volume) : records.remoteHeadOf(volume);
    while (record != WriteRecords.NONE) {
      count++;
      record = isLocal ? records.localNextOf(record) : records.remoteNextOf(record);
    }
    return count;
  }

  private static String shown(TrackBits bits) {
    StringBuilder text = new StringBuilder();
    int track = bits.next(0);
    while (track >= 0) {
      int last = track;
      while (last + 1 < bits.tracks() && bits.isSet(last + 1)) {
        last++;
      }
      text.append(text.isEmpty() ? "tracks " : ", ").append(track);
      if (last > track) {
        text.append(" to ").append(last);
      }
      track = last + 1 < bits.tracks() ? bits.next(last + 1) : -1;
    }
    return text.isEmpty() ? "nothing" : text + " (" + bits.count() + ")";
  }

  private String oldestRecords(WriteRecords records) {
    StringBuilder text = new StringBuilder();
    for (Volume volume : cabinet.volumes().list()) {
      int local = records.localHeadOf(volume.index());
      int remote = records.remoteHeadOf(volume.index());
      if (local != WriteRecords.NONE) {
        text.append(", volume ")
            .append(volume.name())
            .append(" destages ")
            .append(records.numberOf(local));
        text.append(records.isReleased(local) ? "" : " (held)")
            .append(records.isDirty(local) ? " (dirty)" : "");
      }
      if (remote != WriteRecords.NONE) {
        text.append(", volume ")
            .append(volume.name())
            .append(" waits for the peer's ")
            .append(records.numberOf(remote));
        text.append(records.isReleased(remote) ? "" : " (held)");
      }
    }
    return text + ", last number " + cabinet.memory().numbers().last() + ", peer's "
        + cabinet.memory().peerReceived();
  }
}
