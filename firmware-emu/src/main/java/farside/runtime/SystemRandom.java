package farside.runtime;

import farside.port.RandomPort;
import java.security.SecureRandom;

/// True chance, for generations and incarnations that two cabinets must never draw alike.
public final class SystemRandom implements RandomPort {
  private final SecureRandom source = new SecureRandom();

  @Override
  public long nextNonZero() {
    long drawn = source.nextLong();
    while (drawn == 0) {
      drawn = source.nextLong();
    }
    return drawn;
  }
}
