package farside.service;

import farside.cache.GlobalMemory;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.ConsolePort;
import farside.volume.CabinetDesk;
import farside.volume.DriveFigures;
import farside.volume.LinkDesk;
import farside.volume.LinkDesk.LinkFigures;
import farside.volume.Volume;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The service processor: takes the operator's commands and answers each, once, in the round it
/// comes.
///
/// It only looks and asks. What a command changes is changed by who owns it, behind [LinkDesk]
/// and [CabinetDesk], which log it; the command itself is logged here.
public final class ServiceProcessor implements Director, ConsolePort.ConsoleSink {
  private static final int COMMANDS_PER_ROUND_MAX = 4;
  private static final int LOG_COUNT_DEFAULT = 20;
  private static final int LOGGED_LENGTH_MAX = 160;

  private final ConsolePort console;
  private final CabinetDesk cabinet;
  private final Volumes volumes;
  private final GlobalMemory memory;
  private final DriveFigures.Source drives;
  private final LinkDesk links;
  private final EventLog events;

  public ServiceProcessor(
      ConsolePort console,
      CabinetDesk cabinet,
      Volumes volumes,
      GlobalMemory memory,
      DriveFigures.Source drives,
      LinkDesk links,
      EventLog events) {
    this.console = console;
    this.cabinet = cabinet;
    this.volumes = volumes;
    this.memory = memory;
    this.drives = drives;
    this.links = links;
    this.events = events;
  }

  @Override
  public String name() {
    return "SP";
  }

  /// A few commands a round, as `query` walks every live record and hosts wait meanwhile.
  @Override
  public int doWork(long nowNs) {
    return console.drain(this, COMMANDS_PER_ROUND_MAX);
  }

  /// Nothing is due but what arrives.
  @Override
  public long nextDeadlineNs() {
    return NO_DEADLINE;
  }

  @Override
  public void onCommand(int session, String line, boolean json) {
    List<String> words = wordsOf(line);
    ConsoleCommand command = words.isEmpty() ? null : ConsoleCommand.of(words.get(0));
    Answer answer =
        command == null ? notACommand(words) : answer(command, words.subList(1, words.size()));
    if (answer.exitCode() != Answer.DONE || command.isLoggedWhenDone()) {
      String logged = Wording.abridged(String.join(" ", words), LOGGED_LENGTH_MAX);
      events.log(EventCode.CONSOLE_COMMAND, logged, answer.exitCode());
    }
    console.answer(session, json ? JsonText.of(answer.json()) : answer.text(), answer.exitCode());
  }

  @Override
  public void onLine(String line, ConsolePort.LineNews news, String detail) {
    if (news == ConsolePort.LineNews.GUESSED) {
      events.log(EventCode.CONSOLE_GUESSED, line);
    } else {
      events.log(
          EventCode.CONSOLE_LINE,
          line,
          detail.isEmpty() ? news.words() : news.words() + ": " + detail);
    }
  }

