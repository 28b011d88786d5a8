package farside.port;

/// The service processor's lines: commands in, text out.
public interface ConsolePort {
  int drain(ConsoleSink sink, int limit);

  /// Ends a command.
  ///
  /// @param exitCode 0 yes or done, 1 no or failed, 2 usage
  void answer(int session, String text, int exitCode);

  /// Takes command lines.
  interface ConsoleSink {
    /// @param json true: the answer is wanted as JSON
    void onCommand(int session, String line, boolean json);
  }
}
