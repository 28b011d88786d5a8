package farside.replay;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/// One life of a cabinet, recorded.
public final class RecordedLife implements FactSink {
  private final CabinetDescription description;
  private final Path path;
  private final RecordingFile file;
  private final PortRecorder recorder = new PortRecorder(this);
  private final Set<FactKind> kinds = EnumSet.noneOf(FactKind.class);

  public RecordedLife(CabinetDescription description, Path path) {
    this.description = description;
    this.path = path;
    try {
      file = RecordingFile.create(path);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public CabinetPorts over(CabinetPorts ports, long wallMsAtZero) {
    recorder.open(new Origin("test", description.site(), "rig.yaml", ""), ports, wallMsAtZero);
    return recorder.over(ports);
  }

  public PortRecorder recorder() {
    return recorder;
  }

  @Override
  public void accept(Fact fact) {
    kinds.add(fact.kind());
    file.accept(fact);
  }

  @Override
  public void onRoundEnd(boolean isIdle) {
    file.onRoundEnd(isIdle);
  }

  @Override
  public String trouble() {
    return file.trouble();
  }

  /// Ends the recording and replays it; the file is gone then.
  public Verdict replay() {
    file.close();
    assertThat(file.trouble()).isEmpty();
    try (RecordingReader reader = RecordingReader.open(path)) {
      Verdict verdict = Replay.of(reader, origin -> description);
      assertThat(verdict.isSame())
          .as("%s%n%s", String.join("\n", verdict.history()), verdict.difference())
          .isTrue();
      Files.delete(path);
      return verdict;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public Set<FactKind> kinds() {
    return kinds;
  }
}
