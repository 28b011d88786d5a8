package farside.director;

/// Every event of a cabinet: number, severity, sentence. Numbers are never given twice, and a
/// retired one keeps its row. Tests and manuals refer to the number. The list with its cures is
/// `specs/events.md`.
///
/// 1000 cabinet and IML, 2000 hosts and channel adapter, 3000 links and pairs, 4000 drives,
/// 5000 console.
public enum EventCode {
  IML_STARTED(1001, Severity.INFO, "IML: cabinet %s, NVRAM %s, incarnation %016x"),
  IML_COMPLETE(1002, Severity.INFO, "IML complete: %d records kept, %d volumes"),
  NVRAM_LOST(
      1003,
      Severity.ERROR,
      "NVRAM was not ended cleanly before the machine stopped: nothing in it is believed"),
  SHUTDOWN_STARTED(1004, Severity.INFO, "shutdown: %d records to destage"),
  SHUTDOWN_COMPLETE(1005, Severity.INFO, "shutdown complete: everything destaged, NVRAM clean"),
  MACHINE_CHECK(1006, Severity.ERROR, "machine check: %s"),
  RECORD_CRC_BAD(
      1007,
      Severity.ERROR,
      "NVRAM record %d of volume %s is committed but its checksum is wrong: it is dropped"),
  NVRAM_REBUILT(
      1008,
      Severity.WARNING,
      "NVRAM was not ended cleanly before the machine stopped: it was built anew from its log, and nothing acknowledged is lost"),
  NVRAM_LOG_UNUSABLE(1009, Severity.ERROR, "NVRAM is power-safe, but its log is of no use: %s"),
  NVRAM_LOG_FAILED(1010, Severity.ERROR, "NVRAM log failed: %s"),
  SHUTDOWN_INCOMPLETE(
      1011,
      Severity.ERROR,
      "shutdown incomplete: %d records stay in NVRAM for drives that do not answer: %s"),
  RECORDING_ENDED(1012, Severity.WARNING, "the recording has ended before the cabinet: %s"),
  SHUTDOWN_IN_IML(
      1013,
      Severity.ERROR,
      "shutdown in IML: no host was served, and NVRAM keeps what it had; waited for drives: %s"),
  NVRAM_MENDED(
      1014,
      Severity.WARNING,
      "NVRAM had changed by itself: records came back from its log, and nothing of them is lost"),

  HOST_OPENED(2001, Severity.INFO, "host %s opened volume %s (connection %d)"),
  HOST_CLOSED(2002, Severity.INFO, "connection %d closed: %s"),
  VOLUME_READY(2003, Severity.INFO, "volume %s ready"),
  VOLUME_NOT_READY(2004, Severity.WARNING, "volume %s not ready: %s"),
  HOST_IO_ERROR(
      2005,
      Severity.ERROR,
      "volume %s: %s at byte %d, %d bytes, answered with an error: %s (%d times so far)"),

