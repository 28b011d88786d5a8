package farside.rig.description;

import farside.volume.VolumeRole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// That each volume of a rig fits on drives that are there, alone on each, and that its group and
/// its mirrors are where they say.
final class VolumeChecks {
  private final Rig rig;
  private final Mistakes mistakes;
  private final Map<String, String> volumeOnDrive = new HashMap<>();

  VolumeChecks(Rig rig, Mistakes mistakes) {
    this.rig = rig;
    this.mistakes = mistakes;
  }

  void check() {
    for (Rig.Group group : rig.groups()) {
      if (rig.cabinet(group.r1Site()).isEmpty()) {
        mistakes.refuseUnknown(
            "/groups/" + group.name() + "/r1", "site", group.r1Site(), rig.sites());
      }
    }
    for (Rig.Volume volume : rig.volumes()) {
      String pointer = "/volumes/" + volume.name();
      for (Rig.Holder holder : volume.holders()) {
        String key = keyOf(holder.role());
        checkDrive(volume, holder, pointer + "/" + key);
        checkBlocks(volume, holder, pointer);
        checkAlone(volume, holder, pointer + "/" + key);
      }
      checkSites(volume, pointer);
      checkGroup(volume, pointer);
    }
    checkMirroredHaveLink();
  }

  private static String keyOf(VolumeRole role) {
    return switch (role) {
      case LOCAL -> "local";
      case R1 -> "r1";
      case R2 -> "r2";
    };
  }

  private void checkDrive(Rig.Volume volume, Rig.Holder holder, String pointer) {
    Rig.Cabinet cabinet = rig.cabinet(holder.site()).orElse(null);
    if (cabinet == null) {
      mistakes.refuseUnknown(pointer, "site", holder.site(), rig.sites());
      return;
    }
    Rig.Drive drive = cabinet.drive(holder.drive()).orElse(null);
    if (drive == null) {
      List<String> names = cabinet.drives().stream().map(Rig.Drive::name).toList();
      mistakes.refuseUnknown(pointer, "drive at site " + cabinet.site(), holder.drive(), names);
      return;
    }
    long roomBytes = drive.sizeBytes() - Rig.DRIVE_RESERVED_BYTES;
    if (volume.sizeBytes() > roomBytes) {
      mistakes.refuse(
          pointer,
          "the volume has %d bytes, but drive %s has room for %d: the last MiB of its %d bytes is the label area"
              .formatted(
                  volume.sizeBytes(), placeOf(holder), Math.max(0, roomBytes), drive.sizeBytes()),
          "Make the drive %d bytes or larger, or the volume smaller."
              .formatted(volume.sizeBytes() + Rig.DRIVE_RESERVED_BYTES));
    }
  }

  private static String placeOf(Rig.Holder holder) {
    return holder.site() + "/" + holder.drive();
  }

  private void checkBlocks(Rig.Volume volume, Rig.Holder holder, String pointer) {
    Rig.Drive drive = rig.cabinet(holder.site())
        .flatMap(cabinet -> cabinet.drive(holder.drive()))
        .orElse(null);
    if (drive != null
        && drive.medium() instanceof Rig.Medium.Disk disk
        && volume.blockBytes() % disk.blockBytes() != 0) {
      mistakes.refuse(
          pointer,
          "the volume has blocks of %d bytes, but those of drive %s are %d"
              .formatted(volume.blockBytes(), placeOf(holder), disk.blockBytes()),
          "Set blockBytes: %d for the volume, or give it another drive."
              .formatted(disk.blockBytes()));
    }
  }

  private void checkAlone(Rig.Volume volume, Rig.Holder holder, String pointer) {
    String other = volumeOnDrive.putIfAbsent(placeOf(holder), volume.name());
    if (other != null && !other.equals(volume.name())) {
      mistakes.refuse(
          pointer,
          "drive %s holds volume %s already".formatted(placeOf(holder), other),
          "A drive holds one volume, so that it can be pulled and mounted anywhere: give this one another drive.");
    }
  }

  private void checkSites(Rig.Volume volume, String pointer) {
    List<Rig.Holder> holders = volume.holders();
    if (volume.isMirrored() && holders.get(0).site().equals(holders.get(1).site())) {
      mistakes.refuse(
          pointer + "/r2",
          "volume %s has both mirrors at site %s"
              .formatted(volume.name(), holders.get(0).site()),
          "Put r2 at the other site.");
    }
  }

  private void checkGroup(Rig.Volume volume, String pointer) {
    if (volume.group().isEmpty()) {
      return;
    }
    Rig.Group group = rig.groups().stream()
        .filter(candidate -> candidate.name().equals(volume.group()))
        .findFirst()
        .orElse(null);
    if (group == null) {
      List<String> names = rig.groups().stream().map(Rig.Group::name).toList();
      mistakes.refuseUnknown(pointer + "/group", "group", volume.group(), names);
      return;
    }
    for (Rig.Holder holder : volume.holders()) {
      boolean isKnown = rig.cabinet(holder.site()).isPresent();
      if (isKnown && holder.role() == VolumeRole.R1 && !holder.site().equals(group.r1Site())) {
        mistakes.refuse(
            pointer + "/r1",
            "the R1 of volume %s is at site %s, but that of its group %s at %s"
                .formatted(volume.name(), holder.site(), group.name(), group.r1Site()),
            "All volumes of a group have their R1 at one site: choose another group, or swap r1 and r2.");
      }
    }
  }

  private void checkMirroredHaveLink() {
    if (!rig.links().isEmpty()) {
      return;
    }
    rig.volumes().stream()
        .filter(Rig.Volume::isMirrored)
        .findFirst()
        .ifPresent(volume -> mistakes.refuseKey(
            "/volumes/" + volume.name(),
            "volume %s is mirrored, but the rig has no link".formatted(volume.name()),
            "Add `links:` as in hil-rig/rigs/loopback.yaml, or make the volume `local:`."));
  }
}
