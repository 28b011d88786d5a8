package farside.protocol.console;

import com.code_intelligence.jazzer.junit.FuzzTest;

/// Whatever bytes a terminal sends, in whatever pieces: the line neither throws nor sticks.
class ConsoleLineFuzzTest {
  @FuzzTest
  void noBytesHarmTheLine(byte[] input) {
    Terminal terminal = new Terminal(Terminal.paged(4, 20)).plugIn();
    for (int at = 0; at < input.length; ) {
      int pieceBytes = Math.min(input.length - at, 1 + (input[at] & 0x1F));
      byte[] piece = new byte[pieceBytes];
      System.arraycopy(input, at, piece, 0, pieceBytes);
      terminal.line().onBytes(piece, pieceBytes, terminal.nowNs());
      terminal.readAgain();
      at += pieceBytes;
    }
    if (terminal.line().hasOutput()) {
      throw new IllegalStateException("output is left that nobody can take");
    }
  }
}
