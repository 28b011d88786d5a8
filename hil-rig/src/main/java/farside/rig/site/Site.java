package farside.rig.site;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetPorts;
import farside.cache.DamagedRecords;
import farside.cache.NvramLayout;
import farside.director.CabinetRefused;
import farside.driver.control.ControlSocket;
import farside.driver.control.JoinedConsoles;
import farside.driver.drive.OpenDrive;
import farside.driver.filedisk.FileDisk;
import farside.driver.nbd.NbdHead;
import farside.driver.nbd.NbdTls;
import farside.driver.netty.DiskIo;
import farside.driver.netty.Transport;
import farside.driver.nvramfile.NvramFile;
import farside.driver.nvramfile.NvramLogFile;
import farside.driver.rawdisk.RawDisk;
import farside.driver.serial.SerialConsole;
import farside.driver.tcplink.TcpPanel;
import farside.port.ConsolePort;
import farside.port.DrivePort;
import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import farside.rig.description.HostAddress;
import farside.rig.description.Rig;
import farside.rig.log.EventJournal;
import farside.runtime.Processor;
import farside.runtime.Rounds;
import farside.runtime.SharedCpu;
import farside.runtime.SystemRandom;
import farside.runtime.Wakefulness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// One cabinet with its devices, on its own processor.
///
/// The order of opening is a promise (design, section 4): first every drive, exclusively, because
/// requests
/// of a process that was killed may still be on their way to it; then NVRAM; then the sockets; then
/// the
/// cabinet, which destages again all that is pending.
///
/// | phase  | may be called              | becomes                                              |
/// |--------|----------------------------|------------------------------------------------------|
/// | opened | `start`, `abandon`         | running, or closed                                   |
/// | running| `requestShutdown`, awaits  | down; or stopped at once, and the caller is told why |
/// | down   | `close`                    | closed, NVRAM marked clean                           |
public final class Site {
  /// Blocks of a file: what the page cache moves anyway.
  private static final int DRIVE_BLOCK_BYTES = 512;

  private final Rig.Cabinet cabinet;
  private final RunDirectory directory;
  private final EventJournal journal;
  private final Processor processor;
  private final List<OpenDrive> drives = new ArrayList<>();
  private final TcpPanel panel;
  private final List<LinkPort> links = new ArrayList<>();
  /// Null where the environment wants loops to sleep at once.
  private final Wakefulness wakefulness;
  /// Null where the peer is elsewhere.
  private final SharedCpu sharedCpu;
  /// Null where nothing is recorded: then nothing stands in front of the ports.
  private final SiteRecording recording;
  /// Three things make a site ready: hosts and operators can reach it, and IML is complete.
  private final CountDownLatch ready = new CountDownLatch(3);

  private NvramFile nvram;
  /// Null where the NVRAM is only mapped.
  private NvramLogFile nvramLog;
  private NbdHead hosts;
  private ControlSocket console;
  private final List<SerialConsole> serialConsoles = new ArrayList<>();
  private Cabinet microcode;
  private Consumer<Throwable> onFailure = failure -> {};
  private volatile String refusal = "";
  private volatile boolean isOrderly;

  /// It is down, and never was ready.
  private volatile boolean endedInIml;

  private Site(Rig rig, Rig.Cabinet cabinet, RunDirectory directory, SiteRecording recording)
      throws IOException {
    this.cabinet = cabinet;
    this.directory = directory;
    this.recording = recording;
    Files.createDirectories(directory.site(cabinet.site()));
    journal = new EventJournal(cabinet.site(), directory.log(cabinet.site()));
    processor =
        new Processor(cabinet.site(), Transport.best(), failure -> onFailure.accept(failure));
    wakefulness = Wakefulness.isWanted() ? new Wakefulness(new Arrivals()) : null;
    panel = new TcpPanel(processor.eventLoop(), processor.transport());
    sharedCpu = SharedCpu.isWanted() && hasItsPeerHere(rig, cabinet.site())
        ? SharedCpu.of(
            directory.path().toAbsolutePath().normalize().toString(),
            () -> wakefulness != null && wakefulness.staysAwake())
        : null;
  }

  /// True if no link leaves this machine.
  private static boolean hasItsPeerHere(Rig rig, String site) {
    return !rig.links().isEmpty()
        && rig.links().stream().allMatch(link -> link.addressAt(site).isThisMachineAlone());
  }

