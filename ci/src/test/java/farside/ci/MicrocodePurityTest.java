package farside.ci;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.MonitorInstruction;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Microcode and wire machines have no threads, no clock, no chance of their own, no I/O, no
/// locks and no log. That is what lets one and the same loop run on gear and in virtual time,
/// and what makes a seed replay.
///
/// What is allowed of `java.util.concurrent`: atomics and `TimeUnit`.
class MicrocodePurityTest {
  private static final String[] PURE = {
    "farside.protocol..",
    "farside.director..",
    "farside.cache..",
    "farside.volume..",
    "farside.port..",
    "farside.channel..",
    "farside.disk..",
    "farside.remote..",
    "farside.service..",
  };

  /// Their order differs at every start of the JVM, or with every object's identity.
  private static final List<String> UNORDERED = List.of(
      "java.util.HashMap",
      "java.util.HashSet",
      "java.util.IdentityHashMap",
      "java.util.WeakHashMap");

  @Test
  void timeIsPassedIn() {
    Repository.check(pure()
        .should()
        .accessTargetWhere(calls("java.lang.System", "nanoTime", "currentTimeMillis"))
        .orShould()
        .accessTargetWhere(describe(
            "a clock of java.time is read",
            access -> access.getTargetOwner().getPackageName().startsWith("java.time")
                && (access.getName().equals("now")
                    || access.getTargetOwner().getName().equals("java.time.Clock")
                    || access.getName().equals("systemDefault"))))
        .orShould()
        .accessTargetWhere(constructs("java.util.Date", "java.util.GregorianCalendar"))
        .orShould()
        .accessTargetWhere(calls("java.util.Calendar", "getInstance"))
        .because(
            "only the processor and the simulator read a clock: take `long nowNs` as an argument"));
  }

