package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.protocol.session.ReadVerdict;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntPredicate;
import org.agrona.collections.IntArrayQueue;

/// Sends what the pair desk says, this cabinet's records in the order in which they were
/// committed, and the copies that `TrackCopier` and the answers that `Lender` compose; hears
/// that the peer has them.
///
/// What the link still reads from is pinned: a record by its pin, a copy or answer by its buffer.
final class OutgoingWrites implements TrackCopier.Sender, Lender.Sender, FrameTransport.PinSink {
  /// Tags above 0 are records', from -1 downwards copies', and from here on answers'.
  private static final long LOAN_TAG = -1L - TrackCopier.BUFFERS;

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final FrameTransport transport;
  private final SessionMessages messages;
  private final Watermarks watermarks;
  private final TrackCopier copier;
  private final Lender lender;
  private final EventLog events;
  /// Per volume: highest number under which anything of it was sent, in this session or before.
  private final long[] sentOf;

  /// Records on their way to the peer of which nobody waits for an answer any more: each is
  /// pinned, since it may have to be sent again, until the peer has it.
  private final BitSet leftOut = new BitSet();

  private long sentNumber;
  private long receivedNumber;
  private boolean numbersCopies;

  /// @param copyAddress memory of [RemoteAdapter#WORK_BYTES]
  /// @param isLinked true of the index of a volume whose pair is settled
  OutgoingWrites(
      GlobalMemory memory,
      Volumes volumes,
      IntPredicate isLinked,
      FrameTransport transport,
      SessionMessages messages,
      Watermarks watermarks,
      EventLog events,
      long copyAddress) {
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.transport = transport;
    this.messages = messages;
    this.watermarks = watermarks;
    this.events = events;
    sentOf = new long[volumes.count()];
    copier = new TrackCopier(memory, volumes.count(), this, copyAddress);
    lender = new Lender(memory, volumes, isLinked, this);
  }

  TrackCopier copier() {
    return copier;
  }

  Lender lender() {
    return lender;
  }

