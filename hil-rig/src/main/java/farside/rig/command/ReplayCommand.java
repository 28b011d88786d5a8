package farside.rig.command;

import farside.cabinet.CabinetDescription;
import farside.replay.Origin;
import farside.replay.RecordingReader;
import farside.replay.Replay;
import farside.replay.Verdict;
import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import farside.rig.description.RigRefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `farside replay`: a recorded cabinet once more, in virtual time.
@Command(
    description = {
      "Runs a site again from what `farside run --record FILE` kept, in virtual time, with no drive, link or host.",
      "Ends with 0 if the cabinet did all that it did then and its states were the same, with 1 at the first difference.",
      "FILE may also stand for FILE.SITE of several sites that one process recorded."
    })
final class ReplayCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "What --record wrote.")
  private List<Path> files;

  @Override
  public Integer call() throws RefusedException {
    int status = ExitStatus.DONE;
    for (Path named : files) {
      try {
        for (Path file : Recordings.named(named)) {
          Verdict verdict = replay(file);
          say(verdict);
          status = verdict.isSame() ? status : ExitStatus.FAILED;
        }
      } catch (IOException failure) {
        throw unreadable(named, failure);
      }
    }
    return status;
  }

  private static Verdict replay(Path file) throws RefusedException {
    try (RecordingReader recording = RecordingReader.open(file)) {
      return Replay.of(recording, ReplayCommand::describe);
    } catch (IOException failure) {
      throw unreadable(file, failure);
    }
  }

  private static RefusedException unreadable(Path file, IOException failure) {
    String why = failure instanceof NoSuchFileException
        ? "there is no such file. Name one that `farside run --record` wrote."
        : failure.getMessage();
    return new RefusedException(
        ExitStatus.USAGE, "recording %s cannot be replayed: %s".formatted(file, why));
  }

  private static CabinetDescription describe(Origin origin) throws IOException {
    try {
      Rig rig = RigFile.parse(origin.rigFile(), origin.rig().getBytes(StandardCharsets.UTF_8));
      Rig.Cabinet cabinet = rig.cabinet(origin.site())
          .orElseThrow(() -> new IOException(
              "its rig has no site %s. Record the test again.".formatted(origin.site())));
      return rig.describe(cabinet);
    } catch (RigRefusedException refused) {
      throw new IOException(
          "this program refuses its rig. Use the one that recorded it, %s. %s"
              .formatted(origin.build(), refused.getMessage()),
          refused);
    }
  }

  private static void say(Verdict verdict) {
    String extent = String.format(
        Locale.ROOT,
        "%.3f s, %d rounds, %d facts, state compared %d times; recorded by %s",
        verdict.virtualNs() / 1e9,
        verdict.rounds(),
        verdict.facts(),
        verdict.states(),
        verdict.origin().build());
    String site = "site " + verdict.origin().site();
    switch (verdict.outcome()) {
      case SAME -> System.out.printf("%s: the same to its end: %s%n", site, extent);
      case CUT_SHORT ->
        System.out.printf("%s: the same, to where the recording was cut short: %s%n", site, extent);
      case DIFFERENT -> {
        verdict.history().forEach(System.out::println);
        System.out.printf("%s: DIFFERENT after %s%n", site, extent);
        System.out.println(verdict.difference());
        if (!verdict.origin().build().equals(FarsideCommand.version())) {
          System.out.printf(
              "This is %s: where its microcode is another, it may well differ.%n",
              FarsideCommand.version());
        }
      }
    }
  }
}
