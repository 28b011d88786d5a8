package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// One connection of a client, as a machine: it is given bytes and says what they mean.
///
/// The server's loop over what it has received:
///
/// 1. [#accept] takes bytes up to the end of one message, or all of them; [#message] says
/// which. 2. If [#outboundBytes] is not 0, that much of [#outbound] goes to the client:
/// [#outboundSent]. 3. After `REQUEST`: [#take]. Then the next [#payloadBytes] bytes belong to
/// the server, which reports them by [#payloadTaken]. [#giveBack] undoes a `take` before that.
/// 4. After `SECURE`: [#secured], once all further bytes come through TLS.
///
/// How the bytes were cut into pieces makes no difference to what comes out. Whatever they are,
/// nothing is thrown and what is kept of them is bounded by `NbdLimits`; after garbage the
/// message is `CLOSE`. From the first request on, nothing is allocated.
public final class NbdSession {
  /// Handshake flags, ours and the client's: the same bits.
  static final int FIXED_NEWSTYLE = 1;

  static final int NO_ZEROES = 1 << 1;

  private final HandshakeWriter writer = new HandshakeWriter();
  private final NbdHaggling haggling;
  private final RequestFlyweight request = new RequestFlyweight();
  private final UnsafeBuffer header = new UnsafeBuffer(new byte[RequestFlyweight.LENGTH_BYTES]);
  private int headerBytes;

  private NbdSessionState state = NbdSessionState.CLIENT_FLAGS;
  private NbdMessage message = NbdMessage.NONE;
  private String reason = "";

  private boolean fixedNewstyle;
  private boolean noZeroes;
  private int optionCount;
  private int option;
  private NbdOption served;
  private int optionBytes;
  private int optionBytesHere;
  private ExpandableArrayBuffer optionData = new ExpandableArrayBuffer(64);

  private boolean structuredReplies;
  private boolean allocationContext;
  private NbdCommand command;
  private int flags;
  private long cookie;
  private long offsetBytes;
  private long lengthBytes;
  private NbdError error = NbdError.NONE;
  private NbdError errorAfterSwallow = NbdError.NONE;
  private long remainingBytes;

  /// The greeting is to be sent at once: a server speaks first.
  public NbdSession(ExportDirectory exports, TlsPolicy tls) {
    haggling = new NbdHaggling(exports, writer, tls);
    writer.greeting(FIXED_NEWSTYLE | NO_ZEROES);
  }

  public NbdSessionState state() {
    return state;
  }

  public NbdMessage message() {
    return message;
  }

  /// Why the connection must be closed, for people.
  public String reason() {
    return reason;
  }

  /// The export that was opened, as it was then; null before.
  public NbdExport export() {
    return haggling.export();
  }

  /// True if the replies to reads, and all errors, are chunks.
  public boolean hasStructuredReplies() {
    return structuredReplies;
  }

  public NbdCommand command() {
    return command;
  }

  /// Command flags, each of which the command takes.
  public int flags() {
    return flags;
  }

  public long cookie() {
    return cookie;
  }

  public long offsetBytes() {
    return offsetBytes;
  }

  public long lengthBytes() {
    return lengthBytes;
  }

  /// The ending of a request that was `ANSWERED`.
  public NbdError error() {
    return error;
  }

  /// What of the bytes that follow is payload that the server has to take.
  public long payloadBytes() {
    return state == NbdSessionState.PAYLOAD ? remainingBytes : 0;
  }

  /// True if the bytes so far end where a message ends: a client that stops here has left
  /// nothing half said.
  public boolean isBetweenMessages() {
    return switch (state) {
      case OPTION, REQUEST, SECURING -> headerBytes == 0;
      case ENDED -> true;
      default -> false;
    };
  }

  public DirectBuffer outbound() {
    return writer.buffer();
  }

  public int outboundBytes() {
    return writer.lengthBytes();
  }

  public void outboundSent() {
    writer.clear();
  }