  /// A new session: what the peer has is released, what it lacks is sent once more. A write that
  /// waits for the peer's drive is released by the next watermark.
  ///
  /// @param peerVersion newest session version that the peer speaks
  void begin(long numberPeerReceived, int peerVersion) {
    numbersCopies = peerVersion >= SessionMessages.VERSION_OF_NUMBERED_COPIES;
    receivedNumber = numberPeerReceived;
    sentNumber = numberPeerReceived;
    Arrays.fill(sentOf, numberPeerReceived);
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.ack() == AckMode.RECEIVED) {
        releaseReceived(volume);
      }
    }
    records.rebuildToSend(receivedNumber);
  }

  /// The volume is about to be left out of the session: nobody waits for the peer to have its
  /// records any more.
  void leaveOut(Volume volume) {
    for (int r = records.remoteHeadOf(volume.index());
        r != WriteRecords.NONE;
        r = records.remoteNextOf(r)) {
      if (records.numberOf(r) > receivedNumber && records.numberOf(r) <= sentNumber) {
        records.pin(r);
        leftOut.set(r);
      }
    }
    copier.leaveOut(volume);
  }

  /// Volumes go on alone: what is not sent any more leaves the queue here, since its frames may
  /// head another record soon. That one would be sent too early, before what was written before
  /// it, which the peer would then take for something that it has.
  void onLeftOut() {
    records.rebuildToSend(sentNumber);
  }

  void onSessionEnd() {
    for (int r = leftOut.nextSetBit(0); r >= 0; r = leftOut.nextSetBit(r + 1)) {
      records.unpin(r);
    }
    leftOut.clear();
    lender.onSessionEnd();
  }

  private void releaseReceived(Volume volume) {
    for (int r = records.remoteHeadOf(volume.index());
        r != WriteRecords.NONE && records.numberOf(r) <= receivedNumber;
        r = records.remoteNextOf(r)) {
      records.release(r);
    }
  }

  /// Highest number of ours that was sent, of a record or a copy.
  @Override
  public long sentNumber() {
    return sentNumber;
  }

  /// Highest number under which anything of the volume was sent, in this session or, as far as
  /// the peer received it, before.
  long sentOf(Volume volume) {
    return sentOf[volume.index()];
  }

  /// Highest number of ours that the peer has said it has.
  long receivedNumber() {
    return receivedNumber;
  }

  boolean isEverythingSent() {
    return records.toSend().isEmpty();
  }

  // ---- control ----

  /// What the desk has to say goes first: nothing of a volume travels before its order.
  int sendControls(PairDesk desk) {
    int work = 0;
    while (transport.hasRoom(0)) {
      Control control = desk.peekOutgoing();
      if (control == null) {
        break;
      }
      Volume volume = volumes.get(control.volumeIndex());
      int bytes = messages.control(control, watermarks.stableOf(volume));
      if (!transport.sendSequenced(FrameTransport.CONTROL, 0, 0, bytes, 0, 0, 0, 0, 0)) {
        break;
      }
      desk.pollOutgoing();
      work++;
    }
    return work;
  }

  // ---- records ----

  int send() {
    int work = 0;
    IntArrayQueue toSend = records.toSend();
    while (!toSend.isEmpty()) {
      int record = toSend.peekInt();
      if (!records.isRemotePending(record) || isRestoring(record)) {
        toSend.pollInt();
        continue;
      }
      checkOrder(record);
      int payloadBytes = records.isZeroes(record) ? 0 : records.lengthOf(record);
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (!transport.hasRoom(units) || !send(record, payloadBytes, units)) {
        break;
      }
      if (transport.lastWasQueued()) {
        records.pin(record);
      }
      sentNumber = records.numberOf(record);
      sentOf[records.volumeIndexOf(record)] = sentNumber;
      toSend.pollInt();
      work++;
    }
    return work;
  }

  /// The peer takes a number for the end of all that came before: a write that was sent after one
  /// of a higher number would be answered and never be there.
  private void checkOrder(int record) {
    if (records.numberOf(record) <= sentNumber) {
      throw new MachineCheck("record " + record + " was to be sent as write "
          + records.numberOf(record) + ", after " + sentNumber);
    }
  }

  /// Of a volume that is being restored nothing is sent: what the peer never received is dropped
  /// when it gives back what it has.
  private boolean isRestoring(int record) {
    return volumes.get(records.volumeIndexOf(record)).pairState() == PairState.RESTORING;
  }

  /// Drops the records of the volume that the peer never received: on the peer, whose content
  /// this volume takes, they are not. What the peer has received goes to the drive now, whatever
  /// it waits for else: later it would go over what the peer gives back.
  ///
  /// Of most that are dropped no host was told. Some were answered in the middle of a copy, or
  /// were lost with the peer's memory, and are on the drive or on the way there. Then the peer
  /// gives back every track, over them too.
  void dropUnreceived(Volume volume) {
    releaseReceived(volume);
    int record = records.remoteHeadOf(volume.index());
    while (record != WriteRecords.NONE) {
      int next = records.remoteNextOf(record);
      if (records.numberOf(record) > receivedNumber) {
        dropOne(record);
      }
      record = next;
    }
    records.rebuildToSend(sentNumber);
  }

  private void dropOne(int record) {
    if (records.isLocalPending(record) && !records.isReleased(record)) {
      records.drop(record);
    } else {
      records.withdraw(record);
    }
  }

  private boolean send(int record, int payloadBytes, int units) {
    int bytes = messages.write(
        records.numberOf(record),
        volumes.get(records.volumeIndexOf(record)).number(),
        records.offsetOf(record),
        records.lengthOf(record),
        records.isZeroes(record),
        false);
    return transport.sendSequenced(
        FrameTransport.RECORD,
        record,
        records.numberOf(record),
        bytes,
        payloadBytes == 0 ? 0 : records.addressOf(record),
        payloadBytes,
        records.payloadCrcOf(record),
        units,
        record + 1L);
  }

  void onAcknowledged(int kind, int reference, long number) {
    if (kind == FrameTransport.RECORD) {
      receivedNumber = Math.max(receivedNumber, number);
      if (leftOut.get(reference)) {
        leftOut.clear(reference);
        records.unpin(reference);
      } else if (records.isRemotePending(reference)
          && records.numberOf(reference) == number
          && !waitsForDrive(reference)) {
        records.release(reference);
      }
    } else if (kind == FrameTransport.COPY) {
      copier.onAcknowledged(reference, number);
    } else if (kind == FrameTransport.LOAN) {
      lender.onAcknowledged(reference);
    }
  }

  /// True if its host is told only when the record is stable on the peer's drive.
  private boolean waitsForDrive(int record) {
    Volume volume = volumes.get(records.volumeIndexOf(record));
    return volume.ack() == AckMode.STORED && volume.pairState().waitsForPeer();
  }

  // ---- copies ----

  @Override
  public boolean isReadyForCopy() {
    return isEverythingSent() && transport.hasRoom(TrackCopier.UNITS_PER_TRACK);
  }

  @Override
  public boolean sendCopy(
      int buffer, Volume volume, int track, long address, int lengthBytes, int crc) {
    // A number of its own is above all that the peer's watermarks have spoken of, also those that
    // are still on a slow link. An older peer takes the last write's; it keeps no other in mind.
    long number = numbersCopies ? memory.numbers().next() : sentNumber;
    int bytes = messages.write(
        number, volume.number(), (long) track * BlockMask.TRACK_BYTES, lengthBytes, false, true);
    boolean sent = transport.sendSequenced(
        FrameTransport.COPY,
        buffer,
        number,
        bytes,
        address,
        lengthBytes,
        crc,
        IncomingWrites.unitsOf(lengthBytes),
        -1L - buffer);
    if (sent) {
      // Everything committed before was sent before.
      sentNumber = number;
      sentOf[volume.index()] = number;
    }
    if (sent && transport.lastWasQueued()) {
      copier.onQueued(buffer);
    }
    if (sent && volume.role() == VolumeRole.R1) {
      // The target keeps the track as pending under this number, which may be another volume's:
      // our watermark of this volume must be able to reach it.
      watermarks.mustReach(volume.index(), number);
    }
    return sent;
  }

  @Override
  public void onCopied(Volume volume, int track, long number) {
    if (volume.role() == VolumeRole.R1) {
      volume.table().setPending(track, number);
      volume.table().owed().clear(track);
    }
  }

  @Override
  public void onUnreadable(Volume volume, int track) {
    events.log(
        EventCode.COPY_UNREADABLE, volume.name(), track, TrackCopier.RETRY_NS / 1_000_000_000);
  }

  // ---- answers to remote reads ----

  @Override
  public boolean isReadyForAnswer() {
    return transport.hasRoom(0);
  }

  @Override
  public boolean sendAnswer(
      int loan,
      Volume volume,
      int request,
      ReadVerdict verdict,
      long low,
      long high,
      long address,
      int crc) {
    int lengthBytes = (Long.bitCount(low) + Long.bitCount(high)) * BlockMask.BLOCK_BYTES;
    int bytes = messages.remoteReadAnswer(volume, request, verdict, low, high);
    boolean sent = transport.sendSequenced(
        FrameTransport.LOAN, loan, 0, bytes, address, lengthBytes, crc, 0, LOAN_TAG - loan);
    if (sent && transport.lastWasQueued()) {
      lender.onQueued(loan);
    }
    return sent;
  }

  // ---- pins ----

  @Override
  public void onQueuedAgain(int kind, int reference) {
    if (kind == FrameTransport.RECORD) {
      records.pin(reference);
    } else if (kind == FrameTransport.COPY) {
      copier.onQueued(reference);
    } else if (kind == FrameTransport.LOAN) {
      lender.onQueued(reference);
    }
  }

  /// The link no longer reads what went out under this tag.
  void onSent(long tag) {
    if (tag > 0) {
      records.unpin((int) (tag - 1));
    } else if (tag <= LOAN_TAG) {
      lender.onSent((int) (LOAN_TAG - tag));
    } else if (tag < 0) {
      copier.onSent((int) (-1L - tag));
    }
  }
}
