package farside.remote;

import farside.cache.WriteRecords;
import farside.protocol.session.MessageHeaderDecoder;
import farside.protocol.session.WriteDecoder;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import org.agrona.concurrent.UnsafeBuffer;

/// Records that are reserved for payload on its way, so that a link can receive it straight to
/// where it stays.
///
/// A reserved record is nothing yet: NVRAM says nothing of it until `IncomingWrites` commits it,
/// as it does a record of which it was given a copy, and by the same rules.
final class IncomingPlaces implements IncomingFrames.Places {
  private final WriteRecords records;
  private final Volumes volumes;
  private final MessageHeaderDecoder header = new MessageHeaderDecoder();
  private final WriteDecoder write = new WriteDecoder();

  IncomingPlaces(WriteRecords records, Volumes volumes) {
    this.records = records;
    this.volumes = volumes;
  }

  /// Only a write gets one. Whether it makes sense is found out when it is here.
  @Override
  public int reserve(UnsafeBuffer head, int messageOffset, int payloadBytes) {
    header.wrap(head, messageOffset);
    int body = messageOffset + MessageHeaderDecoder.ENCODED_LENGTH;
    if (header.schemaId() != MessageHeaderDecoder.SCHEMA_ID
        || header.templateId() != WriteDecoder.TEMPLATE_ID
        || header.blockLength() < WriteDecoder.BLOCK_LENGTH
        || header.blockLength() > head.capacity() - body) {
      return NONE;
    }
    write.wrap(head, body, header.blockLength(), header.version());
    Volume volume = volumes.byNumber(write.volume());
    if (volume == null || volume.role() == VolumeRole.LOCAL) {
      return NONE;
    }
    int place = records.reserve(IncomingWrites.unitsOf(payloadBytes), true, volume.index());
    if (place != NONE && bytesOf(place) < payloadBytes) {
      records.abandon(place);
      return NONE;
    }
    return place;
  }

  @Override
  public long addressOf(int place) {
    return records.addressOf(place);
  }

  @Override
  public int bytesOf(int place) {
    return records.framesOf(place) * 4096;
  }

  @Override
  public void giveBack(int place) {
    records.abandon(place);
  }
}
