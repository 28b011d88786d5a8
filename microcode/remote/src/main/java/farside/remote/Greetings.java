package farside.remote;

import farside.director.Director;
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

  Greetings(
      FrameTransport transport, SessionMessages messages, Watermarks watermarks, EventLog events) {
    this.transport = transport;
    this.messages = messages;
    this.watermarks = watermarks;
    this.events = events;
  }

  /// Greets over one link. Only what was heard on that very link is echoed: so a greeting that
  /// echoes tells that its link works both ways.
  void send(GroupLink link, long nowNs) {
    link.onGreeted(nowNs);
    watermarks.mustReachLastNumber();
    int bytes = messages.greeting(link.heardEpoch(), events.wallMs());
    transport.sendLooseOver(link, FrameKind.GREETING, bytes);
  }

  /// Greets over every link that has carrier and does not carry the session, as often as is due.
  int sendDue(LinkGroup links, long nowNs) {
    int work = 0;
    for (int i = 0; i < links.count(); i++) {
      GroupLink link = links.get(i);
      if (link.state() == LinkState.GREETING && nowNs - link.greetedNs() >= AGAIN_NS) {
        send(link, nowNs);
        work++;
      }
    }
    return work;
  }

  long nextDeadlineNs(LinkGroup links) {
    long deadline = Director.NO_DEADLINE;
    for (int i = 0; i < links.count(); i++) {
      if (links.get(i).state() == LinkState.GREETING) {
        deadline = Director.sooner(deadline, links.get(i).greetedNs() + AGAIN_NS);
      }
    }
    return deadline;
  }

  /// True if the last one over the link has had its time, or half of it: it may have been lost.
  boolean isHalfDue(GroupLink link, long nowNs) {
    return nowNs - link.greetedNs() >= AGAIN_NS / 2;
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