  /// Takes bytes up to the end of a message or of what there is; returns how many. Takes none
  /// while a request is offered, payload expected or TLS about to begin.
  public int accept(DirectBuffer in, int offset, int length) {
    message = NbdMessage.NONE;
    int taken = 0;
    while (message == NbdMessage.NONE && taken < length) {
      int from = offset + taken;
      int left = length - taken;
      switch (state) {
        case CLIENT_FLAGS -> taken += onClientFlags(in, from, left);
        case OPTION -> taken += onOption(in, from, left);
        case OPTION_DATA -> taken += onOptionData(in, from, left);
        case OPTION_SKIP -> taken += onOptionSkip(left);
        case REQUEST -> taken += onRequest(in, from, left);
        case SWALLOW -> taken += onSwallow(left);
        case SECURING, OFFERED, PAYLOAD, ENDED -> {
          return taken;
        }
      }
    }
    return taken;
  }

  /// All bytes from here on come through TLS; what was agreed before is forgotten.
  public void secured() {
    check(NbdSessionState.SECURING);
    haggling.onSecured();
    become(NbdSessionState.OPTION);
  }

  /// The server has the request that was offered.
  public void take() {
    check(NbdSessionState.OFFERED);
    become(command == NbdCommand.WRITE ? NbdSessionState.PAYLOAD : NbdSessionState.REQUEST);
    remainingBytes = command == NbdCommand.WRITE ? lengthBytes : 0;
  }

  /// The server has so many bytes of payload, or has dropped them.
  public void payloadTaken(long bytes) {
    check(NbdSessionState.PAYLOAD);
    if (bytes > remainingBytes) {
      throw new IllegalStateException(
          "NBD: took " + bytes + " bytes of payload, " + remainingBytes + " are left");
    }
    remainingBytes -= bytes;
    if (remainingBytes == 0) {
      become(NbdSessionState.REQUEST);
    }
  }

  /// The server cannot have the request now after all; it is offered again. Only right after
  /// [#take].
  public void giveBack() {
    boolean untouched = command == NbdCommand.WRITE
        ? state == NbdSessionState.PAYLOAD && remainingBytes == lengthBytes
        : state == NbdSessionState.REQUEST && headerBytes == 0;
    if (!untouched) {
      throw new IllegalStateException("NBD: " + command + " given back in " + state + " with "
          + remainingBytes + " of " + lengthBytes + " bytes of payload left");
    }
    become(NbdSessionState.OFFERED);
  }

  private int onClientFlags(DirectBuffer in, int offset, int length) {
    int step = gather(in, offset, length, Integer.BYTES);
    if (headerBytes < Integer.BYTES) {
      return step;
    }
    headerBytes = 0;
    int clientFlags = header.getInt(0, BIG_ENDIAN);
    if ((clientFlags & ~(FIXED_NEWSTYLE | NO_ZEROES)) != 0) {
      end(NbdMessage.CLOSE, "unknown client flags 0x" + Integer.toHexString(clientFlags));
      return step;
    }
    fixedNewstyle = (clientFlags & FIXED_NEWSTYLE) != 0;
    noZeroes = (clientFlags & NO_ZEROES) != 0;
    become(NbdSessionState.OPTION);
    return step;
  }

  private int onOption(DirectBuffer in, int offset, int length) {
    int step = gather(in, offset, length, OptionFlyweight.LENGTH_BYTES);
    if (headerBytes < OptionFlyweight.LENGTH_BYTES) {
      return step;
    }
    headerBytes = 0;
    OptionFlyweight asked = new OptionFlyweight().wrap(header, 0);
    option = asked.option();
    served = NbdOption.of(option);
    optionCount++;
    if (asked.magic() != OptionFlyweight.MAGIC) {
      end(
          NbdMessage.CLOSE,
          "option magic 0x" + Long.toHexString(asked.magic()) + " is not IHAVEOPT");
    } else if (optionCount > NbdLimits.OPTIONS_MAX) {
      end(NbdMessage.CLOSE, "more than " + NbdLimits.OPTIONS_MAX + " options");
    } else if (asked.dataBytes() > NbdLimits.OPTION_BYTES_SKIPPED_MAX) {
      end(
          NbdMessage.CLOSE,
          "option " + Integer.toUnsignedString(option) + " with " + asked.dataBytes()
              + " bytes of data, more than " + NbdLimits.OPTION_BYTES_SKIPPED_MAX);
    } else if (!fixedNewstyle && served != NbdOption.EXPORT_NAME) {
      // Without the fixed way neither side could tell an answer to this from the next thing
      // said.
      end(
          NbdMessage.CLOSE,
          "option " + Integer.toUnsignedString(option)
              + " of a client that may only name an export");
    } else {
      beginOptionData((int) asked.dataBytes());
    }
    return step;
  }

