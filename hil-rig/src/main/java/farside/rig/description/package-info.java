/// Rigs: the YAML file that says which cabinets, drives, links and volumes there are.
///
/// Start at [farside.rig.description.RigFile], which turns bytes into a
/// [farside.rig.description.Rig] or refuses them with line, mistake and cure. Three gates in a
/// row: `YamlText` (is it YAML, and where does everything stand), `SchemaGate` (the shape, by
/// `specs/rig.schema.json`) and, once `RigReader` has made a rig of it, `CrossChecks` (what a
/// schema cannot say). Behind it come the launcher and the cabinets, which may trust every word.
/// Nothing here opens a device or a socket.
package farside.rig.description;
