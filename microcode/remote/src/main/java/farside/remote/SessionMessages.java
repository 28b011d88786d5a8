package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.protocol.session.GreetingDecoder;
import farside.protocol.session.GreetingEncoder;
import farside.protocol.session.HeartbeatEncoder;
import farside.protocol.session.MessageHeaderEncoder;
import farside.protocol.session.PairAnswerEncoder;
import farside.protocol.session.PairOrderEncoder;
import farside.protocol.session.ReadVerdict;
import farside.protocol.session.RemoteReadAnswerEncoder;
import farside.protocol.session.RemoteReadEncoder;
import farside.protocol.session.Role;
import farside.protocol.session.VolumeStatusEncoder;
import farside.protocol.session.WatermarkEncoder;
import farside.protocol.session.WriteEncoder;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import org.agrona.concurrent.UnsafeBuffer;

/// Writes the session's messages where the transport wants them. Each method returns the
/// message's bytes.
final class SessionMessages {
  /// Session versions that this build speaks.
  static final int VERSION_MIN = 1;

  static final int VERSION_MAX = 4;

  /// From this session version on a side answers [#remoteRead].
  static final int VERSION_OF_REMOTE_READS = 2;

  /// From this session version on a source leaves out of the session what its target takes no
  /// writes of, and a target says so in the middle of a session too.
  static final int VERSION_OF_LEAVING_OUT = 3;

  /// From this session version on copies have numbers of their own.
  static final int VERSION_OF_NUMBERED_COPIES = 3;

  /// From this session version on a target gives back every track if it is asked to.
  static final int VERSION_OF_RESTORE_ALL = 4;

  private final RemoteSettings settings;
  private final GlobalMemory memory;
  private final Volumes volumes;
  private final Labels labels;
  private final UnsafeBuffer buffer;
  private final int offset;
  private final MessageHeaderEncoder header = new MessageHeaderEncoder();
  private final GreetingEncoder greeting = new GreetingEncoder();
  private final WriteEncoder write = new WriteEncoder();
  private final VolumeStatusEncoder status = new VolumeStatusEncoder();
  private final PairOrderEncoder order = new PairOrderEncoder();
  private final PairAnswerEncoder answer = new PairAnswerEncoder();
  private final WatermarkEncoder watermark = new WatermarkEncoder();
  private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
  private final RemoteReadEncoder remoteRead = new RemoteReadEncoder();
  private final RemoteReadAnswerEncoder remoteReadAnswer = new RemoteReadAnswerEncoder();

  SessionMessages(
      RemoteSettings settings,
      GlobalMemory memory,
      Volumes volumes,
      FrameTransport transport,
      Labels labels) {
    this.settings = settings;
    this.memory = memory;
    this.volumes = volumes;
    this.labels = labels;
    this.buffer = transport.messageBuffer();
    this.offset = transport.messageOffset();
  }

  private static int bytes(int blockLength) {
    return MessageHeaderEncoder.ENCODED_LENGTH + blockLength;
  }

  int greeting(int peerEpoch, long wallMs) {
    int mirrored = 0;
    for (Volume volume : volumes.list()) {
      mirrored += volume.role() == VolumeRole.LOCAL ? 0 : 1;
    }
    greeting
        .wrapAndApplyHeader(buffer, offset, header)
        .epochEcho(peerEpoch & 0xFFFF_FFFFL)
        .incarnation(memory.incarnation())
        .peerIncarnationKnown(memory.peerIncarnation())
        .receivedNumber(memory.peerReceived())
        .assignedNumber(memory.numbers().last())
        .serial(settings.serial())
        .peerSerial(settings.peerSerial())
        .sentWallMs(wallMs)
        .linkTimeoutMs(settings.linkTimeoutNs() / 1_000_000)
        .protocolVersionMin(VERSION_MIN)
        .protocolVersionMax(VERSION_MAX)
        .volumeCount(mirrored);
    return bytes(GreetingEncoder.BLOCK_LENGTH);
  }

  String serialOf(GreetingDecoder theirs) {
    return theirs.serial();
  }

  /// Why this greeting is not from our peer; null if it is.
  String mismatch(GreetingDecoder theirs) {
    if (!theirs.serial().equals(settings.peerSerial())) {
      return "cabinet " + theirs.serial() + " greets, " + settings.peerSerial()
          + " is expected; correct the serial in the rig file, or the cabling";
    }
    if (!theirs.peerSerial().equals(settings.serial())) {
      return "cabinet " + theirs.serial() + " means to greet " + theirs.peerSerial() + ", this is "
          + settings.serial();
    }
    if (theirs.protocolVersionMin() > VERSION_MAX || theirs.protocolVersionMax() < VERSION_MIN) {
      return "it speaks session versions " + theirs.protocolVersionMin() + " to "
          + theirs.protocolVersionMax() + ", this build " + VERSION_MIN + " to " + VERSION_MAX;
    }
    return null;
  }

