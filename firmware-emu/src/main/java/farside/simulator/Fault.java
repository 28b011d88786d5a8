package farside.simulator;

import farside.director.EventCode;
import java.util.ArrayList;
import java.util.List;

/// One fault of a plan. Plain data, so that a plan can be printed, replayed and made smaller.
///
/// @param atNs from the beginning of its episode
/// @param side cabinet that it hits, or from which frames are lost
/// @param number which commit or store from then on, for a kill between two of them; which line
/// @param after the kill comes after the commit took effect
/// @param lastsNs how long until it is healed, or the cabinet started again
record Fault(long atNs, Kind kind, int side, long number, boolean after, long lastsNs) {

  enum Kind {
    /// Both directions, and the ends see it after a while.
    LINE_CUT,
    /// One direction is lost, and no end sees it.
    LINE_SILENT,
    /// Both directions are lost, and no end sees it.
    LINE_HALF_OPEN,
    LINE_NOISY,
    /// Cut and whole again, many times in a short while.
    LINE_FLAPS,
    /// It carries a small part of what it carried.
    LINE_SLOW,
    VARY_OFF,
    CONSOLE_COMMAND,
    /// One track of a drive cannot be written, all others can.
    DRIVE_BAD_TRACK,
    /// Some blocks of a drive cannot be read until they are written anew.
    DRIVE_LOST_BLOCKS,
    /// Every request of a drive takes much longer.
    DRIVE_SLOW,
    /// Some or all requests of a drive do not return before it is healed.
    DRIVE_HANGS,
    /// Requests fail, now and then, that succeed when they are tried again.
    DRIVE_FAILS,
    /// All requests of a drive fail until it is back.
    DRIVE_GONE,
    /// Writes are answered as done and are nowhere.
    DRIVE_LOSES_WRITES,
    /// Writes are answered as done and are somewhere else.
    DRIVE_MISDIRECTS_WRITES,
    /// Reads return what was there before the last write.
    DRIVE_READS_STALE,
    KILL_AT_COMMIT,
    KILL_AT_STORE,
    KILL_BETWEEN_ROUNDS,
    KILL_OF_BOTH,
    /// The process does nothing for a while, and goes on as if nothing had been.
    PROCESS_STOPPED,
    /// The date of a site is set, which a process learns when it starts.
    CLOCK_SET,
    /// All connections of a site's hosts break at once.
    HOSTS_CUT,
    SHUTDOWN,
    POWER_LOSS,
    POWER_LOSS_OF_BOTH,
    /// Moments after a pair has changed its state, while labels and the peer have yet to hear of
    /// it.
    POWER_LOSS_AT_TURN,
    /// The operator removes a link, at one site or both, and adds it again later.
    LINK_REMOVED,
    /// The process dies, and before the next one reads them some records in NVRAM have changed.
    NVRAM_DAMAGED,
    /// A site loses its power, and the drives of the other cannot read some of what they were given
    /// last: of that the first may have nothing.
    POWER_LOSS_AND_LOST_BLOCKS,
    /// Both processes die, and soon after they were started again both sites lose their power.
    KILLS_BEFORE_POWER_LOSS,
    /// Writes fail for want of room on what the drive stands on; reads and flushes go on.
    DRIVE_FULL,
    /// Cut, and what was on its way comes when there is a connection again.
    LINE_HOLDS_BACK,
    /// The drive of a source hangs, then all lines are cut; the drive comes back, and the source
    /// loses its power before, while or after the drive takes what it missed.
    POWER_LOSS_BEHIND;

    /// Those that take memory away, and some that have the pair at odds meanwhile. The kind that
    /// a run is about comes more often.
    static final List<Kind> OF_BLACKOUTS = List.of(
        POWER_LOSS_OF_BOTH,
        POWER_LOSS_OF_BOTH,
        POWER_LOSS,
        POWER_LOSS_AT_TURN,
        KILL_AT_COMMIT,
        LINE_CUT);

    /// Those that leave one of the sites alone, with power or without.
    static final List<Kind> OF_BLACKOUTS_OF_ONE = List.of(
        POWER_LOSS, POWER_LOSS, POWER_LOSS_AT_TURN, POWER_LOSS_AT_TURN, KILL_AT_COMMIT, LINE_CUT);

    /// Those that keep a request, but break nothing.
    static final List<Kind> OF_DRIVES_THAT_WAIT = List.of(DRIVE_HANGS, DRIVE_HANGS, DRIVE_SLOW);

    /// Nobody can know of them, and the oracle excuses the very blocks; what is done about a line
    /// or a process that fails reads many blocks anew.
    static final List<Kind> OF_LIES = List.of(
        DRIVE_LOSES_WRITES, DRIVE_MISDIRECTS_WRITES, DRIVE_READS_STALE, LINE_CUT, KILL_AT_COMMIT);

    /// Those that hardly ever happen, and what makes a second fault of them.
    static final List<Kind> OF_RARITIES = List.of(
        NVRAM_DAMAGED,
        NVRAM_DAMAGED,
        DRIVE_LOST_BLOCKS,
        DRIVE_LOST_BLOCKS,
        DRIVE_FULL,
        LINE_HOLDS_BACK,
        LINE_HOLDS_BACK,
        POWER_LOSS_AND_LOST_BLOCKS,
        POWER_LOSS_AND_LOST_BLOCKS,
        KILL_AT_STORE);

