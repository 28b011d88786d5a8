/// A drive that is a whole disk of this machine, past the page cache.
///
/// Opening one is the dangerous thing here, and most of this room is about not doing it: a disk
/// is used only if it is the one that the rig means (`DeviceIdentity`), of the size and block
/// size that the rig says, and carries this cabinet's label; or else nothing at all that looks
/// as if somebody needed it (`Signature`), and the rig gives it up by name. `Preflight` judges,
/// and writes nothing; `RawDisk` opens what was found good and hands it to
/// `farside.driver.drive`, which does the rest. What the kernel knows of disks is read by
/// `DeviceTree` from `/sys` and `/proc`, and by `BlockDevice` from the disk itself.
package farside.driver.rawdisk;
