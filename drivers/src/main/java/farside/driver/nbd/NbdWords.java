package farside.driver.nbd;

import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostStatus;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.NbdError;

/// What the protocol says, in the words of the port, and the reverse.
final class NbdWords {
  private NbdWords() {}

  static HostCommand hostCommand(NbdCommand command) {
    return switch (command) {
      case READ -> HostCommand.READ;
      case WRITE -> HostCommand.WRITE;
      case FLUSH -> HostCommand.FLUSH;
      case TRIM -> HostCommand.TRIM;
      case WRITE_ZEROES -> HostCommand.WRITE_ZEROES;
      case CACHE -> HostCommand.CACHE;
      case BLOCK_STATUS -> HostCommand.BLOCK_STATUS;
      case DISC -> throw new IllegalStateException("NBD: a DISC is no request");
    };
  }

  /// The protocol's command flags in the words of the port.
  static int hostFlags(int flags) {
    if (flags == 0) {
      return 0;
    }
    return ((flags & NbdCommand.FLAG_FUA) != 0 ? HostFlags.FORCE_UNIT_ACCESS : 0)
        | ((flags & NbdCommand.FLAG_NO_HOLE) != 0 ? HostFlags.KEEP_ROOM : 0)
        | ((flags & NbdCommand.FLAG_DF) != 0 ? HostFlags.ONE_EXTENT : 0)
        | ((flags & NbdCommand.FLAG_REQ_ONE) != 0 ? HostFlags.FIRST_ONLY : 0)
        | ((flags & NbdCommand.FLAG_FAST_ZERO) != 0 ? HostFlags.FAST_ONLY : 0);
  }

  static NbdError error(HostStatus status) {
    return switch (status) {
      case OK -> NbdError.NONE;
      case NOT_PERMITTED -> NbdError.EPERM;
      case IO_ERROR -> NbdError.EIO;
      case INVALID -> NbdError.EINVAL;
      case NO_SPACE -> NbdError.ENOSPC;
      case NOT_SUPPORTED -> NbdError.ENOTSUP;
      case SHUTDOWN -> NbdError.ESHUTDOWN;
    };
  }
}
