/// Volumes: what a host sees, what a drive holds, and what each mirror is owed.
///
/// Number, role and size; generations (who is right, afterwards); the track table; the drive
/// label. Room 2: every director reads it, each state changes through one door that logs. No
/// I/O here.
package farside.volume;
