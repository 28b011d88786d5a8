package farside.cache;

import farside.director.MachineCheck;
import java.util.Arrays;

/// IML's reading of every header in NVRAM: what is committed is taken over, what has no pending
/// bit left is cleared, what is damaged is told and dropped.
final class RecordScan {
  private final RecordHeaders headers;
  private int badCount;

  RecordScan(RecordHeaders headers) {
    this.headers = headers;
  }

  /// The records to be taken over, oldest first.
  int[] run(WriteRecords.BadRecordSink bad) {
    int[] live = new int[headers.count()];
    int found = 0;
    for (int record = 0; record < headers.count(); record++) {
      if (headers.isCommitted(record) && isToBeKept(record, bad)) {
        live[found++] = record;
      }
    }
    Integer[] order = new Integer[found];
    for (int i = 0; i < found; i++) {
      order[i] = live[i];
    }
    Arrays.sort(order, (a, b) -> Long.compare(headers.arrival(a), headers.arrival(b)));
    int[] oldestFirst = new int[found];
    for (int i = 0; i < found; i++) {
      oldestFirst[i] = order[i];
    }
    return oldestFirst;
  }

  private boolean isToBeKept(int record, WriteRecords.BadRecordSink bad) {
    if (!headers.isLocalPending(record) && !headers.isRemotePending(record)) {
      headers.clear(record);
      return false;
    }
    MachineCheck.require(
        headers.isWhole(record),
        "NVRAM record " + record + ": header does not match its commit word");
    if (!headers.isPayloadWhole(record)) {
      int track = (int) (headers.offsetBytes(record) / BlockMask.TRACK_BYTES);
      bad.onBadRecord(record, headers.volumeIndex(record), track, headers.isLocalPending(record));
      headers.clear(record);
      badCount++;
      return false;
    }
    return true;
  }

  int badCount() {
    return badCount;
  }
}
