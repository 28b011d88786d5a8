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

    /// Something happened to a line, or to who sits at it.
    ///
    /// @param line its name
    /// @param detail such as why it cannot be opened; may be empty
    void onLine(String line, LineNews news, String detail);
  }

  /// What can happen to a line that has a terminal at its end.
  enum LineNews {
    OPEN("open"),
    HUNG_UP("hung up"),
    ABSENT("cannot be opened, tried again until it can"),
    LOGGED_IN("logged in"),
    LOGGED_OUT("logged out"),
    /// Wrong passwords, as many as the line takes.
    GUESSED("wrong passwords");

    private final String words;

    LineNews(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }
}
