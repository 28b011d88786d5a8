package farside.driver.filedisk;

import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.Transport;
import farside.port.IoVector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// A process that keeps a drive's queue full of writes until somebody kills it.
final class WritingProcess {
  static final int SIZE_BYTES = 16 << 20;
  static final int BLOCK_BYTES = 4096;
  private static final int WRITE_BYTES = 1 << 18;

  private WritingProcess() {}

  static FileDisk.Setup setup(Path path) {
    return new FileDisk.Setup("D1", path, SIZE_BYTES, BLOCK_BYTES, false);
  }

  /// @param arguments transport, then path of the drive's file
  public static void main(String[] arguments) throws IOException {
    try (LoopBench bench = new LoopBench(Transport.valueOf(arguments[0]));
        Arena arena = Arena.ofShared()) {
      OpenDrive disk = bench.open(setup(Path.of(arguments[1])));
      MemorySegment ones = arena.allocate(WRITE_BYTES, BLOCK_BYTES).fill((byte) 1);
      IoVector source = new IoVector();
      long place = 0;
      long begun = 0;
      long ended = 0;
      while (true) {
        while (begun - ended < disk.queueDepth()) {
          source.clear().add(ones.address(), WRITE_BYTES);
          disk.submitWrite(place * WRITE_BYTES, source, begun++);
          place = (place + 1) % (SIZE_BYTES / WRITE_BYTES);
        }
        bench.turn(disk);
        ended += bench.completions.size();
        bench.completions.clear();
        System.out.println(ended);
      }
    }
  }
}
