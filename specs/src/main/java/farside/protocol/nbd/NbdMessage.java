package farside.protocol.nbd;

/// What came out of the bytes that a session was given.
public enum NbdMessage {
  /// Nothing yet: more bytes are needed, or the server owes the session a step.
  NONE,
  /// The client opened [NbdSession#export].
  OPENED,
  /// The client asked for TLS and may have it: once what the session wants sent is sent, all
  /// bytes in both directions go through TLS, those already received too.
  SECURE,
  /// A good request is offered; the server takes it, at once or later, by [NbdSession#take].
  REQUEST,
  /// A request that never gets to the volume: the reply is [NbdSession#error] for
  /// [NbdSession#cookie].
  ANSWERED,
  /// The client asked to leave: what is outstanding is finished, then the connection closed.
  DISCONNECT,
  /// Close the connection once what the session wants sent is sent; [NbdSession#reason] says
  /// why.
  CLOSE
}
