package farside.rig.site;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Where a running rig keeps its files: NVRAM, drives, the console's socket and the log, per
/// site.
///
/// | path              | what                                              |
/// |-------------------|---------------------------------------------------|
/// | `A/nvram`         | the memory that survives a crash                  |
/// | `A/nvram-log`     | its log where it is power-safe, unless the rig names another file |
/// | `A/D1.img`        | a drive, unless the rig names another file        |
/// | `A/control.sock`  | the console                                       |
/// | `A/console.history` | what was typed at `farside console`             |
/// | `A/farside.log`   | events; `A/farside.log.1` are the older ones      |
///
/// @param path the directory itself
public record RunDirectory(Path path) {
  /// A Unix socket's address has this much room, and a zero byte ends it.
  private static final int SOCKET_PATH_MAX_BYTES = 107;

  /// Environment variable by which the launcher says where the repository is.
  public static final String HOME_VARIABLE = "FARSIDE_HOME";

  /// The directory of a rig when none is given: `hil-rig/run/NAME` in the repository of the
  /// launcher,
  /// and without a launcher `farside-run/NAME` here.
  public static RunDirectory ofRig(String rigName) {
    String home = System.getenv(HOME_VARIABLE);
    return new RunDirectory(
        home == null || home.isEmpty()
            ? Path.of("farside-run", rigName)
            : Path.of(home, "hil-rig", "run", rigName));
  }

  public Path site(String site) {
    return path.resolve(site);
  }

  public Path nvram(String site) {
    return site(site).resolve("nvram");
  }

  public Path log(String site) {
    return site(site).resolve("farside.log");
  }

  public Path controlSocket(String site) {
    return site(site).resolve("control.sock");
  }

  /// @param file as in the rig: from the site's directory, unless absolute
  public Path drive(String site, String file) {
    return site(site).resolve(file);
  }

  /// True if the console's socket of the site can have its path.
  public boolean hasRoomForSocket(String site) {
    return controlSocket(site).toString().getBytes(StandardCharsets.UTF_8).length
        <= SOCKET_PATH_MAX_BYTES;
  }
}
