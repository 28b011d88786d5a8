package farside.replay;

/// What a drained port leaves in the recording: nothing if nothing came, else when it was, what
/// came, and how much the port says it was.
///
/// *When* is told as the number of drains in vain since the last that brought something. Some
/// drivers' facts come from other threads, so of two drains in one round the second may have
/// what the first had not.
final class DrainNotes {
  private final PortRecorder recorder;
  private final int port;
  private long emptyBefore;
  private boolean isOpen;

  DrainNotes(PortRecorder recorder, int port) {
    this.recorder = recorder;
    this.port = port;
  }

  /// Before each fact that a drain brings.
  void open() {
    if (!isOpen) {
      isOpen = true;
      recorder.note(FactKind.DRAIN, port, emptyBefore);
      emptyBefore = 0;
    }
  }

  /// After each drain.
  int close(int count) {
    if (count != 0) {
      open();
    }
    if (isOpen) {
      isOpen = false;
      recorder.note(FactKind.DRAINED, port, count);
    } else {
      emptyBefore++;
    }
    return count;
  }
}
