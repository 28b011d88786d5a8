package farside.driver.nbd;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How a head proves to hosts that it is the one they want, and hosts to it that they may.
///
/// Where there is one, hosts are told nothing before TLS. TLS 1.2 and 1.3, by the JDK.
public final class NbdTls {
  private final SslContext context;

  private NbdTls(SslContext context) {
    this.context = context;
  }

  /// @param certificate chain in PEM, the head's own first
  /// @param key its private key in PEM (PKCS #8, without a password)
  /// @param clientAuthority certificates in PEM by one of which a host's must be signed; null:
  ///     any host may come, with or without a certificate
  public static NbdTls of(Path certificate, Path key, Path clientAuthority) throws IOException {
    check("certificate", certificate);
    check("key", key);
    if (clientAuthority != null) {
      check("clients", clientAuthority);
    }
    try {
      SslContextBuilder builder = SslContextBuilder.forServer(certificate.toFile(), key.toFile())
          .sslProvider(SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2");
      if (clientAuthority != null) {
        builder.trustManager(clientAuthority.toFile()).clientAuth(ClientAuth.REQUIRE);
      }
      return new NbdTls(builder.build());
    } catch (IOException | IllegalArgumentException failure) {
      throw new IOException(
          "NBD: " + certificate + " and " + key + " cannot be used for TLS: " + failure.getMessage()
              + ". Both must be PEM, the key PKCS #8 without a password and the one that the"
              + " certificate was made for.",
          failure);
    }
  }

  private static void check(String word, Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IOException("NBD: " + word + " " + file
          + " of nbdTls cannot be read. Put it there, or correct the path in the rig.");
    }
  }

  SslHandler handlerFor(Channel channel) {
    return context.newHandler(channel.alloc());
  }
}
