package farside.driver.rawdisk;

/// What may be done with a disk.
public enum Verdict {
  /// It carries this cabinet's label: it is opened as it is.
  OURS,
  /// It carries nothing that is known, and the rig gives it up: it is labelled.
  ERASE,
  REFUSED
}