  /// Opens everything but the sockets, which need the processor's thread. What was opened is closed
  /// again
  /// if something is refused.
  public static Site open(Rig rig, Rig.Cabinet cabinet, RunDirectory directory)
      throws SiteRefusedException {
    return open(rig, cabinet, directory, UnaryOperator.identity(), null);
  }

  /// The same, and what crosses its ports is recorded.
  ///
  /// @param recording null: it is not
  public static Site open(
      Rig rig, Rig.Cabinet cabinet, RunDirectory directory, SiteRecording recording)
      throws SiteRefusedException {
    return open(rig, cabinet, directory, UnaryOperator.identity(), recording);
  }

  /// The same, with a filter, such as a fault, in front of each drive.
  static Site open(
      Rig rig, Rig.Cabinet cabinet, RunDirectory directory, UnaryOperator<DrivePort> filter)
      throws SiteRefusedException {
    return open(rig, cabinet, directory, filter, null);
  }

  private static Site open(
      Rig rig,
      Rig.Cabinet cabinet,
      RunDirectory directory,
      UnaryOperator<DrivePort> filter,
      SiteRecording recording)
      throws SiteRefusedException {
    String name = cabinet.site();
    if (!directory.hasRoomForSocket(name)) {
      throw new SiteRefusedException(
          name,
          "the path %s is too long for a socket. Choose a shorter one with --run-dir."
              .formatted(directory.controlSocket(name)),
          null);
    }
    Site site = null;
    try {
      site = new Site(rig, cabinet, directory, recording);
      site.openDevices(rig, filter);
      return site;
    } catch (SiteRefusedException refused) {
      site.abandon();
      throw refused;
    } catch (IOException | IllegalArgumentException | CabinetRefused failure) {
      if (site != null) {
        site.abandon();
      }
      throw new SiteRefusedException(name, describe(failure), failure);
    }
  }

  /// Null where the rig names no certificate.
  private NbdTls openTls() throws IOException {
    Rig.NbdTls tls = cabinet.nbdTls();
    if (tls == null) {
      return null;
    }
    Path base = directory.site(cabinet.site());
    return NbdTls.of(
        base.resolve(tls.certificate()),
        base.resolve(tls.key()),
        tls.clients() == null ? null : base.resolve(tls.clients()));
  }

  private void openDevices(Rig rig, UnaryOperator<DrivePort> filter)
      throws IOException, SiteRefusedException {
    String name = cabinet.site();
    if (recording != null) {
      recording.open();
    }
    for (Rig.Drive drive : cabinet.drives()) {
      drives.add(open(drive));
    }
    openNvram(rig);
    hosts = new NbdHead(
        processor.eventLoop(), processor.transport(), resolved(cabinet.nbd()), openTls());
    for (Rig.Link link : rig.links()) {
      links.add(panel.wire(
          link.name(),
          link.listensAt(name) ? PatchPanelPort.End.LISTEN : PatchPanelPort.End.CONNECT,
          resolved(link.addressAt(name))));
    }
    console = new ControlSocket(
        directory.controlSocket(name), processor.eventLoop(), processor.transport());
    for (Rig.SerialLine line : cabinet.consoles()) {
      serialConsoles.add(SerialLines.console(line, cabinet, processor::wake));
    }
    List<ConsolePort> consoles = new ArrayList<>(serialConsoles);
    consoles.add(console);
    CabinetPorts ports = new CabinetPorts(
        nvram.port(),
        nvram.recorder(),
        drives.stream().<DrivePort>map(filter).toList(),
        links,
        panel,
        hosts,
        new JoinedConsoles(consoles),
        this::publish,
        new SystemRandom());
    microcode = wired(rig, ports);
  }

  private Cabinet wired(Rig rig, CabinetPorts ports) {
    long wallMsAtZero = processor.wallMsAtZero();
    if (recording == null) {
      return new Cabinet(rig.describe(cabinet), ports, wallMsAtZero);
    }
    CabinetPorts recorded = recording.over(ports, wallMsAtZero);
    try {
      Cabinet made = new Cabinet(rig.describe(cabinet), recorded, wallMsAtZero);
      recording.watch(made);
      return made;
    } catch (RuntimeException refused) {
      recording.stopped(refused);
      throw refused;
    }
  }

