package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PairDecisionTest {
  @Test
  void everyPossibleCombinationHasExactlyOneRowAndNoOtherHasAny() {
    for (var own : PairDecision.Own.values()) {
      for (var peer : PairDecision.Peer.values()) {
        for (var relation : PairDecision.Relation.values()) {
          long rows = PairDecision.CASES.stream()
              .filter(row -> row.matches(own, peer, relation))
              .count();
          String what = own + " " + peer + " " + relation;
          if (PairDecision.isPossible(own, peer, relation)) {
            assertThat(rows).as(what).isEqualTo(1);
          } else {
            assertThat(rows).as(what).isLessThanOrEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void labelsAreNotGivenTwice() {
    assertThat(
            PairDecision.CASES.stream().map(PairDecision.Case::label).distinct().count())
        .isEqualTo(PairDecision.CASES.size());
  }

  @Test
  void nothingIsCopiedOverAHistoryThatIsNotKnown() {
    for (var own : PairDecision.Own.values()) {
      for (var peer : PairDecision.Peer.values()) {
        var row = PairDecision.of(own, peer, PairDecision.Relation.FOREIGN);
        assertThat(row.verdict()).isEqualTo(PairDecision.Verdict.CONFLICT);
      }
    }
  }
}
