package farside.service;

import farside.volume.DriveFigures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `drives`: what the disk adapter knows of each drive.
record DrivesReport(List<DriveFigures> drives) implements Answer {
  static DrivesReport of(DriveFigures.Source source) {
    List<DriveFigures> drives = new ArrayList<>();
    for (int i = 0; i < source.driveCount(); i++) {
      drives.add(source.figures(i));
    }
    return new DrivesReport(drives);
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
        .numbers("In\nflight")
        .numbers("Oldest\nms")
        .numbers("Staged")
        .numbers("Destaged")
        .numbers("Flushes")
        .numbers("Errors")
        .words("Identity");
    for (DriveFigures drive : drives) {
      table.row(
          drive.name(),
          drive.volume().isEmpty() ? "-" : drive.volume(),
          Wording.size(drive.sizeBytes()),
          drive.health(),
          drive.inFlight(),
          drive.oldestMs(),
          Wording.size(drive.stagedBytes()),
          Wording.size(drive.destagedBytes()),
          drive.flushCount(),
          drive.errorCount(),
          drive.identity());
    }
    return table.text();
  }

  @Override
  public Object json() {
    List<Object> list = new ArrayList<>();
    for (DriveFigures drive : drives) {
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
      json.put("destagedBytes", drive.destagedBytes());
      json.put("flushCount", drive.flushCount());
      json.put("errorCount", drive.errorCount());
      list.add(json);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("drives", list);
    return json;
  }
}
