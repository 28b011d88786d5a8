/// One site at work: a cabinet, its devices, its processor, and the directory where its files
/// are.
///
/// `Site` opens what the rig names in the one order that keeps data safe, and closes it again.
/// Comes after `description`, which has checked every word; the launcher's `run` comes before.
package farside.rig.site;
