package farside.volume;

/// What the console asks of the cabinet as a whole.
public interface CabinetDesk {
  String site();

  String serial();

  /// Destages everything and ends; returns at once.
  void requestShutdown();

  boolean isShuttingDown();

  /// Hosts connected now.
  int hostCount();

  long readCount();

  long writeCount();
}
