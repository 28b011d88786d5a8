package farside.service;

import farside.cache.NvramLayout;
import farside.cache.WriteRecords;
import farside.volume.CabinetDesk;
import farside.volume.LinkDesk;
import farside.volume.LinkDesk.LinkFigures;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `query`: the cabinet, its NVRAM, its volumes and its links at one instant.
record QueryReport(
    CabinetDesk cabinet, WriteRecords records, List<VolumeFigures> volumes, LinksReport links)
    implements Answer {

  static QueryReport of(
      CabinetDesk cabinet, WriteRecords records, Volumes volumes, LinkDesk links) {
    List<VolumeFigures> figures = new ArrayList<>();
    for (Volume volume : volumes.list()) {
      figures.add(VolumeFigures.of(volume, records, links));
    }
    return new QueryReport(cabinet, records, figures, LinksReport.of(links));
  }

  @Override
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append("Site ")
        .append(Wording.printable(cabinet.site()))
        .append(", cabinet ")
        .append(Wording.printable(cabinet.serial()))
        .append(cabinet.isShuttingDown() ? ", SHUTTING DOWN" : "")
        .append(": ")
        .append(Wording.count(cabinet.hostCount(), "host"))
        .append(", ")
        .append(Wording.count(cabinet.readCount(), "read"))
        .append(", ")
        .append(Wording.count(cabinet.writeCount(), "write"))
        .append('\n');
    out.append("NVRAM: ")
        .append(free("host", records.hostFramesFree(), records.hostFramesMax()))
        .append(", ")
        .append(free("incoming", records.incomingFramesFree(), records.incomingFramesMax()))
        .append(", ")
        .append(Wording.count(records.liveRecords(), "live record"))
        .append('\n');
    for (LinkFigures link : links.links()) {
      out.append("Link ")
          .append(Wording.printable(link.name()))
          .append(": varied ")
          .append(Wording.onOff(link.variedOn()))
          .append(link.carrier() ? ", carrier" : ", no carrier")
          .append(", session ")
          .append(link.session())
          .append(link.silentMs() > 0 ? ", peer silent for " + link.silentMs() + " ms" : "")
          .append('\n');
    }
    out.append('\n').append(volumeTable());
    TextTable standing = standingTable();
    if (!standing.isEmpty()) {
      out.append('\n').append(standing.text());
    }
    return out.toString();
  }

  private static String free(String whose, int free, int all) {
    return whose
        + " "
        + Wording.size((long) free * NvramLayout.FRAME_BYTES)
        + " free of "
        + Wording.size((long) all * NvramLayout.FRAME_BYTES);
  }

  private String volumeTable() {
    if (volumes.isEmpty()) {
      return "This cabinet has no volumes.\n";
    }
    TextTable table = new TextTable()
        .words("Volume")
        .words("Role")
        .words("Group")
        .numbers("Size")
        .words("State")
        .words("Pair")
        .numbers("Owed\ntracks")
        .numbers("Pending\ntracks")
        .numbers("Copying\ntracks")
        .numbers("Local\nrecords")
        .numbers("Remote\nrecords");
    for (VolumeFigures figures : volumes) {
      Volume volume = figures.volume();
      table.row(
          volume.name(),
          volume.role(),
          volume.group().isEmpty() ? "-" : volume.group(),
          Wording.size(volume.sizeBytes()),
          figures.deviceState(),
          figures.pairState(),
          figures.owedTracks(),
          figures.pendingTracks(),
          figures.copyingTracks(),
          figures.localPendingRecords(),
          figures.remotePendingRecords());
    }
    return table.text();
  }

  /// Who is right, afterwards: of interest for mirrored volumes, and whatever is remarkable.
  private TextTable standingTable() {
    TextTable table =
        new TextTable().words("Volume").words("Generation").words("Base").words("Remarks");
    for (VolumeFigures figures : volumes) {
      boolean mirrored = figures.volume().role() != VolumeRole.LOCAL;
      List<String> remarks = figures.remarks();
      if (mirrored || !remarks.isEmpty()) {
        table.row(
            figures.volume().name(),
            mirrored ? Wording.hex16(figures.generation()) : "-",
            mirrored ? Wording.hex16(figures.base()) : "-",
            remarks.isEmpty() ? "" : remarks.get(0));
        for (String remark : remarks.subList(Math.min(1, remarks.size()), remarks.size())) {
          table.row("", "", "", remark);
        }
      }
    }
    return table;
  }

  @Override
  public Object json() {
    Map<String, Object> nvram = new LinkedHashMap<>();
    nvram.put("hostFrames", records.hostFramesMax());
    nvram.put("hostFramesFree", records.hostFramesFree());
    nvram.put("incomingFrames", records.incomingFramesMax());
    nvram.put("incomingFramesFree", records.incomingFramesFree());
    nvram.put("frameBytes", NvramLayout.FRAME_BYTES);
    nvram.put("liveRecords", records.liveRecords());
    List<Object> list = new ArrayList<>();
    for (VolumeFigures figures : volumes) {
      list.add(figures.json());
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("site", cabinet.site());
    json.put("serial", cabinet.serial());
    json.put("shuttingDown", cabinet.isShuttingDown());
    json.put("hosts", cabinet.hostCount());
    json.put("reads", cabinet.readCount());
    json.put("writes", cabinet.writeCount());
    json.put("nvram", nvram);
    json.put("volumes", list);
    json.put("links", links.list());
    return json;
  }
}
