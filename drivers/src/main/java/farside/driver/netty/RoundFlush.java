package farside.driver.netty;

/// What a driver does once at the end of a round of the directors: hand over, in one go, all
/// that the round produced.
///
/// During a round a driver only queues (for a socket: `channel.write`). One flush per socket
/// and round instead of one per answer is worth a fifth of the speed at depth.
public interface RoundFlush {
  /// Called on the processor's thread; must not block.
  void flushRound();
}
