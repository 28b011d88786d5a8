package farside.volume;

/// What a volume is in this cabinet.
public enum VolumeRole {
  /// Source of a pair: hosts write here.
  R1,
  /// Target of a pair: read-only to hosts, written by the link.
  R2,
  /// Not mirrored.
  LOCAL
}
