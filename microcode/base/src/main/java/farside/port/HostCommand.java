package farside.port;

/// What a host may ask of a volume.
public enum HostCommand {
  READ,
  WRITE,
  FLUSH,
  /// The extent may read anything until written; ours reads zero.
  TRIM,
  WRITE_ZEROES,
  /// The extent will be read soon.
  CACHE,
  /// Which parts of the extent read zero, as far as the cabinet knows.
  BLOCK_STATUS
}
