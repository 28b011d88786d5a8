package farside.rig.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What `query` says of the volumes of one site: the part that one can wait for.
///
/// Leaves alone what it does not know, as a program should that may be older than the site. A
/// number that is not
/// there is [#UNKNOWN], which is never what one waits for.
///
/// @param site empty if the answer names none
public record PairReport(String site, List<VolumeReport> volumes) {
  static final long UNKNOWN = -1;

  private static final ObjectMapper JSON = new ObjectMapper();

  public PairReport {
    volumes = List.copyOf(volumes);
  }

  /// @param pairState the operator's word, such as `Synchronized`
  /// @param owedTracks tracks that the other mirror misses, as far as this site knows
  /// @param pendingTracks tracks that the peer has and has not called stable
  /// @param localPendingRecords writes that this site's drive may still lack
  public record VolumeReport(
      String volume,
      String role,
      String pairState,
      long owedTracks,
      long owedBytes,
      long pendingTracks,
      long localPendingRecords) {
    public boolean isMirrored() {
      return role.equals("R1") || role.equals("R2");
    }

    public boolean isSynchronized() {
      return pairState.equalsIgnoreCase("Synchronized") && owedTracks == 0;
    }

    /// True if the drive holds all that the volume holds.
    public boolean isDestaged() {
      return pendingTracks == 0 && localPendingRecords == 0;
    }
  }

  /// @throws IllegalArgumentException if the text is not JSON at all
  public static PairReport parse(String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException failure) {
      throw new IllegalArgumentException("the answer to `query` is not JSON: " + json, failure);
    }
    List<VolumeReport> volumes = new ArrayList<>();
    for (JsonNode volume : root.path("volumes")) {
      volumes.add(new VolumeReport(
          volume.path("volume").asText(),
          volume.path("role").asText(),
          volume.path("pairState").asText(),
          volume.path("owedTracks").asLong(UNKNOWN),
          volume.path("owedBytes").asLong(UNKNOWN),
          volume.path("pendingTracks").asLong(UNKNOWN),
          volume.path("localPendingRecords").asLong()));
    }
    return new PairReport(root.path("site").asText(), volumes);
  }

  public Optional<VolumeReport> volume(String name) {
    return volumes.stream().filter(volume -> volume.volume().equals(name)).findFirst();
  }

  /// Tracks owed to the peer, of all volumes whose source is here.
  public long owedTracks() {
    return volumes.stream()
        .filter(volume -> volume.role().equals("R1"))
        .mapToLong(VolumeReport::owedTracks)
        .sum();
  }

  public boolean isSynchronized() {
    return volumes.stream().filter(VolumeReport::isMirrored).allMatch(VolumeReport::isSynchronized);
  }

  public boolean isDestaged() {
    return volumes.stream().allMatch(VolumeReport::isDestaged);
  }
}
