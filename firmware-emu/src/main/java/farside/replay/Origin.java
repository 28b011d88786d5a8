package farside.replay;

/// Where a recording comes from.
///
/// @param build version of the program
/// @param rigFile name of the rig's file, after which the rig is called
/// @param rig text of that file
public record Origin(String build, String site, String rigFile, String rig) {}
