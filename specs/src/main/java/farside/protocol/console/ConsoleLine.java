package farside.protocol.console;

import java.util.ArrayDeque;

/// One terminal at the service processor: prompt, login, line editing, paging. See
/// [ConsoleLineState] for its life, [KeyDecoder] for its keys, `specs/console.md` for its user.
///
/// Whatever comes in, memory and output stay bounded: a command waits until the answer to the
/// one before is out, so a terminal that does not read is not answered further. After
/// [#STALL_MAX_NS] without a byte taken the rest of an answer is dropped, and the screen is told
/// how many lines it lost.
///
/// Not safe for several threads. Every call is told the time; [#onTime] wants to be called once
/// a second or so, also when nothing happens.
public final class ConsoleLine {
  /// What the line asks of its surroundings.
  public interface Surroundings {
    /// A command was entered. Its answer is to come back by [ConsoleLine#onAnswer].
    ///
    /// @param number of the command, never given twice
    void onCommand(int number, String line, boolean json);

    /// May take a while: that is what makes guessing slow.
    boolean isPassword(String entered);

    /// Somebody logged in or out, or guessed too often.
    void onLogin(Login outcome);
  }

  /// What became of a login.
  public enum Login {
    IN,
    OUT,
    REFUSED
  }

  /// Wrong passwords in a row after which the line rests.
  public static final int WRONG_PASSWORDS_MAX = 3;

  /// Commands in a row that were none, after which the line rests: noise, or our own words on a
  /// line whose other end sends back what it gets, which would go on for ever.
  public static final int NOT_UNDERSTOOD_MAX = 10;

  public static final long REST_NS = 30_000_000_000L;
  public static final long STALL_MAX_NS = 60_000_000_000L;
  static final int TYPED_AHEAD_MAX = 1024;
  static final int NOTICES_MAX = 50;

  private static final int EXIT_USAGE = 2;
  private static final int PIECE_LENGTH_MAX = 1000;
  private static final String JSON_PREFIX = "json ";
  private static final String BELL = "\u0007";
  private static final String MORE = "-- more: space, Enter, q --";
  private static final String MORE_ERASED = "\r" + " ".repeat(MORE.length()) + "\r";

  /// What was typed while it could not be looked at yet.
  private record Typed(Key key, char character) {}

  private final ConsoleLineSettings settings;
  private final Surroundings surroundings;
  private final KeyDecoder decoder = new KeyDecoder();
  private final LineEditor editor = new LineEditor();
  private final LineOutput output = new LineOutput();
  private final ArrayDeque<Typed> typedAhead = new ArrayDeque<>();
  private final ArrayDeque<String> notices = new ArrayDeque<>();

  private ConsoleLineState state = ConsoleLineState.DOWN;
  private boolean isLoggedIn;
  private boolean isTypedAheadLost;
  private int wrongPasswordCount;
  private int notUnderstoodCount;
  private boolean isResting;
  private long restUntilNs;
  private long lastKeyNs;
  private long lastMovedNs;

  private int commandNumber;
  private boolean isPaged;
  private String answer = "";
  private int answerIndex;
  private int rowsShown;
  private int rowsMax;

  public ConsoleLine(ConsoleLineSettings settings, Surroundings surroundings) {
    this.settings = settings;
    this.surroundings = surroundings;
  }

  public ConsoleLineState state() {
    return state;
  }

  /// The line is there.
  public void onConnected(long nowNs) {
    if (state != ConsoleLineState.DOWN) {
      onHungUp();
    }
    lastKeyNs = nowNs;
    lastMovedNs = nowNs;
    say("\r\nFarside cabinet " + settings.serial() + ", site " + settings.site() + "\r\n");
    if (isResting && nowNs - restUntilNs < 0) {
      become(ConsoleLineState.RESTING);
    } else {
      endRest();
    }
  }

  /// The line is gone. Whoever was logged in is not any more; what was asked is forgotten.
  public void onHungUp() {
    if (isLoggedIn) {
      surroundings.onLogin(Login.OUT);
    }
    become(ConsoleLineState.DOWN);
    endSession();
    decoder.reset();
    output.reset();
  }

