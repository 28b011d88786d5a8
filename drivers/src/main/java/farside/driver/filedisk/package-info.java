/// A drive that is a sparse file: the drive of the loopback bench.
///
/// Opens a file that no other cabinet has, makes it if there is none, and hands it to
/// `farside.driver.drive`, which does the rest. Raw disks are not opened here: they need other
/// precautions (`farside.driver.rawdisk`).
package farside.driver.filedisk;
