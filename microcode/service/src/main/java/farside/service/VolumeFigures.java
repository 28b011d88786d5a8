package farside.service;

import farside.cache.WriteRecords;
import farside.volume.LinkDesk;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One volume as `query` shows it, counted at one instant.
///
/// @param standing null until IML has read it
/// @param localPendingRecords records that wait for the drive of this cabinet
/// @param remotePendingRecords records that wait for the peer
record VolumeFigures(
    Volume volume,
    Standing standing,
    int owedTracks,
    int pendingTracks,
    int copyingTracks,
    int localPendingRecords,
    int remotePendingRecords) {

  static VolumeFigures of(Volume volume, WriteRecords records, LinkDesk links) {
    int local = 0;
    int index = volume.index();
    for (int at = records.localHeadOf(index);
        at != WriteRecords.NONE;
        at = records.localNextOf(at)) {
      local++;
    }
    int remote = 0;
    for (int at = records.remoteHeadOf(index);
        at != WriteRecords.NONE;
        at = records.remoteNextOf(at)) {
      remote++;
    }
    return new VolumeFigures(
        volume,
        volume.standing(),
        volume.table().owed().count(),
        volume.table().pending().count(),
        links.copiesInFlight(index),
        local,
        remote);
  }

  /// What a host may do: `RW` read and write, `WD` write disabled, `NR` not ready.
  String deviceState() {
    if (!volume.isReady()) {
      return "NR";
    }
    return volume.role() == VolumeRole.R2 ? "WD" : "RW";
  }

  String pairState() {
    return standing == null ? "Unknown" : standing.pairState().shown();
  }

  long generation() {
    return standing == null ? 0 : standing.generation();
  }

  long base() {
    return standing == null ? 0 : standing.base();
  }

  boolean isInconsistent() {
    return standing != null && standing.inconsistent();
  }

  /// True if the peer's drive has what this one lacks, and FLUSH waits for it.
  boolean isBehind() {
    return standing != null && volume.isBehind();
  }

  /// Null unless an R2 has found its peer silent.
  String staleSince() {
    return standing == null || standing.staleSinceMs() == 0
        ? null
        : Wording.time(standing.staleSinceMs());
  }

  /// What an operator must know of the volume before trusting it.
  List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    if (!volume.isReady()) {
      remarks.add("not ready: " + volume.notReadyReason());
    }
    if (isInconsistent()) {
      remarks.add("inconsistent, in the middle of a copy");
    }
    if (isBehind()) {
      remarks.add("behind: its drive lacks what the peer's has, and FLUSH waits for it");
    }
    if (staleSince() != null) {
      remarks.add("possibly stale since " + staleSince());
    }
    return remarks;
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("volume", volume.name());
    json.put("role", volume.role().name());
    json.put("group", volume.group());
    json.put("sizeBytes", volume.sizeBytes());
    json.put("blockBytes", volume.blockBytes());
    json.put("ready", volume.isReady());
    json.put("notReadyReason", volume.notReadyReason());
    json.put("deviceState", deviceState());
    json.put("pairState", pairState());
    json.put("generation", Wording.hex16(generation()));
    json.put("base", Wording.hex16(base()));
    json.put("inconsistent", isInconsistent());
    json.put("behind", isBehind());
    json.put("staleSince", staleSince());
    json.put("owedTracks", owedTracks);
    json.put("owedBytes", TracksReport.bytesOf(owedTracks, volume));
    json.put("pendingTracks", pendingTracks);
    json.put("copyingTracks", copyingTracks);
    json.put("localPendingRecords", localPendingRecords);
    json.put("remotePendingRecords", remotePendingRecords);
    return json;
  }
}
