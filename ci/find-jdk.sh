#!/bin/sh
# Prints the home of a JDK 25, or says what to install and exits 3.
# Used by ci/mvn (and so by the Makefile) and by the launcher hil-rig/farside.

is_25() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && grep -q '^JAVA_VERSION="25[".]' "$1/release" 2>/dev/null
}

for home in "$JAVA_HOME" /usr/lib/jvm/*25* /opt/*25* "${SDKMAN_DIR:-$HOME/.sdkman}"/candidates/java/25*; do
  if [ -n "$home" ] && is_25 "$home"; then
    printf '%s\n' "$home"
    exit 0
  fi
done

cat >&2 <<'EOF'
No JDK 25 found: looked at JAVA_HOME, /usr/lib/jvm/*25*, /opt/*25* and SDKMAN.
Install one (Debian with Adoptium's repository: apt-get install temurin-25-jdk; SDKMAN: sdk install java 25-tem),
or set JAVA_HOME to one that you have.
EOF
exit 3