  @Test
  void chanceIsHandedIn() {
    Repository.check(pure()
        .should()
        .accessTargetWhere(calls("java.lang.Math", "random"))
        .orShould()
        .accessTargetWhere(calls("java.lang.StrictMath", "random"))
        .orShould()
        .accessTargetWhere(calls("java.util.UUID", "randomUUID"))
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.Random")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.SplittableRandom")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.security.SecureRandom")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
        .orShould()
        .accessTargetWhere(calls("java.util.random.RandomGenerator", "of", "getDefault"))
        .orShould()
        .accessTargetWhere(calls("java.util.Collections", "shuffle"))
        .because("the seed governs all chance: take the draw, or its port, as an argument"));
  }

  @Test
  void identityDecidesNothing() {
    Repository.check(pure()
        .should()
        .accessTargetWhere(calls("java.lang.System", "identityHashCode"))
        .because("it differs from run to run: give the thing an index or a name"));
  }

  @Test
  void onlyOrderedCollectionsAreMade() {
    Repository.check(
        pure()
            .should()
            .accessTargetWhere(calls("java.util.Set", "of", "copyOf"))
            .orShould()
            .accessTargetWhere(calls("java.util.Map", "of", "ofEntries", "copyOf"))
            .orShould()
            .accessTargetWhere(calls(
                "java.util.stream.Collectors",
                "toSet",
                "toUnmodifiableSet",
                "toMap",
                "toUnmodifiableMap",
                "groupingBy",
                "partitioningBy"))
            .orShould()
            .accessTargetWhere(constructs(UNORDERED.toArray(String[]::new)))
            .because(
                "its order may differ from run to run: use EnumMap, EnumSet, TreeMap, LinkedHashMap, List or an Agrona collection"));
  }

  @Test
  void noThreadsAndNoLocks() {
    Repository.check(
        pure()
            .should()
            .dependOnClassesThat(describe(
                "are threads, executors or locks",
                type -> List.of(
                            "java.lang.Thread",
                            "java.lang.ThreadGroup",
                            "java.lang.ThreadLocal",
                            "java.lang.InheritableThreadLocal",
                            "java.lang.ScopedValue",
                            "java.util.Timer",
                            "java.util.TimerTask")
                        .contains(type.getName())
                    || type.getName().startsWith("java.lang.Thread$")
                    || isConcurrent(type)))
            .orShould()
            .accessTargetWhere(calls("java.lang.Object", "wait", "notify", "notifyAll"))
            .orShould()
            .accessTargetWhere(calls("java.util.Collection", "parallelStream"))
            .because(
                "all directors of a cabinet run in turn on one thread: return from doWork and name a deadline, or put a fact into a mailbox"));
  }

  @Test
  void noMethodIsSynchronized() {
    Repository.check(noMethods()
        .that()
        .areDeclaredInClassesThat()
        .resideInAnyPackage(PURE)
        .should()
        .haveModifier(JavaModifier.SYNCHRONIZED)
        .because("one thread runs all directors: take the keyword away"));
  }

  /// ArchUnit does not see blocks, so this one reads the class files.
  @Test
  void noBlockIsSynchronized() throws IOException {
    var offenders = new TreeSet<String>();
    for (var type : Repository.classes().that(resideInAnyPureRoom())) {
      var source = type.getSource().orElseThrow();
      try (var in = source.getUri().toURL().openStream()) {
        for (var method : ClassFile.of().parse(in.readAllBytes()).methods()) {
          if (entersAMonitor(method)) {
            offenders.add(type.getName() + "." + method.methodName().stringValue());
          }
        }
      }
    }
    assertThat(offenders)
        .as("methods with a synchronized block: one thread runs all directors, take it away")
        .isEmpty();
  }

  @Test
  void noInputAndNoOutput() {
    Repository.check(
        pure()
            .should()
            .dependOnClassesThat(
                // Generated codecs can print into an Appendable, whose signature names the
                // exception.
                JavaClass.Predicates.resideInAnyPackage(
                        "java.io..", "java.nio.file..", "java.nio.channels..", "java.net..")
                    .and(DescribedPredicate.not(JavaClass.Predicates.belongToAnyOf(
                        java.io.IOException.class, java.io.UncheckedIOException.class))))
            .because(
                "the outside is reached through ports only: declare one in farside.port, implement it in drivers"));
  }

  @Test
  void noNettyAndNoLogging() {
    Repository.check(
        pure()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "io.netty..", "org.slf4j..", "ch.qos.logback..", "java.util.logging..")
            .orShould()
            .accessTargetWhere(calls("java.lang.System", "getLogger"))
            .because(
                "what happened is a numbered event: give it to the EventPort; bytes come through ports"));
  }

  private static GivenClassesConjunction pure() {
    return noClasses().that().resideInAnyPackage(PURE);
  }

  private static DescribedPredicate<JavaClass> resideInAnyPureRoom() {
    return JavaClass.Predicates.resideInAnyPackage(PURE);
  }

  private static boolean isConcurrent(JavaClass type) {
    return resideInAPackage("java.util.concurrent..").test(type)
        && !resideInAPackage("java.util.concurrent.atomic..").test(type)
        && !type.getName().equals("java.util.concurrent.TimeUnit");
  }

  private static boolean entersAMonitor(MethodModel method) {
    return method.code().stream()
        .flatMap(code -> code.elementStream())
        .anyMatch(element -> element instanceof MonitorInstruction monitor
            && monitor.opcode() == Opcode.MONITORENTER);
  }

  /// Sees calls and method references alike, also on subtypes of the owner.
  private static DescribedPredicate<JavaAccess<?>> calls(String owner, String... names) {
    var named = List.of(names);
    return describe(
        "the target is " + owner + "." + named,
        access ->
            named.contains(access.getName()) && access.getTargetOwner().isAssignableTo(owner));
  }

  private static DescribedPredicate<JavaAccess<?>> constructs(String... owners) {
    var named = List.of(owners);
    return describe(
        "the target is a constructor of " + named,
        access -> access.getName().equals("<init>")
            && named.contains(access.getTargetOwner().getName()));
  }
}
