package farside.remote;

import farside.director.EventCode;
import farside.director.EventLog;
import farside.protocol.link.FrameKind;
import farside.protocol.session.GreetingDecoder;
import farside.protocol.session.MessageHeaderDecoder;
import org.agrona.concurrent.UnsafeBuffer;

/// The greetings of a session that is not open yet: ours go out again and again, the peer's are
/// read and checked.
final class Greetings {
  /// What a greeting frame turned out to be.
  enum Reading {
    UNREADABLE,
    /// Of a cabinet that is not our peer, or does not speak our versions.
    FOREIGN,
    OF_OUR_PEER
  }

  private static final long AGAIN_NS = 100_000_000;

  private final FrameTransport transport;
  private final SessionMessages messages;
  private final Watermarks watermarks;
  private final EventLog events;
  private final MessageHeaderDecoder header = new MessageHeaderDecoder();
  private final GreetingDecoder greeting = new GreetingDecoder();
  private String mismatchLogged = "";
  private long sentNs;

  Greetings(
      FrameTransport transport, SessionMessages messages, Watermarks watermarks, EventLog events) {
    this.transport = transport;
    this.messages = messages;
    this.watermarks = watermarks;
    this.events = events;
  }

  void send(long nowNs) {
    sentNs = nowNs;
    watermarks.mustReachLastNumber();
    transport.sendLoose(
        FrameKind.GREETING, messages.greeting(transport.peerEpoch(), events.wallMs()), nowNs);
  }

  long againAtNs() {
    return sentNs + AGAIN_NS;
  }

  /// True if the last one has had its time, or half of it: it may have been lost.
  boolean isHalfDue(long nowNs) {
    return nowNs - sentNs >= AGAIN_NS / 2;
  }

  /// Reads the frame that just came.
  Reading read() {
    UnsafeBuffer frame = transport.frameBuffer();
    int offset = transport.greetingOffset();
    int body = offset + MessageHeaderDecoder.ENCODED_LENGTH;
    if (frame.capacity() < body + GreetingDecoder.BLOCK_LENGTH) {
      return Reading.UNREADABLE;
    }
    header.wrap(frame, offset);
    if (header.templateId() != GreetingDecoder.TEMPLATE_ID
        || header.schemaId() != MessageHeaderDecoder.SCHEMA_ID) {
      return Reading.UNREADABLE;
    }
    greeting.wrap(frame, body, header.blockLength(), header.version());
    String mismatch = messages.mismatch(greeting);
    if (mismatch != null) {
      if (!mismatch.equals(mismatchLogged)) {
        mismatchLogged = mismatch;
        events.log(EventCode.PEER_MISMATCH, mismatch);
      }
      return Reading.FOREIGN;
    }
    mismatchLogged = "";
    return Reading.OF_OUR_PEER;
  }

  /// What [#read] read.
  GreetingDecoder theirs() {
    return greeting;
  }

  /// True if the peer knows the epoch under which we greet.
  boolean echoesUs() {
    return (int) greeting.epochEcho() == transport.myEpoch();
  }
}
