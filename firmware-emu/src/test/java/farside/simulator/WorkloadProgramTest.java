package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostFlags;
import farside.port.HostPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// That hosts really go away in the middle of what they ask, and ask again.
class WorkloadProgramTest {
  private static final long MILLI = 1_000_000;
  private static final String VOLUME = "0010";
  private static final long SIZE = 1 << 20;

  private final Draws draws = new Draws(5);
  private final VirtualTime time = new VirtualTime(0);
  private final Oracle oracle = new Oracle();
  private final Ear ear = new Ear();

  @Test
  void aHostThatGetsNoAnswerInTimeAsksTheSameAgainOnAnotherConnection() {
    SimulatedHost head = head(habits(0).impatient(300 * MILLI));
    WorkloadProgram program = program(head);
    for (int i = 0; i < 2000; i++) {
      time.runFor(MILLI);
      head.drain(ear, 100);
    }
    assertThat(program.retries()).isGreaterThan(3);
    assertThat(ear.closed).hasSizeGreaterThan(3);
    assertThat(ear.requests).hasSizeGreaterThan(4);
    String first = ear.requests.get(0);
    assertThat(ear.requests).as("nothing was ever answered").containsOnly(first);
    assertThat(ear.connections).doesNotHaveDuplicates();
  }

  @Test
  void aPatientHostWaitsForEver() {
    SimulatedHost head = head(habits(0));
    WorkloadProgram program = program(head);
    for (int i = 0; i < 2000; i++) {
      time.runFor(MILLI);
      head.drain(ear, 100);
    }
    assertThat(program.retries()).isZero();
    assertThat(ear.closed).isEmpty();
    assertThat(ear.requests).hasSize(1);
  }

  @Test
  void whenAllConnectionsAreCutRequestsAreLeftInTheMiddleAndHostsComeBack() {
    SimulatedHost head = head(habits(0));
    program(head);
    program(head);
    time.runFor(500 * MILLI);
    head.drain(ear, 100);
    assertThat(ear.requests).hasSize(2);

    head.cutAll();
    head.drain(ear, 100);
    assertThat(ear.closed).hasSize(2);
    time.runFor(500 * MILLI);
    head.drain(ear, 100);
    assertThat(ear.connections).hasSize(4).doesNotHaveDuplicates();
  }

  @Test
  void aHostThatVanishesLeavesWritesOfWhichNotAllHasCome() {
    SimulatedHost head = head(habits(1000));
    for (int i = 0; i < 3; i++) {
      program(head);
    }
    for (int i = 0; i < 5000; i++) {
      time.runFor(MILLI / 4);
      head.drain(ear, 100);
    }
    assertThat(ear.closed).hasSizeGreaterThan(10);
    assertThat(ear.halfWritten).isGreaterThan(3);
  }

  @Test
  void whatHostsAreKeptFromIsNotAskedFor() {
    RequestMix mix = new RequestMix(300, 200, 100, 300, 300, 300, 0, 100);
    HostHabits anything = new HostHabits(mix, 1, 16, MILLI, 0, 0, 0, 0, List.of());
    List<HostTrait> kept = List.of(
        HostTrait.FLUSHES,
        HostTrait.ZEROES,
        HostTrait.FORCES,
        HostTrait.IS_UNALIGNED,
        HostTrait.IS_LONG,
        HostTrait.GOES_BEYOND);
    for (HostHabits habits : List.of(anything, anything.without(kept))) {
      ear.requests.clear();
      SimulatedHost head = head(habits);
      for (int i = 0; i < 40; i++) {
        program(head);
      }
      time.runFor(500 * MILLI);
      head.drain(ear, 1000);
      assertThat(ear.requests).hasSizeGreaterThan(100);
      assertThat(ear.requests.stream().allMatch(WorkloadProgramTest::isPlain))
          .isEqualTo(!habits.equals(anything));
    }
  }

