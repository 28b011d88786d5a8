package farside.volume;

import java.util.Locale;

/// When the ending status of a host's write to a synchronized pair may go out (design 5).
public enum AckMode {
  /// The peer has committed it in its NVRAM.
  RECEIVED,
  /// It is stable on the peer's drive.
  STORED;

  /// The word in rig files and on the console.
  public String shown() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The mode that the word of a rig file stands for; the rig's schema allows no other word.
  public static AckMode of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