    /// Those that come before what another has left behind is put away.
    static final List<Kind> OF_RELAPSES =
        List.of(KILLS_BEFORE_POWER_LOSS, KILLS_BEFORE_POWER_LOSS, KILL_OF_BOTH, LINE_CUT);

    /// Those that leave a source alone with a drive that has less than its peer's.
    static final List<Kind> OF_THOSE_BEHIND =
        List.of(POWER_LOSS_BEHIND, POWER_LOSS_BEHIND, DRIVE_HANGS, POWER_LOSS_AT_TURN, LINE_CUT);

    static final List<Kind> OF_LINES = List.of(
        LINE_CUT,
        LINE_SILENT,
        LINE_HALF_OPEN,
        LINE_NOISY,
        LINE_FLAPS,
        LINE_SLOW,
        VARY_OFF,
        LINK_REMOVED);

    boolean losesPower() {
      return this == POWER_LOSS
          || this == POWER_LOSS_OF_BOTH
          || this == POWER_LOSS_AT_TURN
          || this == POWER_LOSS_AND_LOST_BLOCKS
          || this == KILLS_BEFORE_POWER_LOSS
          || this == POWER_LOSS_BEHIND;
    }
  }

  /// Those that have a scenario of their own.
  private static final List<Kind> APART = List.of(
      Kind.DRIVE_LOSES_WRITES,
      Kind.DRIVE_MISDIRECTS_WRITES,
      Kind.DRIVE_READS_STALE,
      Kind.NVRAM_DAMAGED,
      Kind.POWER_LOSS_AND_LOST_BLOCKS,
      Kind.KILLS_BEFORE_POWER_LOSS,
      Kind.DRIVE_FULL,
      Kind.LINE_HOLDS_BACK,
      Kind.POWER_LOSS_BEHIND);

  private static final long MILLI = 1_000_000;

  /// Draws the faults of one episode from the kinds that the run has switched on.
  ///
  /// @param lastsMaxNs none lasts longer
  static List<Fault> draw(Draws draws, List<Kind> kinds, long episodeNs, long lastsMaxNs) {
    List<Fault> faults = new ArrayList<>();
    int count = kinds.isEmpty() ? 0 : (int) draws.between(0, 8);
    for (int i = 0; i < count; i++) {
      Kind kind = kinds.get(draws.below(kinds.size()));
      faults.add(new Fault(
          draws.between(0, episodeNs),
          kind,
          draws.below(2),
          draws.skewed(1, 3000),
          draws.chance(500),
          kind == Kind.DRIVE_HANGS || kind == Kind.PROCESS_STOPPED
              ? draws.between(lastsMaxNs / 8, 2 * lastsMaxNs)
              : draws.skewed(MILLI, lastsMaxNs)));
    }
    return faults;
  }

  /// Faults of lines, each healed for a while before the next comes.
  static List<Fault> drawOneByOne(Draws draws, long restNs, long episodeNs) {
    List<Fault> faults = new ArrayList<>();
    long atNs = restNs;
    while (atNs - episodeNs < 0) {
      Kind kind = Kind.OF_LINES.get(draws.below(Kind.OF_LINES.size()));
      long lastsNs = draws.skewed(MILLI, 6000 * MILLI);
      faults.add(new Fault(atNs, kind, draws.below(2), draws.between(0, 100), false, lastsNs));
      atNs += lastsNs + restNs;
    }
    return faults;
  }

  /// Of which event the power goes: half of them wait for the next group that is cut.
  EventCode turn() {
    return number % 2 == 0 ? EventCode.GROUP_TRIPPED : EventCode.PAIR_STATE;
  }

  /// Whether a shutdown comes when the process has died and the next one waits for a drive: about
  /// one in five.
  boolean comesInIml() {
    return number % 4 == 0;
  }

  /// How many of them come first.
  int turns() {
    return number % 2 == 0 ? 1 : 1 + (int) (number / 2 % 4);
  }

  /// How long after the last of them: what follows a change takes as long as a drive and a line.
  long afterTurnNs() {
    return new Draws(number).skewed(10_000, 200 * MILLI);
  }

  /// True if a fault of lines hits this one of so many: one in three hits all.
  boolean hits(int line, int lineCount) {
    return number % 3 == 0 || number / 3 % lineCount == line;
  }

  /// The same, of one line only.
  Fault ofOneLine(int lineCount) {
    return new Fault(atNs, kind, side, 3 * (number % lineCount) + 1, after, lastsNs);
  }

  /// Each kind is in a run or not: a fault that hides another does not hide it everywhere. Some
  /// are in scenarios of their own.
  static List<Kind> drawKinds(Draws draws) {
    List<Kind> kinds = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      if (!APART.contains(kind) && draws.chance(kind.losesPower() ? 300 : 500)) {
        kinds.add(kind);
      }
    }
    return kinds;
  }
}
