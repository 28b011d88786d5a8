package farside.rig.site;

import farside.cabinet.Cabinet;
import farside.cabinet.CabinetPorts;
import farside.replay.Origin;
import farside.replay.PortRecorder;
import farside.replay.RecordingFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The recording of a site: who stands in front of its ports, and the file.
public final class SiteRecording {
  private final Path path;
  private final Origin origin;
  private RecordingFile file;
  private PortRecorder recorder;

  /// @param path of the file, which must not be there yet
  public SiteRecording(Path path, Origin origin) {
    this.path = path;
    this.origin = origin;
  }

  /// Makes the file, before anything else of the site.
  void open() throws IOException {
    try {
      file = RecordingFile.create(path);
    } catch (FileAlreadyExistsException there) {
      throw new IOException(
          "there is a file %s already. Give --record another name, or move it away."
              .formatted(path),
          there);
    } catch (NoSuchFileException nowhere) {
      throw new IOException(
          "there is no directory for the recording %s. Make it, or give --record another name."
              .formatted(path),
          nowhere);
    }
    recorder = new PortRecorder(file);
  }

  CabinetPorts over(CabinetPorts ports, long wallMsAtZero) {
    recorder.open(origin, ports, wallMsAtZero);
    return recorder.over(ports);
  }

  void watch(Cabinet cabinet) {
    recorder.watch(cabinet);
  }

  /// A round of the cabinet.
  int round(Cabinet cabinet, long nowNs) {
    recorder.beginRound(nowNs);
    int worked;
    try {
      worked = cabinet.doWork(nowNs);
    } catch (RuntimeException stopped) {
      recorder.stopped(stopped);
      throw stopped;
    }
    recorder.endRound(worked);
    return worked;
  }

  void shutdownAsked() {
    recorder.shutdownAsked();
  }

  /// The cabinet does not go on.
  void stopped(RuntimeException because) {
    recorder.stopped(because);
  }

  /// The rounds have ended in order.
  void end() {
    recorder.end();
  }

  /// The site was refused before it began: there is nothing to replay, and the name is free.
  void abandon() {
    if (file != null) {
      file.close();
      try {
        Files.deleteIfExists(path);
      } catch (IOException failure) {
        System.err.printf("%s stays behind: %s%n", path, failure.getMessage());
      }
    }
  }

  /// Writes what is left. The cabinet's thread has ended, or calls this.
  void close() {
    if (file != null) {
      file.close();
    }
  }
}
