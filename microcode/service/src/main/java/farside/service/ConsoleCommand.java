package farside.service;

import java.util.ArrayList;
import java.util.List;

/// Every command of the console: its name, how it is called, and what it says of itself. The
/// manual is `specs/console.md`; a test compares the two.
public enum ConsoleCommand {
  HELP("help [COMMAND]", "list the commands, or explain one", """
      Without a command: one line for each. With one: how it is called and what it does.\
      """, false),
  QUERY("query", "show the cabinet, its NVRAM, its volumes and its links", """
      The state of everything at this instant: hosts and their I/O, free NVRAM, and for each volume
      its role, whether hosts can use it, its pair state and what is still on its way.

      State is RW (read and write), WD (write disabled: an R2) or NR (not ready).
      Owed tracks are lacking at the peer and must be copied. Pending tracks have reached the peer's
      NVRAM but are not known to be on its drive. Copying tracks are being copied now.
      Local records wait in NVRAM for the drive of this cabinet, remote records for the peer.\
      """, false),
  TRACKS("tracks VOLUME", "show which tracks of a volume the peer lacks or may lack", """
      The owed and the pending tracks of one volume, as ranges, with their cylinders of 15 tracks.
      VOLUME is its number of up to four hex digits: 10 and 0010 are the same.
      At most 100 ranges of each kind are listed; the rest is counted.\
      """, false),
  DRIVES("drives", "show the drives of this cabinet and the work they did", """
      Staged is what was read from a drive into the cache, destaged is what was written to it.\
      """, false),
  LINKS("links", "show the links to the peer and their traffic", """
      A link carries a session only while it is varied on and has carrier.
      Resent frames were lost or damaged on the way and sent again; refused frames came in damaged.
      Silent is how long the peer has been out of reach. Where there are several links, the last
      table shows what each has carried and what it is measured to bring over.\
      """, false),
  LOG("log [COUNT]", "show the newest events, oldest first", """
      COUNT is 1 to 1000; without it, 20 events are shown. Times are UTC.
      What each number means, and what to do, is in specs/events.md.\
      """, false),
  VARY("vary LINK on|off", "take a link out of use, or put it back", """
      Varied off, a link has no carrier and refuses the peer until it is varied on again. Without
      any link, the groups with an R1 volume here are suspended after the link timeout: hosts go
      on, and the peer is owed. Back on, what is owed is copied. With another link in use, its
      traffic moves there, and hosts notice nothing.\
      """, true),
  SHUTDOWN("shutdown", "destage everything and end this cabinet", """
      Hosts are let go, everything in NVRAM goes to the drives, and the cabinet ends with clean
      labels. Answers at once; the progress is in the log until the cabinet is gone.\
      """, true);

  private final String usage;
  private final String summary;
  private final String help;
  private final boolean loggedWhenDone;

  ConsoleCommand(String usage, String summary, String help, boolean loggedWhenDone) {
    this.usage = usage;
    this.summary = summary;
    this.help = help;
    this.loggedWhenDone = loggedWhenDone;
  }

  /// As it is typed; upper and lower case are the same.
  public String word() {
    int end = usage.indexOf(' ');
    return end < 0 ? usage : usage.substring(0, end);
  }

  /// The word and its arguments: `[...]` may be left out, capitals stand for a value.
  public String usage() {
    return usage;
  }

  public String summary() {
    return summary;
  }

  /// One paragraph or more; its lines end where a terminal of 100 columns needs it.
  public String help() {
    return help;
  }

  /// False for commands that only show something: when they succeed they leave no event, so
  /// that whoever repeats one every second does not push the error log out of its thousand
  /// places.
  public boolean isLoggedWhenDone() {
    return loggedWhenDone;
  }

  int argumentsMin() {
    return argumentsMax() - count('[');
  }

  int argumentsMax() {
    return count(' ');
  }

  private int count(char wanted) {
    return (int) usage.chars().filter(c -> c == wanted).count();
  }

  /// Null if no command is called so.
  static ConsoleCommand of(String word) {
    for (ConsoleCommand command : values()) {
      if (command.word().equalsIgnoreCase(word)) {
        return command;
      }
    }
    return null;
  }

  static List<String> words() {
    List<String> words = new ArrayList<>();
    for (ConsoleCommand command : values()) {
      words.add(command.word());
    }
    return words;
  }
}
