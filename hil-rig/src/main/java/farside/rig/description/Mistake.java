package farside.rig.description;

/// One mistake in a rig file, for the person who wrote it.
///
/// @param place where it stands
/// @param what what is wrong, without a full stop
/// @param cure what to do, as whole sentences
public record Mistake(Place place, String what, String cure) {}
