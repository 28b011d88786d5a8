package farside.simulator;

import farside.simulator.RigDraw.VolumeDraw;
import java.util.ArrayList;
import java.util.List;

/// The programs of all hosts of a run: some for each volume where it is written, one more where it
/// is only read, and in some rigs one that reads in order.
final class HostPrograms {
  private final RigDraw rig;
  private final SimulatedSite[] sites;
  private final VirtualTime time;
  private final Elements elements;
  private final List<WorkloadProgram> programs = new ArrayList<>();

  /// @param drawn the rig, with what is left out of it
  /// @param rig what is left of it
  HostPrograms(
      RigDraw drawn,
      RigDraw rig,
      SimulatedSite[] sites,
      VirtualTime time,
      Draws draws,
      Elements elements) {
    this.rig = rig;
    this.sites = sites.clone();
    this.time = time;
    this.elements = elements;
    for (VolumeDraw volume : drawn.volumes()) {
      for (int side = 0; side < 2; side++) {
        int count = side == volume.primary() ? drawn.hosts().connectionsPerVolume() : 1;
        for (int i = 0; volume.isAt(side) && i < count; i++) {
          add(volume, side, draws.fork());
        }
      }
      if (drawn.inOrderSeed() != 0) {
        addInOrder(volume, new Draws(drawn.inOrderSeed() + volume.number()));
      }
    }
  }

  private void add(VolumeDraw volume, int side, Draws draws) {
    boolean isReader = side != volume.primary();
    if (isIn(volume, side, isReader ? ", which reads" : "")) {
      programs.add(new WorkloadProgram(
          sites[side].host(), volume.name(), volume.sizeBytes(), isReader, time, draws));
    }
  }

  private void addInOrder(VolumeDraw volume, Draws draws) {
    if (isIn(volume, volume.primary(), ", which reads in order")) {
      programs.add(WorkloadProgram.inOrder(
          sites[volume.primary()].host(), volume.name(), volume.sizeBytes(), time, draws));
    }
  }

  private boolean isIn(VolumeDraw volume, int side, String what) {
    String name = "host of volume " + volume.name() + " at " + RigDraw.siteName(side) + what;
    return elements.has(name) && rig.find(volume.number()).isPresent();
  }

  void start() {
    programs.forEach(WorkloadProgram::start);
  }

  /// Nothing more is asked; what is open is still answered.
  void stop() {
    programs.forEach(WorkloadProgram::stop);
  }

  List<WorkloadProgram> all() {
    return programs;
  }

  boolean areQuiet() {
    for (WorkloadProgram program : programs) {
      if (!program.isQuiet()) {
        return false;
      }
    }
    return true;
  }

  /// Requests that they asked again, since no answer came in time.
  long retries() {
    return programs.stream().mapToLong(WorkloadProgram::retries).sum();
  }
}
