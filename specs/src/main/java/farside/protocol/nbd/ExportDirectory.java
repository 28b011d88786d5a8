package farside.protocol.nbd;

import java.util.Collection;
import java.util.Collections;
import java.util.TreeMap;

/// All exports of a server, in the order of their names.
public final class ExportDirectory {
  private final TreeMap<String, NbdExport> exports = new TreeMap<>();

  /// Adds an export, or changes the one of that name for those who open it from now on.
  public void put(NbdExport export) {
    exports.put(export.name(), export);
  }

  /// The export of that name; for the empty name the default one, which is the first by name.
  /// Null if there is none.
  public NbdExport find(String name) {
    if (name.isEmpty()) {
      return exports.isEmpty() ? null : exports.firstEntry().getValue();
    }
    return exports.get(name);
  }

  public Collection<NbdExport> all() {
    return Collections.unmodifiableCollection(exports.values());
  }
}