  LINK_UP(3001, Severity.INFO, "link %s up: %s"),
  LINK_DOWN(3002, Severity.WARNING, "link %s down: %s"),
  SESSION_STATE(3003, Severity.INFO, "remote adapter: session %s -> %s (%s)"),
  FRAME_REFUSED(3004, Severity.WARNING, "frame refused: %s (%d so far)"),
  PEER_MISMATCH(3005, Severity.ERROR, "peer refused: %s"),
  GROUP_TRIPPED(
      3006,
      Severity.WARNING,
      "group %s suspended, new generation %016x: %s; hosts go on, the peer is owed"),
  PAIR_STATE(3007, Severity.INFO, "volume %s: pair %s -> %s (%s)"),
  COPY_STARTED(3008, Severity.INFO, "volume %s: %d tracks owed to the peer, copy started"),
  COPY_COMPLETE(
      3009, Severity.INFO, "volume %s: copy complete, synchronized under generation %016x"),
  POSSIBLY_STALE(3010, Severity.WARNING, "volume %s: %s; this copy is possibly stale since %s"),
  PAIR_CONFLICT(3011, Severity.ERROR, "volume %s: %s; nothing is copied until an operator decides"),
  RETRANSMISSION(3012, Severity.WARNING, "frames sent again: %d so far"),
  PEER_INCARNATION_NEW(
      3013,
      Severity.WARNING,
      "the peer lost its NVRAM: what was not stable on its drives is owed again"),
  LINK_VARIED(3014, Severity.INFO, "link %s varied %s by the operator"),
  LINK_JOINED(3021, Severity.INFO, "link %s carries the session: %d of %d links do now"),
  LINK_LEFT(
      3022,
      Severity.WARNING,
      "link %s left the session: %s; %d frames on it go over the others (%d times so far)"),
  LINK_HUNG_UP(3023, Severity.WARNING, "link %s: nothing came for %d ms, it is connected anew"),
  LINK_ADDED(3024, Severity.INFO, "link %s was added by the operator: %s"),
  LINK_REMOVED(3025, Severity.INFO, "link %s was removed by the operator; %d links are left"),
  BLOCKS_BORROWED(
      3031,
      Severity.WARNING,
      "volume %s: %d blocks of track %d, which the drive does not give, came from the peer (%d so far)"),
  BLOCKS_NOWHERE(
      3032,
      Severity.ERROR,
      "volume %s: %d blocks of track %d, which the drive does not give, are not to be had: %s"),
  BLOCKS_REPAIRED(
      3033,
      Severity.INFO,
      "volume %s: %d blocks at byte %d written anew with what the peer had, and stable (%d so far)"),
  COPY_UNREADABLE(
      3034,
      Severity.ERROR,
      "volume %s: track %d cannot be read and stays owed to the peer; tried again in %d s"),
  INTAKE_SHUT(
      3035,
      Severity.ERROR,
      "volume %s takes no writes of the peer, nor does the rest of group %s: %s"),
  INTAKE_OPEN(3036, Severity.INFO, "volume %s can take writes of the peer again"),
  PEER_TAKES_NO_WRITES(
      3037,
      Severity.WARNING,
      "group %s is left out of the session: the peer takes no writes of volume %s"),
  READ_FROM_PEER(
      3038,
      Severity.WARNING,
      "volume %s: its drive is in doubt; what is not in memory is read from the peer"),
  READ_FROM_DRIVE(
      3039,
      Severity.INFO,
      "volume %s: its drive is read again; %d blocks came from the peer meanwhile"),
  WRITE_OUT_OF_ORDER(
      3040,
      Severity.ERROR,
      "volume %s: the peer sent write %d after %d, which is not taken; everything is to be copied"),

  DRIVE_READY(4001, Severity.INFO, "drive %s ready: %s"),
  DRIVE_REFUSED(4002, Severity.ERROR, "drive %s refused: %s"),
  DESTAGE_FAILED(
      4003, Severity.ERROR, "drive %s: destage at byte %d failed: %s; tried again in %d ms"),
  STAGE_FAILED(4004, Severity.ERROR, "drive %s: read at byte %d failed: %s (%d times so far)"),
  FLUSH_FAILED(4005, Severity.ERROR, "drive %s: flush failed: %s"),
  LABEL_WRITTEN(4006, Severity.INFO, "drive %s: label written (%s)"),
  LABEL_REFUSED(
      4008,
      Severity.ERROR,
      "drive %s does not take its label: its group goes on without it, and nothing is destaged to it"),
  DRIVE_SUSPECT(
      4009, Severity.WARNING, "drive %s is suspect: a request has taken %d ms so far, or took it"),
  DRIVE_WELL(
      4010, Severity.INFO, "drive %s is well again: %d requests were slow, the slowest took %d ms"),
  DRIVE_IN_DOUBT(
      4011,
      Severity.ERROR,
      "drive %s is in doubt: it has not answered for %d ms, %d requests; nothing more is sent to it"),
  DRIVE_RETURNED(
      4012,
      Severity.WARNING,
      "drive %s has returned all requests %d ms after it came in doubt: it is looked at again"),
  LABEL_AWAITED(
      4013, Severity.ERROR, "drive %s does not give its label: %s; it is asked again each second"),

  CONSOLE_COMMAND(5001, Severity.INFO, "console: %s -> %d"),
  CONSOLE_LINE(5002, Severity.INFO, "console line %s: %s"),
  CONSOLE_GUESSED(
      5003, Severity.WARNING, "console line %s: wrong passwords in a row, the line rests");

  private final int number;
  private final Severity severity;
  private final String sentence;

  EventCode(int number, Severity severity, String sentence) {
    this.number = number;
    this.severity = severity;
    this.sentence = sentence;
  }

  public int number() {
    return number;
  }

  public Severity severity() {
    return severity;
  }

  /// Sentence with its places, in the manner of [String#format].
  public String sentence() {
    return sentence;
  }
}
