/// The disk adapter (DA): destages dirty tracks from the cache to drives, and stages what is
/// missing.
///
/// Room 4. Before it stands the cache (room 3); after it a drive, behind `DrivePort`.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.disk;
