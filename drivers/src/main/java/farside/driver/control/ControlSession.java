package farside.driver.control;

import static farside.driver.control.ControlProtocol.EXIT_USAGE;
import static farside.driver.control.ControlProtocol.JSON_PREFIX;
import static farside.driver.control.ControlProtocol.LINE_BYTES_MAX;
import static farside.driver.control.ControlProtocol.TEXT_PREFIX;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// One connection to the console: command lines in, one at a time, each answer out before the
/// next.
///
/// | from      | may become         | because                                          |
/// |-----------|--------------------|--------------------------------------------------|
/// | LISTENING | COMMANDED, ENDING  | a line is whole; or it is no command line at all |
/// | COMMANDED | ANSWERING          | the service processor answered                   |
/// | ANSWERING | LISTENING          | the answer is in the system's hands              |
/// | ENDING    |                    | the last answer goes out, then the connection    |
///
/// Commands that come meanwhile wait, up to [#WAITING_BYTES_MAX]; whoever sends more of them
/// without taking the answers is hung up on. (Not reading would be milder, but then the end of
/// the client goes unseen too, and Netty cannot resume a channel whose peer closed its half
/// meanwhile.)
final class ControlSession extends ChannelInboundHandlerAdapter {
  /// What the socket wants to hear of a session.
  interface Owner {
    void onOpened(ControlSession session);

    void onCommand(ControlSession session, String line, boolean json);

    /// Something was written and waits for the end of the round.
    void onWritten(ControlSession session);

    void onClosed(ControlSession session);
  }

  private enum State {
    LISTENING,
    COMMANDED,
    ANSWERING,
    ENDING
  }

  private static final int WAITING_BYTES_MAX = 4 * LINE_BYTES_MAX;

  private final Owner owner;
  private final int number;
  private final Channel channel;
  private final ByteBuf received = Unpooled.buffer(256);
  private State state = State.LISTENING;
  private boolean isInputOver;

  ControlSession(Owner owner, int number, Channel channel) {
    this.owner = owner;
    this.number = number;
    this.channel = channel;
  }

  int number() {
    return number;
  }

  /// False while the service processor works for it.
  boolean mayBeTurnedOut() {
    return state != State.COMMANDED;
  }

  /// True while something that was said to the client is not yet out.
  boolean isAnswering() {
    return state == State.ANSWERING || state == State.ENDING;
  }

  void answer(int exitCode, String text) {
    if (state != State.COMMANDED) {
      return;
    }
    state = State.ANSWERING;
    channel
        .write(Unpooled.wrappedBuffer(ControlProtocol.answer(exitCode, text)))
        .addListener(written -> {
          if (written.isSuccess()) {
            state = State.LISTENING;
            takeLine();
          } else {
            close();
          }
        });
    owner.onWritten(this);
  }

  void flush() {
    channel.flush();
  }

  void close() {
    channel.close();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    owner.onOpened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (state != State.ENDING) {
      received.writeBytes(bytes);
    }
    bytes.release();
    takeLine();
    if (received.readableBytes() > WAITING_BYTES_MAX) {
      close();
    }
  }

  private void takeLine() {
    if (state != State.LISTENING) {
      return;
    }
    int lineBytes = received.bytesBefore((byte) '\n');
    if (lineBytes > LINE_BYTES_MAX
        || (lineBytes < 0 && received.readableBytes() > LINE_BYTES_MAX)) {
      refuse("A command line takes at most " + LINE_BYTES_MAX + " bytes; this one is longer.\n");
    } else if (lineBytes >= 0) {
      byte[] line = new byte[lineBytes];
      received.readBytes(line).skipBytes(1).discardReadBytes();
      onLine(line);
    } else if (isInputOver) {
      close();
    }
  }

  private void onLine(byte[] bytes) {
    String line;
    try {
      line = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      refuse("A command line is UTF-8; this one is not.\n");
      return;
    }
    if (line.endsWith("\r")) {
      line = line.substring(0, line.length() - 1);
    }
    boolean json = line.startsWith(JSON_PREFIX);
    if (!json && !line.startsWith(TEXT_PREFIX)) {
      refuse("A command line is `text` or `json`, a space, and the command; try `text help`.\n");
    } else if (line.chars().anyMatch(Character::isISOControl)) {
      refuse("A command line holds no control characters; this one does.\n");
    } else {
      state = State.COMMANDED;
      owner.onCommand(this, line.substring(TEXT_PREFIX.length()), json);
    }
  }

  /// Says why, and ends the connection: what follows a line that is none cannot be trusted to
  /// be one.
  private void refuse(String text) {
    state = State.ENDING;
    channel
        .write(Unpooled.wrappedBuffer(ControlProtocol.answer(EXIT_USAGE, text)))
        .addListener(ChannelFutureListener.CLOSE);
    owner.onWritten(this);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    // A client may say all it has to say, close its half, and still wait for the answers.
    if (event instanceof ChannelInputShutdownEvent) {
      isInputOver = true;
      takeLine();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    received.release();
    owner.onClosed(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    close();
  }
}
