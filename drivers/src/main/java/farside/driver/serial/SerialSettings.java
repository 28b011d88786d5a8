package farside.driver.serial;

import farside.protocol.console.ConsoleLineSettings;

/// A serial line of a rig.
///
/// @param device path, such as `/dev/serial/by-id/...`
/// @param baud bits per second
/// @param dataBits 7 or 8
/// @param passwordHash as [PasswordHash] writes it; empty if none is asked for
public record SerialSettings(
    String device,
    int baud,
    int dataBits,
    Parity parity,
    int stopBits,
    FlowControl flowControl,
    String passwordHash,
    ConsoleLineSettings screen) {
  /// How a character is checked.
  public enum Parity {
    NONE,
    ODD,
    EVEN
  }

  /// How either side makes the other wait.
  public enum FlowControl {
    NONE,
    RTS_CTS,
    XON_XOFF
  }
}
