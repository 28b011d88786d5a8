package farside.protocol.nbd;

/// What is told of an export before it is opened.
public enum NbdInfo {
  /// Size and transmission flags; told whether asked for or not.
  EXPORT(0),
  /// The name proper, which the empty name stands for.
  NAME(1),
  DESCRIPTION(2),
  BLOCK_SIZE(3);

  private final int number;

  NbdInfo(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
