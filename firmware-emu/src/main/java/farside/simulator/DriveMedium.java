package farside.simulator;

import java.util.ArrayDeque;

/// What a simulated drive makes of the requests that are over: what it holds, in its cache and
/// behind it, what of that it cannot read any more, and what it spoils, loses or lies about.
///
/// It knows no queue, and no time but that of a request.
final class DriveMedium {
  private static final int LATEST_WRITES = 32;

  private final int blockBytes;
  private final DriveFaults faults;
  private final Draws draws;
  private final DriveCache cache;
  private final LostBlocks lost;

  /// Those that were done last, oldest first.
  private final ArrayDeque<DriveRequest> latestWrites = new ArrayDeque<>();

  /// What a read has found and the drive spoils, on its way to its memory.
  private byte[] readBuffer = {};

  DriveMedium(long sizeBytes, int blockBytes, DriveFaults faults, Draws draws) {
    this.blockBytes = blockBytes;
    this.faults = faults;
    this.draws = draws;
    this.cache = new DriveCache(sizeBytes, blockBytes, draws);
    this.lost = new LostBlocks(blockBytes);
  }

  /// What a reader sees.
  DriveImage visible() {
    return cache.visible();
  }

  /// What survives a loss of power for certain.
  DriveImage stable() {
    return cache.stable();
  }

  /// Changes so far: what a flush that is submitted now covers.
  long changeCount() {
    return cache.changeCount();
  }

  /// Offset of the lowest change so far.
  long firstChangeBytes() {
    return cache.firstChangeBytes();
  }

  /// What it cannot read until it is written anew.
  LostBlocks lost() {
    return lost;
  }

  /// Some blocks of what was written last become unreadable.
  ///
  /// @param endBytes of the volume on it
  void loseLatest(long endBytes, Draws drawn) {
    for (DriveRequest write : latestWrites) {
      for (long at = write.offsetBytes; at < write.offsetBytes + write.lengthBytes; ) {
        if (at < endBytes && drawn.chance(500)) {
          lost.lose(at);
        }
        at += blockBytes;
      }
    }
  }

  /// From now on it lies now and then about requests to the volume on it.
  void lie(DriveFaults.Lie lie, int permille, DamagedBlocks damaged) {
    cache.older();
    faults.lie(lie, permille, damaged);
  }

  /// Is there, stable, whatever else was to be written there.
  void leave(long offsetBytes, byte[] content) {
    cache.leave(offsetBytes, content);
  }

  /// What was not flushed survives in parts.
  void loseCache() {
    cache.lose();
  }

  /// The run is over.
  void close() {
    cache.close();
  }

  /// A request of a dead process takes effect, as a whole or in part.
  void land(DriveRequest request) {
    cache.land(request);
  }

  /// The request is over, and says afterwards whether it failed.
  ///
  /// @param failsForNoReason it has failed already, and would not if it were tried again
  void carryOut(DriveRequest request, boolean failsForNoReason, long nowNs) {
    switch (request.kind) {
      case READ -> read(request, failsForNoReason, nowNs);
      case WRITE, ZERO -> apply(request);
      case WRITE_THROUGH -> {
        boolean isApplied = apply(request);
        if (!request.failed) {
          if (isApplied) {
            cache.settleLast();
          }
        } else if (failsForNoReason) {
          loseCacheSometimes();
        }
      }
      case FLUSH -> {
        if (!request.failed) {
          cache.settle(request.changesBefore);
        } else if (failsForNoReason) {
          loseCacheSometimes();
        }
      }
    }
  }

  private void read(DriveRequest request, boolean failsForNoReason, long nowNs) {
    boolean isStale = faults.drawLie(request, draws) != null;
    DriveImage image = isStale ? cache.older() : cache.visible();
    if (request.disturbed == null && !failsForNoReason && lost.count() == 0) {
      request.fill(image);
      return;
    }
    int lengthBytes = (int) request.lengthBytes;
    if (readBuffer.length < lengthBytes) {
      readBuffer = new byte[lengthBytes];
    }
    image.read(request.offsetBytes, readBuffer, 0, lengthBytes);
    for (int i = 0; request.disturbed != null && i < lengthBytes; i += blockBytes) {
      if (request.disturbed[i / blockBytes]) {
        draws.fill(readBuffer, i, i + 8);
      }
    }
    if (failsForNoReason) {
      failRead(
          request, request.offsetBytes + blockBytes * (long) draws.below(lengthBytes / blockBytes));
    }
    long firstLost = lost.onRead(request.offsetBytes, request.lengthBytes, nowNs);
    if (firstLost >= 0) {
      failRead(request, firstLost);
    }
    request.scatter(readBuffer);
  }

  /// What the memory holds from the bad block on is anything, and what the drive names is the
  /// block, where the read began, or nothing.
  private void failRead(DriveRequest request, long firstBad) {
    request.failed = true;
    request.firstBadByte = switch (draws.below(3)) {
      case 0 -> firstBad;
      case 1 -> request.offsetBytes;
      default -> -1;
    };
    for (int i = (int) (firstBad - request.offsetBytes); i < request.lengthBytes; i += blockBytes) {
      draws.fill(readBuffer, i, i + 8);
    }
  }

  /// What a flush that failed was to make stable may be lost, and no later one says so.
  private void loseCacheSometimes() {
    if (draws.chance(500)) {
      cache.lose();
    }
  }

  /// False if the drive lied about it.
  private boolean apply(DriveRequest request) {
    if (request.isOfGoneDrive) {
      return true;
    }
    DriveFaults.Lie lie = request.failed ? null : faults.drawLie(request, draws);
    if (lie == DriveFaults.Lie.MISDIRECTED_WRITE) {
      cache.apply(request.at(faults.drawPlace(request, blockBytes, draws)));
    }
    if (lie != null) {
      return false;
    }
    request.firstBadByte = faults.badByteOf(request);
    request.failed |= request.firstBadByte >= 0;
    if (request.failed) {
      cache.applyPart(request);
    } else {
      lost.onWritten(request.offsetBytes, request.lengthBytes);
      cache.apply(request);
      latestWrites.add(request);
      if (latestWrites.size() > LATEST_WRITES) {
        latestWrites.removeFirst();
      }
    }
    return true;
  }
}
