package farside.rig.site;

import farside.driver.serial.SerialConsole;
import farside.driver.serial.SerialSettings;
import farside.protocol.console.ConsoleLineSettings;
import farside.rig.description.Rig;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// Makes the serial consoles that a rig describes.
final class SerialLines {
  private SerialLines() {}

  static SerialConsole console(Rig.SerialLine line, Rig.Cabinet cabinet, Runnable wakeCabinet) {
    return new SerialConsole(
        new SerialSettings(
            line.device(),
            line.baud(),
            line.dataBits(),
            SerialSettings.Parity.valueOf(constant(line.parity())),
            line.stopBits(),
            SerialSettings.FlowControl.valueOf(constant(line.flowControl())),
            line.password(),
            new ConsoleLineSettings(
                cabinet.site(),
                cabinet.serial(),
                line.rows(),
                line.columns(),
                !line.password().isEmpty(),
                TimeUnit.MINUTES.toNanos(line.idleLogoutMinutes()))),
        wakeCabinet);
  }

  private static String constant(String word) {
    return word.replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
