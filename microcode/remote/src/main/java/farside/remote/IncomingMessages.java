package farside.remote;

import farside.protocol.session.MessageHeaderDecoder;
import farside.protocol.session.PairAnswerDecoder;
import farside.protocol.session.PairOrderDecoder;
import farside.protocol.session.RemoteReadAnswerDecoder;
import farside.protocol.session.RemoteReadDecoder;
import farside.protocol.session.VolumeStatusDecoder;
import farside.protocol.session.WatermarkDecoder;
import farside.protocol.session.WriteDecoder;
import farside.volume.Volume;
import farside.volume.Volumes;
import org.agrona.concurrent.UnsafeBuffer;

/// Reads the peer's messages in an open session and brings each to where it belongs.
final class IncomingMessages {
  private final Volumes volumes;
  private final PairDesk desk;
  private final IncomingWrites writes;
  private final Watermarks watermarks;
  private final OutgoingWrites outgoing;
  private final Borrower borrower;
  private final FrameTransport transport;

  private final MessageHeaderDecoder header = new MessageHeaderDecoder();
  private final WriteDecoder write = new WriteDecoder();
  private final VolumeStatusDecoder status = new VolumeStatusDecoder();
  private final PairOrderDecoder order = new PairOrderDecoder();
  private final PairAnswerDecoder answer = new PairAnswerDecoder();
  private final WatermarkDecoder watermark = new WatermarkDecoder();
  private final RemoteReadDecoder read = new RemoteReadDecoder();
  private final RemoteReadAnswerDecoder readAnswer = new RemoteReadAnswerDecoder();

  IncomingMessages(
      Volumes volumes,
      PairDesk desk,
      IncomingWrites writes,
      Watermarks watermarks,
      OutgoingWrites outgoing,
      Borrower borrower,
      FrameTransport transport) {
    this.volumes = volumes;
    this.desk = desk;
    this.writes = writes;
    this.watermarks = watermarks;
    this.outgoing = outgoing;
    this.borrower = borrower;
    this.transport = transport;
  }

  /// A message of the ordered stream. Null if it was taken; else what is wrong with it.
  String take(
      UnsafeBuffer frame,
      int messageOffset,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc,
      long nowNs) {
    header.wrap(frame, messageOffset);
    int body = messageOffset + MessageHeaderDecoder.ENCODED_LENGTH;
    int length = header.blockLength();
    int version = header.version();
    if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID || length > frame.capacity() - body) {
      return "message is not readable";
    }
    return switch (header.templateId()) {
      case WriteDecoder.TEMPLATE_ID -> {
        write.wrap(frame, body, length, version);
        yield length < WriteDecoder.BLOCK_LENGTH
            ? saidOf(false)
            : takeWrite(payloadAddress, payloadBytes, payloadCrc, nowNs);
      }
      case VolumeStatusDecoder.TEMPLATE_ID -> {
        status.wrap(frame, body, length, version);
        yield saidOf(length >= VolumeStatusDecoder.BLOCK_LENGTH && desk.onStatus(status));
      }
      case PairOrderDecoder.TEMPLATE_ID -> {
        order.wrap(frame, body, length, version);
        yield saidOf(length >= PairOrderDecoder.BLOCK_LENGTH && desk.onOrder(order));
      }
      case PairAnswerDecoder.TEMPLATE_ID -> {
        answer.wrap(frame, body, length, version);
        yield saidOf(length >= PairAnswerDecoder.BLOCK_LENGTH && desk.onAnswer(answer));
      }
      case RemoteReadDecoder.TEMPLATE_ID -> {
        read.wrap(frame, body, length, version);
        yield saidOf(
            length >= RemoteReadDecoder.BLOCK_LENGTH && outgoing.lender().onRequest(read));
      }
      case RemoteReadAnswerDecoder.TEMPLATE_ID -> {
        readAnswer.wrap(frame, body, length, version);
        yield saidOf(length >= RemoteReadAnswerDecoder.BLOCK_LENGTH
            && borrower.onAnswer(readAnswer, payloadAddress, payloadBytes, nowNs));
      }
      // A newer peer may say more than this build knows.
      default -> null;
    };
  }

  private String saidOf(boolean fine) {
    return fine ? null : "message " + header.templateId() + " makes no sense now";
  }

  private String takeWrite(long payloadAddress, int payloadBytes, int payloadCrc, long nowNs) {
    int place = transport.place();
    String wrong = writes.take(write, payloadAddress, payloadBytes, payloadCrc, place, nowNs);
    if (wrong == null) {
      transport.onPlaceTaken();
      transport.onUnitsTaken(IncomingWrites.unitsOf(payloadBytes));
      if (writes.isAnsweredByWatermark(write)) {
        transport.onAckNotAwaited();
      }
    }
    return wrong;
  }

  /// A message beside the stream: it may have been lost, or come twice.
  void takeStatus(UnsafeBuffer frame, int messageOffset) {
    int body = messageOffset + MessageHeaderDecoder.ENCODED_LENGTH;
    header.wrap(frame, messageOffset);
    if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID
        || header.templateId() != WatermarkDecoder.TEMPLATE_ID
        || header.blockLength() < WatermarkDecoder.BLOCK_LENGTH
        || frame.capacity() < body + WatermarkDecoder.BLOCK_LENGTH) {
      return;
    }
    watermark.wrap(frame, body, header.blockLength(), header.version());
    Volume volume = volumes.byNumber(watermark.volume());
    if (volume != null) {
      watermarks.onTold(volume, watermark.stableNumber(), outgoing.receivedNumber());
    }
  }
}
