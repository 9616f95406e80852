//! Tells the linker how the program is to be laid out.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script what it builds for in variables"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Relative relocations in their packed form (DT_RELR; glibc 2.36, 2022): the table that the loader reads at each
    // start shrinks from megabytes to a few pages.
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let glibc = std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu");
    if linux && glibc {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        // Generic code that came out the same for several types is kept once. Only where rustc links with its own
        // lld by itself: GNU ld does not know the option.
        if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64") {
            println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}
