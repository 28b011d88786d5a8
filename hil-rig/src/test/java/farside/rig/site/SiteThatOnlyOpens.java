package farside.rig.site;

import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A process that has made a site's drives and NVRAM, and gets no further until somebody kills
/// it.
final class SiteThatOnlyOpens {
  private SiteThatOnlyOpens() {}

  /// @param arguments rig file, run directory, site
  public static void main(String[] arguments) throws Exception {
    Rig rig = RigFile.read(arguments[0]);
    Site.open(
        rig, rig.cabinet(arguments[2]).orElseThrow(), new RunDirectory(Path.of(arguments[1])));
    System.out.println("opened");
    new CountDownLatch(1).await();
  }
}
