package farside.driver.serial;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/// A console's password as a rig may keep it: `pbkdf2-sha256:ITERATIONS:SALT:HASH`, the last two
/// in base 64. Who reads the rig cannot log in by it.
public final class PasswordHash {
  /// Costs who guesses, and who logs in, a good part of a second.
  public static final int ITERATIONS_DEFAULT = 600_000;

  public static final int SALT_BYTES = 16;

  public static final int ITERATIONS_MIN = 1000;
  public static final int ITERATIONS_MAX = 10_000_000;
  private static final int HASH_BYTES = 32;
  private static final Pattern FORM =
      Pattern.compile("pbkdf2-sha256:([0-9]{1,8}):([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{43}=)");

  private final int iterationCount;
  private final byte[] salt;
  private final byte[] hash;

  private PasswordHash(int iterationCount, byte[] salt, byte[] hash) {
    this.iterationCount = iterationCount;
    this.salt = salt;
    this.hash = hash;
  }

  /// @param salt drawn for this password alone, [#SALT_BYTES] bytes
  public static PasswordHash of(char[] password, int iterationCount, byte[] salt) {
    return new PasswordHash(iterationCount, salt.clone(), hash(password, iterationCount, salt));
  }

  /// @throws IllegalArgumentException if this is none; the text itself is not in the message
  public static PasswordHash parse(String text) {
    Matcher form = FORM.matcher(text);
    int iterationCount = form.matches() ? Integer.parseInt(form.group(1)) : 0;
    if (iterationCount < ITERATIONS_MIN || iterationCount > ITERATIONS_MAX) {
      throw new IllegalArgumentException(
          "this is no password as `farside password` prints it: pbkdf2-sha256:ITERATIONS:SALT:HASH");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    return new PasswordHash(
        iterationCount, base64.decode(form.group(2)), base64.decode(form.group(3)));
  }

  public boolean isOf(char[] password) {
    return MessageDigest.isEqual(hash, hash(password, iterationCount, salt));
  }

  private static byte[] hash(char[] password, int iterationCount, byte[] salt) {
    PBEKeySpec spec = new PBEKeySpec(password, salt, iterationCount, HASH_BYTES * Byte.SIZE);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(spec)
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has PBKDF2 with SHA-256", e);
    } finally {
      spec.clearPassword();
    }
  }

  /// As a rig keeps it.
  public String text() {
    Base64.Encoder base64 = Base64.getEncoder();
    return "pbkdf2-sha256:"
        + iterationCount
        + ":"
        + base64.encodeToString(salt)
        + ":"
        + base64.encodeToString(hash);
  }

  /// Not the hash: this may end up in a log.
  @Override
  public String toString() {
    return "PasswordHash";
  }
}
