/// The cache: global memory that every director shares and no director owns.
///
/// Room 3. A channel adapter leaves a write record here (room 2); a disk adapter (room 4) and a
/// remote adapter (room 5) take it away. Start at `GlobalMemory`, then `WriteRecords`, then
/// `SlotDirectory`. Nothing here does I/O, keeps a thread, or knows a wire format.
package farside.cache;
