package farside.service;

import farside.volume.DriveFigures;
import farside.volume.LinkDesk;
import farside.volume.Volume;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `drives`: what the disk adapter knows of each drive, and what the peer made good of it.
///
/// @param repairedBlocks of each drive
record DrivesReport(List<DriveFigures> drives, List<Long> repairedBlocks) implements Answer {
  static DrivesReport of(DriveFigures.Source source, Volumes volumes, LinkDesk links) {
    List<DriveFigures> drives = new ArrayList<>();
    List<Long> repaired = new ArrayList<>();
    for (int i = 0; i < source.driveCount(); i++) {
      DriveFigures figures = source.figures(i);
      Volume volume = volumes.byName(figures.volume());
      drives.add(figures);
      repaired.add(volume == null ? 0 : links.repairedBlocks(volume.index()));
    }
    return new DrivesReport(drives, repaired);
  }

  @Override
  public String text() {
    if (drives.isEmpty()) {
      return "This cabinet has no drives.\n";
    }
    TextTable table = new TextTable()
        .words("Drive")
        .words("Volume")
        .numbers("Size")
        .words("Health")
        .numbers("Oldest\nms")
        .numbers("Staged")
        .numbers("Destaged")
        .numbers("Flushes")
        .numbers("Errors")
        .numbers("Blocks\nmended")
        .words("Identity");
    for (int i = 0; i < drives.size(); i++) {
      DriveFigures drive = drives.get(i);
      table.row(
          drive.name(),
          drive.volume().isEmpty() ? "-" : drive.volume(),
          Wording.size(drive.sizeBytes()),
          drive.health(),
          drive.oldestMs(),
          Wording.size(drive.stagedBytes()),
          Wording.size(drive.destagedBytes()),
          drive.flushCount(),
          drive.errorCount(),
          repairedBlocks.get(i),
          drive.identity());
    }
    return table.text();
  }

  @Override
  public Object json() {
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < drives.size(); i++) {
      DriveFigures drive = drives.get(i);
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("drive", drive.name());
      json.put("identity", drive.identity());
      json.put("volume", drive.volume());
      json.put("sizeBytes", drive.sizeBytes());
      json.put("blockBytes", drive.blockBytes());
      json.put("health", drive.health());
      json.put("inFlightRequests", drive.inFlight());
      json.put("oldestRequestMs", drive.oldestMs());
      json.put("stagedBytes", drive.stagedBytes());
      json.put("readAheadTracks", drive.aheadTracks());
      json.put("readAheadUsedTracks", drive.aheadUsedTracks());
      json.put("destagedBytes", drive.destagedBytes());
      json.put("flushCount", drive.flushCount());
      json.put("errorCount", drive.errorCount());
      json.put("repairedBlocks", repairedBlocks.get(i));
      list.add(json);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("drives", list);
    return json;
  }
}