  private void beginOptionData(int dataBytes) {
    optionBytes = dataBytes;
    optionBytesHere = 0;
    NbdOptionReply refusal = refusalOf(served, dataBytes);
    if (refusal == null) {
      become(NbdSessionState.OPTION_DATA);
      if (dataBytes == 0) {
        onOptionWhole();
      }
      return;
    }
    haggling.onRefused(served);
    String why = switch (refusal) {
      case ERR_TLS_REQD -> "needs TLS: send STARTTLS first";
      case ERR_TOO_BIG -> "has more than " + NbdLimits.OPTION_BYTES_MAX + " bytes of data";
      default -> "is not served";
    };
    String text = "option " + Integer.toUnsignedString(option) + " " + why;
    if (served == NbdOption.EXPORT_NAME) {
      end(NbdMessage.CLOSE, text);
      return;
    }
    writer.error(option, refusal, text);
    if (dataBytes > 0) {
      become(NbdSessionState.OPTION_SKIP);
    }
  }

  /// Why its data is not even looked at; null if it is.
  private NbdOptionReply refusalOf(NbdOption asked, int dataBytes) {
    if (haggling.mustWaitForTls(asked)) {
      return NbdOptionReply.ERR_TLS_REQD;
    }
    if (asked == null || !OptionRequest.isServed(asked)) {
      return NbdOptionReply.ERR_UNSUP;
    }
    return dataBytes > NbdLimits.OPTION_BYTES_MAX ? NbdOptionReply.ERR_TOO_BIG : null;
  }

  private int onOptionSkip(int length) {
    int step = Math.min(length, optionBytes - optionBytesHere);
    optionBytesHere += step;
    if (optionBytesHere == optionBytes) {
      become(NbdSessionState.OPTION);
    }
    return step;
  }

  private int onOptionData(DirectBuffer in, int offset, int length) {
    int step = Math.min(length, optionBytes - optionBytesHere);
    optionData.putBytes(optionBytesHere, in, offset, step);
    optionBytesHere += step;
    if (optionBytesHere == optionBytes) {
      onOptionWhole();
    }
    return step;
  }

  private void onOptionWhole() {
    OptionRequest asked = OptionRequest.parse(served, optionData, optionBytes);
    switch (haggling.answer(option, asked, !noZeroes)) {
      case OPTION -> become(NbdSessionState.OPTION);
      case REQUEST -> {
        structuredReplies = haggling.hasStructuredReplies();
        allocationContext = haggling.hasAllocationContext();
        optionData = null;
        message = NbdMessage.OPENED;
        become(NbdSessionState.REQUEST);
      }
      case SECURING -> {
        message = NbdMessage.SECURE;
        become(NbdSessionState.SECURING);
      }
      case CLOSE -> end(NbdMessage.CLOSE, haggling.reason());
    }
  }

