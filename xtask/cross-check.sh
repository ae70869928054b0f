#!/usr/bin/env bash
# Checks the Windows and macOS code from Debian, with the machine's one Rust toolchain.
#
#   xtask/cross-check.sh [check|windows|macos-link|all]
#
# check       clippy for x86_64-pc-windows-msvc and aarch64-apple-darwin; needs no linker and no package
# windows     builds and runs the tests for x86_64-pc-windows-gnu, with mingw-w64 under wine
# macos-link  links Mach-O executables with zig, which resolves every symbol of the system library
#
# The toolchain has no standard library for these targets, so it is built from source (-Zbuild-std, hence RUSTC_BOOTSTRAP).
# Environment: STD_SRC_TARBALL, an archive that holds `library/`, for when no package of this compiler's source is left;
# CROSS_DIR, where sources and tools are kept between runs (default: the user's cache).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
mode=${1:-all}
work=${CROSS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/bwusage-cross}
rust=$(rustc -vV | sed -n 's/^release: //p')
mkdir -p "$work"

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }

die() {
  echo "error: $*" >&2
  exit 1
}

# install PROGRAM PACKAGE: installs PACKAGE unless PROGRAM is there.
install() {
  command -v "$1" >/dev/null && return
  [ "$(id -u)" = 0 ] || die "$1 is missing: run  sudo apt-get install $2"
  local patience=(-o Acquire::Retries=10 -o DPkg::Lock::Timeout=300)
  apt-get "${patience[@]}" update -qq
  DEBIAN_FRONTEND=noninteractive apt-get "${patience[@]}" install -y -qq --no-install-recommends "$2" >/dev/null
}

# Prints the folder of the standard library's source, of exactly this compiler: any other does not compile.
std_source() {
  local unpacked=$work/rust-src-$rust/library
  local own
  own=$(rustc --print sysroot)/lib/rustlib/src/rust/library
  if [ -e "$own/Cargo.lock" ]; then # `rustup component add rust-src`
    echo "$own"
    return
  fi
  if [ ! -e "$unpacked/Cargo.lock" ]; then
    rm -rf "$work/rust-src-$rust"
    mkdir -p "$work/rust-src-$rust.part"
    if [ -n "${STD_SRC_TARBALL:-}" ]; then
      tar -xf "$STD_SRC_TARBALL" -C "$work/rust-src-$rust.part"
    else
      unpack_debian_source "$work/rust-src-$rust.part"
    fi
    mv "$work/rust-src-$rust.part" "$work/rust-src-$rust"
  fi
  echo "$unpacked"
}

# Debian packages the source for other suites than the machine's own, so a private apt state looks at those too.
# The package is unpacked, never installed.
unpack_debian_source() {
  local sources=/etc/apt/sources.list.d/debian.sources
  [ -e "$sources" ] || die "the source of Rust $rust's standard library is missing: run  rustup component add rust-src"
  local apt=$work/apt
  mkdir -p "$apt"/{etc,lists/partial,cache/archives/partial}
  awk 'BEGIN { RS = ""; FS = "\n" } /Types: *deb/ && !/-security/ { print; exit }' "$sources" |
    sed -E '/^#/d; s/^Suites:.*/Suites: trixie-backports trixie sid experimental/' >"$apt/etc/suites.sources"
  local options=(
    -o Dir::Etc::sourcelist=/dev/null
    -o "Dir::Etc::sourceparts=$apt/etc"
    -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache"
    -o Acquire::Languages=none
    -o APT::Sandbox::User=root
    -o Acquire::Retries=10
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  )
  apt-get "${options[@]}" update -qq >&2
  local package version
  for package in rust-src rust-web-src; do
    version=$(apt-cache "${options[@]}" madison "$package" |
      awk -F' *\\| *' -v rust="$rust" 'index($2, rust "+") == 1 { print $2; exit }')
    [ -z "$version" ] || break
  done
  [ -n "$version" ] || die "Debian has no source of Rust $rust any more: set STD_SRC_TARBALL to an archive of its library/ folder"
  (cd "$apt" && apt-get "${options[@]}" download -qq "$package=$version" >&2)
  dpkg-deb --fsys-tarfile "$apt/${package}"_*.deb |
    tar -x -C "$1" --strip-components=4 --wildcards "./usr/src/rustc-$rust/library*"
  rm -rf "$apt"
}

