package farside.rig.command;

import farside.replay.Origin;
import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import farside.rig.description.RigRefusedException;
import farside.rig.site.RunDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Which rig, and where its files are: what `run` and `ctl` have in common.
final class RigChoice {
  @Parameters(
      index = "0",
      paramLabel = "RIG",
      description = "A rig file, or `loopback` for the rig inside the program.")
  private String rig;

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description =
          "Where the rig keeps its files; hil-rig/run/NAME in the repository if left out.")
  private Path runDirectory;

  Rig read() throws RefusedException {
    try {
      return RigFile.read(rig);
    } catch (RigRefusedException refused) {
      throw new RefusedException(refused);
    }
  }

  /// The rig's file as it is now, with its name.
  Origin origin(String build, String site) throws RefusedException {
    try {
      return new Origin(
          build, site, rigName() + ".yaml", new String(RigFile.text(rig), StandardCharsets.UTF_8));
    } catch (RigRefusedException refused) {
      throw new RefusedException(refused);
    }
  }

  /// All sites of the rig, or the one that is named.
  ///
  /// @param site null for all
  List<Rig.Cabinet> sitesOf(Rig read, String site) throws RefusedException {
    if (site == null) {
      return read.cabinets();
    }
    Rig.Cabinet cabinet = read.cabinet(site)
        .orElseThrow(() -> new RefusedException(
            ExitStatus.USAGE,
            "rig %s has no site %s. Its sites: %s."
                .formatted(read.name(), site, String.join(", ", read.sites()))));
    return List.of(cabinet);
  }

  String rigName() {
    return RigFile.nameOf(rig);
  }

  RunDirectory runDirectory() {
    return runDirectory == null ? RunDirectory.ofRig(rigName()) : new RunDirectory(runDirectory);
  }
}
