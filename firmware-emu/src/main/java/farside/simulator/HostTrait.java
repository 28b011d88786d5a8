package farside.simulator;

import farside.port.HostCommand;

/// Something that the hosts of a run do, and can be kept from. What they do is drawn all the same
/// and then not done, so that what remains is as it would be with it.
enum HostTrait {
  READS("READ"),
  WRITES("WRITE"),
  FLUSHES("FLUSH"),
  ZEROES("TRIM and WRITE_ZEROES"),
  ONLY_ASKS("BLOCK_STATUS and CACHE"),
  FORCES("FUA"),
  IS_UNALIGNED("requests at any byte"),
  IS_LONG("requests of more than 8 KiB"),
  GOES_BEYOND("requests beyond the end"),
  HAS_MANY_OPEN("hosts with more than one request open"),
  VANISHES("hosts that go away in the middle"),
  IS_SLOW("hosts that take their answers slowly"),
  WRITES_IN_PIECES("payload that comes in pieces"),
  IS_IMPATIENT("hosts that lose their patience");

  private static final int LONG_BYTES = 8192;
  private static final int BLOCK_BYTES = 512;

  private final String shown;

  HostTrait(String shown) {
    this.shown = shown;
  }

  /// For people.
  String shown() {
    return shown;
  }

  /// True if hosts that are kept from it do not ask for this.
  boolean covers(HostRequest request, long volumeBytes) {
    return switch (this) {
      case READS -> request.command == HostCommand.READ;
      case WRITES -> request.command == HostCommand.WRITE;
      case FLUSHES -> request.command == HostCommand.FLUSH;
      case ZEROES ->
        request.command == HostCommand.TRIM || request.command == HostCommand.WRITE_ZEROES;
      case ONLY_ASKS ->
        request.command == HostCommand.BLOCK_STATUS || request.command == HostCommand.CACHE;
      case FORCES -> request.forceUnitAccess();
      case IS_UNALIGNED ->
        request.offsetBytes % BLOCK_BYTES != 0 || request.lengthBytes % BLOCK_BYTES != 0;
      case IS_LONG -> request.lengthBytes > LONG_BYTES;
      case GOES_BEYOND -> request.offsetBytes + request.lengthBytes > volumeBytes;
      case HAS_MANY_OPEN, VANISHES, IS_SLOW, WRITES_IN_PIECES, IS_IMPATIENT -> false;
    };
  }

  /// False if no host of such habits does it.
  boolean isAmong(HostHabits habits) {
    return switch (this) {
      case READS, WRITES, ONLY_ASKS, IS_UNALIGNED, IS_LONG -> true;
      case FLUSHES -> habits.mix().flushPermille() > 0;
      case ZEROES -> habits.mix().trimPermille() > 0;
      case FORCES -> habits.mix().forceUnitAccessPermille() > 0;
      case GOES_BEYOND -> habits.mix().badPermille() > 0;
      case HAS_MANY_OPEN -> habits.depthMax() > 1;
      case VANISHES -> habits.vanishPermille() > 0;
      case IS_SLOW -> habits.slowPermille() > 0;
      case WRITES_IN_PIECES -> habits.piecesPermille() > 0;
      case IS_IMPATIENT -> habits.patienceNs() > 0;
    };
  }
}