# A type check links nothing, so the C that some crates bring along need not be compiled: a stand-in for compiler and
# archiver makes empty libraries.
check() {
  local stand_in=$work/no-c
  cat >"$stand_in" <<'SH'
#!/bin/sh
for word; do
  case $word in *.a | *.lib) : >"${word#-out:}" ;; esac
done
SH
  chmod +x "$stand_in"
  export CC_x86_64_pc_windows_msvc=$stand_in AR_x86_64_pc_windows_msvc=$stand_in
  export CC_aarch64_apple_darwin=$stand_in AR_aarch64_apple_darwin=$stand_in SDKROOT=/
  local target
  for target in x86_64-pc-windows-msvc aarch64-apple-darwin; do
    step "clippy $target"
    cargo clippy --workspace --all-targets --locked "$build_std" --target "$target" -- -D warnings
  done
}

windows() {
  step "mingw-w64 and wine"
  local wine=/usr/lib/wine/wine64
  install x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-posix
  install "$wine" wine64
  export WINEPREFIX=$work/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine
  local system32=$WINEPREFIX/drive_c/windows/system32
  [ -d "$system32" ] || "$wine" wineboot -i >/dev/null 2>&1
  if [ ! -e "$system32/bcryptprimitives.dll" ]; then # wine 8 (Debian 12) lacks it, and every Rust program wants ProcessPrng
    x86_64-w64-mingw32-gcc -shared -O2 -s -o "$system32/bcryptprimitives.dll" -x c - -x none -ladvapi32 <<'C'
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
C
  fi
  step "test x86_64-pc-windows-gnu under wine"
  # shellcheck disable=SC2086 # CROSS_PACKAGES holds several words
  cargo test ${CROSS_PACKAGES:---workspace} --locked "$build_std" --target x86_64-pc-windows-gnu -- --test-threads=2
}

# library_stub FILE INSTALL_NAME SYMBOL...: a text stub that exports the symbols.
library_stub() {
  local file=$1 name=$2
  shift 2
  local symbols
  symbols=$(IFS=, && echo "$*")
  cat >"$file" <<TBD
--- !tapi-tbd
tbd-version: 4
targets: [ arm64-macos, x86_64-macos ]
install-name: '$name'
exports:
  - targets: [ arm64-macos, x86_64-macos ]
    symbols: [ $symbols ]
...
TBD
}

macos_link() {
  step "zig"
  local zig=$work/zig
  if [ ! -x "$zig/bin/cargo-zigbuild" ]; then
    python3 -m venv "$zig"
    "$zig/bin/pip" install -q ziglang==0.17.1 cargo-zigbuild==0.24.0
  fi
  # Symbols of the frameworks that we use are listed by hand; everything else must be in zig's list of the system library.
  local stubs=$work/macos framework symbols
  mkdir -p "$stubs/F"
  while read -r framework symbols; do
    mkdir -p "$stubs/F/$framework.framework"
    # shellcheck disable=SC2086 # one word a symbol
    library_stub "$stubs/F/$framework.framework/$framework.tbd" \
      "/System/Library/Frameworks/$framework.framework/Versions/A/$framework" $symbols
  done <"$here/macos-frameworks.txt"
  library_stub "$stubs/libobjc.tbd" /usr/lib/libobjc.A.dylib _objc_msgSend
  step "link aarch64-apple-darwin"
  PATH=$zig/bin:$PATH CARGO_TARGET_AARCH64_APPLE_DARWIN_RUSTFLAGS="-L $stubs -L framework=$stubs/F" \
    cargo-zigbuild zigbuild --workspace --locked "$build_std" --target aarch64-apple-darwin
}

step "source of the standard library of Rust $rust"
__CARGO_TESTS_ONLY_SRC_ROOT=$(std_source)
export __CARGO_TESTS_ONLY_SRC_ROOT RUSTC_BOOTSTRAP=1
# A folder of its own: under RUSTC_BOOTSTRAP cargo would rebuild what the other checks share.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/cross
build_std=-Zbuild-std=std,panic_abort,panic_unwind,test

case $mode in
check) check ;;
windows) windows ;;
macos-link) macos_link ;;
all)
  check
  windows
  macos_link
  ;;
*) die "unknown mode $mode: one of check, windows, macos-link, all" ;;
esac
step "done"