  private void endSession() {
    isLoggedIn = false;
    editor.forget();
    typedAhead.clear();
    notices.clear();
    dropAnswer();
  }

  /// Bytes came from the terminal.
  public void onBytes(byte[] bytes, int length, long nowNs) {
    for (int i = 0; i < length && state != ConsoleLineState.DOWN; i++) {
      Key key = decoder.onByte(bytes[i] & 0xFF);
      if (key != Key.NONE) {
        lastKeyNs = nowNs;
        onKey(key, decoder.character(), nowNs);
      }
    }
  }

  private void onKey(Key key, char character, long nowNs) {
    if (state == ConsoleLineState.RESTING) {
      return;
    }
    if (key == Key.INTERRUPT) {
      interrupt();
    } else if (state == ConsoleLineState.PAGING) {
      turnPage(key, character);
      takeTypedAhead(nowNs);
    } else if (!mayTakeKeys()) {
      typeAhead(new Typed(key, character));
    } else {
      take(key, character, nowNs);
    }
  }

  private boolean mayTakeKeys() {
    return state == ConsoleLineState.EDITING || state == ConsoleLineState.LOGIN;
  }

  private void typeAhead(Typed typed) {
    if (typedAhead.size() < TYPED_AHEAD_MAX) {
      typedAhead.add(typed);
    } else if (!isTypedAheadLost) {
      isTypedAheadLost = true;
      say(BELL);
    }
  }

  private void interrupt() {
    typedAhead.clear();
    editor.clear();
    dropAnswer();
    output.clear();
    say("^C\r\n");
    if (state == ConsoleLineState.LOGIN) {
      askPassword();
    } else {
      backToPrompt();
    }
  }

  private void take(Key key, char character, long nowNs) {
    boolean isSecret = state == ConsoleLineState.LOGIN;
    switch (key) {
      case CHARACTER -> {
        boolean isTaken = editor.type(character);
        if (!isTaken) {
          say(BELL);
        } else if (!isSecret) {
          say(String.valueOf(character));
        }
      }
      case ERASE -> erase(Math.min(1, editor.length()), isSecret);
      case ERASE_WORD -> erase(editor.lastWordLength(), isSecret);
      case ERASE_LINE -> erase(editor.length(), isSecret);
      case OLDER -> recall(-1, isSecret);
      case NEWER -> recall(1, isSecret);
      case REDRAW -> say("\r\n" + (isSecret ? "password: " : prompt() + editor.text()));
      case END -> {
        if (editor.isEmpty() && !isSecret && settings.wantsPassword()) {
          say("\r\n");
          logOut("logged out");
        }
      }
      case ENTER -> {
        say("\r\n");
        if (isSecret) {
          logIn(editor.enterSecret(), nowNs);
        } else {
          command(editor.enter());
        }
      }
      case INTERRUPT, NONE -> throw new IllegalStateException("a key that is taken elsewhere");
    }
  }

  private void erase(int count, boolean isSecret) {
    editor.erase(count);
    if (!isSecret) {
      say("\b \b".repeat(count));
    }
  }

  private void recall(int step, boolean isSecret) {
    int shownLength = editor.length();
    if (!isSecret && editor.recall(step)) {
      say("\b \b".repeat(shownLength) + editor.text());
    }
  }

  private void logIn(String entered, long nowNs) {
    if (entered.isEmpty()) {
      askPassword();
    } else if (surroundings.isPassword(entered)) {
      wrongPasswordCount = 0;
      isLoggedIn = true;
      surroundings.onLogin(Login.IN);
      say("Type `help` for the commands, `logout` to end.\r\n");
      backToPrompt();
    } else if (++wrongPasswordCount < WRONG_PASSWORDS_MAX) {
      say("That is not the password.\r\n");
      askPassword();
    } else {
      wrongPasswordCount = 0;
      surroundings.onLogin(Login.REFUSED);
      rest("That is not the password.", nowNs);
    }
  }

