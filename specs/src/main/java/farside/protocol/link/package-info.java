/// The frame of a remote link: what lies on the line around every session message.
///
/// Below the messages of `farside.protocol.session`, above whatever carries bytes (a TCP
/// stand-in, a channel extender). Start at `FrameHeaderFlyweight`; the rules of the session are
/// in `specs/link-session.md`. Pure views of bytes: nothing here does I/O, keeps a state or
/// reads a clock.
package farside.protocol.link;
