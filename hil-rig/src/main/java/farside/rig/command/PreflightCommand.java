package farside.rig.command;

import farside.driver.rawdisk.Examination;
import farside.driver.rawdisk.HandsOff;
import farside.driver.rawdisk.RawDisk;
import farside.driver.rawdisk.Verdict;
import farside.rig.description.Rig;
import farside.rig.site.DiskSetup;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `farside preflight`: a look at every disk that a rig names, with nothing written to any.
@Command(
    description = {
      "Looks at the disks that a rig names, and writes to none: what each is, whether it is ours, what would be erased.",
      "Then prints the udev rules and the LVM filter that keep this PC's hands off them."
    },
    footer = {"", "Exit status: 0 every disk may be used, 1 some are refused, 2 not understood."})
final class PreflightCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Mixin
  private RigChoice choice;

  @Option(
      names = "--site",
      paramLabel = "SITE",
      description = "Look at the disks of this site only; at all of them if left out.")
  private String site;

  @Override
  public Integer call() throws RefusedException {
    Rig rig = choice.read();
    PrintStream out = System.out;
    List<RawDisk.Setup> disks = new ArrayList<>();
    boolean isRefused = false;
    for (Rig.Cabinet cabinet : choice.sitesOf(rig, site)) {
      for (Rig.Drive drive : cabinet.drives()) {
        String name = cabinet.site() + " " + drive.name();
        switch (drive.medium()) {
          case Rig.Medium.SparseFile file ->
            out.println(name + ": " + file.path() + ", a file: no disk is touched");
          case Rig.Medium.Disk disk -> {
            RawDisk.Setup setup = DiskSetup.of(cabinet, drive, disk);
            disks.add(setup);
            Examination examined = RawDisk.examine(setup);
            show(out, name, examined);
            isRefused |= examined.verdict() == Verdict.REFUSED;
          }
        }
      }
    }
    if (!disks.isEmpty()) {
      showRules(out, disks);
    }
    out.flush();
    return isRefused ? ExitStatus.FAILED : ExitStatus.DONE;
  }

  private static void show(PrintStream out, String name, Examination disk) {
    out.println(name + ": " + disk.setup().path() + whatItIs(disk));
    if (!disk.kernelName().isEmpty()) {
      line(
          out,
          "size",
          "%d bytes, blocks of %d bytes (on the medium %d)"
              .formatted(disk.sizeBytes(), disk.blockBytes(), disk.physicalBlockBytes()));
      line(out, "identity", listed(disk.identities(), "none"));
      line(out, "label", disk.label());
      line(out, "on it", listed(disk.contents(), "nothing that is known"));
      if (!disk.partitions().isEmpty()) {
        line(out, "partitions", listed(disk.partitions(), "") + ", taken from the kernel on open");
      }
    }
    line(out, "verdict", verdict(disk));
    for (String refusal : disk.refusals()) {
      line(out, "", refusal + ".");
    }
  }

  private static String whatItIs(Examination disk) {
    if (disk.kernelName().isEmpty()) {
      return "";
    }
    return " (" + disk.kernelName() + (disk.model().isEmpty() ? "" : ", " + disk.model()) + ")";
  }

  private static String verdict(Examination disk) {
    return switch (disk.verdict()) {
      case OURS ->
        "ours: opened as it is, nothing is erased" + (disk.inUse() ? "; in use now" : "");
      case ERASE -> "given up by the rig: it will be labelled, and ALL OF IT MAY BE OVERWRITTEN";
      case REFUSED -> "refused: nothing will be written to it";
    };
  }

  private static void line(PrintStream out, String head, String text) {
    out.printf("  %-10s  %s%n", head, text);
  }

  private static String listed(List<String> words, String ifNone) {
    return words.isEmpty() ? ifNone : String.join("; ", words);
  }

  private void showRules(PrintStream out, List<RawDisk.Setup> disks) {
    out.println();
    out.printf(
        "# Keep this PC's hands off: put these lines into /etc/udev/rules.d/62-farside-%s.rules,%n"
            + "# then `udevadm control --reload` and `udevadm trigger --subsystem-match=block`.%n",
        choice.rigName());
    HandsOff.udevRules(disks).forEach(out::println);
    out.println("# And, where LVM is installed, into the section `devices` of /etc/lvm/lvm.conf:");
    out.println("# " + HandsOff.lvmFilter(disks));
  }
}
