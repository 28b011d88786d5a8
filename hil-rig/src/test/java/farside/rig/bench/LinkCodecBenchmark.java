package farside.rig.bench;

import farside.cache.BlockMask;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import farside.protocol.session.MessageHeaderDecoder;
import farside.protocol.session.MessageHeaderEncoder;
import farside.protocol.session.WriteDecoder;
import farside.protocol.session.WriteEncoder;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a write of 4 KiB costs on the link beside its way there: the frame's header, the session's
/// message and both checksums, as `SessionMessages`, `FrameTransport` and `IncomingMessages` go
/// about it. The payload stays where it is, as it does there.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LinkCodecBenchmark {
  private static final int PAYLOAD_BYTES = 4096;
  private static final int MESSAGE_BYTES =
      MessageHeaderEncoder.ENCODED_LENGTH + WriteEncoder.BLOCK_LENGTH;
  private static final int FRAME_BYTES =
      FrameHeaderFlyweight.HEADER_BYTES + MESSAGE_BYTES + PAYLOAD_BYTES;
  private static final int EPOCH = 0x1234_5678;

  private final UnsafeBuffer out = new UnsafeBuffer(new byte[0]);
  private final UnsafeBuffer in = new UnsafeBuffer(new byte[0]);
  private final FrameHeaderFlyweight outgoing = new FrameHeaderFlyweight();
  private final FrameHeaderFlyweight incoming = new FrameHeaderFlyweight();
  private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
  private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
  private final WriteEncoder writeEncoder = new WriteEncoder();
  private final WriteDecoder writeDecoder = new WriteDecoder();
  private long payloadAddress;
  private long number;

  /// Leaves a whole frame where `decode` reads it.
  @Setup
  public void writeAFrame() {
    Arena arena = Arena.ofAuto();
    byte[] payload = new byte[PAYLOAD_BYTES];
    new Random(7).nextBytes(payload);
    var frame = arena.allocate(FRAME_BYTES, 64);
    frame.asByteBuffer().put(FRAME_BYTES - PAYLOAD_BYTES, payload);
    in.wrap(frame.asByteBuffer());
    payloadAddress = in.addressOffset() + FRAME_BYTES - PAYLOAD_BYTES;
    out.wrap(in);
    encode();
    out.wrap(arena.allocate(FRAME_BYTES - PAYLOAD_BYTES, 64).asByteBuffer());
  }

  /// A record is to be sent: its checksum, the message, the header and the checksum of both.
  @Benchmark
  public int encode() {
    int payloadCrc = Memory.crc32c(payloadAddress, PAYLOAD_BYTES);
    number++;
    writeEncoder
        .wrapAndApplyHeader(out, FrameHeaderFlyweight.HEADER_BYTES, headerEncoder)
        .number(number)
        .offsetBlocks(number & 0xFFFF)
        .volume(0x0010)
        .lengthBlocks(PAYLOAD_BYTES / BlockMask.BLOCK_BYTES)
        .flags()
        .clear()
        .zeroes(false)
        .trackCopy(false);
    outgoing
        .wrapForWriting(out, 0)
        .kind(FrameKind.SEQUENCED)
        .messageBytes(MESSAGE_BYTES)
        .payloadBytes(PAYLOAD_BYTES)
        .epoch(EPOCH)
        .sequence((int) number)
        .ack((int) number)
        .credit((int) number + 1024)
        .payloadCrc(payloadCrc)
        .seal();
    return outgoing.headerCrc();
  }

  /// A frame has come: is it whole, what does it say, and is its payload undamaged?
  @Benchmark
  public long decode() {
    incoming.wrapForReading(in, 0);
    if (!incoming.isPlausible()
        || incoming.frameBytes() != FRAME_BYTES
        || !incoming.headerCrcIsRight()
        || incoming.kind() != FrameKind.SEQUENCED
        || incoming.epoch() != EPOCH) {
      throw new IllegalStateException("the header is not what was written");
    }
    long address = in.addressOffset() + incoming.payloadOffset();
    if (Memory.crc32c(address, incoming.payloadBytes()) != incoming.payloadCrc()) {
      throw new IllegalStateException("the payload is not what was written");
    }
    headerDecoder.wrap(in, incoming.messageOffset());
    writeDecoder.wrap(
        in,
        incoming.messageOffset() + MessageHeaderDecoder.ENCODED_LENGTH,
        headerDecoder.blockLength(),
        headerDecoder.version());
    return writeDecoder.number()
        + writeDecoder.offsetBlocks()
        + writeDecoder.volume()
        + writeDecoder.lengthBlocks()
        + (writeDecoder.flags().zeroes() ? 1 : 0);
  }
}
