package farside.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import farside.director.Director;
import farside.director.EventCode;
import farside.port.ConsolePort;
import farside.service.OperatedCabinet.Heard;
import farside.volume.PairState;
import farside.volume.Volume;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceProcessorTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OperatedCabinet site = new OperatedCabinet().inService();

  // ---- what each command shows ----

  @Test
  void helpListsEveryCommand() {
    check("help", "help");
  }

  @Test
  void helpExplainsOneCommand() {
    check("help-query", "help query");
  }

  @ParameterizedTest
  @EnumSource(ConsoleCommand.class)
  void everyCommandCanBeExplained(ConsoleCommand command) {
    Heard heard = site.type("help " + command.word());

    assertThat(heard.exitCode()).isZero();
    assertThat(heard.text()).startsWith(command.usage() + ": " + command.summary());
    assertThat(heard.text().lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void queryShowsASynchronizedPair() {
    site.hostWrites(0x0010, 7, true);
    site.hostWrites(0x0010, 8, false);
    site.hostWrites(0x0030, 1, false);
    site.pend(0x0010, 3, 4);

    check("query", "query");
  }

  @Test
  void queryShowsWhatWentWrong() {
    Volume source = site.volume(0x0010);
    source.become(
        source.standing().alone(0x0a0b_0c0d_0e0f_1011L).lagging(true), "the peer is silent");
    site.owe(0x0010, 0, 4095);
    site.links.copiesInFlight = 8;
    Volume target = site.volume(0x0020);
    target.become(target.standing().receiving(), "a copy begins");
    target.become(target.standing().staleSince(site.events.wallMs()), "the peer is silent");
    site.volume(0x0030).setNotReady("drive D3 is gone");
    site.links.vary("L1", false);
    site.cabinet.shuttingDown = true;

    check("query-degraded", "query");
  }

  @Test
  void queryBeforeImlSaysWhatIsNotKnownYet() {
    OperatedCabinet early = new OperatedCabinet();

    Heard text = early.type("query");
    Heard json = early.typeForJson("query");

    assertThat(text.exitCode()).isZero();
    assertThat(text.text()).contains("NR", "Unknown", "not ready: IML has not reached it");
    assertThat(parsed(json).at("/volumes/0/pairState").asText()).isEqualTo("Unknown");
    assertThat(parsed(json).at("/volumes/0/ready").asBoolean()).isFalse();
  }

  @Test
  void everyVolumeOfTheQueryFitsATerminal() {
    assertThat(site.type("query").text().lines()).allMatch(line -> line.length() <= 100);
    assertThat(site.type("links").text().lines()).allMatch(line -> line.length() <= 100);
    assertThat(site.type("drives").text().lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void owedBytesAreNeverMoreThanTheVolume() {
    site.owe(0x0010, 0, 4095);

    JsonNode volume = parsed(site.typeForJson("query")).at("/volumes/0");

    assertThat(volume.get("owedTracks").asInt()).isEqualTo(4096);
    assertThat(volume.get("owedBytes").asLong())
        .isEqualTo(volume.get("sizeBytes").asLong());
  }

  @Test
  void tracksShowsRangesOfBothKinds() {
    site.owe(0x0010, 0, 0);
    site.owe(0x0010, 14, 15);
    site.owe(0x0010, 4000, 4095);
    site.pend(0x0010, 63, 64);
    site.links.copiesInFlight = 2;

    check("tracks", "tracks 0010");
  }

  @Test
  void tracksListsAHundredRangesAndCountsTheRest() {
    for (int track = 0; track < 2 * 130; track += 2) {
      site.owe(0x0010, track, track);
    }
    site.owe(0x0010, 1000, 1009);

    Heard text = site.type("tracks 10");
    JsonNode json = parsed(site.typeForJson("tracks 10"));

    assertThat(text.text())
        .contains("140 tracks, 8.8 MiB\n")
        .contains("\n... and 40 more tracks\n");
    assertThat(json.get("owedRanges")).hasSize(100);
    assertThat(json.get("owedUnlistedTracks").asInt()).isEqualTo(40);
  }

  @Test
  void aWhollyOwedVolumeIsOneRange() {
    site.owe(0x0020, 0, 4095);

    JsonNode json = parsed(site.typeForJson("tracks 20"));

    assertThat(json.get("owedRanges")).hasSize(1);
    assertThat(json.at("/owedRanges/0/lastTrack").asInt()).isEqualTo(4095);
    assertThat(json.at("/owedRanges/0/lastCylinder").asInt()).isEqualTo(273);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tracks 10", "tracks 0010", "TRACKS 010", "  Tracks\t10  "})
  void aVolumeIsNamedWithOrWithoutItsZeroes(String line) {
    assertThat(site.type(line).text()).startsWith("Volume 0010 (R1)");
  }

  @Test
  void drivesShowsTheWorkOfEachDrive() {
    check("drives", "drives");
  }

  @Test
  void linksShowsStateAndTraffic() {
    check("links", "links");
  }

  @Test
  void logShowsTheNewestEventsOldestFirst() {
    site.passMs(1_000);
    site.events.log(EventCode.LINK_DOWN, "L1", "connection reset");
    site.passMs(59_996);
    site.events.log(EventCode.PAIR_CONFLICT, "0010", "a quote \" and a tab \t");

    check("log", "log 3");
  }

  @Test
  void logShowsTwentyEventsUnlessToldOtherwise() {
    for (int i = 0; i < 30; i++) {
      site.events.log(EventCode.RETRANSMISSION, i);
    }

    assertThat(parsed(site.typeForJson("log"))).hasSize(20);
    assertThat(parsed(site.typeForJson("log 1000"))).hasSizeGreaterThanOrEqualTo(30);
    assertThat(parsed(site.typeForJson("log 1")).get(0).get("text").asText()).contains("29");
  }

  @Test
  void aLogWithoutEventsSaysSo() {
    OperatedCabinet early = new OperatedCabinet();

    assertThat(early.type("log").text()).isEqualTo("No events yet.\n");
    assertThat(parsed(early.typeForJson("log"))).isEmpty();
  }

  // ---- what the others do ----

  @Test
  void varyOffTakesTheLastLinkAway() {
    check("vary", "vary L1 off");

    assertThat(site.links.variedOn).containsExactly(false, false);
  }

  @Test
  void varySaysThatOtherLinksAreLeft() {
    site.type("vary l2 ON");

    Heard heard = site.type("vary L1 off");

    assertThat(heard.text()).isEqualTo("Link L1 was varied off. Other links are varied on.\n");
    assertThat(site.links.variedOn).containsExactly(false, true);
  }

  @Test
  void varyingALinkToWhatItIsChangesNothingAndIsDone() {
    Heard heard = site.type("vary L1 on");

    assertThat(heard.exitCode()).isZero();
    assertThat(heard.text()).isEqualTo("Link L1 is varied on already; nothing was changed.\n");
    assertThat(site.eventsOf(EventCode.LINK_VARIED)).isEmpty();
  }

  @Test
  void aLinkThatCannotBeVariedIsAFailure() {
    site.links.stuck = true;

    Heard heard = site.type("vary L1 off");

    assertThat(heard.exitCode()).isEqualTo(1);
    assertThat(heard.text()).contains("cannot be varied now");
  }

  @Test
  void linkAddAsksForTheLinkAndSaysThatTheRigFileIsAsItWas() {
    check("link-add", "link add L3 connect [2001:db8::7]:11809");
    site.type("LINK ADD l4 LISTEN 192.0.2.7:1");

    assertThat(site.links.added)
        .containsExactly("L3 CONNECT [2001:db8::7]:11809", "l4 LISTEN 192.0.2.7:1");
  }

  @Test
  void linkRemoveAsksForTheLinkAndSaysThatTheRigFileIsAsItWas() {
    check("link-remove", "link remove l2");

    assertThat(site.links.removed).containsExactly("L2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"link add L3 listen 192.0.2.7:11809", "link remove L1"})
  void whatIsInTheWayOfALinkIsAFailure(String line) {
    site.links.obstacle = "It is in the way.";

    assertThat(site.type(line).exitCode()).isEqualTo(1);
    assertThat(parsed(site.typeForJson(line)).get("error").asText()).isEqualTo("It is in the way.");
  }

  @Test
  void anUnknownLinkIsNotRemoved() {
    Heard heard = site.type("link remove L9");

    assertThat(heard.exitCode()).isEqualTo(1);
    assertThat(heard.text()).contains("There is no link `L9`", "Links: L1, L2.");
    assertThat(site.links.removed).isEmpty();
  }

  @Test
  void shutdownAnswersAtOnceAndIsAskedForOnce() {
    site.hostWrites(0x0010, 7, false);

    checkOnce("shutdown.text", site.type("shutdown"));
    checkOnce("shutdown.json", site.typeForJson("Shutdown"));

    assertThat(site.cabinet.shutdownRequests).isEqualTo(1);
  }

  @Test
  void aShutdownThatComesBeforeImlIsOverIsToldThatItMayEndWithoutADestage() {
    site.cabinet.served = false;

    assertThat(site.type("shutdown").text())
        .contains("Shutdown has begun, and IML is not over.")
        .contains("NVRAM as it is");
    assertThat(site.type("shutdown").text()).contains("Shutdown is already under way, and IML");

    assertThat(site.cabinet.shutdownRequests).isEqualTo(1);
  }

  // ---- slips ----

  @Test
  void anUnknownCommandIsAnsweredWithTheNearest() {
    checkSlip("unknown-command", "qurey", 2);
  }

  @Test
  void anUnknownVolumeIsAnsweredWithThoseThereAre() {
    checkSlip("unknown-volume", "tracks 0011", 1);
  }

  @Test
  void anUnknownLinkIsAnsweredWithThoseThereAre() {
    checkSlip("unknown-link", "vary L9 off", 1);
  }

  @Test
  void aMissingArgumentIsAnsweredWithTheUsage() {
    checkSlip("missing-argument", "vary L1", 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                 | No command was given.",
        "'   '              | No command was given.",
        "tracks             | `tracks` lacks an argument.",
        "tracks 0010 0020   | `tracks` does not take `0020`.",
        "query --output xml | `query` does not take `--output`.",
        "tracks xyz         | `xyz` is no volume number",
        "tracks 00010       | `00010` is no volume number",
        "log 0              | `0` is no count of events; that is 1 to 1000.",
        "log 1001           | `1001` is no count",
        "log -5             | `-5` is no count",
        "log 99999999999    | `99999999999` is no count",
        "vary L1 sideways   | A link is varied `on` or `off`, not `sideways`.",
        "link               | `link` lacks an argument.",
        "link add L3        | `link add` lacks an argument",
        "link add L3 listen | `link add` lacks an argument",
        "link lose L1       | A link is `add`ed or `remove`d, not `lose`.",
        "link remove L1 now | `link remove` does not take `now`.",
        "link add 3L listen 192.0.2.7:1 | `3L` is no name of a link",
        "link add L3 both 192.0.2.7:1   | An end of a link is `listen` or `connect`, not `both`.",
        "link add L3 listen far.example:1 | `far.example:1` is no address; that is IP:PORT",
        "link add L3 listen 192.0.2.7:0 | `192.0.2.7:0` is no address",
        "link add L3 listen 192.0.2.7   | `192.0.2.7` is no address",
        "shutdown now       | `shutdown` does not take `now`.",
        "help qurey         | There is no command `qurey`.",
      })
  void whatIsWrongIsSaidAndCostsExitCodeTwo(String line, String said) {
    Heard heard = site.type(line);
    Heard json = site.typeForJson(line);

    assertThat(heard.exitCode()).isEqualTo(2);
    assertThat(heard.text()).startsWith(said);
    assertThat(json.exitCode()).isEqualTo(2);
    assertThat(parsed(json).get("error").asText()).startsWith(said);
    assertThat(site.cabinet.shutdownRequests).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "qurey, query",
    "QUERRY, query",
    "lnks, links",
    "lgo, log",
    "stat, ''",
    "shut, shutdown",
    "x, ''"
  })
  void theNearestCommandIsOffered(String typed, String offered) {
    JsonNode answer = parsed(site.typeForJson(typed));

    assertThat(answer.path("didYouMean").asText()).isEqualTo(offered);
  }

  @Test
  void aLongOrHostileLineIsEchoedShortAndHarmless() {
    Heard heard = site.type("\u001b[2J" + "x".repeat(4000));

    assertThat(heard.exitCode()).isEqualTo(2);
    assertThat(heard.text()).hasSizeLessThan(200).doesNotContain("\u001b");
    assertThat(site.eventsOf(EventCode.CONSOLE_COMMAND).get(0))
        .hasSizeLessThan(200)
        .doesNotContain("\u001b");
  }

  // ---- what is told to whom ----

  @ParameterizedTest
  @ValueSource(strings = {"help", "query", "tracks 0010", "drives", "links", "log"})
  void aCommandThatOnlyShowsLeavesNoEvent(String line) {
    assertThat(site.type(line).exitCode()).isZero();

    assertThat(site.eventsOf(EventCode.CONSOLE_COMMAND)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "vary L1 off, 0",
    "link remove L2, 0",
    "link remove L9, 1",
    "shutdown, 0",
    "tracks 0011, 1",
    "vary L9 on, 1",
    "qurey, 2",
    "query now, 2"
  })
  void whatChangesOrFailsIsAnEventWithItsExitCode(String line, int exitCode) {
    site.type(line);

    assertThat(site.eventsOf(EventCode.CONSOLE_COMMAND))
        .containsExactly("console: " + line + " -> " + exitCode);
  }

  @Test
  void whatHappensToALineIsAnEventAndGuessingAWarning() {
    site.serviceProcessor().onLine("/dev/ttyS0", ConsolePort.LineNews.OPEN, "");
    site.serviceProcessor().onLine("/dev/ttyS0", ConsolePort.LineNews.GUESSED, "");
    site.serviceProcessor().onLine("/dev/ttyS1", ConsolePort.LineNews.ABSENT, "no such device");

    assertThat(site.eventsOf(EventCode.CONSOLE_LINE))
        .containsExactly(
            "console line /dev/ttyS0: open",
            "console line /dev/ttyS1: cannot be opened, tried again until it can: no such device");
    assertThat(site.eventsOf(EventCode.CONSOLE_GUESSED))
        .containsExactly("console line /dev/ttyS0: wrong passwords in a row, the line rests");
  }

  @Test
  void everyCommandIsAnsweredOnceToTheSessionThatTypedIt() {
    for (int i = 0; i < 6; i++) {
      site.queue(i % 2 == 0 ? "query" : "nonsense", false);
    }

    int first = site.serviceProcessor().doWork(0);
    int second = site.serviceProcessor().doWork(0);
    int third = site.serviceProcessor().doWork(0);

    assertThat(first + second).isEqualTo(6);
    assertThat(third).isZero();
    assertThat(site.heard).extracting(Heard::session).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void nothingIsDueAtTheServiceProcessor() {
    assertThat(site.serviceProcessor().name()).isEqualTo("SP");
    assertThat(site.serviceProcessor().nextDeadlineNs()).isEqualTo(Director.NO_DEADLINE);
  }

  @Test
  void namesFromOutsideDoNotReachTheTerminalRaw() {
    site.cabinet.serial = "\u001b[31mred";
    site.links.description = "a\nb";

    assertThat(site.type("query").text()).doesNotContain("\u001b");
    assertThat(site.type("links").text()).contains("a?b");
    assertThat(parsed(site.typeForJson("query")).get("serial").asText()).isEqualTo("\u001b[31mred");
  }

  @ParameterizedTest
  @EnumSource(PairState.class)
  void everyPairStateIsShownByTheOperatorsWord(PairState state) {
    Volume volume = site.volume(0x0010);
    volume.begin(volume.standing().with(state));

    assertThat(parsed(site.typeForJson("query")).at("/volumes/0/pairState").asText())
        .isEqualTo(state.shown());
    assertThat(site.type("query").text()).contains(" " + state.shown() + " ");
  }

  /// One command in both forms; it must not change what the second form shows.
  private void check(String name, String line) {
    boolean changesSomething = line.startsWith("vary") || line.startsWith("link ");
    Heard text = site.type(line);
    OperatedCabinet asked = changesSomething ? new OperatedCabinet().inService() : site;
    Heard json = asked.typeForJson(line);

    checkOnce(name + ".text", text);
    checkOnce(name + ".json", json);
  }

  private static void checkOnce(String name, Heard heard) {
    assertThat(heard.exitCode()).isZero();
    if (name.endsWith(".json")) {
      parsed(heard);
    }
    Transcript.check(name, heard.text());
  }

  private void checkSlip(String name, String line, int exitCode) {
    Heard text = site.type(line);
    Heard json = site.typeForJson(line);

    assertThat(text.exitCode()).isEqualTo(exitCode);
    assertThat(json.exitCode()).isEqualTo(exitCode);
    parsed(json);
    Transcript.check(name + ".text", text.text());
    Transcript.check(name + ".json", json.text());
  }

  private static JsonNode parsed(Heard heard) {
    try {
      return JSON.readTree(heard.text());
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + heard.text(), e);
    }
  }
}
