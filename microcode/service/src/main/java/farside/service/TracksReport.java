package farside.service;

import farside.cache.BlockMask;
import farside.cache.TrackBits;
import farside.volume.Volume;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `tracks`: what the other mirror of a volume lacks, or may lack, track by track.
record TracksReport(Volume volume, int copyingTracks, Runs owed, Runs pending) implements Answer {
  static final int TRACKS_PER_CYLINDER = 15;
  static final int RANGES_MAX = 100;

  /// Neighbouring tracks, both ends included.
  record Range(int firstTrack, int lastTrack) {
    int tracks() {
      return lastTrack - firstTrack + 1;
    }

    int firstCylinder() {
      return firstTrack / TRACKS_PER_CYLINDER;
    }

    int lastCylinder() {
      return lastTrack / TRACKS_PER_CYLINDER;
    }
  }

  /// The first ranges of one kind of bit, and how many tracks lie in ranges after them.
  record Runs(int tracks, List<Range> ranges, int unlistedTracks) {
    static Runs of(TrackBits bits) {
      if (bits.count() == bits.tracks() && bits.tracks() > 0) {
        // The whole volume, as at a first pairing: no need to look at every track of a large
        // one.
        return new Runs(bits.count(), List.of(new Range(0, bits.tracks() - 1)), 0);
      }
      List<Range> ranges = new ArrayList<>();
      int listed = 0;
      int first = bits.next(0);
      while (first >= 0 && ranges.size() < RANGES_MAX) {
        int last = first;
        while (last + 1 < bits.tracks() && bits.isSet(last + 1)) {
          last++;
        }
        Range range = new Range(first, last);
        ranges.add(range);
        listed += range.tracks();
        first = bits.next(last + 1);
      }
      return new Runs(bits.count(), ranges, bits.count() - listed);
    }
  }

  static TracksReport of(Volume volume, int copyingTracks) {
    return new TracksReport(
        volume,
        copyingTracks,
        Runs.of(volume.table().owed()),
        Runs.of(volume.table().pending()));
  }

  /// The last track of a volume may reach beyond its end.
  static long bytesOf(int tracks, Volume volume) {
    return Math.min((long) tracks * BlockMask.TRACK_BYTES, volume.sizeBytes());
  }

  private int cylinders() {
    return (volume.tracks() + TRACKS_PER_CYLINDER - 1) / TRACKS_PER_CYLINDER;
  }

  @Override
  public String text() {
    return "Volume "
        + volume.name()
        + " ("
        + volume.role()
        + "): "
        + Wording.size(volume.sizeBytes())
        + ", "
        + Wording.count(volume.tracks(), "track")
        + " of "
        + Wording.size(BlockMask.TRACK_BYTES)
        + ", "
        + Wording.count(cylinders(), "cylinder")
        + " of "
        + TRACKS_PER_CYLINDER
        + " tracks\n"
        + "Being copied now: "
        + Wording.count(copyingTracks, "track")
        + "\n\n"
        + "Owed, the peer lacks them: "
        + text(owed)
        + "\n"
        + "Pending, not known to be on the peer's drive: "
        + text(pending);
  }

  private String text(Runs runs) {
    StringBuilder out = new StringBuilder(Wording.count(runs.tracks(), "track"));
    if (runs.tracks() > 0) {
      out.append(", ").append(Wording.size(bytesOf(runs.tracks(), volume)));
    }
    out.append('\n');
    if (runs.ranges().isEmpty()) {
      return out.toString();
    }
    TextTable table = new TextTable()
        .numbers("First\ntrack")
        .numbers("Last\ntrack")
        .numbers("Tracks")
        .numbers("First\ncylinder")
        .numbers("Last\ncylinder");
    for (Range range : runs.ranges()) {
      table.row(
          range.firstTrack(),
          range.lastTrack(),
          range.tracks(),
          range.firstCylinder(),
          range.lastCylinder());
    }
    out.append(table.text());
    if (runs.unlistedTracks() > 0) {
      out.append("... and ")
          .append(Wording.count(runs.unlistedTracks(), "more track"))
          .append('\n');
    }
    return out.toString();
  }

  @Override
  public Object json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("volume", volume.name());
    json.put("role", volume.role().name());
    json.put("sizeBytes", volume.sizeBytes());
    json.put("tracks", volume.tracks());
    json.put("trackBytes", BlockMask.TRACK_BYTES);
    json.put("cylinders", cylinders());
    json.put("tracksPerCylinder", TRACKS_PER_CYLINDER);
    json.put("copyingTracks", copyingTracks);
    json.put("owedTracks", owed.tracks());
    json.put("owedBytes", bytesOf(owed.tracks(), volume));
    json.put("owedRanges", list(owed));
    json.put("owedUnlistedTracks", owed.unlistedTracks());
    json.put("pendingTracks", pending.tracks());
    json.put("pendingBytes", bytesOf(pending.tracks(), volume));
    json.put("pendingRanges", list(pending));
    json.put("pendingUnlistedTracks", pending.unlistedTracks());
    return json;
  }

  private static List<Object> list(Runs runs) {
    List<Object> list = new ArrayList<>();
    for (Range range : runs.ranges()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("firstTrack", range.firstTrack());
      json.put("lastTrack", range.lastTrack());
      json.put("tracks", range.tracks());
      json.put("firstCylinder", range.firstCylinder());
      json.put("lastCylinder", range.lastCylinder());
      list.add(json);
    }
    return list;
  }
}
