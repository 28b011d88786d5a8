package farside.protocol.nbd;

import java.util.List;

/// What a client has agreed with the server before it opens an export, and the answer to each
/// of its options.
///
/// What was agreed counts from the next option on. TLS makes both sides forget all of it.
final class NbdHaggling {
  /// Where an option leaves the session.
  enum Next {
    /// At the next option.
    OPTION,
    /// In the export, which is [#export].
    REQUEST,
    /// At the beginning of TLS.
    SECURING,
    /// Nowhere; [#reason] says why.
    CLOSE
  }

  private final ExportDirectory exports;
  private final HandshakeWriter writer;
  private final TlsPolicy tls;

  private boolean isSecure;
  private boolean structuredReplies;

  /// The name for which the context was chosen; null if it was not.
  private String contextExport;

  private boolean allocationContext;
  private NbdExport export;
  private String reason = "";

  NbdHaggling(ExportDirectory exports, HandshakeWriter writer, TlsPolicy tls) {
    this.exports = exports;
    this.writer = writer;
    this.tls = tls;
  }

  boolean hasStructuredReplies() {
    return structuredReplies;
  }

  /// True if the export that was opened is the one for which the context was chosen.
  boolean hasAllocationContext() {
    return allocationContext;
  }

  NbdExport export() {
    return export;
  }

  String reason() {
    return reason;
  }

  /// True if the option has to wait for TLS; null stands for one that nobody knows.
  boolean mustWaitForTls(NbdOption option) {
    return tls == TlsPolicy.REQUIRED
        && !isSecure
        && option != NbdOption.STARTTLS
        && option != NbdOption.ABORT;
  }

  /// TLS has begun: whatever was said before it, anybody may have said.
  void onSecured() {
    isSecure = true;
    structuredReplies = false;
    contextExport = null;
  }

  /// The option was refused, whoever did it. A new choice of contexts ends the old one even
  /// then.
  void onRefused(NbdOption option) {
    if (option == NbdOption.SET_META_CONTEXT) {
      contextExport = null;
    }
  }

  /// Answers an option.
  ///
  /// @param padded the client wants the zeroes of the old way in
  Next answer(int option, OptionRequest request, boolean padded) {
    return switch (request) {
      case OptionRequest.NameExport asked -> openByName(asked.name(), padded);
      case OptionRequest.Abort() -> {
        writer.ack(option);
        yield close("the client broke off the handshake");
      }
      case OptionRequest.ListExports() -> {
        for (NbdExport each : exports.all()) {
          writer.server(option, each);
        }
        yield ack(option);
      }
      case OptionRequest.StartTls() -> startTls(option);
      case OptionRequest.StructuredReplies() -> {
        structuredReplies = true;
        yield ack(option);
      }
      case OptionRequest.ListContexts asked ->
        tellContexts(option, asked.exportName(), asked.queries(), false);
      case OptionRequest.SetContexts asked ->
        tellContexts(option, asked.exportName(), asked.queries(), true);
      case OptionRequest.DescribeExport asked ->
        describe(option, asked.name(), asked.wanted()) == null ? Next.OPTION : ack(option);
      case OptionRequest.OpenExport asked -> {
        NbdExport found = describe(option, asked.name(), asked.wanted());
        if (found == null) {
          yield Next.OPTION;
        }
        writer.ack(option);
        yield open(found, asked.name());
      }
      case OptionRequest.Malformed asked -> {
        if (asked.option() == NbdOption.EXPORT_NAME) {
          yield close(asked.reason());
        }
        onRefused(asked.option());
        yield refuse(option, NbdOptionReply.ERR_INVALID, asked.reason());
      }
    };
  }

  private Next startTls(int option) {
    if (isSecure) {
      return refuse(option, NbdOptionReply.ERR_INVALID, "this is TLS already");
    }
    if (tls == TlsPolicy.OFF) {
      return refuse(option, NbdOptionReply.ERR_POLICY, "this server has no certificate");
    }
    writer.ack(option);
    return Next.SECURING;
  }

  private Next tellContexts(
      int option, String exportName, List<String> queries, boolean isSelection) {
    if (isSelection) {
      contextExport = null;
    }
    if (!structuredReplies) {
      return refuse(
          option,
          NbdOptionReply.ERR_INVALID,
          "contexts need structured replies to be agreed first");
    }
    if (openable(option, exportName) == null) {
      return Next.OPTION;
    }
    if (isSelection && MetaContext.isChosen(queries)) {
      contextExport = exportName;
      writer.metaContext(option, MetaContext.ALLOCATION_ID, MetaContext.ALLOCATION);
    } else if (!isSelection && MetaContext.isListed(queries)) {
      writer.metaContext(option, 0, MetaContext.ALLOCATION);
    }
    return ack(option);
  }

  /// Answers what is wanted about an export; null if it was refused.
  private NbdExport describe(int option, String name, OptionRequest.Wanted wanted) {
    NbdExport found = openable(option, name);
    if (found == null) {
      return null;
    }
    writer.infoExport(option, found, structuredReplies);
    if (wanted.name()) {
      writer.infoText(option, NbdInfo.NAME, found.name());
    }
    if (wanted.description()) {
      writer.infoText(option, NbdInfo.DESCRIPTION, found.description());
    }
    if (wanted.blockSize()) {
      writer.infoBlockSize(option, found);
    }
    return found;
  }

  /// The export of that name; null if it was refused.
  private NbdExport openable(int option, String name) {
    NbdExport found = exports.find(name);
    if (found == null) {
      refuse(option, NbdOptionReply.ERR_UNKNOWN, "no export '" + name + "' here");
      return null;
    }
    if (!found.ready()) {
      refuse(
          option,
          NbdOptionReply.ERR_POLICY,
          "export '" + found.name() + "' is not ready: " + found.reason());
      return null;
    }
    return found;
  }

  /// The old way in knows no errors: what cannot be opened is answered by closing.
  private Next openByName(String name, boolean padded) {
    NbdExport found = exports.find(name);
    if (found == null) {
      return close("no export '" + name + "' here");
    }
    if (!found.ready()) {
      return close("export '" + found.name() + "' is not ready: " + found.reason());
    }
    writer.exportOpened(found, structuredReplies, padded);
    return open(found, name);
  }

  /// A context that was chosen for another name is not chosen for this one.
  private Next open(NbdExport found, String name) {
    export = found;
    allocationContext = name.equals(contextExport);
    return Next.REQUEST;
  }

  private Next ack(int option) {
    writer.ack(option);
    return Next.OPTION;
  }

  private Next refuse(int option, NbdOptionReply type, String text) {
    writer.error(option, type, text);
    return Next.OPTION;
  }

  private Next close(String why) {
    reason = why;
    return Next.CLOSE;
  }
}
