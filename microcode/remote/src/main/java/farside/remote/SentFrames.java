package farside.remote;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// What was sent in this session, by sequence modulo the window: what it takes to send it again,
/// and over which link it went when.
final class SentFrames {
  private static final int MESSAGE_BYTES_MAX = 128;

  private final int mask;
  private final UnsafeBuffer messages;
  private final int[] messageBytes;
  private final int[] kind;
  private final int[] reference;
  private final long[] number;
  private final long[] payloadAddress;
  private final int[] payloadBytes;
  private final int[] payloadCrc;
  private final long[] tag;

  /// Null: it was lost with its link, or on it, and goes over another as soon as one takes it.
  private final GroupLink[] link;

  private final long[] place;
  private final long[] aheadBytes;
  private final long[] sentNs;
  private final long[] patienceNs;
  private final boolean[] isRepeated;

  /// @param window a power of two
  SentFrames(int window) {
    mask = window - 1;
    messages = new UnsafeBuffer(ByteBuffer.allocateDirect(window * MESSAGE_BYTES_MAX));
    messageBytes = new int[window];
    kind = new int[window];
    reference = new int[window];
    number = new long[window];
    payloadAddress = new long[window];
    payloadBytes = new int[window];
    payloadCrc = new int[window];
    tag = new long[window];
    link = new GroupLink[window];
    place = new long[window];
    aheadBytes = new long[window];
    sentNs = new long[window];
    patienceNs = new long[window];
    isRepeated = new boolean[window];
  }

  private int slot(long sequence) {
    return (int) sequence & mask;
  }

  // ---- content ----

  void keep(
      long sequence,
      int kind,
      int reference,
      long number,
      UnsafeBuffer message,
      int messageOffset,
      int messageBytes,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc,
      long tag) {
    int slot = slot(sequence);
    message.getBytes(messageOffset, messages, slot * MESSAGE_BYTES_MAX, messageBytes);
    this.messageBytes[slot] = messageBytes;
    this.kind[slot] = kind;
    this.reference[slot] = reference;
    this.number[slot] = number;
    this.payloadAddress[slot] = payloadAddress;
    this.payloadBytes[slot] = payloadBytes;
    this.payloadCrc[slot] = payloadCrc;
    this.tag[slot] = tag;
  }

  /// Writes the message where the transport wants it. Returns its bytes.
  int putMessage(long sequence, UnsafeBuffer target, int targetOffset) {
    int slot = slot(sequence);
    target.putBytes(targetOffset, messages, slot * MESSAGE_BYTES_MAX, messageBytes[slot]);
    return messageBytes[slot];
  }

  int kindOf(long sequence) {
    return kind[slot(sequence)];
  }

  int referenceOf(long sequence) {
    return reference[slot(sequence)];
  }

  long numberOf(long sequence) {
    return number[slot(sequence)];
  }

  long payloadAddressOf(long sequence) {
    return payloadAddress[slot(sequence)];
  }

  int payloadBytesOf(long sequence) {
    return payloadBytes[slot(sequence)];
  }

  int payloadCrcOf(long sequence) {
    return payloadCrc[slot(sequence)];
  }

  long tagOf(long sequence) {
    return tag[slot(sequence)];
  }

  // ---- way ----

  /// @param over null if there was no link
  void onSent(long sequence, GroupLink over, int frameBytes, boolean isAgain, long nowNs) {
    int slot = slot(sequence);
    GroupLink before = isAgain ? link[slot] : null;
    if (before != null && before != over) {
      before.onMoved(sequence, sentNs[slot], aheadBytes[slot]);
    }
    link[slot] = over;
    sentNs[slot] = nowNs;
    isRepeated[slot] = before != null && before == over;
    if (over == null) {
      return;
    }
    LinkPace pace = over.pace();
    aheadBytes[slot] = pace.inFlightBytes() + frameBytes;
    patienceNs[slot] = pace.patienceNs(aheadBytes[slot]);
    place[slot] = pace.onSent(frameBytes);
    over.onCarried(frameBytes);
  }

  GroupLink linkOf(long sequence) {
    return link[slot(sequence)];
  }

  /// The frame is no longer on its link.
  void onProven(long sequence) {
    int slot = slot(sequence);
    if (link[slot] != null) {
      link[slot].pace().onProven(place[slot]);
    }
  }

  /// The peer told that this frame was the last to come over the link.
  void onAnswered(long sequence, GroupLink over, long nowNs) {
    int slot = slot(sequence);
    if (link[slot] != over) {
      over.onMovedAnswered(sequence, nowNs);
      return;
    }
    over.pace().onProven(place[slot]);
    if (!isRepeated[slot]) {
      // Of a frame that was sent twice nobody knows which one came.
      over.pace().onAnswer(nowNs - sentNs[slot], aheadBytes[slot]);
    }
  }

  /// The frame is on no link, as far as we know.
  void onStranded(long sequence) {
    int slot = slot(sequence);
    link[slot].onMoved(sequence, sentNs[slot], aheadBytes[slot]);
    link[slot] = null;
  }

  /// True if the frame cannot still be on its way: it would have arrived, its link has brought
  /// something that was sent later, or its link is none any more.
  boolean isOverdue(long sequence, long nowNs) {
    int slot = slot(sequence);
    return link[slot] == null
        || nowNs - sentNs[slot] >= patienceNs[slot]
        || link[slot].pace().isProven(place[slot]);
  }

  /// True if the frame's link has brought something that was sent later: it works, and the frame
  /// is lost.
  boolean isPassed(long sequence) {
    int slot = slot(sequence);
    return link[slot] != null && link[slot].pace().isProven(place[slot]);
  }
}
