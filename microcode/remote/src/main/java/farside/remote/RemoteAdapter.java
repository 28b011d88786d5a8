package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.LinkPort;
import farside.port.RandomPort;
import farside.protocol.link.FrameKind;
import farside.protocol.session.GreetingDecoder;
import farside.protocol.session.MessageHeaderDecoder;
import farside.protocol.session.PairAnswerDecoder;
import farside.protocol.session.PairOrderDecoder;
import farside.protocol.session.VolumeStatusDecoder;
import farside.protocol.session.WatermarkDecoder;
import farside.protocol.session.WriteDecoder;
import farside.volume.Labels;
import farside.volume.LinkDesk;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import org.agrona.collections.IntArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;

/// The remote adapter (RA): cache to link to the peer's cache, and acknowledgements back (E-13,
/// E-20 to E-25).
///
/// It greets the peer, has each pair settled by `PairDesk`, sends records in the order in which
/// they were committed, copies what is owed, tells how far its drives are stable, and cuts a
/// group whose writes the peer does not take.
public final class RemoteAdapter
    implements Director,
        LinkDesk,
        LinkPort.LinkSink,
        FrameTransport.Receiver,
        FrameTransport.PinSink,
        TrackCopier.Sender,
        PairDesk.Session {
  /// Bytes of work memory that it needs, aligned to 4096.
  public static final int WORK_BYTES = TrackCopier.BUFFERS * BlockMask.TRACK_BYTES;

  private static final int DRAIN_LIMIT = 512;
  private static final long GREETING_AGAIN_NS = 100_000_000;
  private static final long WATERMARK_EVERY_NS = 2_000_000;

  private final RemoteSettings settings;
  private final LinkPort link;
  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final RandomPort random;
  private final EventLog events;
  private final FrameTransport transport;
  private final TrackCopier copier;
  private final GroupCut cut;
  private final PairDesk desk;
  private final IncomingWrites incomingWrites;
  private final SessionMessages messages;

  private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
  private final GreetingDecoder greeting = new GreetingDecoder();
  private final WriteDecoder write = new WriteDecoder();
  private final VolumeStatusDecoder status = new VolumeStatusDecoder();
  private final PairOrderDecoder order = new PairOrderDecoder();
  private final PairAnswerDecoder answer = new PairAnswerDecoder();
  private final WatermarkDecoder watermark = new WatermarkDecoder();

  /// Per volume: highest number that a watermark of ours may speak of, and the last one told.
  private final long[] topNumber;

  private final long[] toldStable;

  private SessionState state = SessionState.OFFLINE;
  private String restartReason;
  private long nowNs;
  private long greetingSentNs;
  private long unreachableSinceNs;
  private long comparingSinceNs;
  private long watermarkSentNs;
  private long lastSentNumber;

  /// Highest number of ours that the peer has said it has.
  private long receivedNumber;

  private long refusedFrames;
  private long resentToldNext = 1;
  private String mismatchLogged = "";
  private boolean started;
  private boolean isLeaving;

  /// @param workAddress memory of [#WORK_BYTES]
  public RemoteAdapter(
      RemoteSettings settings,
      LinkPort link,
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      RandomPort random,
      EventLog events,
      long workAddress) {
    this.settings = settings;
    this.link = link;
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.labels = labels;
    this.random = random;
    this.events = events;
    transport = new FrameTransport(link, this, records::incomingFramesFree);
    copier = new TrackCopier(memory, volumes.count(), this, workAddress);
    cut = new GroupCut(memory, volumes, labels, random, events);
    desk = new PairDesk(memory, volumes, labels, random, events, cut, copier, this);
    topNumber = new long[volumes.count()];
    toldStable = new long[volumes.count()];
    incomingWrites = new IncomingWrites(memory, volumes, desk, topNumber);
    messages = new SessionMessages(settings, memory, volumes, transport, labels);
  }

  @Override
  public String name() {
    return "RA";
  }

  /// IML is over: pairs that went alone, or were in the middle of something, are taken up.
  public void start(long now) {
    nowNs = now;
    unreachableSinceNs = now;
    // The clock may show anything at the start, also less than nothing.
    watermarkSentNs = now - WATERMARK_EVERY_NS;
    started = true;
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      switch (volume.pairState()) {
        case SYNC_IN_PROG -> {
          cut.breakOff(volume, "the cabinet was restarted");
          cut.recoverAlone(volume);
        }
        case SYNC_FINISHING -> {
          if (volume.pairState() == PairState.SYNC_FINISHING) {
            cut.cut(volume.group(), "the cabinet was restarted");
          }
        }
        case SUSPENDED, CONFLICT, UNPAIRED -> cut.recoverAlone(volume);
        default -> {}
      }
    }
  }

  /// The cabinet is going down: nothing of the peer's is taken any more, so that what is
  /// destaged stays all there is. Own writes that still wait for it are cut off at the link
  /// timeout.
  public void leave() {
    isLeaving = true;
    if (state != SessionState.OFFLINE) {
      become(SessionState.OFFLINE, "the cabinet is going down");
    }
  }

  // ---- the loop ----

  @Override
  public int doWork(long now) {
    nowNs = now;
    if (!started) {
      return 0;
    }
    transport.onRoundBegun(now);
    int work = link.drain(this, DRAIN_LIMIT);
    work += applyRestart();
    work += switch (state) {
      case OFFLINE -> awaitCarrier();
      case GREETING -> greet();
      case COMPARING -> compare();
      case READY -> mirror();
    };
    work += applyRestart();
    work += cutOverdueGroups() + cut.finish() + markStale() + yieldToBits();
    work += applyRestart();
    if (state.isUp()) {
      work += sayStable() + sayAlive() + transport.endRound(nowNs, this);
      tellResent();
    }
    return work;
  }

  private void become(SessionState next, String because) {
    MachineCheck.require(state.mayBecome(next), "session: " + state + " may not become " + next);
    events.log(EventCode.SESSION_STATE, state, next, because);
    boolean wasUp = state.isUp();
    state = next;
    if (wasUp && !next.isUp()) {
      unreachableSinceNs = nowNs;
      desk.end(because);
    }
  }

  private int awaitCarrier() {
    if (isLeaving || !link.hasCarrier()) {
      return 0;
    }
    become(SessionState.GREETING, "carrier on " + link.name());
    beginGreeting();
    return 1;
  }

  private void beginGreeting() {
    transport.begin((int) random.nextNonZero() | 1, nowNs);
    sendGreeting();
  }

  private void sendGreeting() {
    greetingSentNs = nowNs;
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      // The peer will take the last number told here for that of every track whose end it does
      // not know: our watermark of each volume must be able to reach it, also if this greeting
      // goes out again in an open session.
      topNumber[volume.index()] =
          Math.max(topNumber[volume.index()], memory.numbers().last());
    }
    transport.sendLoose(
        FrameKind.GREETING, messages.greeting(transport.peerEpoch(), events.wallMs()), nowNs);
  }

  private int greet() {
    if (!link.hasCarrier()) {
      become(SessionState.OFFLINE, "no carrier");
      return 1;
    }
    if (nowNs - greetingSentNs < GREETING_AGAIN_NS) {
      return 0;
    }
    sendGreeting();
    return 1;
  }

  private int compare() {
    int work = checkAlive();
    if (!state.isUp()) {
      return work;
    }
    if (nowNs - comparingSinceNs >= settings.linkTimeoutNs()) {
      // A volume that the peer never spoke of must not keep the others from being mirrored.
      work += desk.giveUpUnsettled();
    }
    work += sendControls() + desk.step(false, lastSentNumber);
    if (restartReason == null && desk.isSettled()) {
      become(SessionState.READY, "every pair is settled");
      work++;
    }
    return work;
  }

  private int mirror() {
    int work = checkAlive();
    if (!state.isUp()) {
      return work;
    }
    work += sendControls();
    work += sendRecords();
    work += desk.step(records.toSend().isEmpty(), lastSentNumber);
    work += copier.step(volumes.list(), nowNs);
    return work;
  }

  private int checkAlive() {
    if (!link.hasCarrier()) {
      become(SessionState.OFFLINE, "no carrier");
      return 1;
    }
    if (nowNs - transport.lastReceivedNs() >= settings.linkTimeoutNs()) {
      restart("the peer is silent");
      return applyRestart();
    }
    return 0;
  }

  // ---- restart and cut ----

  @Override
  public void restart(String because) {
    if (restartReason == null) {
      restartReason = because;
    }
  }

  @Override
  public void cut(String group, String because) {
    cut.cut(group, because);
    // The session is bound to the generations that it was greeted with.
    restart("group " + group + " was cut");
  }

  private int applyRestart() {
    if (restartReason == null) {
      return 0;
    }
    String because = restartReason;
    restartReason = null;
    if (!state.isUp()) {
      return 0;
    }
    become(SessionState.GREETING, because);
    beginGreeting();
    return 1;
  }

  /// Frames that have to be sent again are told at 1, 2, 4, 8, ...: a bad line must not flood
  /// the log.
  private void tellResent() {
    long resent = transport.resentFrames();
    if (resent >= resentToldNext) {
      resentToldNext = Long.highestOneBit(resent) * 2;
      events.log(EventCode.RETRANSMISSION, resent);
    }
  }

  /// The host never waits longer than the link timeout: then its group goes on alone.
  private int cutOverdueGroups() {
    int work = 0;
    for (String group : volumes.sourceGroups()) {
      String because = overdue(group);
      if (because != null && cut.isCuttable(group)) {
        cut(group, because);
        work++;
      }
    }
    return work + breakOffStuckCopies();
  }

  /// In the middle of a copy no write waits for the peer; but if the peer takes none, they fill
  /// the hosts' share of NVRAM. After the link timeout the copy is broken off, and they become
  /// owed bits.
  private int breakOffStuckCopies() {
    if (!state.isUp() || records.hostFramesFree() * 4L >= records.hostFramesMax()) {
      return 0;
    }
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.pairState() != PairState.SYNC_IN_PROG) {
        continue;
      }
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE && records.numberOf(record) <= receivedNumber) {
        record = records.remoteNextOf(record);
      }
      if (record != WriteRecords.NONE
          && nowNs - records.committedNsOf(record) >= settings.linkTimeoutNs()) {
        restart("the peer takes no writes of volume " + volume.name());
        return 1;
      }
    }
    return 0;
  }

  private String overdue(String group) {
    for (Volume volume : volumes.sourcesOf(group)) {
      int record = records.oldestHeld(volume.index());
      if (record == WriteRecords.NONE || volume.isHeld()) {
        continue;
      }
      if (!link.isVariedOn()) {
        return "link " + link.name() + " is varied off";
      }
      if (nowNs - records.committedNsOf(record) >= settings.linkTimeoutNs()) {
        return "a write of volume " + volume.name() + " waited "
            + settings.linkTimeoutNs() / 1_000_000 + " ms for the peer";
      }
      if (!state.isUp() && nowNs - unreachableSinceNs >= settings.linkTimeoutNs()) {
        return "the peer has been out of reach for " + (nowNs - unreachableSinceNs) / 1_000_000
            + " ms";
      }
    }
    return null;
  }

  /// An R2 that hears nothing says so durably: its R1 may have gone on alone.
  private int markStale() {
    if (state.isUp() || nowNs - unreachableSinceNs < settings.linkTimeoutNs()) {
      return 0;
    }
    int work = 0;
    for (Volume volume : volumes.ofRole(VolumeRole.R2)) {
      if (volume.pairState() == PairState.SYNCHRONIZED && volume.standing().staleSinceMs() == 0) {
        volume.become(volume.standing().staleSince(events.wallMs()), "the peer is silent");
        labels.request(volume.driveIndex());
        events.log(
            EventCode.POSSIBLY_STALE,
            volume.name(),
            java.time.Instant.ofEpochMilli(events.wallMs()));
        work++;
      }
    }
    return work;
  }

  /// Past the high mark, records that only wait for the peer's drive become bits: memory stays
  /// free whatever the peer does.
  private int yieldToBits() {
    if (records.hostFramesFree() * 4L >= records.hostFramesMax()) {
      return 0;
    }
    int work = 0;
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE
          && records.isReleased(record)
          && !records.isLocalPending(record)
          && records.numberOf(record) <= receivedNumber) {
        int next = records.remoteNextOf(record);
        volume.table().setPending(records.trackOf(record), records.numberOf(record));
        records.clearRemotePending(record);
        record = next;
        work++;
      }
    }
    return work;
  }

  // ---- sending ----

  private int sendControls() {
    int work = 0;
    while (transport.hasRoom(0)) {
      Control control = desk.peekOutgoing();
      if (control == null) {
        break;
      }
      int bytes = messages.control(control, topNumber);
      if (!transport.sendSequenced(FrameTransport.CONTROL, 0, 0, bytes, 0, 0, 0, 0, 0)) {
        break;
      }
      desk.pollOutgoing();
      work++;
    }
    return work;
  }

  private int sendRecords() {
    int work = 0;
    IntArrayQueue toSend = records.toSend();
    while (!toSend.isEmpty()) {
      int record = toSend.peekInt();
      if (!records.isRemotePending(record)) {
        toSend.pollInt();
        continue;
      }
      int payloadBytes = records.isZeroes(record) ? 0 : records.lengthOf(record);
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (!transport.hasRoom(units)) {
        break;
      }
      int volume = records.volumeIndexOf(record);
      int bytes = messages.write(
          records.numberOf(record),
          volumes.get(volume).number(),
          records.offsetOf(record),
          records.lengthOf(record),
          records.isZeroes(record),
          false);
      long payload = payloadBytes == 0 ? 0 : records.addressOf(record);
      if (!transport.sendSequenced(
          FrameTransport.RECORD,
          record,
          records.numberOf(record),
          bytes,
          payload,
          payloadBytes,
          records.payloadCrcOf(record),
          units,
          record + 1L)) {
        break;
      }
      if (transport.lastWasQueued()) {
        records.pin(record);
      }
      lastSentNumber = records.numberOf(record);
      toSend.pollInt();
      work++;
    }
    return work;
  }

  @Override
  public boolean isReadyForCopy() {
    return state == SessionState.READY
        && records.toSend().isEmpty()
        && transport.hasRoom(TrackCopier.UNITS_PER_TRACK);
  }

  @Override
  public boolean sendCopy(
      int buffer, Volume volume, int track, long address, int lengthBytes, int crc) {
    int bytes = messages.write(
        lastSentNumber,
        volume.number(),
        (long) track * BlockMask.TRACK_BYTES,
        lengthBytes,
        false,
        true);
    boolean sent = transport.sendSequenced(
        FrameTransport.COPY,
        buffer,
        lastSentNumber,
        bytes,
        address,
        lengthBytes,
        crc,
        IncomingWrites.unitsOf(lengthBytes),
        -1L - buffer);
    if (sent && transport.lastWasQueued()) {
      copier.onQueued(buffer);
    }
    if (sent && volume.role() == VolumeRole.R1) {
      // The target keeps the track as pending under this number, which may be another volume's:
      // our watermark of this volume must be able to reach it.
      topNumber[volume.index()] = Math.max(topNumber[volume.index()], lastSentNumber);
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
        EventCode.HOST_IO_ERROR,
        volume.name(),
        "copy",
        (long) track * BlockMask.TRACK_BYTES,
        BlockMask.TRACK_BYTES,
        "the track stays owed");
  }

  @Override
  public void onQueuedAgain(int kind, int reference) {
    if (kind == FrameTransport.RECORD) {
      records.pin(reference);
    } else if (kind == FrameTransport.COPY) {
      copier.onQueued(reference);
    }
  }

  @Override
  public void onSent(long tag) {
    if (tag > 0) {
      records.unpin((int) (tag - 1));
    } else if (tag < 0) {
      copier.onSent((int) (-1L - tag));
    }
  }

  /// How far this cabinet's drives are stable: the peer clears its pending bits by it.
  private int sayStable() {
    if (nowNs - watermarkSentNs < WATERMARK_EVERY_NS) {
      return 0;
    }
    int work = 0;
    for (Volume volume : volumes.list()) {
      int index = volume.index();
      if (!desk.isLinked(index) || volume.pairState() == PairState.RESTORING) {
        continue;
      }
      long stable = records.stableNumber(index, topOf(volume));
      if (stable != toldStable[index]) {
        toldStable[index] = stable;
        transport.sendLoose(FrameKind.STATUS, messages.watermark(volume.number(), stable), nowNs);
        work++;
      }
    }
    if (work > 0) {
      watermarkSentNs = nowNs;
    }
    return work;
  }

  private long topOf(Volume volume) {
    return volume.role() == VolumeRole.R1
        ? Math.max(topNumber[volume.index()], records.highestNumber(volume.index()))
        : topNumber[volume.index()];
  }

  private int sayAlive() {
    if (nowNs - transport.lastSentNs() < settings.heartbeatNs()) {
      return 0;
    }
    // A watermark may have been lost on the way: with the sign of life all are told again.
    java.util.Arrays.fill(toldStable, -1);
    transport.sendLoose(FrameKind.STATUS, messages.heartbeat(events.wallMs()), nowNs);
    return 1;
  }

  // ---- receiving ----

  @Override
  public void onCarrier(boolean up, String reason) {
    events.log(up ? EventCode.LINK_UP : EventCode.LINK_DOWN, link.name(), reason);
    if (!up && state != SessionState.OFFLINE) {
      become(SessionState.OFFLINE, reason);
    }
  }

  @Override
  public void onFrame(long address, int lengthBytes) {
    if (restartReason != null || state == SessionState.OFFLINE) {
      return;
    }
    switch (transport.onFrame(address, lengthBytes, state.isUp(), nowNs, this)) {
      case TAKEN -> {}
      case GREETING -> onGreeting();
      case BROKEN -> restart("the peer sent what makes no sense");
    }
  }

  private boolean wrap(UnsafeBuffer frame, int messageOffset, int template) {
    messageHeader.wrap(frame, messageOffset);
    return messageHeader.templateId() == template
        && messageHeader.schemaId() == MessageHeaderDecoder.SCHEMA_ID;
  }

  private void onGreeting() {
    UnsafeBuffer frame = transport.frameBuffer();
    int offset = transport.greetingOffset();
    int needed = MessageHeaderDecoder.ENCODED_LENGTH + GreetingDecoder.BLOCK_LENGTH;
    if (frame.capacity() < offset + needed || !wrap(frame, offset, GreetingDecoder.TEMPLATE_ID)) {
      onRefused("greeting is not readable");
      return;
    }
    greeting.wrap(
        frame,
        offset + MessageHeaderDecoder.ENCODED_LENGTH,
        messageHeader.blockLength(),
        messageHeader.version());
    String mismatch = messages.mismatch(greeting);
    if (mismatch != null) {
      if (!mismatch.equals(mismatchLogged)) {
        mismatchLogged = mismatch;
        events.log(EventCode.PEER_MISMATCH, mismatch);
      }
      return;
    }
    mismatchLogged = "";
    if (!state.isUp() && cut.isUnderWay()) {
      // A new generation is on its way to the drives: until it is there, this greeting was not
      // heard.
      return;
    }
    int epoch = transport.frameEpoch();
    boolean echoesUs = (int) greeting.epochEcho() == transport.myEpoch();
    if (state.isUp()) {
      if (epoch == transport.peerEpoch()) {
        // It greets us and hears us: our last greeting may have been lost, without which it
        // cannot open. Not more often than we greet unasked, and not once it has opened: or two
        // that are up would greet each other for ever.
        if (!echoesUs || !transport.hasHeard() && nowNs - greetingSentNs >= GREETING_AGAIN_NS / 2) {
          sendGreeting();
        }
        return;
      }
      restartReason = null;
      become(SessionState.GREETING, "the peer began anew");
      transport.begin((int) random.nextNonZero() | 1, nowNs);
      transport.setPeerEpoch(epoch);
      sendGreeting();
      return;
    }
    transport.setPeerEpoch(epoch);
    sendGreeting();
    if (echoesUs) {
      openSession();
    }
  }

  /// Both sides know each other's epoch. Everything that the peer's greeting tells is made true
  /// here first.
  private void openSession() {
    long incarnation = greeting.incarnation();
    long known = memory.peerIncarnation();
    if (known != 0 && known != incarnation) {
      peerLostItsMemory();
      memory.setPeerIncarnation(incarnation);
      if (cut.isUnderWay()) {
        beginGreeting();
        return;
      }
    }
    memory.setPeerIncarnation(incarnation);
    receivedNumber = greeting.receivedNumber();
    memory.numbers().skipTo(receivedNumber);
    lastSentNumber = receivedNumber;
    for (Volume volume : volumes.list()) {
      int index = volume.index();
      toldStable[index] = -1;
      if (volume.role() == VolumeRole.R1) {
        topNumber[index] = memory.numbers().last();
        volume.table().renumber(receivedNumber);
        releaseReceived(volume);
      } else if (volume.role() == VolumeRole.R2) {
        topNumber[index] = memory.peerReceived();
        volume.table().renumber(greeting.assignedNumber());
      }
    }
    records.rebuildToSend(receivedNumber);
    comparingSinceNs = nowNs;
    become(SessionState.COMPARING, "peer " + messages.serialOf(greeting));
    desk.begin();
  }

  private void peerLostItsMemory() {
    events.log(EventCode.PEER_INCARNATION_NEW);
    for (String group : volumes.sourceGroups()) {
      if (cut.isCuttable(group)) {
        cut.cut(group, "the peer lost its NVRAM");
      }
    }
    for (Volume volume : volumes.list()) {
      if (volume.role() != VolumeRole.LOCAL) {
        volume.table().pendingBecomesOwed();
      }
    }
  }

  private void releaseReceived(Volume volume) {
    for (int r = records.remoteHeadOf(volume.index());
        r != WriteRecords.NONE && records.numberOf(r) <= receivedNumber;
        r = records.remoteNextOf(r)) {
      records.release(r);
    }
  }

  @Override
  public boolean onMessage(
      UnsafeBuffer frame,
      int messageOffset,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc) {
    messageHeader.wrap(frame, messageOffset);
    int body = messageOffset + MessageHeaderDecoder.ENCODED_LENGTH;
    int length = messageHeader.blockLength();
    int version = messageHeader.version();
    if (messageHeader.schemaId() != MessageHeaderDecoder.SCHEMA_ID
        || length > frame.capacity() - body) {
      onRefused("message is not readable");
      return false;
    }
    boolean fine = switch (messageHeader.templateId()) {
      case WriteDecoder.TEMPLATE_ID -> {
        write.wrap(frame, body, length, version);
        yield length >= WriteDecoder.BLOCK_LENGTH
            && onWrite(payloadAddress, payloadBytes, payloadCrc);
      }
      case VolumeStatusDecoder.TEMPLATE_ID -> {
        status.wrap(frame, body, length, version);
        yield length >= VolumeStatusDecoder.BLOCK_LENGTH && desk.onStatus(status);
      }
      case PairOrderDecoder.TEMPLATE_ID -> {
        order.wrap(frame, body, length, version);
        yield length >= PairOrderDecoder.BLOCK_LENGTH && desk.onOrder(order);
      }
      case PairAnswerDecoder.TEMPLATE_ID -> {
        answer.wrap(frame, body, length, version);
        yield length >= PairAnswerDecoder.BLOCK_LENGTH && desk.onAnswer(answer);
      }
      // A newer peer may say more than this build knows.
      default -> true;
    };
    if (!fine) {
      onRefused("message " + messageHeader.templateId() + " makes no sense now");
    }
    return fine && restartReason == null;
  }

  private boolean onWrite(long payloadAddress, int payloadBytes, int payloadCrc) {
    String wrong = incomingWrites.take(write, payloadAddress, payloadBytes, payloadCrc, nowNs);
    if (wrong != null) {
      onRefused(wrong);
      return false;
    }
    transport.onUnitsTaken(IncomingWrites.unitsOf(payloadBytes));
    return true;
  }

  @Override
  public void onStatus(UnsafeBuffer frame, int messageOffset) {
    if (!wrap(frame, messageOffset, WatermarkDecoder.TEMPLATE_ID)
        || messageHeader.blockLength() < WatermarkDecoder.BLOCK_LENGTH
        || frame.capacity()
            < messageOffset + MessageHeaderDecoder.ENCODED_LENGTH + WatermarkDecoder.BLOCK_LENGTH) {
      return;
    }
    watermark.wrap(
        frame,
        messageOffset + MessageHeaderDecoder.ENCODED_LENGTH,
        messageHeader.blockLength(),
        messageHeader.version());
    Volume volume = volumes.byNumber(watermark.volume());
    if (volume == null || volume.role() == VolumeRole.LOCAL || !desk.isLinked(volume.index())) {
      return;
    }
    long stable = watermark.stableNumber();
    if (volume.role() == VolumeRole.R1) {
      // What the peer's drive holds, its memory held before.
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE
          && records.numberOf(record) <= Math.min(stable, receivedNumber)) {
        int next = records.remoteNextOf(record);
        records.release(record);
        records.clearRemotePending(record);
        record = next;
      }
    }
    volume.table().onStable(stable);
  }

  @Override
  public void onAcknowledged(int kind, int reference, long number) {
    if (kind == FrameTransport.RECORD) {
      receivedNumber = Math.max(receivedNumber, number);
      if (records.isRemotePending(reference) && records.numberOf(reference) == number) {
        records.release(reference);
      }
    } else if (kind == FrameTransport.COPY) {
      copier.onAcknowledged(reference, number);
    }
  }

  @Override
  public void onRefused(String reason) {
    refusedFrames++;
    if (Long.bitCount(refusedFrames) == 1) {
      events.log(EventCode.FRAME_REFUSED, reason, refusedFrames);
    }
  }

  // ---- for the processor and the console ----

  @Override
  public long nextDeadlineNs() {
    if (!started) {
      return NO_DEADLINE;
    }
    long deadline = copier.nextDeadlineNs();
    if (state == SessionState.GREETING) {
      deadline = Director.sooner(deadline, greetingSentNs + GREETING_AGAIN_NS);
    }
    if (state == SessionState.COMPARING && !desk.isSettled()) {
      deadline = Director.sooner(deadline, comparingSinceNs + settings.linkTimeoutNs());
    }
    if (state.isUp()) {
      deadline = Director.sooner(deadline, transport.nextDeadlineNs());
      deadline = Director.sooner(deadline, transport.lastSentNs() + settings.heartbeatNs());
      deadline = Director.sooner(deadline, transport.lastReceivedNs() + settings.linkTimeoutNs());
      deadline = Director.sooner(deadline, watermarkDeadlineNs());
    } else {
      deadline = Director.sooner(deadline, staleDeadlineNs());
    }
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (state.isUp()
          && volume.pairState() == PairState.SYNC_IN_PROG
          && records.remoteHeadOf(volume.index()) != WriteRecords.NONE) {
        deadline = Director.sooner(deadline, nowNs + settings.linkTimeoutNs() / 4);
      }
      int record = records.oldestHeld(volume.index());
      if (record != WriteRecords.NONE && !volume.isHeld() && volume.pairState().waitsForPeer()) {
        deadline =
            Director.sooner(deadline, records.committedNsOf(record) + settings.linkTimeoutNs());
      }
    }
    return deadline;
  }

  private long watermarkDeadlineNs() {
    for (Volume volume : volumes.list()) {
      int index = volume.index();
      if (desk.isLinked(index)
          && volume.pairState() != PairState.RESTORING
          && records.stableNumber(index, topOf(volume)) != toldStable[index]) {
        return watermarkSentNs + WATERMARK_EVERY_NS;
      }
    }
    return NO_DEADLINE;
  }

  private long staleDeadlineNs() {
    for (Volume volume : volumes.ofRole(VolumeRole.R2)) {
      if (volume.pairState() == PairState.SYNCHRONIZED && volume.standing().staleSinceMs() == 0) {
        return unreachableSinceNs + settings.linkTimeoutNs();
      }
    }
    return NO_DEADLINE;
  }

  public SessionState sessionState() {
    return state;
  }

  @Override
  public int linkCount() {
    return 1;
  }

  @Override
  public LinkFigures figures(int index) {
    return new LinkFigures(
        link.name(),
        link.description(),
        link.isVariedOn(),
        link.hasCarrier(),
        state.name(),
        state.isUp() ? transport.unacknowledged() : 0,
        link.sentFrames(),
        link.sentBytes(),
        link.receivedFrames(),
        link.receivedBytes(),
        transport.resentFrames(),
        refusedFrames,
        state.isUp() ? 0 : (nowNs - unreachableSinceNs) / 1_000_000);
  }

  @Override
  public boolean vary(String linkName, boolean on) {
    if (!link.name().equalsIgnoreCase(linkName)) {
      return false;
    }
    events.log(EventCode.LINK_VARIED, link.name(), on ? "on" : "off");
    link.vary(on);
    return true;
  }

  @Override
  public int copiesInFlight(int volumeIndex) {
    return copier.inFlight(volumeIndex);
  }
}