  private void rest(String why, long nowNs) {
    isResting = true;
    restUntilNs = nowNs + REST_NS;
    typedAhead.clear();
    say(why + " This line hears nothing for " + REST_NS / 1_000_000_000L + " seconds.\r\n");
    become(ConsoleLineState.RESTING);
  }

  private void endRest() {
    isResting = false;
    notUnderstoodCount = 0;
    if (settings.wantsPassword() && !isLoggedIn) {
      become(ConsoleLineState.LOGIN);
      askPassword();
    } else {
      if (!settings.wantsPassword()) {
        say("Type `help` for the commands.\r\n");
      }
      backToPrompt();
    }
  }

  private void askPassword() {
    say("password: ");
  }

  private void logOut(String why) {
    endSession();
    surroundings.onLogin(Login.OUT);
    say(why + "\r\n");
    become(ConsoleLineState.LOGIN);
    askPassword();
  }

  private void command(String line) {
    if (line.isEmpty()) {
      backToPrompt();
      return;
    }
    if (settings.wantsPassword() && line.equalsIgnoreCase("logout")) {
      logOut("logged out");
      return;
    }
    boolean isJson = line.regionMatches(true, 0, JSON_PREFIX, 0, JSON_PREFIX.length());
    isPaged = !isJson && settings.rows() > 0;
    commandNumber++;
    become(ConsoleLineState.COMMANDED);
    surroundings.onCommand(
        commandNumber, isJson ? line.substring(JSON_PREFIX.length()).strip() : line, isJson);
  }

  /// The service processor answered. An answer that is waited for no more is dropped.
  public void onAnswer(int number, String text, int exitCode, long nowNs) {
    if (state != ConsoleLineState.COMMANDED || number != commandNumber) {
      return;
    }
    notUnderstoodCount = exitCode == EXIT_USAGE ? notUnderstoodCount + 1 : 0;
    answer = text.stripTrailing();
    answerIndex = 0;
    rowsShown = 0;
    rowsMax = settings.rows() - 1;
    lastMovedNs = nowNs;
    become(ConsoleLineState.PRINTING);
  }

  private void turnPage(Key key, char character) {
    if (key == Key.ENTER) {
      rowsMax = 1;
    } else if (key == Key.CHARACTER && character == ' ') {
      rowsMax = settings.rows() - 1;
    } else if (key == Key.END || (key == Key.CHARACTER && (character == 'q' || character == 'Q'))) {
      say(MORE_ERASED);
      dropAnswer();
      backToPrompt();
      return;
    } else {
      return;
    }
    say(MORE_ERASED);
    rowsShown = 0;
    become(ConsoleLineState.PRINTING);
  }

  /// Something happened that whoever sits at the console should know. Nobody logged in, nobody
  /// told.
  public void onNotice(String text) {
    boolean isAttended = isLoggedIn || !settings.wantsPassword();
    if (state == ConsoleLineState.DOWN || !isAttended) {
      return;
    }
    if (state == ConsoleLineState.EDITING) {
      output.put("\r\n" + printable(text) + "\r\n" + prompt() + editor.text(), 1);
    } else if (notices.size() < NOTICES_MAX) {
      notices.add(text);
    } else {
      output.lose(1);
    }
  }

  /// Time has passed.
  public void onTime(long nowNs) {
    if (state == ConsoleLineState.RESTING && nowNs - restUntilNs >= 0) {
      endRest();
    }
    if (isLoggedIn
        && settings.idleLogoutNs() > 0
        && nowNs - lastKeyNs >= settings.idleLogoutNs()
        && state != ConsoleLineState.RESTING) {
      logOut("\r\nlogged out: no key was pressed for "
          + settings.idleLogoutNs() / 60_000_000_000L
          + " minutes");
    }
    if (!hasOutput()) {
      lastMovedNs = nowNs;
    } else if (nowNs - lastMovedNs >= STALL_MAX_NS) {
      lastMovedNs = nowNs;
      dropUnread();
    }
  }

