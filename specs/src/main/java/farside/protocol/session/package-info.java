/// What two cabinets say to each other in a session: greeting, writes, acknowledgements,
/// heartbeat.
///
/// Declared once, in `session-messages.xml` beside this package's resources; its codecs are
/// generated from there at build time (`specs/target/generated-sources/sbe`) and never edited.
/// Nothing here does I/O, reads a clock, or knows how a frame travels.
package farside.protocol.session;
