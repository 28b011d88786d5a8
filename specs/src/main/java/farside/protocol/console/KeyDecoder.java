package farside.protocol.console;

/// Turns the bytes of a terminal into keys.
///
/// | bytes               | key                                                      |
/// |---------------------|----------------------------------------------------------|
/// | 0x20 to 0x7E        | that character                                           |
/// | CR, LF, CR LF       | enter, once                                              |
/// | 0x08, 0x7F          | erase a character                                        |
/// | ^W, ^U              | erase a word, the line                                   |
/// | ^P, ESC `[A`, `OA`  | an older command                                         |
/// | ^N, ESC `[B`, `OB`  | a newer command                                          |
/// | ^C, ^D, ^L or ^R    | interrupt, end, draw the line again                      |
/// | ESC `[` ... letter  | nothing: arrows sideways, function keys, reports          |
/// | all others          | nothing                                                  |
///
/// Bytes from 0x80 on are noise: commands are ASCII, and a wrong line speed makes mostly these.
final class KeyDecoder {
  private enum State {
    PLAIN,
    AFTER_CR,
    AFTER_ESCAPE,
    IN_SEQUENCE
  }

  private static final int ESCAPE = 0x1B;
  private static final int CONTROL_C = 'C' & 0x1F;
  private static final int CONTROL_D = 'D' & 0x1F;
  private static final int CONTROL_L = 'L' & 0x1F;
  private static final int CONTROL_N = 'N' & 0x1F;
  private static final int CONTROL_P = 'P' & 0x1F;
  private static final int CONTROL_R = 'R' & 0x1F;
  private static final int CONTROL_U = 'U' & 0x1F;
  private static final int CONTROL_W = 'W' & 0x1F;

  /// A sequence that does not end is noise; what follows is read as keys again.
  private static final int SEQUENCE_BYTES_MAX = 16;

  private State state = State.PLAIN;
  private int sequenceBytes;
  private char character;

  /// The character of the last [Key#CHARACTER].
  char character() {
    return character;
  }

  void reset() {
    state = State.PLAIN;
  }

  Key onByte(int value) {
    return switch (state) {
      case PLAIN -> plain(value);
      case AFTER_CR -> {
        state = State.PLAIN;
        yield value == '\n' ? Key.NONE : plain(value);
      }
      case AFTER_ESCAPE -> afterEscape(value);
      case IN_SEQUENCE -> inSequence(value);
    };
  }

  private Key plain(int value) {
    if (value >= ' ' && value <= '~') {
      character = (char) value;
      return Key.CHARACTER;
    }
    return switch (value) {
      case '\r' -> {
        state = State.AFTER_CR;
        yield Key.ENTER;
      }
      case '\n' -> Key.ENTER;
      case 0x08, 0x7F -> Key.ERASE;
      case CONTROL_W -> Key.ERASE_WORD;
      case CONTROL_U -> Key.ERASE_LINE;
      case CONTROL_P -> Key.OLDER;
      case CONTROL_N -> Key.NEWER;
      case CONTROL_C -> Key.INTERRUPT;
      case CONTROL_D -> Key.END;
      case CONTROL_L, CONTROL_R -> Key.REDRAW;
      case ESCAPE -> {
        state = State.AFTER_ESCAPE;
        yield Key.NONE;
      }
      default -> Key.NONE;
    };
  }

  private Key afterEscape(int value) {
    if (value == '[' || value == 'O') {
      state = State.IN_SEQUENCE;
      sequenceBytes = 0;
      return Key.NONE;
    }
    state = State.PLAIN;
    // A lone escape takes a letter with it, as terminals send Alt so; but it does not take Enter.
    return value < ' ' ? plain(value) : Key.NONE;
  }

  private Key inSequence(int value) {
    if (value < ' ') {
      state = State.PLAIN;
      return plain(value);
    }
    boolean isLast = value >= '@' && value <= '~';
    if (!isLast && ++sequenceBytes < SEQUENCE_BYTES_MAX) {
      return Key.NONE;
    }
    state = State.PLAIN;
    return switch (value) {
      case 'A' -> Key.OLDER;
      case 'B' -> Key.NEWER;
      default -> Key.NONE;
    };
  }
}
