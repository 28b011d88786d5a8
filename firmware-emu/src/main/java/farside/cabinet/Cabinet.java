package farside.cabinet;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.channel.ChannelAdapter;
import farside.director.CabinetRefused;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.disk.DiskAdapter;
import farside.disk.DrivePatience;
import farside.port.DrivePort;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.powersafe.LoggedNvram;
import farside.port.powersafe.Outlet;
import farside.remote.RemoteAdapter;
import farside.remote.RemoteSettings;
import farside.service.Iml;
import farside.service.NvramOpening;
import farside.service.ServiceProcessor;
import farside.volume.CabinetDesk;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A cabinet, wired from its description: NVRAM, cache, directors, in the order in which a host
/// write walks them.
///
/// It has no thread and no clock. `farside.runtime` runs it on a processor, `farside.simulator`
/// in virtual time: both call [#doWork] in rounds until one does nothing, and sleep until
/// [#nextDeadlineNs].
public final class Cabinet implements CabinetDesk {
  private final CabinetDescription description;
  private final NvramPort nvram;
  private final EventLog events;
  private final Volumes volumes;
  private final Labels labels;
  private final GlobalMemory memory;
  private final Iml iml;
  private final ChannelAdapter channel;
  private final DiskAdapter disk;
  private final RemoteAdapter remote;
  private final Shutdown shutdown;
  private final ServiceProcessor service;

  /// Null where the NVRAM is only mapped.
  private final Outlet outlet;

  /// Slots, label buffers, copy buffers: kept here so that it lives as long as the cabinet.
  private final MemorySegment work;

  private boolean hasServed;

  /// @param wallMsAtZero wall-clock milliseconds at which the clock that gives `nowNs` showed 0
  /// @throws CabinetRefused if the description and what is attached do not fit
  public Cabinet(CabinetDescription description, CabinetPorts attached, long wallMsAtZero) {
    this.description = description;
    this.nvram = attached.nvram();
    outlet = nvram instanceof LoggedNvram logged ? new Outlet(logged.log()) : null;
    CabinetPorts ports = outlet == null ? attached : attached.through(outlet);
    events = new EventLog(ports.events(), wallMsAtZero, ports.recorder());
    events.recordStart("cabinet " + description.site() + ", serial " + description.serial());
    checkDrives(ports.drives());

    int count = description.volumes().size();
    long[] sizes = new long[count];
    int[] driveOfVolume = new int[count];
    for (int i = 0; i < count; i++) {
      var volume = description.volumes().get(i);
      sizes[i] = volume.sizeBytes();
      driveOfVolume[i] = driveIndex(volume.drive());
    }
    NvramLayout layout = description.layoutOf(nvram.sizeBytes());
    NvramPort.Contents found = NvramOpening.open(nvram, layout, ports.random());

    long slotBytes =
        (long) (description.readSlots() + RemoteAdapter.PRIVATE_SLOTS) * BlockMask.TRACK_BYTES;
    long driveBytes = (long) ports.drives().size() * DiskAdapter.WORK_BYTES_PER_DRIVE;
    work = Memory.zeroed(
        slotBytes + driveBytes + RemoteAdapter.WORK_BYTES + BlockMask.TRACK_BYTES, 4096);
    SlotDirectory slots = new SlotDirectory(
        work.address(), description.readSlots(), RemoteAdapter.PRIVATE_SLOTS, count);
    int incoming = incomingShare(layout.frameCount());
    WriteRecords records = new WriteRecords(
        nvram,
        layout,
        slots,
        driveOfVolume,
        ports.drives().size(),
        layout.frameCount() - incoming,
        incoming);
    guarantee(records, layout.frameCount() - incoming);
    memory = new GlobalMemory(nvram, layout, records, slots, sizes);
    volumes = new Volumes(makeVolumes(layout, driveOfVolume));
    labels = new Labels(
        description.serial(),
        driveNames(ports.drives()),
        volumesByDrive(ports.drives().size()));
    iml = new Iml(description.site(), found, volumes, labels, memory, ports.random(), events);

    disk = new DiskAdapter(
        ports.drives(),
        new DrivePatience(
            description.driveSlowMs() * 1_000_000L, description.driveHungMs() * 1_000_000L),
        labels,
        memory,
        volumes,
        events,
        work.address() + slotBytes);
    channel = new ChannelAdapter(
        ports.host(),
        volumes,
        memory,
        events,
        work.address() + slotBytes + driveBytes + RemoteAdapter.WORK_BYTES);
    remote = new RemoteAdapter(
        new RemoteSettings(
            description.serial(),
            description.peerSerial(),
            description.linkTimeoutMs() * 1_000_000L,
            description.heartbeatMs() * 1_000_000L),
        ports.links(),
        ports.panel(),
        memory,
        volumes,
        labels,
        ports.random(),
        events,
        work.address() + slotBytes + driveBytes);
    shutdown = new Shutdown(nvram, memory, volumes, labels, disk, channel, remote, events);
    service = new ServiceProcessor(
        ports.console(), this, volumes, memory, disk, remote.linkDesk(), events);
  }

  // ---- wiring ----

