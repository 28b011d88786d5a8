package farside.rig.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import farside.director.blackbox.EntryKind;
import farside.director.blackbox.RecordedEntry;
import farside.director.blackbox.Recording;
import farside.driver.nvramfile.RecorderFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `farside blackbox`: what the flight recorder of a site holds, from its NVRAM file.
@Command(
    description = {
      "Prints a site's flight recorder: its last events and state changes, oldest first.",
      "Reads the NVRAM file and changes nothing; the site may run, or have crashed."
    })
final class BlackBoxCommand implements Callable<Integer> {
  /// As `log` on the console has it.
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern(
          "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
      .withZone(ZoneOffset.UTC);

  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Mixin
  private RigChoice choice;

  @Parameters(index = "1", paramLabel = "SITE", description = "Which site, such as A.")
  private String site;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text (the default) or json.")
  private ConsoleCommand.Output output;

  @Override
  public Integer call() throws RefusedException {
    Path nvram = choice.runDirectory().nvram(site);
    // After a crash the ring is worth more than the rig file, which may be broken: it is read
    // only to explain why there is nothing.
    if (!Files.exists(nvram)) {
      choice.sitesOf(choice.read(), site);
      throw new RefusedException(
          ExitStatus.FAILED,
          "site %s of rig %s has no NVRAM at %s: it never ran there. Name the --run-dir that it ran with."
              .formatted(site, choice.rigName(), nvram));
    }
    Recording recording;
    try {
      recording = Recording.of(RecorderFile.read(nvram));
    } catch (IOException failure) {
      throw new RefusedException(
          ExitStatus.FAILED, "site %s: %s".formatted(site, failure.getMessage()));
    }
    if (output == ConsoleCommand.Output.JSON) {
      System.out.println(json(recording));
    } else {
      recording
          .lines(entry -> "%s %14.6f s".formatted(clock(entry), entry.atNs() / 1e9))
          .forEach(System.out::println);
    }
    return ExitStatus.DONE;
  }

  private static String clock(RecordedEntry entry) {
    return CLOCK.format(Instant.ofEpochMilli(entry.wallMs()));
  }

  private String json(Recording recording) {
    List<Object> entries = new ArrayList<>();
    for (int i = 0; i < recording.entries().size(); i++) {
      entries.add(json(recording.entries().get(i), recording.missingBefore(i)));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("site", site);
    json.put("entriesMax", recording.entryMax());
    json.put("tornOrDamaged", recording.damaged());
    json.put("entries", entries);
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Map<String, Object> json(RecordedEntry entry, long missingBefore) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("sequence", entry.sequence());
    json.put("missingBefore", missingBefore);
    json.put("boot", entry.boot());
    json.put("time", clock(entry));
    json.put("clockNs", entry.atNs());
    json.put("kind", entry.kind().name());
    if (entry.kind() == EntryKind.EVENT) {
      json.put("event", entry.number());
      json.put("severity", entry.severity() == null ? null : entry.severity().name());
    } else if (entry.kind() == EntryKind.STANDING) {
      json.put("volume", String.format(Locale.ROOT, "%04X", entry.number()));
      json.put("generation", String.format(Locale.ROOT, "%016x", entry.generation()));
      json.put("base", String.format(Locale.ROOT, "%016x", entry.base()));
      json.put("offered", String.format(Locale.ROOT, "%016x", entry.offered()));
    }
    json.put("text", entry.words());
    json.put("textIsCut", entry.isCut());
    return json;
  }
}
