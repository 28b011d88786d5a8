package farside.remote;

import farside.protocol.session.VolumeStatusDecoder;

/// What an R2 says of itself.
///
/// @param generation 0 if it was never whole
/// @param stored its drive alone holds everything that was acknowledged up to this generation;
///     if it is inconsistent, newer blocks stand among that
/// @param pristine every block of it reads zero
/// @param takesNoWrites a drive of its group cannot have them now
record TargetStatus(
    long generation,
    boolean inconsistent,
    boolean stored,
    boolean pristine,
    boolean takesNoWrites) {
  static TargetStatus of(VolumeStatusDecoder status) {
    return new TargetStatus(
        status.generation(),
        status.flags().inconsistent(),
        status.flags().stored(),
        status.flags().pristine(),
        status.flags().takesNoWrites());
  }
}
