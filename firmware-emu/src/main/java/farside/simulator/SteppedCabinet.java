package farside.simulator;

/// A cabinet as the simulator sees it: the microcode, or in tests a stand-in.
interface SteppedCabinet {
  int doWork(long nowNs);

  long nextDeadlineNs();

  /// Destages everything; [#isDown] then becomes true.
  void requestShutdown();

  boolean isReady();

  boolean isDown();

  /// True if the cabinet takes the pair of this source volume for synchronized.
  boolean isSynchronized(String volumeName);

  /// True if nothing waits: no write pending, no frame unacknowledged, no track owed, every pair synchronized.
  boolean isSettled();
}
