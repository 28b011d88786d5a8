import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Brings classes of a jar that were compiled for Java 5 to the format of Java 8: the same code,
/// with stack maps.
///
/// The JVM keeps no older class in what it records of a start, and checks such a one in the old,
/// slow way each time it loads it. The build runs this on its own copy of picocli, which is that
/// old: a sixth of what a start costs.
final class ModernClasses {
  private static final int JAVA_6_MAJOR = 50;
  private static final int JAVA_8_MAJOR = 52;

  private ModernClasses() {}

  /// @param args the jars, each rewritten as a whole or not at all
  public static void main(String[] args) throws IOException {
    for (String name : args) {
      Path jar = Path.of(name);
      Path fresh = Files.copy(
          jar, jar.resolveSibling(jar.getFileName() + ".new"), StandardCopyOption.REPLACE_EXISTING);
      int count = modernise(fresh);
      Files.move(fresh, jar, StandardCopyOption.ATOMIC_MOVE);
      System.out.printf("%s: %d classes brought to the format of Java 8%n", jar, count);
    }
  }

  private static int modernise(Path jar) throws IOException {
    int count = 0;
    URL[] path = {jar.toUri().toURL()};
    try (FileSystem inside = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of());
        URLClassLoader loader = new URLClassLoader(path)) {
      // Stack maps name the nearest common class of two, which is found in the same jar.
      ClassFile format = ClassFile.of(
          ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
          ClassFile.ClassHierarchyResolverOption.of(
              ClassHierarchyResolver.ofResourceParsing(loader)
                  .orElse(ClassHierarchyResolver.defaultResolver())));
      for (Path file : classesIn(inside)) {
        ClassModel old = format.parse(Files.readAllBytes(file));
        if (old.majorVersion() < JAVA_6_MAJOR) {
          Files.write(file, format.transformClass(old, toJava8()));
          count++;
        }
      }
    }
    return count;
  }

  private static List<Path> classesIn(FileSystem jar) throws IOException {
    try (Stream<Path> files = Files.walk(jar.getPath("/"))) {
      return files.filter(file -> file.toString().endsWith(".class")).toList();
    }
  }

  private static ClassTransform toJava8() {
    return ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
        .andThen((builder, element) -> builder.with(
            element instanceof ClassFileVersion ? ClassFileVersion.of(JAVA_8_MAJOR, 0) : element));
  }
}
