package farside.rig.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PairReportTest {
  @Test
  void whatCanBeWaitedForIsRead() {
    PairReport report = PairReport.parse("""
        {"site":"A","volumes":[
          {"volume":"0010","role":"R1","pairState":"SyncInProg","owedTracks":7,"owedBytes":458752,
           "pendingTracks":2,"localPendingRecords":3,"somethingNew":{"x":1}},
          {"volume":"0030","role":"LOCAL","pairState":"Local","owedTracks":0}],
         "link":{"state":"READY"}}
        """);

    assertThat(report.site()).isEqualTo("A");
    assertThat(report.owedTracks()).isEqualTo(7);
    assertThat(report.isSynchronized()).isFalse();
    assertThat(report.isDestaged()).isFalse();
    assertThat(report.volume("0030").orElseThrow().isMirrored()).isFalse();
  }

  @Test
  void aPairWithNothingOwedAndNothingPendingIsSynchronizedAndDestaged() {
    PairReport report = PairReport.parse("""
        {"volumes":[{"volume":"0010","role":"R2","pairState":"Synchronized","owedTracks":0,
          "pendingTracks":0,"localPendingRecords":0,"remotePendingRecords":0}]}
        """);

    assertThat(report.isSynchronized()).isTrue();
    assertThat(report.isDestaged()).isTrue();
  }

  @Test
  void whatIsNotToldIsNotTakenForZero() {
    PairReport report = PairReport.parse(
        "{\"volumes\":[{\"volume\":\"0010\",\"role\":\"R2\",\"pairState\":\"Synchronized\"}]}");

    assertThat(report.isSynchronized()).isFalse();
    assertThat(report.isDestaged()).isFalse();
  }

  @Test
  void whatIsNoJsonIsRefused() {
    assertThatThrownBy(() -> PairReport.parse("site A"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
