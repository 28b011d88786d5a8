package farside.driver.control;

import static farside.driver.control.ControlProtocol.ANSWER_BYTES_MAX;
import static farside.driver.control.ControlProtocol.LINE_BYTES_MAX;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Asks a cabinet's console one thing, from another process. Blocks; not for a processor's
/// thread.
public final class ControlClient {
  /// Longest first line of an answer: two numbers.
  private static final int HEAD_BYTES_MAX = 32;

  private final Path path;
  private final Duration timeout;
  private final long deadlineNs;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;

  /// What the console said.
  ///
  /// @param exitCode 0 yes or done, 1 no or failed, 2 usage
  public record Answer(int exitCode, String text) {}

  private ControlClient(Path path, Duration timeout, SocketChannel channel, Selector selector)
      throws IOException {
    this.path = path;
    this.timeout = timeout;
    this.deadlineNs = System.nanoTime() + timeout.toNanos();
    this.channel = channel;
    this.selector = selector;
    channel.configureBlocking(false);
    this.key = channel.register(selector, 0);
  }

  /// Asks, and waits for the whole answer.
  ///
  /// @param socket path of the cabinet's control socket
  /// @throws NotReachableException if nobody answers there in time
  /// @throws IllegalArgumentException if no console takes such a command
  public static Answer ask(Path socket, String command, boolean json, Duration timeout)
      throws NotReachableException {
    byte[] line = ((json ? ControlProtocol.JSON_PREFIX : ControlProtocol.TEXT_PREFIX) + command
            + "\n")
        .getBytes(StandardCharsets.UTF_8);
    if (line.length - 1 > LINE_BYTES_MAX) {
      throw new IllegalArgumentException("The command is " + command.length()
          + " characters long; a line takes " + LINE_BYTES_MAX + " bytes.");
    }
    if (command.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("A command is one line without control characters.");
    }
    String fault = ControlProtocol.faultOf(socket);
    if (!fault.isEmpty()) {
      throw new NotReachableException(fault);
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      return new ControlClient(socket, timeout, channel, selector).exchange(line);
    } catch (NotReachableException e) {
      throw e;
    } catch (IOException e) {
      throw new NotReachableException(
          "Nobody answers on " + socket + " (" + e.getMessage() + "). Is the rig running?", e);
    }
  }

  private Answer exchange(byte[] line) throws IOException {
    if (!channel.connect(UnixDomainSocketAddress.of(path))) {
      await(SelectionKey.OP_CONNECT);
      channel.finishConnect();
    }
    ByteBuffer out = ByteBuffer.wrap(line);
    while (channel.write(out) >= 0 && out.hasRemaining()) {
      await(SelectionKey.OP_WRITE);
    }
    return readAnswer();
  }

  private Answer readAnswer() throws IOException {
    StringBuilder head = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    for (char got = next(one); got != '\n'; got = next(one)) {
      if (head.length() == HEAD_BYTES_MAX) {
        throw noConsole();
      }
      head.append(got);
    }
    String[] numbers = head.toString().split(" ", -1);
    if (numbers.length != 2) {
      throw noConsole();
    }
    int exitCode = number(numbers[0], 255);
    ByteBuffer text = ByteBuffer.allocate(number(numbers[1], ANSWER_BYTES_MAX));
    readFully(text);
    return new Answer(exitCode, new String(text.array(), StandardCharsets.UTF_8));
  }

  private char next(ByteBuffer one) throws IOException {
    one.clear();
    readFully(one);
    return (char) (one.get(0) & 0xFF);
  }

  private void readFully(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      int readBytes = channel.read(into);
      if (readBytes < 0) {
        throw new NotReachableException("The console on " + path
            + " hung up before its answer was whole. Look at the rig's log.");
      }
      if (readBytes == 0) {
        await(SelectionKey.OP_READ);
      }
    }
  }

  private int number(String digits, int max) throws NotReachableException {
    boolean isNumber = !digits.isEmpty()
        && digits.length() < 10
        && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    int value = isNumber ? Integer.parseInt(digits) : -1;
    if (value < 0 || value > max) {
      throw noConsole();
    }
    return value;
  }

  private NotReachableException noConsole() {
    return new NotReachableException(
        "What answers on " + path + " is not the console of a Farside cabinet.");
  }

  private void await(int operation) throws IOException {
    long leftNs = deadlineNs - System.nanoTime();
    key.interestOps(operation);
    if (leftNs <= 0 || selector.select(TimeUnit.NANOSECONDS.toMillis(leftNs) + 1) == 0) {
      throw new NotReachableException(
          "The console on " + path + " did not answer within " + timeout.toMillis() + " ms.");
    }
    selector.selectedKeys().clear();
  }
}
