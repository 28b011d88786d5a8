package farside.volume;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All volumes of a cabinet, in the rig's order, and the groups that they form.
public final class Volumes {
  private final Volume[] all;
  private final List<Volume> list;
  private final Map<VolumeRole, List<Volume>> byRole = new EnumMap<>(VolumeRole.class);

  /// The R1 volumes by group, in the rig's order. All lists are made once: directors ask in every
  /// round.
  private final Map<String, List<Volume>> sources = new LinkedHashMap<>();

  private final List<String> sourceGroups;

  public Volumes(List<Volume> volumes) {
    all = volumes.toArray(new Volume[0]);
    list = List.of(all);
    for (VolumeRole role : VolumeRole.values()) {
      byRole.put(role, list.stream().filter(volume -> volume.role() == role).toList());
    }
    for (Volume volume : ofRole(VolumeRole.R1)) {
      sources.computeIfAbsent(volume.group(), group -> new ArrayList<>()).add(volume);
    }
    sourceGroups = List.copyOf(sources.keySet());
  }

  public int count() {
    return all.length;
  }

  public Volume get(int index) {
    return all[index];
  }

  public List<Volume> list() {
    return list;
  }

  /// Null if there is none of that number.
  public Volume byNumber(int number) {
    for (Volume volume : all) {
      if (volume.number() == number) {
        return volume;
      }
    }
    return null;
  }

  /// Null if there is none of that name.
  public Volume byName(String name) {
    for (Volume volume : all) {
      if (volume.name().equalsIgnoreCase(name)) {
        return volume;
      }
    }
    return null;
  }

  public List<Volume> ofRole(VolumeRole role) {
    return byRole.get(role);
  }

  /// The R1 volumes of one group: they trip as one.
  public List<Volume> sourcesOf(String group) {
    return sources.getOrDefault(group, List.of());
  }

  /// Names of the groups with an R1 volume here, in the rig's order.
  public List<String> sourceGroups() {
    return sourceGroups;
  }
}
