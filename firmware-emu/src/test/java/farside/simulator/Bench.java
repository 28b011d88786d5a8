package farside.simulator;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Time, chance, memory and a drive, for tests of single parts.
final class Bench implements AutoCloseable, DrivePort.DriveSink {
  static final int MIB = 1 << 20;

  final Arena arena = Arena.ofConfined();
  final Draws draws;
  final Trace trace = new Trace(null);
  final VirtualTime time;
  final long memory;
  final List<Long> completed = new ArrayList<>();
  final List<Long> failed = new ArrayList<>();

  Bench(long seed) {
    draws = new Draws(seed);
    time = new VirtualTime(seed % 2 == 0 ? -5_000_000_000L : Long.MAX_VALUE - 1_000_000);
    memory = arena.allocate(MIB, 4096).address();
  }

  SimulatedDrive drive(int queueDepth) {
    DriveHabits habits = new DriveHabits(queueDepth, 1_000, 100_000, 1_000, 100_000, true, false);
    SimulatedDrive drive =
        new SimulatedDrive("A", "D1", MIB, 512, habits, time, draws.fork(), trace);
    drive.open(() -> {});
    return drive;
  }

  SimulatedNvram nvram() {
    SimulatedNvram nvram = new SimulatedNvram(64 * 1024, arena, draws.fork(), trace);
    nvram.open();
    return nvram;
  }

  SimulatedNvram powerSafeNvram() {
    SimulatedNvramLog log = new SimulatedNvramLog(64 * 1024, arena, time, draws.fork(), trace);
    return new SimulatedNvram(64 * 1024, log, arena, draws.fork(), trace);
  }

  /// Fills the memory and submits it as one write.
  void write(SimulatedDrive drive, long offsetBytes, int lengthBytes, int value, long tag) {
    Memory.at(memory + offsetBytes, lengthBytes).fill((byte) value);
    drive.submitWrite(offsetBytes, new IoVector().add(memory + offsetBytes, lengthBytes), tag);
  }

  void writeThrough(SimulatedDrive drive, long offsetBytes, int lengthBytes, int value, long tag) {
    Memory.at(memory + offsetBytes, lengthBytes).fill((byte) value);
    drive.submitWriteThrough(
        offsetBytes, new IoVector().add(memory + offsetBytes, lengthBytes), tag);
  }

  /// Runs until everything submitted is complete, and takes the completions.
  void settle(SimulatedDrive drive) {
    time.runFor(1_000_000_000L);
    drive.drain(this, 1000);
  }

  /// How many blocks of the range hold the value.
  int blocksOf(DriveImage image, long offsetBytes, int lengthBytes, int value) {
    byte[] bytes = new byte[lengthBytes];
    image.read(offsetBytes, bytes, 0, lengthBytes);
    int count = 0;
    for (int block = 0; block < lengthBytes / 512; block++) {
      boolean all = true;
      boolean any = false;
      for (int i = block * 512; i < (block + 1) * 512; i++) {
        all &= bytes[i] == (byte) value;
        any |= bytes[i] == (byte) value;
      }
      if (any != all) {
        throw new AssertionError("a block is torn");
      }
      count += all ? 1 : 0;
    }
    return count;
  }

  @Override
  public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
    (outcome == DriveOutcome.DONE ? completed : failed).add(tag);
  }

  @Override
  public void close() {
    arena.close();
  }
}
