package farside.protocol.console;

/// What a key of the terminal means to the line.
enum Key {
  /// Nothing: noise, or part of a key that is not whole yet.
  NONE,
  /// A printable character; which one, [KeyDecoder#character] tells.
  CHARACTER,
  ENTER,
  ERASE,
  ERASE_WORD,
  ERASE_LINE,
  OLDER,
  NEWER,
  INTERRUPT,
  END,
  REDRAW
}
