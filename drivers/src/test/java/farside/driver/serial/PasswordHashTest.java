package farside.driver.serial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
  private static final byte[] SALT =
      "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  @Test
  void aPasswordIsKnownByItsTextAndNoOtherIs() {
    String text = PasswordHash.of("open sesame".toCharArray(), 1000, SALT).text();

    assertThat(PasswordHash.parse(text).isOf("open sesame".toCharArray())).isTrue();
    assertThat(PasswordHash.parse(text).isOf("Open sesame".toCharArray())).isFalse();
    assertThat(PasswordHash.parse(text).text()).isEqualTo(text);
    assertThat(PasswordHash.parse(text)).hasToString("PasswordHash");
  }

  /// Computed apart from the JDK, by Python's `hashlib.pbkdf2_hmac`.
  @Test
  void theHashIsTheStandardsOwn() {
    assertThat(PasswordHash.of("open sesame".toCharArray(), 1000, SALT).text())
        .isEqualTo(
            "pbkdf2-sha256:1000:MDEyMzQ1Njc4OWFiY2RlZg==:Mqp8wAsrOsjVEIymTD0kATxTpTf4f+0ZMgQPDlukk/w=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "pbkdf2-sha256:1:MDEyMzQ1Njc4OWFiY2RlZg==:SmYOiLQiEmF2ksmsCyy+Og3ovLVNMt+rJdLGKLnB5SE=",
        "pbkdf2-sha256:99999999:MDEyMzQ1Njc4OWFiY2RlZg==:SmYOiLQiEmF2ksmsCyy+Og3ovLVNMt+rJdLGKLnB5SE=",
        "pbkdf2-sha256:1000:MDEyMzQ1:SmYOiLQiEmF2ksmsCyy+Og3ovLVNMt+rJdLGKLnB5SE="
      })
  void whatIsNoHashIsRefusedWithoutBeingRepeated(String text) {
    assertThatThrownBy(() -> PasswordHash.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("farside password")
        .hasMessageNotContaining("secret");
  }
}
