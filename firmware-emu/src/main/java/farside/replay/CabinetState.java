package farside.replay;

import farside.cabinet.Cabinet;
import farside.cache.TrackBits;
import farside.cache.WriteRecords;
import farside.volume.Volume;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.CRC32C;

/// What a cabinet holds at one instant, as text: `query`, and of each volume checksums of its
/// track table and of its live records.
final class CabinetState {
  private CabinetState() {}

  static String of(Cabinet cabinet) {
    StringBuilder out = new StringBuilder(cabinet.query());
    WriteRecords records = cabinet.memory().records();
    out.append("numbers: own ")
        .append(cabinet.memory().numbers().last())
        .append(", the peer's ")
        .append(cabinet.memory().peerReceived())
        .append('\n');
    for (Volume volume : cabinet.volumes().list()) {
      out.append("volume ")
          .append(volume.name())
          .append(volume.isReady() ? "" : ", not ready: " + volume.notReadyReason())
          .append(": owed ")
          .append(shown(volume.table().owed()))
          .append(", pending ")
          .append(shown(volume.table().pending()))
          .append(", local records ")
          .append(shown(records, volume.index(), true))
          .append(", remote records ")
          .append(shown(records, volume.index(), false))
          .append('\n');
    }
    return out.toString();
  }

  private static String shown(TrackBits bits) {
    CRC32C crc = new CRC32C();
    ByteBuffer word = ByteBuffer.allocate(Integer.BYTES);
    int track = bits.next(0);
    while (track >= 0) {
      crc.update(word.putInt(0, track).array());
      track = bits.next(track + 1);
    }
    return bits.count() + " crc " + hex(crc);
  }

  private static String shown(WriteRecords records, int volume, boolean isLocal) {
    CRC32C crc = new CRC32C();
    ByteBuffer facts = ByteBuffer.allocate(32);
    int count = 0;
    int record = isLocal ? records.localHeadOf(volume) : records.remoteHeadOf(volume);
    while (record != WriteRecords.NONE) {
      facts.clear();
      facts.putLong(records.numberOf(record));
      facts.putLong(records.offsetOf(record));
      facts.putInt(records.lengthOf(record));
      facts.putInt(records.payloadCrcOf(record));
      facts.put((byte) (records.isIncoming(record) ? 1 : 0));
      facts.put((byte) (records.isZeroes(record) ? 1 : 0));
      facts.put((byte) (records.isReleased(record) ? 1 : 0));
      facts.put((byte) (records.isLocalPending(record) ? 1 : 0));
      facts.put((byte) (records.isRemotePending(record) ? 1 : 0));
      facts.put((byte) (records.isDestaging(record) ? 1 : 0));
      crc.update(facts.flip());
      count++;
      record = isLocal ? records.localNextOf(record) : records.remoteNextOf(record);
    }
    return count + " crc " + hex(crc);
  }

  private static String hex(CRC32C crc) {
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
