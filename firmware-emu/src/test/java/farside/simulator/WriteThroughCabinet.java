package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.cabinet.CabinetPorts;
import farside.port.ConsolePort;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostFlags;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.IoVector;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// The simplest cabinet that keeps its promises for local volumes: one request at a time for
/// each volume, read, changed, written and flushed before it is answered. It proves the bench
/// before there is microcode, and lies on demand to show that the bench notices.
final class WriteThroughCabinet
    implements SteppedCabinet, HostPort.HostSink, ConsolePort.ConsoleSink {
  /// How it breaks its promises.
  enum Lie {
    NONE,
    ANSWERS_BEFORE_THE_DRIVE,
    FORGETS_THE_FLUSH,
    CHANGES_PINNED_MEMORY,
    READS_OLD_DATA,
    TAKES_NOISE_FOR_DATA,
    SPINS,
    NEVER_ANSWERS_A_FLUSH
  }

  private static final int BUFFER_BYTES = 256 * 1024;

  private final CabinetPorts ports;
  private final Lie lie;
  private final List<Unit> units = new ArrayList<>();
  private final List<String> nameOfConnection = new ArrayList<>();
  private boolean ending;
  private boolean ready;
  private int requests;
  private final long driveHungNs;
  private long nowNs;

  WriteThroughCabinet(CabinetDescription description, CabinetPorts ports, Lie lie) {
    this.ports = ports;
    this.lie = lie;
    this.driveHungNs = description.driveHungMs() * 1_000_000L;
    for (int i = 0; i < description.volumes().size(); i++) {
      units.add(new Unit(description.volumes().get(i), ports.drives().get(i)));
    }
  }

  static CabinetMaker maker(Lie lie) {
    return (description, ports, wallMsAtZero) -> new WriteThroughCabinet(description, ports, lie);
  }

  @Override
  public int doWork(long nowNs) {
    this.nowNs = nowNs;
    int worked = 0;
    if (!ready) {
      ready = true;
      worked++;
      for (Unit unit : units) {
        ports
            .host()
            .offer(new HostExport(unit.name, "", unit.volume.sizeBytes(), 512, false, true, ""));
        unit.flushWhatTheLastProcessLeft();
      }
    }
    worked += ports.links().get(0).drain(new NoLink(), 10);
    worked += ports.console().drain(this, 10);
    worked += ports.host().drain(this, 10);
    for (Unit unit : units) {
      worked += unit.drive.drain(unit, 10);
    }
    return worked;
  }

  @Override
  public long nextDeadlineNs() {
    return lie == Lie.SPINS && requests > 20 ? 0 : Stepped.NEVER;
  }

  @Override
  public void requestShutdown() {
    ports.host().stopListening();
    ending = true;
  }

  @Override
  public boolean isReady() {
    return ready;
  }

  @Override
  public boolean isDown() {
    return ending && unsettled().isEmpty();
  }

  @Override
  public FarCopy farCopyOf(String volumeName) {
    return FarCopy.LACKS_SOMETHING;
  }

  @Override
  public String unsettled() {
    for (Unit unit : units) {
      if (unit.busy()) {
        return "busy";
      }
    }
    return "";
  }

  @Override
  public void onLine(String line, ConsolePort.LineNews news, String detail) {
    throw new IllegalStateException("the simulated console has no lines");
  }

  @Override
  public void onCommand(int session, String line, boolean json) {
    ports.console().answer(session, "", 0);
  }

  @Override
  public void onOpened(int connection, String volumeName, String remote) {
    while (nameOfConnection.size() <= connection) {
      nameOfConnection.add("");
    }
    nameOfConnection.set(connection, volumeName);
  }

  @Override
  public boolean onRequest(
      int connection,
      HostCommand command,
      int flags,
      long cookie,
      long offsetBytes,
      long lengthBytes) {
    requests++;
    return unitOf(connection)
        .start(connection, command, flags, cookie, offsetBytes, (int) lengthBytes);
  }

  @Override
  public void onPayload(int connection) {
    unitOf(connection).onPayload();
  }

  @Override
  public void onDisconnect(int connection) {
    ports.host().close(connection, "asked");
  }

  @Override
  public void onClosed(int connection) {
    unitOf(connection).onClosed(connection);
  }

  private Unit unitOf(int connection) {
    for (Unit unit : units) {
      if (unit.name.equals(nameOfConnection.get(connection))) {
        return unit;
      }
    }
    throw new IllegalStateException("no volume for connection " + connection);
  }

  private static final class NoLink implements farside.port.LinkPort.LinkSink {
    @Override
    public void onFrame(long address, int lengthBytes) {}

    @Override
    public void onSent(long tag) {}

    @Override
    public void onCarrier(boolean up, String reason) {}
  }

  /// One volume and what it is doing.
  private static final int NEVER_FAST = HostFlags.KEEP_ROOM | HostFlags.FAST_ONLY;

  private final class Unit implements DrivePort.DriveSink {
    private static final int IDLE = 0;
    private static final int PAYLOAD = 1;
    private static final int READING = 2;
    private static final int WRITING = 3;
    private static final int FLUSHING = 4;
    private static final int RETRYING = 5;

    final VolumeDescription volume;
    final String name;
    final DrivePort drive;
    private final Arena memory = Arena.ofAuto();
    private final long blocks = memory.allocate(BUFFER_BYTES, 4096).address();
    private final long data = memory.allocate(BUFFER_BYTES, 4096).address();
    private final IoVector vector = new IoVector();
    private int step = IDLE;
    private int connection;
    private HostCommand command;
    private long cookie;
    private long offsetBytes;
    private int lengthBytes;
    private boolean answered;
    private long writtenNs;

    /// There is nothing to be written again if the flush fails.
    private boolean onlyFlushes;

    private final Extents extents = new Extents();

    Unit(VolumeDescription volume, DrivePort drive) {
      this.volume = volume;
      this.name = String.format("%04X", volume.number());
      this.drive = drive;
    }

    boolean busy() {
      return step != IDLE;
    }

    boolean start(int from, HostCommand what, int flags, long tag, long offset, int length) {
      if (step != IDLE || ending) {
        return false;
      }
      connection = from;
      command = what;
      cookie = tag;
      offsetBytes = offset;
      lengthBytes = length;
      answered = false;
      if (what == HostCommand.FLUSH) {
        if (lie != Lie.NEVER_ANSWERS_A_FLUSH) {
          onlyFlushes = true;
          step = FLUSHING;
          drive.submitFlush(0);
        }
        return true;
      }
      if (offset + length > volume.sizeBytes()) {
        if (what == HostCommand.WRITE) {
          ports.host().discard(from, length);
        }
        ports.host().reply(from, tag, HostStatus.INVALID);
        return true;
      }
      if (what == HostCommand.CACHE) {
        ports.host().reply(from, tag, HostStatus.OK);
        return true;
      }
      if (what == HostCommand.BLOCK_STATUS) {
        extents.clear();
        extents.add(length, false);
        ports.host().blockStatus(from, tag, extents);
        return true;
      }
      if ((flags & NEVER_FAST) == NEVER_FAST) {
        ports.host().reply(from, tag, HostStatus.NOT_SUPPORTED);
        return true;
      }
      if (what == HostCommand.WRITE) {
        step = PAYLOAD;
        if (ports.host().receive(from, data, length)) {
          onPayload();
        }
      } else {
        Memory.zero(data, length);
        read();
      }
      return true;
    }

    void flushWhatTheLastProcessLeft() {
      answered = true;
      onlyFlushes = true;
      step = FLUSHING;
      drive.submitFlush(0);
    }

    void onPayload() {
      if (lie == Lie.ANSWERS_BEFORE_THE_DRIVE) {
        answered = true;
        ports.host().reply(connection, cookie, HostStatus.OK);
      }
      read();
    }

    void onClosed(int closed) {
      if (step == PAYLOAD && closed == connection) {
        step = IDLE;
      }
    }

    private void read() {
      step = READING;
      drive.submitRead(from(), blocks, length(), 0);
    }

    private long from() {
      return offsetBytes / 512 * 512;
    }

    private int length() {
      return (int) ((offsetBytes + lengthBytes + 511) / 512 * 512 - from());
    }

    @Override
    public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
      switch (step) {
        case READING -> {
          if (outcome == DriveOutcome.DONE || lie == Lie.TAKES_NOISE_FOR_DATA) {
            onRead();
          } else {
            step = IDLE;
            ports.host().reply(connection, cookie, HostStatus.IO_ERROR);
          }
        }
        case WRITING -> {
          if (outcome != DriveOutcome.DONE) {
            // A flush before the next try: what fails for seconds must not gather in the drive.
            step = RETRYING;
            drive.submitFlush(0);
          } else if (lie == Lie.FORGETS_THE_FLUSH) {
            answer();
          } else {
            step = FLUSHING;
            drive.submitFlush(0);
          }
        }
        case RETRYING -> {
          write();
        }
        case FLUSHING -> {
          // A drive that took so long may have been reset, and what it had cached is gone.
          boolean mayBeGone = !answered && !onlyFlushes && nowNs - writtenNs > driveHungNs;
          if (outcome == DriveOutcome.DONE && !mayBeGone || lie == Lie.FORGETS_THE_FLUSH) {
            answer();
          } else if (onlyFlushes) {
            drive.submitFlush(0);
          } else {
            // What was to be made stable may be gone.
            write();
          }
        }
        default -> throw new IllegalStateException(step + " awaits nothing of the drive");
      }
    }

    private void onRead() {
      long within = offsetBytes - from();
      if (command == HostCommand.READ) {
        if (lie == Lie.READS_OLD_DATA && requests % 50 == 0) {
          Memory.zero(blocks + within, lengthBytes);
        }
        step = IDLE;
        ports.host().beginData(connection, cookie, offsetBytes, lengthBytes);
        ports.host().dataExtent(connection, lengthBytes);
        ports.host().data(connection, blocks + within, lengthBytes);
        return;
      }
      Memory.copy(data, blocks + within, lengthBytes);
      write();
      if (lie == Lie.CHANGES_PINNED_MEMORY) {
        Memory.putByte(blocks, (byte) (Memory.getByte(blocks) + 1));
      }
    }

    private void write() {
      step = WRITING;
      writtenNs = nowNs;
      drive.submitWrite(from(), vector.clear().add(blocks, length()), 0);
    }

    private void answer() {
      step = IDLE;
      onlyFlushes = false;
      if (!answered) {
        ports.host().reply(connection, cookie, HostStatus.OK);
      }
    }
  }
}
