package farside.volume;

/// What the console asks of the cabinet as a whole.
public interface CabinetDesk {
  String site();

  String serial();

  /// Destages everything and ends; returns at once.
  void requestShutdown();

  boolean isShuttingDown();

  /// True once IML was complete, so that hosts could come.
  boolean hasServed();

  /// Hosts connected now.
  int hostCount();

  long readCount();

  long writeCount();
}
