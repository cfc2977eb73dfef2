#!/usr/bin/env bash
# Checks the programs that the tests need beside Rust and Python: Java 17 or newer, Maven, kcat. As root on a system with apt-get it installs what
# is missing; otherwise it names what is missing and how to get it, and fails. Nothing is skipped for want of a tool.
set -euo pipefail

java_is_new_enough() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1) || return 1
  [ "${version:-0}" -ge 17 ]
}

missing() {
  java_is_new_enough || echo openjdk-17-jre-headless
  command -v mvn >/dev/null || echo maven
  command -v kcat >/dev/null || echo kcat
}

wanted=$(missing)
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing with apt-get:" $wanted
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  apt-get install -y -qq --no-install-recommends $wanted >/dev/null
  hash -r
  wanted=$(missing)
fi
if [ -n "$wanted" ]; then
  cat >&2 <<TEXT
The tests need programs that are not here (Debian's names): $(echo $wanted)
  Debian, Ubuntu:  sudo apt-get install $(echo $wanted)
  Fedora:          sudo dnf install java-17-openjdk-headless maven kcat
  macOS:           brew install openjdk@17 maven kcat
Java 17 or newer and Maven start the real Apache Kafka, kcat is one of the clients that must work with the embedded broker.
TEXT
  exit 1
fi
