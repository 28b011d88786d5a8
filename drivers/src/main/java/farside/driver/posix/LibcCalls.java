package farside.driver.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// How [Posix] gets into libc: every function by one method handle.
///
/// Each shape of call that is linked has the JVM spin classes at every start of a cabinet. So there
/// is one shape, seven 64-bit words in and one out. That is sound on the two machines that we run
/// on (System V for x86-64, AAPCS64): an `int` and a pointer travel in the same places as a long, a
/// callee reads no place that it has no parameter for, and looks at the lower half alone where its
/// parameter is an `int`. The shape is variadic, as `open` and `ioctl` ask for; a function that is
/// not takes no notice.
@SuppressWarnings("restricted")
final class LibcCalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO_OPTION = Linker.Option.captureCallState("errno");
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  private static final MethodHandle CALL = LINKER.downcallHandle(
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      ERRNO_OPTION,
      Linker.Option.firstVariadicArg(2));

  // One segment per thread takes the error number: sharing it would mix up the errors of two
  // threads, allocating it per call would cost more than the call.
  private static final ThreadLocal<MemorySegment> CALL_STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private LibcCalls() {}

  static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  /// Calls a function that answers an `int`: that, or minus the error number.
  static int intCall(MemorySegment function, long a, long b, long c, long d, long e) {
    MemorySegment state = CALL_STATE.get();
    int result = (int) call(function, state, a, b, c, d, e, 0, 0);
    return result == -1 ? -errorNumber(state) : result;
  }

  static int intCall(MemorySegment function, long a, long b, long c) {
    return intCall(function, a, b, c, 0, 0);
  }

  static int intCall(MemorySegment function, long a) {
    return intCall(function, a, 0, 0, 0, 0);
  }

  /// Calls a function that answers a 64-bit word: that, or minus the error number.
  static long longCall(
      MemorySegment function, long a, long b, long c, long d, long e, long f, long g) {
    MemorySegment state = CALL_STATE.get();
    long result = call(function, state, a, b, c, d, e, f, g);
    return result == -1 ? -errorNumber(state) : result;
  }

  static long longCall(MemorySegment function, long a, long b, long c, long d) {
    return longCall(function, a, b, c, d, 0, 0, 0);
  }

  /// Calls a function that answers the address of a text that the system keeps.
  static String textCall(MemorySegment function, long a) {
    long address = call(function, CALL_STATE.get(), a, 0, 0, 0, 0, 0, 0);
    return view(address, 256).getString(0);
  }

  static MemorySegment view(long address, long lengthBytes) {
    return MemorySegment.ofAddress(address).reinterpret(lengthBytes);
  }

  private static int errorNumber(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// A downcall handle throws nothing that is declared; whatever comes is a defect of the
  /// binding.
  private static long call(
      MemorySegment function,
      MemorySegment state,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g) {
    try {
      return (long) CALL.invokeExact(function, state, a, b, c, d, e, f, g);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable failure) {
      throw new IllegalStateException(failure);
    }
  }
}
