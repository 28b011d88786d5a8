package farside.service;

/// What a command came to, in both of its forms.
interface Answer {
  int DONE = 0;
  int FAILED = 1;
  int USAGE = 2;

  default int exitCode() {
    return DONE;
  }

  /// For a person: lines, each ended.
  String text();

  /// For a program: what [JsonText] takes.
  Object json();
}