  /// As the ear has it: command, flags, offset, length.
  private static boolean isPlain(String request) {
    String[] words = request.split(" ");
    long offset = Long.parseLong(words[2]);
    long length = Long.parseLong(words[3]);
    return !List.of("FLUSH", "TRIM", "WRITE_ZEROES").contains(words[0])
        && (Integer.parseInt(words[1]) & HostFlags.FORCE_UNIT_ACCESS) == 0
        && offset % 512 == 0
        && length % 512 == 0
        && length <= 8192
        && offset + length <= SIZE;
  }

  @Test
  void hostsWithOneRequestOpenHaveNoOther() {
    RequestMix mix = new RequestMix(1000, 0, 0, 0, 0, 0, 0, 0);
    SimulatedHost head = head(new HostHabits(mix, 1, 16, MILLI, 0, 0, 0, 0, List.of())
        .without(List.of(HostTrait.HAS_MANY_OPEN)));
    for (int i = 0; i < 5; i++) {
      program(head);
    }
    time.runFor(500 * MILLI);
    head.drain(ear, 1000);
    assertThat(ear.requests).hasSize(5);
  }

  @Test
  void hostsAreSilentInThePartsOfAnEpisodeThatAreLeftOut() {
    RequestMix mix = new RequestMix(1000, 0, 0, 0, 0, 0, 0, 0);
    SimulatedHost head = head(new HostHabits(mix, 1, 16, MILLI, 0, 0, 0, 0, List.of()));
    for (int i = 0; i < 20; i++) {
      program(head);
    }
    head.pace()
        .onEpisode(new FaultPlan.Episode(
            800 * MILLI,
            List.of(),
            List.of(false, false, true, false, false, false, false, false)));
    time.runFor(200 * MILLI);
    head.drain(ear, 1000);
    assertThat(ear.requests).isEmpty();
    time.runFor(100 * MILLI);
    head.drain(ear, 1000);
    assertThat(ear.requests).isNotEmpty();
  }

  /// One request at a time, nine of ten a write, whose payload comes in pieces.
  private static HostHabits habits(int vanishPermille) {
    RequestMix mix = new RequestMix(100, 0, 0, 0, 0, 0, 0, 0);
    return new HostHabits(mix, 1, 1, MILLI, vanishPermille, 0, 1000, 0, List.of());
  }

  private SimulatedHost head(HostHabits habits) {
    oracle.add(VOLUME, 0x10, SIZE, true, "A");
    SimulatedHost head = new SimulatedHost(
        "A", habits, new Pace(time, 0), time, oracle, draws.fork(), new Trace(null));
    head.open(() -> {});
    head.offer(new HostExport(VOLUME, "", SIZE, 512, false, true, ""));
    ear.head = head;
    return head;
  }

  private WorkloadProgram program(SimulatedHost head) {
    WorkloadProgram program = new WorkloadProgram(head, VOLUME, SIZE, false, time, draws.fork());
    program.start();
    return program;
  }

  /// Hears everything and answers nothing.
  private static final class Ear implements HostPort.HostSink {
    final List<Integer> connections = new ArrayList<>();
    final List<Integer> closed = new ArrayList<>();
    final List<String> requests = new ArrayList<>();
    SimulatedHost head;
    int halfWritten;
    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 17);
    private final TreeSet<Integer> receiving = new TreeSet<>();

    @Override
    public void onOpened(int connection, String export, String host) {
      connections.add(connection);
    }

    @Override
    public boolean onRequest(
        int connection,
        HostCommand command,
        int flags,
        long cookie,
        long offsetBytes,
        long lengthBytes) {
      requests.add(command + " " + flags + " " + offsetBytes + " " + lengthBytes);
      if (command == HostCommand.WRITE
          && !head.receive(connection, memory.address(), (int) lengthBytes)) {
        receiving.add(connection);
      }
      return true;
    }

    @Override
    public void onPayload(int connection) {
      receiving.remove(connection);
    }

    @Override
    public void onDisconnect(int connection) {
      head.close(connection, "the host leaves");
    }

    @Override
    public void onClosed(int connection) {
      closed.add(connection);
      halfWritten += receiving.remove(connection) ? 1 : 0;
    }
  }
}
