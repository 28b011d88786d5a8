package farside.driver.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.netty.Transport;
import farside.port.ConsolePort;
import farside.port.ConsolePort.ConsoleSink;
import io.netty.channel.ManualIoEventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A console on an event loop that the test steps, asked by clients with and without manners.
class ControlSocketTest {
  private static final long SEED = 2_001L;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir
  Path directory;

  private final List<SocketChannel> clients = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private Path path;
  private ManualIoEventLoop loop;
  private ControlSocket console;
  private Transport transport;
  private boolean isSilent;

  /// Repeats what it is told; `fail` ends with 1, `long N` gives N letters.
  private final ConsoleSink serviceProcessor = new ConsoleSink() {
    @Override
    public void onCommand(int session, String line, boolean json) {
      heard.add((json ? "json " : "text ") + line);
      if (isSilent) {
        return;
      }
      if (line.startsWith("long ")) {
        console.answer(session, "x".repeat(Integer.parseInt(line.substring(5))), 0);
      } else {
        console.answer(session, "you said " + line, line.equals("fail") ? 1 : 0);
      }
    }

    @Override
    public void onLine(String line, ConsolePort.LineNews news, String detail) {
      throw new IllegalStateException("a socket has no lines");
    }
  };

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aCommandIsAnsweredWithTextAndExitCode(Transport with) throws Exception {
    start(with);

    assertThat(ask("query 0010", false))
        .isEqualTo(new ControlClient.Answer(0, "you said query 0010"));
    assertThat(ask("fail", true)).isEqualTo(new ControlClient.Answer(1, "you said fail"));
    assertThat(ask("größe µ", false).text()).isEqualTo("you said größe µ");
    assertThat(heard).containsExactly("text query 0010", "json fail", "text größe µ");
    assertThat(ask("long 3000000", false).text()).hasSize(3_000_000);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void onlyTheOwnerMayConnect(Transport with) throws Exception {
    start(with);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void severalCommandsOnOneConnectionAreAnsweredInTurnAlsoWhenTheyComeAtOnce(Transport with)
      throws Exception {
    start(with);
    SocketChannel client = connect();
    send(client, "text one\njson two\r\ntext fail\n");

    String answers = "0 12\nyou said one0 12\nyou said two1 13\nyou said fail";
    assertThat(read(client, answers.length())).isEqualTo(answers);
    assertThat(heard).containsExactly("text one", "json two", "text fail");
  }

  @ParameterizedTest
  @EnumSource(value = Transport.class, names = "EPOLL")
  // The other two hang up at once; Netty has half-closed Unix-domain sockets with epoll only.
  void whoHasSaidAllAndClosedItsHalfStillGetsItsAnswers(Transport with) throws Exception {
    start(with);
    SocketChannel client = connect();
    send(client, "text one\ntext two\nhalf a li");
    client.shutdownOutput();

    assertThat(readAll(client)).isEqualTo("0 12\nyou said one0 12\nyou said two");
    assertThat(heard).containsExactly("text one", "text two");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void whoSendsWithoutEndWhileItsCommandIsUnansweredIsHungUpOn(Transport with) throws Exception {
    start(with);
    isSilent = true;
    SocketChannel client = connect();
    ByteBuffer endless = ByteBuffer.allocate(2000);
    send(client, "text help\n");
    runUntil(() -> {
      try {
        return client.write(endless.clear()) < 0;
      } catch (IOException hungUp) {
        return true;
      }
    });
    isSilent = false;
    assertThat(ask("help", false).exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aLineMayComeByteByByte(Transport with) throws Exception {
    start(with);
    SocketChannel client = connect();
    for (byte letter : "text links\n".getBytes(StandardCharsets.UTF_8)) {
      client.write(ByteBuffer.wrap(new byte[] {letter}));
      step();
    }
    runUntil(() -> heard.size() == 1);
    assertThat(heard).containsExactly("text links");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aLineThatIsTooLongOrNoCommandIsAUsageErrorAndEndsTheConnection(Transport with)
      throws Exception {
    start(with);
    String longest = "text " + "x".repeat(ControlProtocol.LINE_BYTES_MAX - 5);
    SocketChannel client = connect();
    send(client, longest + "\n");
    assertThat(read(client, 2)).isEqualTo("0 ");

    for (String bad : List.of(
        longest + "x\n", "x".repeat(5000), "query\n", "text a\u0007b\n", "\n", "TEXT query\n")) {
      SocketChannel hostile = connect();
      send(hostile, bad + "text more\n");
      assertThat(readAll(hostile)).as(bad).startsWith("2 ").doesNotContain("you said");
    }
    SocketChannel notText = connect();
    notText.write(
        ByteBuffer.wrap(new byte[] {'t', 'e', 'x', 't', ' ', (byte) 0xC3, (byte) 0x28, '\n'}));
    assertThat(readAll(notText)).contains("A command line is UTF-8");
    assertThat(ask("help", false).exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void noiseCostsThatConnectionOnly(Transport with) throws Exception {
    start(with);
    Random random = new Random(SEED);
    for (int i = 0; i < 60; i++) {
      byte[] noise = new byte[1 + random.nextInt(9000)];
      random.nextBytes(noise);
      SocketChannel client = connect();
      try {
        client.write(ByteBuffer.wrap(noise));
        client.shutdownOutput();
        assertThat(readAll(client))
            .as("seed %d, noise %d", SEED, i)
            .satisfiesAnyOf(
                answer -> assertThat(answer).isEmpty(),
                answer -> assertThat(answer).startsWith("2 "));
      } catch (IOException e) {
        // Hung up on while we were still talking: as it should be.
        step();
      }
    }
    assertThat(heard).isEmpty();
    assertThat(ask("help", false).exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aClientThatNeverReadsHoldsUpNobodyElseAndIsHeardOnceAtATime(Transport with)
      throws Exception {
    start(with);
    SocketChannel deaf = connect();
    send(deaf, "text long 5000000\n".repeat(100));
    runUntil(() -> !heard.isEmpty());

    for (int i = 0; i < 20; i++) {
      assertThat(ask("help", false).exitCode()).isZero();
    }
    assertThat(heard.stream().filter(line -> line.startsWith("text long")).count())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void strangersByTheHundredDoNotKeepTheOperatorOut(Transport with) throws Exception {
    start(with);
    for (int i = 0; i < 100; i++) {
      connect();
      step();
    }
    assertThat(ask("query", false).text()).isEqualTo("you said query");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aCommandWhoseClientLeftIsStillHeardAndItsAnswerDropped(Transport with) throws Exception {
    start(with);
    isSilent = true;
    SocketChannel client = connect();
    send(client, "text shutdown\n");
    runUntil(() -> heard.size() == 1);
    client.close();
    step();
    console.answer(1, "going down", 0);
    console.answer(4711, "nobody", 0);
    runUntil(console::isQuiet);
    isSilent = false;
    assertThat(ask("help", false).exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void theSocketFileOfAKilledRigIsReplacedAndOneInUseIsNot(Transport with) throws Exception {
    path = directory.resolve("a.ctl");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    // A child that another test starts just now has the socket open too, until it is another
    // program.
    Awaitility.await().until(() -> !isAnswered(path));
    start(with);
    assertThat(ask("help", false).exitCode()).isZero();

    ControlSocket second = new ControlSocket(path, loop, transport);
    assertRefused(second.open(), "another process answers there. Stop that rig first");
    assertThat(ask("help", false).exitCode()).isZero();

    console.close();
    assertThat(path).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void whatIsNoSocketIsNeverRemoved(Transport with) throws Exception {
    assumeTrue(with.isAvailable());
    Path precious = Files.writeString(directory.resolve("precious"), "data");
    startLoop(with);
    assertRefused(
        new ControlSocket(precious, loop, with).open(),
        "a file that is no socket is there. Remove it");
    assertThat(precious).hasContent("data");

    Path nowhere = directory.resolve("missing").resolve("a.ctl");
    assertRefused(
        new ControlSocket(nowhere, loop, with).open(), "Check that its directory is there");
  }

  @Test
  void aPathThatNoSocketTakesIsRefusedWithTheCure() {
    Path tooLong = directory.resolve("x".repeat(120));
    assertRefused(
        new ControlSocket(tooLong, null, Transport.NIO).open(),
        "bytes long, but the system takes 107. Give the rig a run directory with a shorter path.");
    assertThatThrownBy(() -> ControlClient.ask(tooLong, "help", false, PATIENCE))
        .isInstanceOf(NotReachableException.class)
        .hasMessageContaining("the system takes 107");
  }

  @Test
  void aRigThatIsNotThereIsNotReachable() throws Exception {
    Path nobody = directory.resolve("nobody.ctl");
    assertThatThrownBy(() -> ControlClient.ask(nobody, "help", false, PATIENCE))
        .isInstanceOf(NotReachableException.class)
        .hasMessageContaining("Is the rig running?");

    try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.bind(UnixDomainSocketAddress.of(nobody));
      assertThatThrownBy(() -> ControlClient.ask(nobody, "help", false, Duration.ofMillis(80)))
          .isInstanceOf(NotReachableException.class)
          .hasMessageContaining("did not answer within 80 ms");
    }
  }

  @Test
  void whateverAnswersInsteadOfAConsoleIsToldFromOne() throws Exception {
    Random random = new Random(SEED);
    List<byte[]> answers = new ArrayList<>();
    for (String text : List.of(
        "",
        "0",
        "0 5\nabc",
        "hello\n",
        "0 -1\n",
        "0 99999999999\n",
        "0 1 2\n",
        " \n",
        "x 3\nabc",
        "0 999999999\n")) {
      answers.add(text.getBytes(StandardCharsets.UTF_8));
    }
    for (int i = 0; i < 40; i++) {
      byte[] noise = new byte[200];
      random.nextBytes(noise);
      answers.add(noise);
    }
    Path stranger = directory.resolve("stranger.ctl");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(stranger));
      for (byte[] answer : answers) {
        CompletableFuture<ControlClient.Answer> asked = askLater(stranger, "help", false);
        try (SocketChannel client = server.accept()) {
          client.read(ByteBuffer.allocate(100));
          client.write(ByteBuffer.wrap(answer));
        }
        assertThatThrownBy(() -> asked.get(20, TimeUnit.SECONDS))
            .as("seed %d, %s", SEED, Arrays.toString(answer))
            .hasCauseInstanceOf(NotReachableException.class);
      }
    }
  }

  @Test
  void aCommandThatNoConsoleTakesIsNotSent() {
    assertThatThrownBy(
            () -> ControlClient.ask(directory.resolve("a"), "two\nlines", false, PATIENCE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> ControlClient.ask(directory.resolve("a"), "x".repeat(5000), false, PATIENCE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private void assertRefused(CompletableFuture<Void> opened, String reason) {
    runUntil(opened::isDone);
    assertThatThrownBy(() -> opened.get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(IOException.class)
        .hasMessageContaining(reason);
  }

  private static boolean isAnswered(Path socket) throws IOException {
    try (SocketChannel caller = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return caller.isConnected();
    } catch (ConnectException nobody) {
      return false;
    }
  }

  private void startLoop(Transport with) {
    transport = with;
    loop = new ManualIoEventLoop(Thread.currentThread(), with.ioHandlerFactory());
  }

  private void start(Transport with) throws Exception {
    assumeTrue(with.isAvailable(), with + " is not available here");
    startLoop(with);
    path = directory.resolve("a.ctl");
    console = new ControlSocket(path, loop, with);
    CompletableFuture<Void> opened = console.open();
    runUntil(opened::isDone);
    opened.get();
  }

  private CompletableFuture<ControlClient.Answer> askLater(
      Path socket, String command, boolean json) {
    CompletableFuture<ControlClient.Answer> answer = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> {
      try {
        answer.complete(ControlClient.ask(socket, command, json, PATIENCE));
      } catch (IOException | RuntimeException e) {
        answer.completeExceptionally(e);
      }
    });
    return answer;
  }

  private ControlClient.Answer ask(String command, boolean json) throws Exception {
    CompletableFuture<ControlClient.Answer> answer = askLater(path, command, json);
    runUntil(answer::isDone);
    return answer.get();
  }

  private SocketChannel connect() throws IOException {
    SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
    client.configureBlocking(false);
    clients.add(client);
    return client;
  }

  private void send(SocketChannel client, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      client.write(bytes);
      step();
    }
  }

  private String read(SocketChannel client, int bytes) {
    ByteBuffer into = ByteBuffer.allocate(bytes);
    runUntil(() -> client.read(into) < 0 || !into.hasRemaining());
    return new String(into.array(), 0, into.position(), StandardCharsets.UTF_8);
  }

  /// Everything that comes until the other end hangs up.
  private String readAll(SocketChannel client) {
    StringBuilder all = new StringBuilder();
    ByteBuffer into = ByteBuffer.allocate(8192);
    runUntil(() -> {
      int readBytes;
      try {
        readBytes = client.read(into);
      } catch (IOException reset) {
        return true;
      }
      all.append(new String(into.array(), 0, into.position(), StandardCharsets.UTF_8));
      into.clear();
      return readBytes < 0;
    });
    return all.toString();
  }

  private void step() {
    if (loop == null) {
      return;
    }
    loop.runNow();
    if (console != null) {
      console.drain(serviceProcessor, 100);
      console.flushRound();
    }
    loop.runNow();
  }

  private void runUntil(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .atMost(PATIENCE)
        .until(() -> {
          step();
          return condition.call();
        });
  }

  @AfterEach
  void stop() throws IOException {
    for (SocketChannel client : clients) {
      client.close();
    }
    if (loop == null) {
      return;
    }
    if (console != null) {
      console.close();
    }
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .until(() -> {
          loop.runNow();
          return loop.isTerminated();
        });
  }
}
