package farside.driver.serial;

import com.fazecast.jSerialComm.SerialPort;
import com.fazecast.jSerialComm.SerialPortInvalidPortException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// One opened serial line. Reads and writes may go on at the same time, on two threads.
///
/// No listener of jSerialComm is used: once a line hangs up it reports that again and again in a
/// hot loop, and it starts a thread that nobody can join. A read that comes back empty at once,
/// time after time, is taken for a hang-up as well.
final class Tty {
  /// How long a read waits; also how long it takes until a close is noticed.
  static final int READ_WAIT_MS = 500;

  private static final long EMPTY_AT_ONCE_NS = TimeUnit.MILLISECONDS.toNanos(READ_WAIT_MS / 5);
  private static final int EMPTY_AT_ONCE_MAX = 8;

  private final SerialPort port;
  private volatile boolean isGone;
  private int emptyAtOnceCount;

  private Tty(SerialPort port) {
    this.port = port;
  }

  /// @throws IOException whose message says why, without the device's name
  static Tty open(SerialSettings settings) throws IOException {
    // The same path may be another device by now, so it is looked up each time.
    if (!Files.exists(Path.of(settings.device()))) {
      throw new IOException("there is no such device");
    }
    SerialPort port;
    try {
      port = SerialPort.getCommPort(settings.device());
    } catch (SerialPortInvalidPortException e) {
      throw new IOException("it is no serial line", e);
    }
    port.setComPortParameters(
        settings.baud(),
        settings.dataBits(),
        settings.stopBits() == 2 ? SerialPort.TWO_STOP_BITS : SerialPort.ONE_STOP_BIT,
        switch (settings.parity()) {
          case NONE -> SerialPort.NO_PARITY;
          case ODD -> SerialPort.ODD_PARITY;
          case EVEN -> SerialPort.EVEN_PARITY;
        });
    port.setFlowControl(
        switch (settings.flowControl()) {
          case NONE -> SerialPort.FLOW_CONTROL_DISABLED;
          case RTS_CTS -> SerialPort.FLOW_CONTROL_RTS_ENABLED | SerialPort.FLOW_CONTROL_CTS_ENABLED;
          case XON_XOFF ->
            SerialPort.FLOW_CONTROL_XONXOFF_IN_ENABLED
                | SerialPort.FLOW_CONTROL_XONXOFF_OUT_ENABLED;
        });
    port.setComPortTimeouts(SerialPort.TIMEOUT_READ_SEMI_BLOCKING, READ_WAIT_MS, 0);
    if (!port.openPort(0)) {
      throw new IOException("error " + port.getLastErrorCode() + " of the system");
    }
    return new Tty(port);
  }

  /// @return how many bytes came; 0 if none came for a while; -1 if the line is gone
  int read(byte[] into) {
    long startNs = System.nanoTime();
    int readBytes = isGone ? -1 : port.readBytes(into, into.length);
    if (readBytes != 0) {
      emptyAtOnceCount = 0;
    } else if (System.nanoTime() - startNs < EMPTY_AT_ONCE_NS) {
      emptyAtOnceCount++;
    }
    if (readBytes < 0 || emptyAtOnceCount > EMPTY_AT_ONCE_MAX) {
      isGone = true;
      return -1;
    }
    return readBytes;
  }

  /// Waits for as long as the line does not take it. What a line that is gone does not take is
  /// lost.
  void write(byte[] bytes, int length) {
    for (int written = 0; written < length && !isGone; ) {
      int count = port.writeBytes(bytes, length - written, written);
      if (count <= 0) {
        isGone = true;
      } else {
        written += count;
      }
    }
  }

  void close() {
    isGone = true;
    port.closePort();
  }
}
