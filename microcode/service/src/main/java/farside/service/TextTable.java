package farside.service;

import java.util.ArrayList;
import java.util.List;

/// A table for a terminal: columns as wide as what is in them, two spaces apart.
final class TextTable {
  private static final String GAP = "  ";

  private final List<String> titles = new ArrayList<>();
  private final List<Boolean> right = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  /// A column of words.
  TextTable words(String title) {
    return column(title, false);
  }

  /// A column of numbers, which end below each other.
  TextTable numbers(String title) {
    return column(title, true);
  }

  private TextTable column(String title, boolean alignRight) {
    titles.add(title);
    right.add(alignRight);
    return this;
  }

  void row(Object... cells) {
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(Wording.printable(String.valueOf(cell)));
    }
    rows.add(row);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  String text() {
    List<List<String>> all = new ArrayList<>(titleRows());
    all.addAll(rows);
    int[] widths = new int[titles.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        line.append(i == 0 ? "" : GAP);
        int padding = widths[i] - cell.length();
        if (right.get(i)) {
          line.repeat(" ", padding).append(cell);
        } else {
          line.append(cell).repeat(" ", padding);
        }
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  /// A title may have several lines; the last stands on the table.
  private List<List<String>> titleRows() {
    int height = 1;
    for (String title : titles) {
      height = Math.max(height, title.split("\n").length);
    }
    List<List<String>> titleRows = new ArrayList<>();
    for (int line = 0; line < height; line++) {
      List<String> row = new ArrayList<>();
      for (String title : titles) {
        String[] lines = title.split("\n");
        int index = line - (height - lines.length);
        row.add(index < 0 ? "" : lines[index]);
      }
      titleRows.add(row);
    }
    return titleRows;
  }
}
