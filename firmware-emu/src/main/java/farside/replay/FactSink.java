package farside.replay;

/// Takes facts in the order in which they came about.
interface FactSink {
  void accept(Fact fact);

  /// Told after each round.
  ///
  /// @param isIdle nothing was done: the cabinet is about to rest
  default void onRoundEnd(boolean isIdle) {}

  /// Why no more is taken; empty while all is well.
  default String trouble() {
    return "";
  }
}
