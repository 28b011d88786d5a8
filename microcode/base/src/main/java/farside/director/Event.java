package farside.director;

/// One event that happened.
///
/// @param sequence rises by one per event of the cabinet since its start
/// @param atNs time of the processor's clock
/// @param wallMs milliseconds since 1970 UTC, for people
public record Event(long sequence, long atNs, long wallMs, EventCode code, String text) {}
