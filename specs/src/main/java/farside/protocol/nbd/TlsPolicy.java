package farside.protocol.nbd;

/// Whether clients must speak through TLS.
public enum TlsPolicy {
  /// There is no certificate: STARTTLS is refused and nothing else asks for it.
  OFF,
  /// Before STARTTLS a client is told nothing: all but STARTTLS and ABORT is refused.
  REQUIRED
}