  private void openNvram(Rig rig) throws IOException {
    Path path = directory.nvram(cabinet.site());
    if (!cabinet.isNvramPowerSafe()) {
      nvram = NvramFile.open(path, cabinet.nvramBytes());
      return;
    }
    nvramLog = NvramLogFile.open(
        directory.site(cabinet.site()).resolve(cabinet.nvramLog()),
        cabinet.nvramBytes(),
        (fd, answers) -> DiskIo.on(
            processor.transport(), processor.eventLoop(), processor::wake, fd, 1, false, answers));
    NvramLayout layout = rig.describe(cabinet).layoutOf(cabinet.nvramBytes());
    nvram = NvramFile.openPowerSafe(
        path, cabinet.nvramBytes(), nvramLog, region -> DamagedRecords.in(region, layout));
  }

  private OpenDrive open(Rig.Drive drive) throws IOException {
    return switch (drive.medium()) {
      case Rig.Medium.SparseFile file ->
        FileDisk.open(
            new FileDisk.Setup(
                drive.name(),
                directory.drive(cabinet.site(), file.path()),
                drive.sizeBytes(),
                DRIVE_BLOCK_BYTES,
                file.direct()),
            processor.transport(),
            processor.eventLoop(),
            processor::wake);
      case Rig.Medium.Disk disk ->
        RawDisk.open(
            DiskSetup.of(cabinet, drive, disk),
            processor.transport(),
            processor.eventLoop(),
            processor::wake);
    };
  }

  /// Writes an event down, and shows it at the serial lines if somebody should look.
  private void publish(long nowNs, int number, String severity, String text) {
    journal.submit(nowNs, number, severity, text);
    if (!severity.equals("INFO")) {
      serialConsoles.forEach(line -> line.show(number + " " + severity + " " + text));
    }
  }

  /// Looks a name up here, on the caller's thread: it may block.
  private InetSocketAddress resolved(HostAddress address) throws SiteRefusedException {
    InetSocketAddress socketAddress = address.toSocketAddress();
    if (socketAddress.isUnresolved()) {
      throw new SiteRefusedException(
          cabinet.site(),
          "the host name %s has no address. Correct it in the rig, or give the address itself."
              .formatted(address.host()),
          null);
    }
    return socketAddress;
  }