  int write(
      long number,
      int volumeNumber,
      long offsetBytes,
      int lengthBytes,
      boolean zeroes,
      boolean copy) {
    write
        .wrapAndApplyHeader(buffer, offset, header)
        .number(number)
        .offsetBlocks(offsetBytes / BlockMask.BLOCK_BYTES)
        .volume(volumeNumber)
        .lengthBlocks(lengthBytes / BlockMask.BLOCK_BYTES)
        .flags()
        .clear()
        .zeroes(zeroes)
        .trackCopy(copy);
    return bytes(WriteEncoder.BLOCK_LENGTH);
  }

  /// @param stableNumber everything of the control's volume up to it is stable here
  int control(Control control, long stableNumber) {
    Volume volume = volumes.get(control.volumeIndex());
    return switch (control) {
      case Control.Status s -> status(volume, stableNumber, s.takesNoWrites());
      case Control.Order o -> {
        order
            .wrapAndApplyHeader(buffer, offset, header)
            .volume(volume.number())
            .order(o.code())
            .generation(o.generation())
            .baseGeneration(volume.standing().base())
            .number(o.number());
        yield bytes(PairOrderEncoder.BLOCK_LENGTH);
      }
      case Control.Answer a -> {
        answer
            .wrapAndApplyHeader(buffer, offset, header)
            .volume(volume.number())
            .order(a.code())
            .accepted((short) a.verdict())
            .generation(a.generation())
            .number(0);
        yield bytes(PairAnswerEncoder.BLOCK_LENGTH);
      }
    };
  }

  private int status(Volume volume, long stableNumber, boolean takesNoWrites) {
    Standing standing = volume.standing();
    status
        .wrapAndApplyHeader(buffer, offset, header)
        .volume(volume.number())
        .role(volume.role() == VolumeRole.R1 ? Role.R1 : Role.R2)
        .sizeBytes(volume.sizeBytes())
        .blockBytes(volume.blockBytes())
        .generation(standing.generation())
        .baseGeneration(standing.base())
        .history1(standing.history1())
        .history2(standing.history2())
        .history3(standing.history3())
        .history4(standing.history4())
        .stableNumber(stableNumber)
        .owedTracks(volume.table().owed().count())
        .groupName(volume.group())
        .flags()
        .clear()
        .paired(standing.everPaired())
        .pristine(standing.zeroBased() && labels.volumeOf(volume.driveIndex()) == volume)
        .nvramLost(volume.pairState() == PairState.RESTORING)
        .inconsistent(standing.inconsistent())
        .possiblyStale(standing.staleSinceMs() != 0)
        .suspended(volume.pairState() == PairState.SUSPENDED)
        .ackStored(volume.ack() == AckMode.STORED)
        .takesNoWrites(takesNoWrites)
        .stored(standing.stored());
    return bytes(VolumeStatusEncoder.BLOCK_LENGTH);
  }

  int watermark(int volumeNumber, long stableNumber) {
    watermark
        .wrapAndApplyHeader(buffer, offset, header)
        .volume(volumeNumber)
        .stableNumber(stableNumber);
    return bytes(WatermarkEncoder.BLOCK_LENGTH);
  }

  int heartbeat(long wallMs) {
    heartbeat.wrapAndApplyHeader(buffer, offset, header).sentWallMs(wallMs);
    return bytes(HeartbeatEncoder.BLOCK_LENGTH);
  }

  int remoteRead(Volume volume, int request, int track, long low, long high) {
    remoteRead
        .wrapAndApplyHeader(buffer, offset, header)
        .volume(volume.number())
        .request(request & 0xFFFF_FFFFL)
        .track(track)
        .blocksLow(low)
        .blocksHigh(high)
        .generation(volume.standing().generation());
    return bytes(RemoteReadEncoder.BLOCK_LENGTH);
  }

  int remoteReadAnswer(Volume volume, int request, ReadVerdict verdict, long low, long high) {
    remoteReadAnswer
        .wrapAndApplyHeader(buffer, offset, header)
        .volume(volume.number())
        .request(request & 0xFFFF_FFFFL)
        .verdict(verdict)
        .blocksLow(low)
        .blocksHigh(high);
    return bytes(RemoteReadAnswerEncoder.BLOCK_LENGTH);
  }
}
