/// The remote adapter (RA): carries tracks from our cache over a link into the peer's, and
/// acknowledgements back, on a transport that trusts no link.
///
/// Room 5. Before it stands the cache (room 3); after it a link, behind `LinkPort`.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.remote;
