package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.Director;
import farside.port.Memory;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrackCopierTest {
  private static final long MS = RemoteBench.MS;

  private final RemoteBench bench = new RemoteBench(VolumeRole.R1, "G");
  private final Line line = new Line();
  private final TrackCopier copier = new TrackCopier(bench.memory, 1, line, bench.copies.address());

  /// Takes copies; says which arrived when told.
  private static final class Line implements TrackCopier.Sender {
    final List<Integer> sent = new ArrayList<>();
    final List<Integer> buffers = new ArrayList<>();
    final List<Integer> copied = new ArrayList<>();
    final List<Integer> unreadable = new ArrayList<>();
    boolean ready = true;
    byte firstByte;

    @Override
    public boolean isReadyForCopy() {
      return ready;
    }

    @Override
    public boolean sendCopy(
        int buffer, Volume volume, int track, long address, int lengthBytes, int crc) {
      sent.add(track);
      buffers.add(buffer);
      firstByte = Memory.getByte(address);
      return true;
    }

    @Override
    public void onCopied(Volume volume, int track, long number) {
      copied.add(track);
      volume.table().setPending(track, number);
      volume.table().owed().clear(track);
    }

    @Override
    public void onUnreadable(Volume volume, int track) {
      unreadable.add(track);
    }
  }

  private Volume begin(boolean onePass) {
    bench.begin(Standing.fresh(PairState.UNPAIRED, false)
        .synchronizedAt(7)
        .alone(8)
        .with(PairState.SYNC_IN_PROG));
    Volume volume = bench.volumes.get(0);
    volume.table().owed().setAll();
    copier.begin(volume, onePass);
    return volume;
  }

  private void step(long nowNs) {
    while (copier.step(bench.volumes.list(), nowNs) > 0) {}
  }

  @Test
  void owedTracksAreSentInAscendingOrderAndStayOwedUntilTheyArrived() {
    Volume volume = begin(false);
    for (int i = 0; i < 10; i++) {
      step(i);
      bench.stage(true);
      step(i);
      while (!line.buffers.isEmpty()) {
        assertThat(volume.table().owed().count())
            .isEqualTo(RemoteBench.TRACKS - line.copied.size());
        copier.onAcknowledged(line.buffers.removeFirst(), 3);
      }
    }
    assertThat(line.sent).containsExactly(0, 1, 2, 3);
    assertThat(line.copied).containsExactly(0, 1, 2, 3);
    assertThat(volume.table().owed().count()).isZero();
    assertThat(copier.inFlight(0)).isZero();
  }

  @Test
  void nothingIsComposedWhileRecordsWaitToBeSent() {
    begin(false);
    line.ready = false;
    step(0);
    bench.stage(true);
    step(0);
    assertThat(line.sent).isEmpty();
    bench.write(0, 0, true, false, 0);
    line.ready = true;
    copier.step(bench.volumes.list(), 0);
    assertThat(line.sent).startsWith(0);
  }

  @Test
  void aCopyCarriesTheRecordsThatLieOverTheTrack() {
    Volume volume = begin(false);
    volume.table().owed().clearAll();
    volume.table().owed().set(0);
    bench.write(0, 0, true, false, 0);
    step(0);
    bench.stage(true);
    step(0);
    assertThat(line.sent).containsExactly(0);
    assertThat(line.firstByte).isEqualTo((byte) 5);
  }

  @Test
  void aRestoreIsNotOverWhileATrackCouldNotBeRead() {
    Volume volume = begin(true);
    for (int i = 0; i < 8; i++) {
      step(0);
      bench.stage(false);
      step(0);
    }
    assertThat(line.unreadable).isNotEmpty();
    assertThat(line.sent).isEmpty();
    assertThat(copier.isPassOver(volume)).isFalse();
    long retryAtNs = copier.nextDeadlineNs();
    assertThat(retryAtNs).isEqualTo(5_000 * MS);
    for (int i = 0; i < 8; i++) {
      step(retryAtNs);
      bench.stage(true);
      step(retryAtNs);
      while (!line.buffers.isEmpty()) {
        copier.onAcknowledged(line.buffers.removeFirst(), 3);
      }
    }
    assertThat(line.copied).contains(0, 1, 2, 3);
    assertThat(copier.nextDeadlineNs()).isEqualTo(Director.NO_DEADLINE);
  }

  @Test
  void aTrackThatCannotBeReadStaysOwedAndHoldsUpNoOther() {
    Volume volume = begin(false);
    bench.lose(77);
    for (int i = 0; i < 10; i++) {
      step(i);
      bench.read();
      for (int slot = bench.slots.pollLacking(); slot >= 0; slot = bench.slots.pollLacking()) {
        bench.slots.onNowhere(slot, -1, -1);
      }
      step(i);
      while (!line.buffers.isEmpty()) {
        copier.onAcknowledged(line.buffers.removeFirst(), 3);
      }
    }
    assertThat(line.unreadable).containsExactly(0);
    assertThat(line.copied).containsExactly(1, 2, 3);
    assertThat(volume.table().owed().isSet(0)).isTrue();
  }

  @Test
  void anEndedSessionGivesEveryBufferAndSlotBack() {
    begin(false);
    step(0);
    bench.stage(true);
    step(0);
    copier.abort();
    assertThat(copier.inFlight(0)).isZero();
    for (int track = 0; track < 8; track++) {
      int slot = bench.slots.acquire(0, 100 + track);
      assertThat(slot).isNotNegative();
      bench.slots.pin(slot);
    }
  }
}
