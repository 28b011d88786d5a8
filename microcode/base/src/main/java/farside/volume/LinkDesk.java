package farside.volume;

/// What the console asks of the remote adapter: figures, and links varied on or off.
public interface LinkDesk {
  /// @param session state of the session that runs over it
  /// @param unacknowledged frames sent and not acknowledged
  /// @param resentFrames frames that went over it and were sent again, since the start
  /// @param refusedFrames frames that were damaged or not understood
  /// @param silentMs how long nothing came from the peer; 0 while the link carries a session
  /// @param sharePercent of what all links carried since the start
  /// @param bytesPerSecond as measured under load beside other links; 0: not known
  /// @param delayMicros there and back, measured beside other links; 0: not known
  record LinkFigures(
      String name,
      String description,
      boolean variedOn,
      boolean carrier,
      String session,
      int unacknowledged,
      long sentFrames,
      long sentBytes,
      long receivedFrames,
      long receivedBytes,
      long resentFrames,
      long refusedFrames,
      long silentMs,
      int sharePercent,
      long bytesPerSecond,
      long delayMicros) {}

  int linkCount();

  LinkFigures figures(int link);

  /// False if there is no link of that name.
  boolean vary(String linkName, boolean on);

  /// Tracks of the volume being copied at this instant.
  int copiesInFlight(int volumeIndex);

  /// Blocks of the volume's drive that were written anew with what the peer had, since the start.
  long repairedBlocks(int volumeIndex);
}
