package farside.driver.nbd;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A certificate that signed itself, made for a test by the JDK's `keytool`.
record TestCertificate(KeyStore store, Path certificate, Path key) {
  private static final String PASSWORD = "changeit";

  static TestCertificate make(Path directory, String name) throws Exception {
    Path file = directory.resolve(name + ".p12");
    Process keytool = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-J-XX:+UseSerialGC",
            "-J-XX:TieredStopAtLevel=1",
            "-genkeypair",
            "-alias",
            name,
            "-keyalg",
            "EC",
            "-dname",
            "CN=" + name,
            "-ext",
            "san=ip:127.0.0.1",
            "-ext",
            "bc=ca:true",
            "-keystore",
            file.toString(),
            "-storepass",
            PASSWORD)
        .redirectErrorStream(true)
        .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new AssertionError("keytool: " + said);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    Key key = store.getKey(name, PASSWORD.toCharArray());
    return new TestCertificate(
        store,
        pem(
            directory.resolve(name + "-cert.pem"),
            "CERTIFICATE",
            store.getCertificate(name).getEncoded()),
        pem(directory.resolve(name + "-key.pem"), "PRIVATE KEY", key.getEncoded()));
  }

  private static Path pem(Path file, String kind, byte[] der) throws IOException {
    return Files.writeString(
        file,
        "-----BEGIN " + kind + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END " + kind + "-----\n");
  }

  /// What a client needs that believes `server`.
  ///
  /// @param own proves who the client is; null: nothing does
  static SSLContext client(TestCertificate server, TestCertificate own)
      throws GeneralSecurityException {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(server.store);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own == null ? null : own.store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }
}