  private void dropUnread() {
    if (state == ConsoleLineState.PRINTING) {
      output.lose((int) answer.substring(answerIndex).lines().count());
      dropAnswer();
      typedAhead.clear();
      backToPrompt();
    }
  }

  /// True if [#take] would give something.
  public boolean hasOutput() {
    return !output.isEmpty() || output.hasLost() || state == ConsoleLineState.PRINTING;
  }

  /// What goes to the terminal next.
  ///
  /// @return how many bytes were put into the array
  public int take(byte[] into, long nowNs) {
    if (output.isEmpty() && output.hasLost()) {
      tellLost();
    }
    print(nowNs);
    int takenBytes = output.take(into);
    if (takenBytes > 0) {
      lastMovedNs = nowNs;
    }
    return takenBytes;
  }

  private void tellLost() {
    int count = output.takeLostLineCount();
    say("\r\n[" + count + (count == 1 ? " line" : " lines") + " lost]\r\n");
    if (state == ConsoleLineState.EDITING) {
      say(prompt() + editor.text());
    } else if (state == ConsoleLineState.LOGIN) {
      askPassword();
    } else if (state == ConsoleLineState.PAGING) {
      say(MORE);
    }
  }

  /// Moves the answer into the output as far as page and room allow.
  private void print(long nowNs) {
    while (state == ConsoleLineState.PRINTING
        && output.freeBytes() > LineOutput.WAITING_BYTES_MAX / 2) {
      if (answerIndex == answer.length()) {
        endAnswer(nowNs);
        return;
      }
      int end = answer.indexOf('\n', answerIndex);
      end = end < 0 ? answer.length() : end;
      int rows = isPaged ? 1 + Math.max(0, end - answerIndex - 1) / settings.columns() : 0;
      if (rowsShown > 0 && rowsShown + rows > rowsMax) {
        say(MORE);
        become(ConsoleLineState.PAGING);
        return;
      }
      rowsShown += rows;
      printLine(end);
    }
  }

  private void printLine(int end) {
    int pieceEnd = Math.min(end, answerIndex + PIECE_LENGTH_MAX);
    if (pieceEnd < end && Character.isHighSurrogate(answer.charAt(pieceEnd - 1))) {
      pieceEnd--;
    }
    say(printable(answer.substring(answerIndex, pieceEnd)));
    answerIndex = pieceEnd;
    if (pieceEnd == end) {
      say("\r\n");
      answerIndex = Math.min(answer.length(), end + 1);
    }
  }

  private void endAnswer(long nowNs) {
    dropAnswer();
    if (notUnderstoodCount >= NOT_UNDERSTOOD_MAX) {
      rest("Nothing of this was understood.", nowNs);
      return;
    }
    backToPrompt();
    takeTypedAhead(nowNs);
  }

  private void takeTypedAhead(long nowNs) {
    while (mayTakeKeys() && !typedAhead.isEmpty()) {
      Typed typed = typedAhead.poll();
      take(typed.key, typed.character, nowNs);
    }
  }

  private void dropAnswer() {
    answer = "";
    answerIndex = 0;
    isTypedAheadLost = false;
  }

  private void backToPrompt() {
    if (state != ConsoleLineState.EDITING) {
      become(ConsoleLineState.EDITING);
    }
    while (!notices.isEmpty()) {
      say(printable(notices.poll()) + "\r\n");
    }
    say(prompt());
  }

  private String prompt() {
    return settings.site() + "> ";
  }

  /// Names in a rig are chosen by people: nothing in them may drive the terminal.
  private static String printable(String text) {
    return text.chars().noneMatch(Character::isISOControl)
        ? text
        : text.codePoints()
            .map(c -> Character.isISOControl(c) ? '?' : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }

  private void say(String text) {
    output.put(text, (int) text.chars().filter(c -> c == '\n').count());
  }

  private void become(ConsoleLineState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("console line: " + state + " cannot become " + next);
    }
    state = next;
  }
}
