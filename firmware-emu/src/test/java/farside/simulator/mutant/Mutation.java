package farside.simulator.mutant;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.function.Consumer;

/// One change of one method. Overloads are changed alike.
public sealed interface Mutation {
  /// The method does nothing but answer so.
  record Answers(String method, Object constant) implements Mutation {}

  /// The method answers so much more.
  record AnswersMore(String method, int delta) implements Mutation {}

  /// The static method answers its first argument.
  record AnswersItsArgument(String method) implements Mutation {}

  /// Of the list that the method answers only the first is there.
  record AnswersFirstOnly(String method) implements Mutation {}

  /// Where the method calls another, nothing is called, and the answer is so; null: none.
  record CallAnswers(String method, String callee, Object constant) implements Mutation {}

  /// The first conditional jump in the method behind the first call of another, or of all if that
  /// has no name, is never made, or always.
  record Condition(String method, String callee, boolean jumps) implements Mutation {}

  String method();

  /// The class with this change.
  ///
  /// @throws IllegalStateException if there is no such place in it any more
  default byte[] applyTo(byte[] classFile) {
    // What becomes dead would leave local variables behind that have no place.
    ClassFile format = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG);
    ClassModel model = format.parse(classFile);
    int[] places = {0};
    byte[] changed = format.transformClass(model, transform(places));
    if (places[0] == 0) {
      throw new IllegalStateException(
          model.thisClass().asInternalName() + " has no place for " + this);
    }
    return changed;
  }

  private ClassTransform transform(int[] places) {
    return (builder, element) -> {
      if (!(element instanceof MethodModel old)
          || !old.methodName().equalsString(method())
          || old.code().isEmpty()) {
        builder.with(element);
        return;
      }
      switch (this) {
        case Answers answers -> {
          places[0]++;
          replaceBody(
              builder,
              old,
              code -> answer(code, old.methodTypeSymbol().returnType(), answers.constant()));
        }
        case AnswersItsArgument _ -> {
          places[0]++;
          replaceBody(builder, old, code -> code.aload(0).areturn());
        }
        default -> builder.transformMethod(old, MethodTransform.transformingCode(inside(places)));
      }
    };
  }

  private static void replaceBody(
      ClassBuilder builder, MethodModel old, Consumer<CodeBuilder> body) {
    builder.withMethodBody(old.methodName(), old.methodType(), old.flags().flagsMask(), body);
  }

  private CodeTransform inside(int[] places) {
    return switch (this) {
      case Answers _, AnswersItsArgument _ ->
        throw new IllegalStateException("the whole of a method is replaced: " + this);
      case AnswersFirstOnly _ ->
        (code, element) -> {
          if (element instanceof ReturnInstruction) {
            places[0]++;
            code.invokestatic(
                Mutation.class.describeConstable().orElseThrow(),
                "firstOf",
                MethodTypeDesc.of(ConstantDescs.CD_List, ConstantDescs.CD_List),
                true);
          }
          code.with(element);
        };
      case AnswersMore more ->
        (code, element) -> {
          if (element instanceof ReturnInstruction give) {
            places[0]++;
            if (give.typeKind() == TypeKind.LONG) {
              code.loadConstant((long) more.delta()).ladd();
            } else {
              code.loadConstant(more.delta()).iadd();
            }
          }
          code.with(element);
        };
      case CallAnswers call ->
        (code, element) -> {
          if (element instanceof InvokeInstruction invoke
              && invoke.name().equalsString(call.callee())) {
            places[0]++;
            dropArguments(code, invoke);
            push(code, invoke.typeSymbol().returnType(), call.constant());
          } else {
            code.with(element);
          }
        };
      case Condition condition -> {
        boolean[] armed = {condition.callee().isEmpty()};
        yield (code, element) -> {
          if (places[0] == 0
              && element instanceof InvokeInstruction invoke
              && invoke.name().equalsString(condition.callee())) {
            armed[0] = true;
          }
          if (armed[0] && element instanceof BranchInstruction branch && isConditional(branch)) {
            armed[0] = false;
            places[0]++;
            decide(code, branch, condition.jumps());
          } else {
            code.with(element);
          }
        };
      }
    };
  }

  /// Called by what [AnswersFirstOnly] makes.
  static <T> List<T> firstOf(List<T> all) {
    return all.isEmpty() ? all : all.subList(0, 1);
  }

  private static void answer(CodeBuilder code, ClassDesc type, Object constant) {
    push(code, type, constant);
    code.return_(TypeKind.from(type));
  }

  private static void push(CodeBuilder code, ClassDesc type, Object constant) {
    switch (TypeKind.from(type)) {
      case VOID -> {}
      case LONG -> code.loadConstant(((Number) constant).longValue());
      case BOOLEAN -> code.loadConstant((Boolean) constant ? 1 : 0);
      case REFERENCE -> code.aconst_null();
      default -> code.loadConstant(((Number) constant).intValue());
    }
  }

  private static void dropArguments(CodeBuilder code, InvokeInstruction invoke) {
    MethodTypeDesc type = invoke.typeSymbol();
    List<ClassDesc> parameters = type.parameterList();
    for (int i = parameters.size() - 1; i >= 0; i--) {
      if (TypeKind.from(parameters.get(i)).slotSize() == 2) {
        code.pop2();
      } else {
        code.pop();
      }
    }
    if (invoke.opcode() != Opcode.INVOKESTATIC) {
      code.pop();
    }
  }

  private static boolean isConditional(BranchInstruction branch) {
    return branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W;
  }

  private static void decide(CodeBuilder code, BranchInstruction branch, boolean jumps) {
    Label target = branch.target();
    boolean comparesTwo = branch.opcode().name().startsWith("IF_");
    if (comparesTwo) {
      code.pop2();
    } else {
      code.pop();
    }
    if (jumps) {
      code.goto_(target);
    }
  }
}
