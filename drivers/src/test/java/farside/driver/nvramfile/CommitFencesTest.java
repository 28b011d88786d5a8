package farside.driver.nvramfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What no test can provoke on a processor that keeps stores in order, and with a compiler that
/// happens to, is read in the code: that a commit has a fence on either side.
class CommitFencesTest {
  @Test
  void noStoreAfterACommitWordIsThereBeforeIt() throws IOException {
    assertThat(calledBy("commit")).startsWith("setRelease", "storeStoreFence");
  }

  private static List<String> calledBy(String method) throws IOException {
    List<String> called = new ArrayList<>();
    try (InputStream bytes = NvramFile.class.getResourceAsStream("NvramFile.class")) {
      for (MethodModel model : ClassFile.of().parse(bytes.readAllBytes()).methods()) {
        if (model.methodName().equalsString(method)) {
          for (CodeElement element : model.code().orElseThrow()) {
            if (element instanceof InvokeInstruction invoke) {
              called.add(invoke.name().stringValue());
            }
          }
        }
      }
    }
    return called;
  }
}
