package farside.replay;

import java.util.List;

/// What a recording can hold: every kind of fact that crosses a port of a cabinet, and what
/// stands around them. `specs/recording.md` has the same table with what each means.
///
/// Codes are never given twice. The names of the numbers and texts are what a difference is
/// told with.
public enum FactKind {
  // ---- the cabinet ----
  OPENED(
      1,
      "wallMsAtZero nvramBytes nvramContents recorderBytes drives links",
      "build site rigFile rig nvramLossReason",
      false),
  NVRAM_FOUND(2, "offsetBytes", "", true),
  RECORDER_FOUND(3, "offsetBytes", "", true),
  ROUND(4, "sinceLastNs", "", false),
  ROUND_END(5, "worked", "", false),
  SHUTDOWN_ASKED(6, "", "", false),
  STATE(7, "", "state", false),
  STOPPED(8, "", "because", false),
  ENDED(9, "isDown", "", false),

  // ---- NVRAM, chance, events ----
  NVRAM_COMMIT(16, "offsetBytes word", "", false),
  NVRAM_FORCE(17, "", "", false),
  RANDOM(18, "drawn", "", false),
  EVENT(19, "atNs number", "severity text", false),
  NVRAM_LOG(20, "", "name", false),
  NVRAM_LOG_WRITE(21, "lengthBytes", "", false),
  NVRAM_LOG_WRITTEN(22, "isDurable", "failure", false),

  // ---- drives ----
  DRIVE_ATTACHED(32, "sizeBytes blockBytes mayBeLabelled queueDepth", "name identity", false),
  DRIVE_KNOWN_ZERO(33, "belowBytes isKnown", "", false),
  DRIVE_ZEROES(34, "fromBytes toBytes", "", false),
  DRIVE_ZEROES_END(35, "", "", false),
  DRIVE_READ(36, "offsetBytes lengthBytes tag", "", false),
  DRIVE_WRITE(37, "offsetBytes lengthBytes crc32c tag", "", false),
  DRIVE_WRITE_THROUGH(38, "offsetBytes lengthBytes crc32c tag", "", false),
  DRIVE_ZERO(39, "offsetBytes lengthBytes tag", "", false),
  DRIVE_FLUSH(40, "tag", "", false),
  DRIVE_COMPLETION(41, "tag outcome firstBadByte", "", true),

  // ---- links ----
  LINK_ATTACHED(48, "", "name", false),
  LINK_SEEN(49, "figure value", "", false),
  LINK_DESCRIBED(50, "", "description", false),
  LINK_SUBMIT(51, "headerBytes payloadBytes crc32c tag answer", "", false),
  LINK_VARY(52, "on", "", false),
  LINK_HANG_UP(53, "", "reason", false),
  LINK_FRAME(54, "", "", true),
  LINK_PLACE_ASKED(55, "payloadBytes", "", true),
  LINK_PLACE_ANSWERED(56, "given", "", false),
  LINK_FRAME_IN_PLACE(57, "headBytes", "", true),
  LINK_PLACE_FREE(58, "", "", false),
  LINK_SENT(59, "tag", "", false),
  LINK_CARRIER(60, "up", "reason", false),
  PANEL_OBSTACLE(61, "", "end address obstacle", false),
  PANEL_PLUG(62, "", "name end address", false),
  PANEL_PULL(63, "", "", false),

  // ---- hosts ----
  HOST_OFFER(80, "sizeBytes blockBytes readOnly ready", "name description reason", false),
  HOST_RECEIVE(81, "connection lengthBytes isThere", "", true),
  HOST_DISCARD(82, "connection lengthBytes", "", false),
  HOST_REPLY(83, "connection cookie status", "", false),
  HOST_BEGIN_DATA(84, "connection cookie offsetBytes lengthBytes", "", false),
  HOST_DATA_EXTENT(85, "connection lengthBytes", "", false),
  HOST_ZERO_EXTENT(86, "connection lengthBytes", "", false),
  HOST_DATA(87, "connection lengthBytes crc32c", "", false),
  HOST_FAIL_DATA(88, "connection status", "", false),
  HOST_BLOCK_STATUS(89, "connection cookie", "extents", false),
  HOST_IS_WRITABLE(90, "connection isWritable", "", false),
  HOST_CLOSE(91, "connection", "reason", false),
  HOST_STOP_LISTENING(92, "", "", false),
  HOST_OPENED(93, "connection", "volume remote", false),
  HOST_REQUEST(94, "connection command flags cookie offsetBytes lengthBytes", "", false),
  HOST_REQUEST_ANSWERED(95, "isTaken", "", false),
  HOST_PAYLOAD(96, "connection", "", true),
  HOST_DISCONNECT(97, "connection", "", false),
  HOST_CLOSED(98, "connection", "", false),

  // ---- consoles ----
  CONSOLE_COMMAND(112, "session json", "line", false),
  CONSOLE_LINE(113, "news", "line detail", false),
  CONSOLE_ANSWER(114, "session exitCode", "text", false),

  // ---- any port that is drained ----
  DRAIN(120, "emptyBefore", "", false),
  DRAINED(121, "count", "", false);

  private static final FactKind[] BY_CODE = byCode();

  private final int code;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> numbers;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> texts;

  private final boolean hasContent;

  FactKind(int code, String numbers, String texts, boolean hasContent) {
    this.code = code;
    this.numbers = words(numbers);
    this.texts = words(texts);
    this.hasContent = hasContent;
  }

  private static List<String> words(String names) {
    return names.isEmpty() ? List.of() : List.of(names.split(" "));
  }

  private static FactKind[] byCode() {
    FactKind[] kinds = new FactKind[Byte.MAX_VALUE];
    for (FactKind kind : values()) {
      kinds[kind.code] = kind;
    }
    return kinds;
  }

  /// Null if no kind has the code.
  static FactKind of(int code) {
    return code < 0 || code >= BY_CODE.length ? null : BY_CODE[code];
  }

  public int code() {
    return code;
  }

  /// The names of its numbers, in order.
  public List<String> numbers() {
    return numbers;
  }

  /// The names of its texts, in order.
  public List<String> texts() {
    return texts;
  }

  /// True if bytes belong to it: payload that came from outside.
  public boolean hasContent() {
    return hasContent;
  }
}
