package farside.replay;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetPorts;
import farside.director.EventCode;
import farside.port.DrivePort;
import farside.port.EventPort;
import farside.port.IoVector;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.RandomPort;
import farside.port.RecorderPort;
import farside.port.powersafe.LoggedNvram;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/// Sees everything that crosses the ports of one cabinet, in order, and passes it to a sink: to
/// a file in a recording, to a comparison with that file in a replay.
///
/// It stands in front of every port that the cabinet is given, and is told of the rounds by
/// whoever runs the cabinet: that is all that a director can learn, and all it can do. What
/// comes in is kept whole; of payload that goes out the CRC-32C is.
///
/// A port that is drained in vain, or asked the same again with the same answer, leaves no
/// fact: so an idle round is a few bytes.
public final class PortRecorder {
  /// How often the state of the cabinet is told.
  static final long STATE_EVERY_NS = 1_000_000_000L;

  private static final int PAGE_BYTES = 4096;

  private final FactSink sink;
  private final CRC32C crc = new CRC32C();
  private byte[] headerBytes = new byte[256];
  private Cabinet cabinet;
  private int lastPort;
  private long lastRoundNs;
  private long stateToldNs;
  private boolean isOver;

  public PortRecorder(FactSink sink) {
    this.sink = sink;
  }

  // ---- around the cabinet ----

  /// The facts that a replay begins with: who recorded, and what the cabinet found in its NVRAM.
  public void open(Origin origin, CabinetPorts ports, long wallMsAtZero) {
    NvramPort nvram = ports.nvram();
    note(
        FactKind.OPENED,
        0,
        new String[] {
          origin.build(), origin.site(), origin.rigFile(), origin.rig(), nvram.lossReason()
        },
        wallMsAtZero,
        nvram.sizeBytes(),
        nvram.contents().ordinal(),
        ports.recorder().sizeBytes(),
        ports.drives().size(),
        ports.links().size());
    if (nvram instanceof LoggedNvram logged) {
      note(FactKind.NVRAM_LOG, 0, new String[] {logged.log().name()});
    }
    for (long offset = 0; offset < nvram.sizeBytes(); offset += PAGE_BYTES) {
      found(FactKind.NVRAM_FOUND, offset, bytesAt(nvram.address() + offset, PAGE_BYTES));
    }
    RecorderPort recorder = ports.recorder();
    byte[] ring = new byte[recorder.sizeBytes()];
    for (int offset = 0; offset < ring.length; offset += Long.BYTES) {
      long word = recorder.getLong(offset);
      for (int i = 0; i < Long.BYTES; i++) {
        ring[offset + i] = (byte) (word >> 8 * i);
      }
    }
    found(FactKind.RECORDER_FOUND, 0, ring);
  }

  private void found(FactKind kind, long offsetBytes, byte[] bytes) {
    for (byte each : bytes) {
      if (each != 0) {
        noteContent(kind, 0, bytes, offsetBytes);
        return;
      }
    }
  }

  /// The same ports with the recorder in front of each.
  public CabinetPorts over(CabinetPorts ports) {
    List<DrivePort> drives = new ArrayList<>();
    for (DrivePort drive : ports.drives()) {
      drives.add(new RecordedDrive(this, drive));
    }
    List<LinkPort> links = new ArrayList<>();
    for (LinkPort link : ports.links()) {
      links.add(new RecordedLink(this, link));
    }
    return new CabinetPorts(
        over(ports.nvram()),
        ports.recorder(),
        drives,
        links,
        new RecordedPanel(this, ports.panel()),
        new RecordedHost(this, ports.host()),
        new RecordedConsole(this, ports.console()),
        over(ports.events()),
        over(ports.random()));
  }

