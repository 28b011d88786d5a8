package farside.volume;

/// What a volume is in this cabinet.
public enum VolumeRole {
  /// Source of a pair: hosts write here.
  R1(1),
  /// Target of a pair: read-only to hosts, written by the link.
  R2(2),
  /// Not mirrored.
  LOCAL(3);

  private final int code;

  VolumeRole(int code) {
    this.code = code;
  }

  /// Its number in labels and messages, for ever.
  public int code() {
    return code;
  }

  /// Null if no role has the number.
  public static VolumeRole of(int code) {
    for (VolumeRole role : values()) {
      if (role.code == code) {
        return role;
      }
    }
    return null;
  }
}
