package farside.rig.demo;

import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import farside.rig.description.RigRefusedException;
import farside.rig.site.RunDirectory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The loopback rig on ports that nobody uses, so that it never meets one that runs.
///
/// @param file the rig file, in the directory
/// @param directory where everything of this rig is
public record DemoRig(Path file, Rig rig, RunDirectory directory) {
  private static final List<String> LOOPBACK_PORTS = List.of("10809", "10810", "10900");

  /// Writes the rig file into a directory, which is made.
  public static DemoRig in(Path directory) throws IOException {
    Files.createDirectories(directory);
    String text = new String(RigFile.loopbackText(), StandardCharsets.UTF_8);
    List<Integer> ports = FreePorts.take(LOOPBACK_PORTS.size());
    for (int i = 0; i < LOOPBACK_PORTS.size(); i++) {
      text = text.replace("127.0.0.1:" + LOOPBACK_PORTS.get(i), "127.0.0.1:" + ports.get(i));
    }
    return write(directory, text);
  }

  /// The same rig with another text.
  public DemoRig with(String text) throws IOException {
    return write(file.getParent(), text);
  }

  private static DemoRig write(Path directory, String text) throws IOException {
    Path file = Files.writeString(directory.resolve("demo.yaml"), text);
    try {
      return new DemoRig(
          file, RigFile.read(file.toString()), new RunDirectory(directory.resolve("run")));
    } catch (RigRefusedException refused) {
      throw new IllegalStateException("our own rig is refused", refused);
    }
  }

  /// Where hosts reach a site.
  public InetSocketAddress hostsAt(String site) {
    return rig.cabinet(site).orElseThrow().nbd().toSocketAddress();
  }

  /// The file of a site's drive.
  public Path drive(String site, String drive) {
    return directory.drive(site, drive + ".img");
  }
}
