/// NVRAM that is a mapped file: it survives the death of the emulator, as battery-backed memory
/// survives the death of the real controller's processor.
///
/// Room 3's floor: cache and tables lie in the region that `NvramFile` hands out through
/// `NvramPort`. The file's own first page says whether the region can be believed; what is in
/// the region is microcode's business (`specs/nvram.md`).
package farside.driver.nvramfile;
