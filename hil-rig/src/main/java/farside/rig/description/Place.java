package farside.rig.description;

/// Line and column in a text; both start at 1, or are 0 where there is no text to point at.
public record Place(int line, int column) implements Comparable<Place> {
  static final Place NOWHERE = new Place(0, 0);
  static final Place START = new Place(1, 1);

  @Override
  public int compareTo(Place other) {
    return line != other.line
        ? Integer.compare(line, other.line)
        : Integer.compare(column, other.column);
  }
}
