package farside.port;

/// A volume as a channel head shows it to hosts.
///
/// @param name what hosts ask for: the volume number, such as `0010`
/// @param description one line for people
/// @param blockBytes the preferred unit; requests at any alignment are served
/// @param ready false: listed, but not to be opened now, for the reason given
/// @param reason why it is not ready; empty if it is
public record HostExport(
    String name,
    String description,
    long sizeBytes,
    int blockBytes,
    boolean readOnly,
    boolean ready,
    String reason) {}
