/// The launcher's commands, one class each: what was asked for, in what words it is answered,
/// and the exit status.
///
/// | status | means                                                          |
/// |-------:|----------------------------------------------------------------|
/// |      0 | yes, or done                                                   |
/// |      1 | no, or failed                                                  |
/// |      2 | the command line or the rig file was not understood            |
/// |      3 | the rig is not reachable: the site does not run                |
/// |     70 | a machine check, or a mistake of our own                       |
///
/// Standard output carries answers only; everything else goes to standard error.
package farside.rig.command;
