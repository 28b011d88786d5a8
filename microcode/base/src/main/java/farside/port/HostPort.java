package farside.port;

/// A channel head: connections of hosts, their commands in, ending status back.
///
/// A connection has a number that is never used twice, and belongs to one export. Requests of
/// one connection arrive in order; replies may be made in any order. The head reads no further
/// request of a connection while a write's payload has not been wholly received or discarded:
/// that is the back-pressure on a host. A connection that is gone is told before any request of
/// one that was opened after it went: what a lost host left half written is dropped, or
/// committed, before its successor writes.
///
/// What is handed to `data` is copied, or sent, before the call returns.
public interface HostPort {
  /// Shows an export, or changes one of that name. Connections already open are not touched.
  void offer(HostExport export);

  int drain(HostSink sink, int limit);

  /// The next bytes of the current write's payload go to `address`. True: they are there;
  /// false: `onPayload` will say when. To ask again for the same bytes meanwhile orders nothing
  /// and only asks whether they have come; after a true answer there is no `onPayload`.
  boolean receive(int connection, long address, int lengthBytes);

  /// The next bytes of the current write's payload are read and dropped, now or as they arrive.
  void discard(int connection, long lengthBytes);

  /// Ends a command that returns no data, or a read that failed before its first byte.
  void reply(int connection, long cookie, HostStatus status);

  /// Begins the successful reply of a read; extents of the same connection follow, in order and
  /// without gap, until all of `lengthBytes` is given. No other reply of this connection may
  /// come between.
  void beginData(int connection, long cookie, long offsetBytes, long lengthBytes);

  /// The next extent of the reply; `data` follows until all of it is given.
  void dataExtent(int connection, long lengthBytes);

  /// The next extent of the reply reads zero; no `data` of it follows.
  void zeroExtent(int connection, long lengthBytes);

  void data(int connection, long address, int lengthBytes);

  /// The rest of the reply that has begun cannot be given. Ends the connection where its
  /// protocol has no other way to say so.
  void failData(int connection, HostStatus status);

  /// Ends a BLOCK_STATUS well: what is known from its first byte on.
  void blockStatus(int connection, long cookie, Extents extents);

  /// False while the host does not take its replies as fast as they are made.
  boolean isWritable(int connection);

  /// Ends a connection after what was replied has been sent.
  void close(int connection, String reason);

  /// Stops taking new connections.
  void stopListening();

  /// Takes what hosts do.
  interface HostSink {
    /// @param volumeName name of the export
    /// @param remote who the host is, for people
    void onOpened(int connection, String volumeName, String remote);

    /// @param flags see `HostFlags`
    /// @return false: not taken now; offered again at the next drain, and nothing else of this
    ///     connection before it
    boolean onRequest(
        int connection,
        HostCommand command,
        int flags,
        long cookie,
        long offsetBytes,
        long lengthBytes);

    /// The bytes asked for by `receive` are there.
    void onPayload(int connection);

    /// The host wants to leave: what is outstanding is finished, then the connection closed.
    void onDisconnect(int connection);

    /// The connection is gone. Nothing more comes of it, and calls that name it are ignored.
    void onClosed(int connection);
  }
}
