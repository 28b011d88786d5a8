package farside.remote;

import farside.director.Director;
import farside.protocol.link.FrameKind;
import farside.protocol.session.LinkReportDecoder;
import farside.protocol.session.LinkReportEncoder;
import farside.protocol.session.MessageHeaderDecoder;
import farside.protocol.session.MessageHeaderEncoder;
import org.agrona.concurrent.UnsafeBuffer;

/// What each side tells the other over each link, while several links carry the session: what came
/// over it, by which the other measures it, and that it lives.
///
/// A session over one link tells nothing of it: its acknowledgements say all.
final class LinkReports {
  private static final long EVERY_NS = 1_000_000;
  private static final int EVERY_BYTES = 64 * 1024;
  private static final int STALLED_REPORTS = 4;
  private static final int REPORT_BYTES =
      MessageHeaderEncoder.ENCODED_LENGTH + LinkReportEncoder.BLOCK_LENGTH;

  private final LinkGroup links;
  private final FrameTransport transport;
  private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
  private final LinkReportEncoder encoder = new LinkReportEncoder();
  private final MessageHeaderDecoder header = new MessageHeaderDecoder();
  private final LinkReportDecoder decoder = new LinkReportDecoder();
  private long alwaysAfterNs = Long.MAX_VALUE / 4;

  LinkReports(LinkGroup links, FrameTransport transport) {
    this.links = links;
    this.transport = transport;
  }

  /// How often a link over which nothing comes is told of, so that the peer hears something.
  void setEvery(long alwaysAfterNs) {
    this.alwaysAfterNs = alwaysAfterNs;
  }

  int tell(long nowNs) {
    if (links.joinedCount() <= 1) {
      return 0;
    }
    int work = 0;
    for (int i = 0; i < links.count(); i++) {
      GroupLink link = links.get(i);
      if (link.isJoined() && isDue(link, nowNs)) {
        link.pace().forgetStalled(nowNs, STALLED_REPORTS * alwaysAfterNs);
        encoder
            .wrapAndApplyHeader(transport.messageBuffer(), transport.messageOffset(), messageHeader)
            .receivedSequence(link.receivedSequence() & 0xFFFF_FFFFL)
            .sentSequence(transport.lastSequence() & 0xFFFF_FFFFL);
        transport.sendLooseOver(link, FrameKind.STATUS, REPORT_BYTES);
        link.onReported(nowNs);
        work++;
      }
    }
    return work;
  }

  private boolean isDue(GroupLink link, long nowNs) {
    long sinceNs = nowNs - link.reportedNs();
    return sinceNs >= alwaysAfterNs
        || link.isReportNews() && (sinceNs >= EVERY_NS || link.unreportedBytes() >= EVERY_BYTES);
  }

  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    if (links.joinedCount() > 1) {
      for (int i = 0; i < links.count(); i++) {
        GroupLink link = links.get(i);
        if (link.isJoined()) {
          long afterNs = link.isReportNews() ? EVERY_NS : alwaysAfterNs;
          deadline = Director.sooner(deadline, link.reportedNs() + afterNs);
        }
      }
    }
    return deadline;
  }

  /// Reads the peer's. False: it is another message.
  boolean take(GroupLink from, UnsafeBuffer frame, int messageOffset, int messageBytes) {
    header.wrap(frame, messageOffset);
    if (header.templateId() != LinkReportDecoder.TEMPLATE_ID
        || header.schemaId() != MessageHeaderDecoder.SCHEMA_ID
        || messageBytes < REPORT_BYTES) {
      return false;
    }
    decoder.wrap(
        frame,
        messageOffset + MessageHeaderDecoder.ENCODED_LENGTH,
        header.blockLength(),
        header.version());
    from.onPassed((int) decoder.sentSequence());
    int received = (int) decoder.receivedSequence();
    if (received != 0 && from.onAnswered(received)) {
      transport.onAnswered(from, received);
    }
    return true;
  }
}
