package farside.driver.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportTest {
  @ParameterizedTest
  @NullSource
  @ValueSource(strings = "")
  void withoutAPinSomethingAvailableIsChosen(String pin) {
    assertThat(Transport.chosenBy(pin).isAvailable()).isTrue();
  }

  @Test
  void javasOwnIsAvailableEverywhere() {
    assertThat(Transport.NIO.isAvailable()).isTrue();
    assertThat(Transport.NIO.unavailability()).isEmpty();
    assertThat(Transport.chosenBy("nio")).isEqualTo(Transport.NIO);
    assertThat(Transport.chosenBy("NIO")).isEqualTo(Transport.NIO);
  }

  @Test
  void pinThatNamesNothingIsRefusedWithTheNamesThereAre() {
    assertThatThrownBy(() -> Transport.chosenBy("kqueue"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "FARSIDE_TRANSPORT=kqueue names no transport. Set it to uring, epoll, nio, or unset it.");
  }

  @ParameterizedTest
  @EnumSource
  void pinnedTransportIsChosenOrRefusedWithTheReason(Transport transport) {
    if (transport.isAvailable()) {
      assertThat(Transport.chosenBy(transport.name())).isEqualTo(transport);
    } else {
      assertThatThrownBy(() -> Transport.chosenBy(transport.name()))
          .hasMessageContaining("cannot be had here: " + transport.unavailability());
    }
  }

  @Test
  void everyTransportHasItsOwnClasses() {
    assertThat(Stream.of(Transport.values()).map(Transport::serverChannelClass))
        .doesNotHaveDuplicates();
    assertThat(Stream.of(Transport.values()).map(Transport::channelClass)).doesNotHaveDuplicates();
    assertThat(Stream.of(Transport.values()).map(Transport::domainServerChannelClass))
        .doesNotHaveDuplicates();
    assertThat(Stream.of(Transport.values()).map(Transport::domainChannelClass))
        .doesNotHaveDuplicates();
  }
}