  /// A cabinet knows power-safe NVRAM by its log: so the recorder stands behind the log, and in
  /// front of what the log is written to.
  private NvramPort over(NvramPort nvram) {
    if (nvram instanceof LoggedNvram logged) {
      logged.log().putInFront(device -> new RecordedNvramLog(this, device));
      return new LoggedNvram(new RecordedNvram(this, logged.behind()), logged.log());
    }
    return new RecordedNvram(this, nvram);
  }

  private EventPort over(EventPort events) {
    return (nowNs, number, severity, text) -> {
      note(FactKind.EVENT, 0, new String[] {severity, text}, nowNs, number);
      events.submit(nowNs, number, severity, text);
    };
  }

  private RandomPort over(RandomPort random) {
    return () -> {
      long drawn = random.nextNonZero();
      note(FactKind.RANDOM, 0, drawn);
      return drawn;
    };
  }

  /// The cabinet that was wired to the ports: the one whose state is told.
  public void watch(Cabinet wired) {
    cabinet = wired;
  }

  /// A round begins.
  public void beginRound(long nowNs) {
    note(FactKind.ROUND, 0, nowNs - lastRoundNs);
    lastRoundNs = nowNs;
  }

  /// A round has ended well.
  public void endRound(int worked) {
    note(FactKind.ROUND_END, 0, worked);
    if (lastRoundNs - stateToldNs >= STATE_EVERY_NS) {
      tellState();
    }
    sink.onRoundEnd(worked == 0);
    if (!isOver && !sink.trouble().isEmpty()) {
      isOver = true;
      cabinet.events().log(EventCode.RECORDING_ENDED, sink.trouble());
    }
  }

  private void tellState() {
    stateToldNs = lastRoundNs;
    if (!isOver) {
      note(FactKind.STATE, 0, new String[] {CabinetState.of(cabinet)});
    }
  }

  /// A round, or the wiring of the cabinet, ended by an exception.
  public void stopped(Throwable because) {
    note(FactKind.STOPPED, 0, new String[] {String.valueOf(because)});
  }

  /// Somebody outside asks the cabinet to destage everything and end.
  public void shutdownAsked() {
    note(FactKind.SHUTDOWN_ASKED, 0);
  }

  /// No round will come any more; the state is told once more.
  public void end() {
    note(FactKind.ENDED, 0, cabinet.isDown() ? 1 : 0);
    tellState();
  }

  // ---- for the ports ----

  int nextPort() {
    return ++lastPort;
  }

  void note(FactKind kind, int port, long... numbers) {
    note(kind, port, Fact.NO_TEXTS, numbers);
  }

  void note(FactKind kind, int port, String[] texts, long... numbers) {
    if (!isOver) {
      sink.accept(new Fact(kind, port, numbers, texts, Fact.NO_CONTENT));
    }
  }

  void noteContent(FactKind kind, int port, byte[] content, long... numbers) {
    if (!isOver) {
      sink.accept(new Fact(kind, port, numbers, Fact.NO_TEXTS, content));
    }
  }

  static byte[] bytesAt(long address, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    Memory.at(address, lengthBytes).asByteBuffer().get(bytes);
    return bytes;
  }

  long crcOf(IoVector source) {
    crc.reset();
    for (int i = 0; i < source.count(); i++) {
      crc.update(Memory.at(source.address(i), source.lengthBytes(i)).asByteBuffer());
    }
    return crc.getValue();
  }

  long crcOf(long address, int lengthBytes) {
    crc.reset();
    crc.update(Memory.at(address, lengthBytes).asByteBuffer());
    return crc.getValue();
  }

  long crcOf(DirectBuffer header, int headerLength, long payloadAddress, int payloadLength) {
    crc.reset();
    if (headerLength > headerBytes.length) {
      headerBytes = new byte[headerLength];
    }
    header.getBytes(0, headerBytes, 0, headerLength);
    crc.update(headerBytes, 0, headerLength);
    if (payloadLength > 0) {
      crc.update(Memory.at(payloadAddress, payloadLength).asByteBuffer());
    }
    return crc.getValue();
  }
}
