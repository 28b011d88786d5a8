/// A drive that is a sparse file: the drive of the loopback bench.
///
/// Room 4's outside: the disk adapter asks `DrivePort`, and `FileDisk` answers it with a file
/// of its own, locked against every other cabinet. The requests themselves travel by
/// `farside.driver.netty.DiskIo` on the processor's thread. Raw disks are not opened here: they
/// need other precautions.
package farside.driver.filedisk;
