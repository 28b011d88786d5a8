/// A drive that is open: what every driver of a drive has in common once it has its descriptor.
///
/// Room 4's outside: the disk adapter asks `DrivePort`, and `OpenDrive` answers it. How a drive
/// comes to be open, and what must be true before, is the business of the drivers, which differ
/// in nothing else: `farside.driver.filedisk` and `farside.driver.rawdisk`. The requests
/// themselves travel by `farside.driver.netty.DiskIo` on the processor's thread.
package farside.driver.drive;