  private void checkDrives(List<DrivePort> drives) {
    if (drives.size() != description.drives().size()) {
      throw new CabinetRefused("site " + description.site() + ": " + drives.size()
          + " drives are attached, the description names "
          + description.drives().size());
    }
    // What one volume may keep busy leaves each other one.
    int slotsMin = Math.max(4, description.volumes().size());
    if (description.readSlots() < slotsMin) {
      throw new CabinetRefused("site " + description.site() + ": " + description.readSlots()
          + " track slots of read cache; at least " + slotsMin
          + " are needed, and one for each volume. Give it more readCacheMiB.");
    }
    for (var volume : description.volumes()) {
      if (volume.blockBytes() != 512 && volume.blockBytes() != 4096
          || volume.sizeBytes() <= 0
          || volume.sizeBytes() % volume.blockBytes() != 0) {
        throw new CabinetRefused("volume " + Volume.nameOf(volume.number()) + ": "
            + volume.sizeBytes() + " bytes in blocks of " + volume.blockBytes()
            + ". Blocks are 512 or 4096 bytes, and a size is whole blocks.");
      }
      DrivePort drive = drives.get(driveIndex(volume.drive()));
      if (drive.sizeBytes() < volume.sizeBytes() + DriveLabel.RESERVED_BYTES) {
        throw new CabinetRefused(
            "drive " + drive.name() + " has " + drive.sizeBytes() + " bytes; volume "
                + Volume.nameOf(volume.number()) + " needs "
                + (volume.sizeBytes() + DriveLabel.RESERVED_BYTES)
                + " with the label. Give it a larger drive or make the volume smaller.");
      }
      if (volume.blockBytes() % drive.blockBytes() != 0) {
        throw new CabinetRefused("drive " + drive.name() + ": its blocks are " + drive.blockBytes()
            + " bytes, but volume "
            + Volume.nameOf(volume.number()) + " has blocks of " + volume.blockBytes()
            + ". Set blockBytes: " + drive.blockBytes()
            + " in the rig file, or give the volume another drive.");
      }
    }
  }

  private int driveIndex(String name) {
    for (int i = 0; i < description.drives().size(); i++) {
      if (description.drives().get(i).name().equals(name)) {
        return i;
      }
    }
    throw new CabinetRefused("no drive " + name + " in site " + description.site());
  }

  /// Frames that only the peer's writes may use. They wait for the local drives alone, so
  /// whatever hosts here wait for, the peer's writes, and with them the acknowledgements that
  /// others wait for, go on.
  private int incomingShare(int frames) {
    boolean source = false;
    boolean target = false;
    for (var volume : description.volumes()) {
      source |= volume.role() == VolumeRole.R1;
      target |= volume.role() == VolumeRole.R2;
    }
    if (target) {
      return frames / 2;
    }
    // An R1 takes copies from its peer only to get back what it lost.
    return source ? Math.max(16, frames / 8) : 0;
  }

  /// Half of the hosts' frames is divided among the volumes that hosts write to; so a drive
  /// that hangs, or a peer that is silent, keeps only the other half from the other volumes.
  private void guarantee(WriteRecords records, int hostFrames) {
    int written = 0;
    for (var volume : description.volumes()) {
      written += volume.role() == VolumeRole.R2 ? 0 : 1;
    }
    for (int i = 0; i < description.volumes().size(); i++) {
      if (description.volumes().get(i).role() != VolumeRole.R2) {
        records.guarantee(i, hostFrames / (2 * written));
      }
    }
  }

  private List<Volume> makeVolumes(NvramLayout layout, int[] driveOfVolume) {
    List<Volume> made = new ArrayList<>();
    for (int i = 0; i < driveOfVolume.length; i++) {
      var volume = description.volumes().get(i);
      made.add(new Volume(
          i,
          volume.number(),
          volume.role(),
          volume.group(),
          volume.ack(),
          volume.sizeBytes(),
          volume.blockBytes(),
          driveOfVolume[i],
          memory.table(i),
          nvram,
          layout.volumeStateOffset(i),
          events));
    }
    return made;
  }

  private static String[] driveNames(List<DrivePort> drives) {
    return drives.stream().map(DrivePort::name).toArray(String[]::new);
  }

  private Volume[] volumesByDrive(int driveCount) {
    Volume[] onDrive = new Volume[driveCount];
    for (Volume volume : volumes.list()) {
      if (onDrive[volume.driveIndex()] != null) {
        throw new CabinetRefused("volumes " + onDrive[volume.driveIndex()].name() + " and "
            + volume.name() + " are on one drive; give each volume a drive of its own.");
      }
      onDrive[volume.driveIndex()] = volume;
    }
    return onDrive;
  }

  // ---- the loop ----

  /// One round of all directors; returns how much was done. A [MachineCheck] is logged and
  /// thrown on: whoever runs the cabinet stops it at once.
  public int doWork(long nowNs) {
    events.setNow(nowNs);
    try {
      return outlet == null ? round(nowNs) : takeIn() + round(nowNs) + outlet.afterRound();
    } catch (MachineCheck check) {
      events.log(EventCode.MACHINE_CHECK, check.getMessage());
      throw check;
    }
  }

