package farside.port;

/// Where events go to be read by people. Must not block.
public interface EventPort {
  /// @param severity one of `INFO`, `WARNING`, `ERROR`
  void submit(long nowNs, int number, String severity, String text);
}
