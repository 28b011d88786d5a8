package farside.replay;

import farside.port.ConsolePort;

/// Stands in front of the console and tells the recorder what crosses: commands of the control
/// socket and of serial lines alike.
final class RecordedConsole implements ConsolePort {
  private final PortRecorder recorder;
  private final ConsolePort console;
  private final int port;
  private final DrainNotes notes;

  RecordedConsole(PortRecorder recorder, ConsolePort console) {
    this.recorder = recorder;
    this.console = console;
    port = recorder.nextPort();
    notes = new DrainNotes(recorder, port);
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    return notes.close(console.drain(
        new ConsoleSink() {
          @Override
          public void onCommand(int session, String line, boolean json) {
            notes.open();
            recorder.note(
                FactKind.CONSOLE_COMMAND, port, new String[] {line}, session, json ? 1 : 0);
            sink.onCommand(session, line, json);
          }

          @Override
          public void onLine(String line, LineNews news, String detail) {
            notes.open();
            recorder.note(FactKind.CONSOLE_LINE, port, new String[] {line, detail}, news.ordinal());
            sink.onLine(line, news, detail);
          }
        },
        limit));
  }

  @Override
  public void answer(int session, String text, int exitCode) {
    recorder.note(FactKind.CONSOLE_ANSWER, port, new String[] {text}, session, exitCode);
    console.answer(session, text, exitCode);
  }
}