  private int takeIn() {
    try {
      return outlet.beforeRound();
    } catch (CabinetRefused unsafe) {
      events.log(EventCode.NVRAM_LOG_FAILED, unsafe.getMessage());
      throw unsafe;
    }
  }

  private int round(long nowNs) {
    if (shutdown.isDown()) {
      return 0;
    }
    return hasServed ? serve(nowNs) + shutdown.step(nowNs) : roundInIml(nowNs);
  }

  private int roundInIml(long nowNs) {
    int done = disk.doWork(nowNs) + stepIml(nowNs) + service.doWork(nowNs);
    return hasServed ? done : done + shutdown.stepInIml(nowNs);
  }

  /// In the order in which a write walks, but for what answers it: that is heard before those
  /// have their turn who pass it on, so that nobody's answer waits for another round.
  private int serve(long nowNs) {
    return disk.hear(nowNs)
        + channel.doWork(nowNs)
        + remote.doWork(nowNs)
        + channel.onPeerHeard()
        + disk.doWork(nowNs)
        + service.doWork(nowNs);
  }

  private int stepIml(long nowNs) {
    int done = iml.step(nowNs);
    if (iml.isComplete()) {
      remote.start(nowNs);
      hasServed = true;
      events.recordPhase("SERVING");
    }
    return done;
  }

  /// When the cabinet wants to run next if nothing arrives.
  public long nextDeadlineNs() {
    if (shutdown.isDown()) {
      return Director.NO_DEADLINE;
    }
    long deadline = Director.sooner(
        Director.sooner(disk.nextDeadlineNs(), service.nextDeadlineNs()),
        Director.sooner(channel.nextDeadlineNs(), remote.nextDeadlineNs()));
    return Director.sooner(deadline, shutdown.nextDeadlineNs());
  }

  /// True from the end of IML until the shutdown begins.
  public boolean isReady() {
    return hasServed && !shutdown.hasBegun();
  }

  /// True when everything is destaged, the labels say so, and NVRAM is on its backing store; but
  /// see [#isIncomplete] and [#hasServed].
  public boolean isDown() {
    return shutdown.isDown() && holdsNothingBack();
  }

  /// True if nothing waits for the log of power-safe NVRAM before it may leave the cabinet.
  public boolean holdsNothingBack() {
    return outlet == null || outlet.isIdle();
  }

  /// True if it is down although drives that do not answer lack something, which NVRAM has.
  public boolean isIncomplete() {
    return shutdown.isIncomplete();
  }

  /// The drives that the shutdown did not wait for, for people.
  public String drivesLeft() {
    return shutdown.drivesLeft();
  }

  /// True once IML was complete.
  @Override
  public boolean hasServed() {
    return hasServed;
  }

  // ---- for the console, the simulator and tests ----

  @Override
  public void requestShutdown() {
    shutdown.request();
  }

  @Override
  public boolean isShuttingDown() {
    return shutdown.isRequested();
  }

  @Override
  public String site() {
    return description.site();
  }

  @Override
  public String serial() {
    return description.serial();
  }

  @Override
  public int hostCount() {
    return channel.connectionCount();
  }

  @Override
  public long readCount() {
    return channel.readCount();
  }

  @Override
  public long writeCount() {
    return channel.writeCount();
  }

  /// Commands of hosts that were taken since the start, of any kind.
  public long requestCount() {
    return channel.requestCount();
  }

  /// Of them, those that were not answered yet.
  public int requestsOutstanding() {
    return channel.outstanding();
  }

  /// How much they are to read, write or clear.
  public long bytesOutstanding() {
    return channel.outstandingBytes();
  }

  /// True while a drive has something to do that somebody may wait for: one of this cabinet, or
  /// the peer's for a host of this one.
  public boolean isDriveAtWork() {
    return !disk.isIdle() || channel.mayAwaitPeersDrive();
  }

  /// True while hosts wait, and a drive of this cabinet reads what may be for them.
  public boolean isReadAwaited() {
    return channel.outstanding() > 0 && disk.isReading();
  }

  /// True while a drive hangs, or has come back and is not used again yet.
  public boolean awaitsDrive() {
    for (int drive = 0; drive < disk.driveCount(); drive++) {
      if (labels.isInDoubt(drive)) {
        return true;
      }
    }
    return false;
  }

  /// True while a label that was ordered is not on its drive yet. One that the drive refused is
  /// tried again after a rest, in which the drive has nothing to do.
  public boolean awaitsLabel() {
    for (int drive = 0; drive < disk.driveCount(); drive++) {
      if (labels.isWanted(drive)) {
        return true;
      }
    }
    return false;
  }

  /// What `query` answers.
  public String query() {
    return service.query();
  }

  public Volumes volumes() {
    return volumes;
  }

  public GlobalMemory memory() {
    return memory;
  }

  public EventLog events() {
    return events;
  }

  public RemoteAdapter remote() {
    return remote;
  }

  /// Bytes of plain memory that the cabinet took for slots and buffers.
  public long workBytes() {
    return work.byteSize();
  }
}
