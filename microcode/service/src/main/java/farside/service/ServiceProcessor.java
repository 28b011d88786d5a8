package farside.service;

import farside.cache.GlobalMemory;
import farside.director.Director;
import farside.director.EventLog;
import farside.port.ConsolePort;
import farside.volume.CabinetDesk;
import farside.volume.DriveFigures;
import farside.volume.LinkDesk;
import farside.volume.Volumes;

/// The service processor (SP).
public final class ServiceProcessor implements Director, ConsolePort.ConsoleSink {
  private final ConsolePort console;
  private final CabinetDesk cabinet;

  public ServiceProcessor(
      ConsolePort console,
      CabinetDesk cabinet,
      Volumes volumes,
      GlobalMemory memory,
      DriveFigures.Source drives,
      LinkDesk links,
      EventLog events) {
    this.console = console;
    this.cabinet = cabinet;
  }

  @Override
  public String name() {
    return "SP";
  }

  @Override
  public int doWork(long nowNs) {
    return console.drain(this, 16);
  }

  @Override
  public long nextDeadlineNs() {
    return NO_DEADLINE;
  }

  @Override
  public void onCommand(int session, String line, boolean json) {
    if (line.trim().equals("shutdown")) {
      cabinet.requestShutdown();
    }
    console.answer(session, "", 0);
  }
}