  private static List<String> wordsOf(String line) {
    List<String> words = new ArrayList<>();
    for (String word : line.split("\\s+")) {
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words;
  }

  private static Answer notACommand(List<String> words) {
    if (words.isEmpty()) {
      return Verdict.usage("No command was given.", null, "");
    }
    return Verdict.usage(
        "There is no command " + Wording.echo(words.get(0)) + ".",
        null,
        Wording.nearest(words.get(0), ConsoleCommand.words()));
  }

  private Answer answer(ConsoleCommand command, List<String> arguments) {
    if (arguments.size() < command.argumentsMin()) {
      return Verdict.usage("`" + command.word() + "` lacks an argument.", command, "");
    }
    if (arguments.size() > command.argumentsMax()) {
      return Verdict.usage(
          "`" + command.word() + "` does not take "
              + Wording.echo(arguments.get(command.argumentsMax())) + ".",
          command,
          "");
    }
    return switch (command) {
      case HELP -> help(arguments);
      case QUERY -> QueryReport.of(cabinet, memory.records(), volumes, links);
      case TRACKS -> tracks(arguments.get(0));
      case DRIVES -> DrivesReport.of(drives, volumes, links);
      case LINKS -> LinksReport.of(links);
      case LOG -> log(arguments);
      case VARY -> vary(arguments.get(0), arguments.get(1));
      case LINK -> LinkOrder.carryOut(arguments, links);
      case SHUTDOWN -> shutdown();
    };
  }

  /// What `query` answers, for who is no operator.
  public String query() {
    return QueryReport.of(cabinet, memory.records(), volumes, links).text();
  }

  private static Answer help(List<String> arguments) {
    if (arguments.isEmpty()) {
      return new HelpReport(List.of(ConsoleCommand.values()), false);
    }
    ConsoleCommand command = ConsoleCommand.of(arguments.get(0));
    return command == null ? notACommand(arguments) : new HelpReport(List.of(command), true);
  }

  private Answer tracks(String given) {
    if (!given.matches("[0-9A-Fa-f]{1,4}")) {
      return Verdict.usage(
          Wording.echo(given)
              + " is no volume number; that is one to four hex digits, such as 0010.",
          ConsoleCommand.TRACKS,
          "");
    }
    int number = Integer.parseInt(given, 16);
    Volume volume = volumes.byNumber(number);
    if (volume == null) {
      List<String> names = new ArrayList<>();
      for (Volume each : volumes.list()) {
        names.add(each.name());
      }
      return Verdict.failed("There is no volume " + Volume.nameOf(number) + " in this cabinet. "
          + Wording.choice("Volumes", names));
    }
    return TracksReport.of(volume, links.copiesInFlight(volume.index()));
  }

  private Answer log(List<String> arguments) {
    int count = LOG_COUNT_DEFAULT;
    if (!arguments.isEmpty()) {
      String given = arguments.get(0);
      // Four digits at most: longer numbers are too large anyhow, and need not be parsed.
      count = given.matches("[0-9]{1,4}") ? Integer.parseInt(given) : 0;
      if (count < 1 || count > EventLog.KEPT_MAX) {
        return Verdict.usage(
            Wording.echo(given) + " is no count of events; that is 1 to " + EventLog.KEPT_MAX + ".",
            ConsoleCommand.LOG,
            "");
      }
    }
    return new LogReport(events.newest(count));
  }

  private Answer vary(String linkName, String wanted) {
    boolean on = wanted.equalsIgnoreCase("on");
    if (!on && !wanted.equalsIgnoreCase("off")) {
      return Verdict.usage(
          "A link is varied `on` or `off`, not " + Wording.echo(wanted) + ".",
          ConsoleCommand.VARY,
          "");
    }
    LinkFigures before = LinkOrder.linkOf(linkName, links);
    if (before == null) {
      return LinkOrder.unknown(linkName, links);
    }
    boolean changes = before.variedOn() != on;
    if (changes && !links.vary(before.name(), on)) {
      return Verdict.failed(
          "Link " + before.name() + " cannot be varied now; see `links` and `log`.");
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("link", before.name());
    facts.put("variedOn", on);
    facts.put("changed", changes);
    return Verdict.done(varied(before.name(), on, changes), facts);
  }

  private String varied(String link, boolean on, boolean changed) {
    String state = "varied " + Wording.onOff(on);
    if (!changed) {
      return "Link " + link + " is " + state + " already; nothing was changed.";
    }
    if (on) {
      return "Link " + link + " was " + state
          + ". What is owed is copied once the session is up; see `query`.";
    }
    for (int i = 0; i < links.linkCount(); i++) {
      if (links.figures(i).variedOn()) {
        return "Link " + link + " was " + state + ". Other links are varied on.";
      }
    }
    return "Link "
        + link
        + " was "
        + state
        + ". No link is left: after the link timeout the R1 groups go on alone; see `query`.";
  }

  private Answer shutdown() {
    boolean alreadyUnderWay = cabinet.isShuttingDown();
    int liveRecords = memory.records().liveRecords();
    if (!alreadyUnderWay) {
      cabinet.requestShutdown();
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("shuttingDown", true);
    facts.put("alreadyUnderWay", alreadyUnderWay);
    facts.put("liveRecords", liveRecords);
    String begun = alreadyUnderWay ? "Shutdown is already under way" : "Shutdown has begun";
    return Verdict.done(
        cabinet.hasServed()
            ? begun + ": " + Wording.count(liveRecords, "live record")
                + " in NVRAM. The cabinet ends when everything is on its drives."
            : begun
                + ", and IML is not over. The cabinet ends when everything is on its drives, or, with"
                + " NVRAM as it is, when a drive does not give or take its label.",
        facts);
  }
}