  private static String describe(Exception failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /// Begins to turn.
  ///
  /// @param whenStoppedAtOnce told on the processor's thread, with NVRAM as the failure left it;
  ///     after a refusal in IML it is safe from the loss of the machine's power
  public void start(Consumer<Throwable> whenStoppedAtOnce) {
    onFailure = failure -> {
      if (failure instanceof CabinetRefused && !microcode.hasServed()) {
        leaveNvramAsItWas();
      }
      whenStoppedAtOnce.accept(failure);
    };
    drives.forEach(drive -> {
      processor.addFlush(drive);
      processor.addQuietSign(drive::isQuiet);
    });
    if (nvramLog != null) {
      processor.addFlush(nvramLog);
      processor.addQuietSign(nvramLog::isQuiet);
    }
    processor.addFlush(panel);
    processor.addFlush(hosts);
    processor.addQuietSign(hosts::isQuiet);
    processor.addFlush(console);
    processor.addQuietSign(console::isQuiet);
    serialConsoles.forEach(line -> {
      processor.addQuietSign(line::isQuiet);
      line.open();
    });
    hosts.listen().addListener(bound -> onListening(bound.cause()));
    console.open().whenComplete((done, failure) -> onListening(failure));
    if (wakefulness != null) {
      processor.stayAwakeBy(wakefulness);
    }
    processor.execute(panel::open);
    processor.start(new Turns());
  }

  private void onListening(Throwable failure) {
    if (failure == null) {
      ready.countDown();
      return;
    }
    refusal = "site %s: %s".formatted(cabinet.site(), failure.getMessage());
    processor.stop();
    neverReady();
  }

  /// Whoever waits for it waits no longer.
  private void neverReady() {
    while (ready.getCount() > 0) {
      ready.countDown();
    }
  }

  /// Runs the cabinet, and notices when it has become ready or is down.
  private final class Turns implements Rounds {
    private boolean isReadyTold;

    @Override
    public int doWork(long nowNs) {
      if (sharedCpu != null) {
        sharedCpu.onRound(nowNs);
      }
      int worked = recording == null ? microcode.doWork(nowNs) : recording.round(microcode, nowNs);
      if (!isReadyTold && microcode.isReady()) {
        isReadyTold = true;
        ready.countDown();
      }
      return worked;
    }

    @Override
    public long nextDeadlineNs() {
      return microcode.nextDeadlineNs();
    }

    @Override
    public boolean isDown() {
      isOrderly = microcode.isDown();
      if (isOrderly && !microcode.hasServed()) {
        endedInIml = true;
        neverReady();
      }
      return isOrderly;
    }
  }

  private final class Arrivals implements Wakefulness.Traffic {
    @Override
    public long requests() {
      return microcode.requestCount();
    }

    @Override
    public int outstanding() {
      return microcode.requestsOutstanding();
    }

    @Override
    public long outstandingBytes() {
      return microcode.bytesOutstanding();
    }

    @Override
    public boolean isDriveAtWork() {
      return microcode.isDriveAtWork();
    }

    @Override
    public boolean isReadAwaited() {
      return microcode.isReadAwaited();
    }

    @Override
    public long frames() {
      long frames = 0;
      for (LinkPort link : links) {
        frames += link.receivedFrames();
      }
      return frames;
    }
  }

  public Rig.Cabinet cabinet() {
    return cabinet;
  }

  public Path log() {
    return directory.log(cabinet.site());
  }

  /// Why the site gave up before it was ready; empty if it did not.
  public String refusal() {
    return refusal;
  }

  /// True once IML is complete and hosts are served; false if that is not so in time, or is
  /// refused, or the site was shut down before.
  public boolean awaitReady(long timeoutMs) throws InterruptedException {
    return ready.await(Math.max(0, timeoutMs), TimeUnit.MILLISECONDS)
        && refusal.isEmpty()
        && !endedInIml;
  }

  /// True if it went down while it waited for drives that did not give or take their labels, and
  /// had served nobody.
  public boolean hasEndedInIml() {
    return endedInIml;
  }

  /// Asks the cabinet to destage all and end. From any thread; returns at once.
  public void requestShutdown() {
    processor.execute(() -> {
      if (recording != null) {
        recording.shutdownAsked();
      }
      microcode.requestShutdown();
    });
  }

  /// True if it went down although drives that do not answer lack something, which NVRAM has.
  /// To be asked when the processor has ended.
  public boolean isIncomplete() {
    return isOrderly && microcode.isIncomplete();
  }

  /// Those drives, for people. To be asked when the processor has ended.
  public String drivesLeft() {
    return microcode.drivesLeft();
  }

  /// True once the processor has ended.
  public boolean awaitDown(long timeoutMs) throws InterruptedException {
    return processor.awaitStopped(timeoutMs, TimeUnit.MILLISECONDS);
  }

  /// Gives everything up. If the cabinet went down in good order, or the site was refused before it
  /// was ready, NVRAM gets its clean mark.
  public void close() {
    if (!processor.isStopped()) {
      // Drives may still move data in and out of NVRAM: only the end of the process takes these
      // away.
      journal.close();
      return;
    }
    try {
      console.close();
    } catch (IOException failure) {
      // A socket file that stays behind is taken away by the next start.
      System.err.printf(
          "site %s: the console's socket file stays behind: %s%n",
          cabinet.site(), failure.getMessage());
    }
    if (recording != null && processor.fault() == null) {
      recording.end();
    }
    closeRecording();
    closeSerialConsoles();
    drives.forEach(OpenDrive::close);
    if (isOrderly) {
      nvram.force();
      nvram.markClean();
    } else if (!refusal.isEmpty()) {
      leaveNvramAsItWas();
    }
    nvram.close();
    if (nvramLog != null) {
      nvramLog.close();
    }
    journal.close();
  }

  /// The site was refused, and nothing changes in NVRAM any more: it is given its clean mark again,
  /// which opening it took away. If that fails, it survives the process, but not the machine.
  private void leaveNvramAsItWas() {
    try {
      nvram.force();
      nvram.markClean();
    } catch (IllegalStateException refused) {
      System.err.printf("site %s: %s%n", cabinet.site(), refused.getMessage());
    }
  }

  private void closeRecording() {
    if (recording != null) {
      recording.close();
    }
  }

  private void closeSerialConsoles() {
    try {
      for (SerialConsole line : serialConsoles) {
        line.close();
      }
    } catch (InterruptedException interrupted) {
      // The lines end with the process; what is left to close must not wait for them.
      Thread.currentThread().interrupt();
    }
  }

  /// Gives up what was opened, of a site that was never started.
  public void abandon() {
    if (recording != null) {
      recording.abandon();
    }
    drives.forEach(OpenDrive::close);
    if (nvram != null) {
      leaveNvramAsItWas();
      nvram.close();
    }
    if (nvramLog != null) {
      nvramLog.close();
    }
    journal.close();
  }

  /// Writes down what journal and recording still hold; for a process that is about to be halted.
  /// On the processor's thread.
  public void abandonLog() {
    closeRecording();
    journal.close();
  }
}
