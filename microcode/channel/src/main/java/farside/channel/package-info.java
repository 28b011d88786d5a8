/// The channel adapter (CA): takes commands of a host and answers each with its ending status.
///
/// Room 2. Before it stands a driver that moves a host's bytes; after it the cache (room 3), in
/// which
/// a write is left for the disk adapter and the remote adapter. The adapters meet only there.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.channel;