  private int onRequest(DirectBuffer in, int offset, int length) {
    int step = gather(in, offset, length, RequestFlyweight.LENGTH_BYTES);
    if (headerBytes < RequestFlyweight.LENGTH_BYTES) {
      return step;
    }
    headerBytes = 0;
    request.wrap(header, 0);
    if (request.magic() != RequestFlyweight.MAGIC) {
      end(
          NbdMessage.CLOSE,
          "request magic 0x" + Integer.toHexString(request.magic()) + " is not NBD's");
      return step;
    }
    command = NbdCommand.of(request.command());
    flags = request.flags();
    cookie = request.cookie();
    offsetBytes = request.offsetBytes();
    lengthBytes = request.lengthBytes();
    if (command == NbdCommand.DISC) {
      end(NbdMessage.DISCONNECT, "the client left");
    } else if (command == NbdCommand.WRITE && lengthBytes > NbdLimits.PAYLOAD_BYTES_SWALLOWED_MAX) {
      end(NbdMessage.CLOSE, "a write of " + lengthBytes + " bytes");
    } else {
      judge();
    }
    return step;
  }

  /// Offers the request to the server, or answers one that the volume need not hear of.
  private void judge() {
    NbdError verdict = verdict();
    if (verdict == NbdError.NONE && (lengthBytes > 0 || command == NbdCommand.FLUSH)) {
      message = NbdMessage.REQUEST;
      become(NbdSessionState.OFFERED);
    } else if (command == NbdCommand.WRITE && lengthBytes > 0) {
      errorAfterSwallow = verdict;
      remainingBytes = lengthBytes;
      become(NbdSessionState.SWALLOW);
    } else {
      // A request for no bytes at all ends here too, and well: nothing was asked and nothing is
      // owed.
      answer(verdict);
    }
  }

  private NbdError verdict() {
    if (command == null || !command.takes(flags)) {
      return NbdError.EINVAL;
    }
    return switch (command) {
      case READ -> readVerdict();
      case WRITE -> {
        if (lengthBytes > NbdLimits.PAYLOAD_BYTES_MAX) {
          yield NbdError.EINVAL;
        }
        yield offsetBytes < 0 ? NbdError.ENOSPC : NbdError.NONE;
      }
      case FLUSH -> lengthBytes != 0 || offsetBytes != 0 ? NbdError.EINVAL : NbdError.NONE;
      case TRIM, CACHE -> offsetBytes < 0 ? NbdError.EINVAL : NbdError.NONE;
      case WRITE_ZEROES -> offsetBytes < 0 ? NbdError.ENOSPC : NbdError.NONE;
      // Its answer has at least one extent: there is none to give for nothing.
      case BLOCK_STATUS ->
        allocationContext && offsetBytes >= 0 && lengthBytes > 0 ? NbdError.NONE : NbdError.EINVAL;
      case DISC -> NbdError.NONE;
    };
  }

  private NbdError readVerdict() {
    boolean isUnfragmented = (flags & NbdCommand.FLAG_DF) != 0;
    if (offsetBytes < 0 || (isUnfragmented && !structuredReplies)) {
      return NbdError.EINVAL;
    }
    if (lengthBytes > NbdLimits.PAYLOAD_BYTES_MAX) {
      return isUnfragmented ? NbdError.EOVERFLOW : NbdError.EINVAL;
    }
    return NbdError.NONE;
  }

  private int onSwallow(int length) {
    int step = (int) Math.min(length, remainingBytes);
    remainingBytes -= step;
    if (remainingBytes == 0) {
      become(NbdSessionState.REQUEST);
      answer(errorAfterSwallow);
    }
    return step;
  }

  private void answer(NbdError ending) {
    error = ending;
    message = NbdMessage.ANSWERED;
  }

  /// Fills the header up to `wanted` bytes as far as the input reaches; returns how many it
  /// took.
  private int gather(DirectBuffer in, int offset, int length, int wanted) {
    int bytes = Math.min(length, wanted - headerBytes);
    header.putBytes(headerBytes, in, offset, bytes);
    headerBytes += bytes;
    return bytes;
  }

  private void end(NbdMessage last, String why) {
    message = last;
    reason = why;
    optionData = null;
    become(NbdSessionState.ENDED);
  }

  private void become(NbdSessionState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("NBD session: " + state + " may not become " + next);
    }
    state = next;
  }

  private void check(NbdSessionState expected) {
    if (state != expected) {
      throw new IllegalStateException("NBD session: in " + state + ", not in " + expected);
    }
  }
}
