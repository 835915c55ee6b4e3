//! What a Linux binary needs of the system that it runs on.

use std::fmt;
use std::path::Path;

use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{Dyn as _, FileHeader as _};

use crate::failure::{Doing as _, Failure, Result};

/// The glibc of Amazon Linux 2023, which `provided.al2023` is made of.
pub const LAMBDA_GLIBC: Version = Version(2, 34);

/// The libraries of that image that a Rust binary may be linked with: glibc's own, and GCC's.
const LAMBDA_LIBRARIES: [&str; 8] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// A glibc version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// What a binary needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Needs {
    /// The newest glibc version that one of its symbols has; none when it is linked statically.
    pub glibc: Option<Version>,
    /// The libraries that are loaded with it.
    pub libraries: Vec<String>,
}

/// Reads what the binary in `bytes` needs. Only 64-bit ELF files are read.
pub fn needs(bytes: &[u8]) -> Result<Needs> {
    read(bytes).doing("reading an ELF file")
}

/// Refuses a binary that would not start on Lambda.
pub fn check(binary: &Path, needs: &Needs) -> Result<()> {
    let name = binary.display();
    if let Some(glibc) = needs.glibc.filter(|glibc| *glibc > LAMBDA_GLIBC) {
        return Err(Failure::new(format!(
            "{name} needs glibc {glibc}, and Lambda's provided.al2023 has {LAMBDA_GLIBC}: it would not start there. \
             Build on a system whose glibc is no newer than {LAMBDA_GLIBC} to 2.36, such as Debian 12 or Amazon Linux \
             2023, or in a container of one."
        )));
    }
    let absent: Vec<&str> = needs
        .libraries
        .iter()
        .map(String::as_str)
        .filter(|library| !LAMBDA_LIBRARIES.contains(library))
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} needs {}, which Lambda's provided.al2023 does not have: it would not start there.",
        absent.join(", ")
    )))
}

fn read(bytes: &[u8]) -> object::read::Result<Needs> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let mut needs = Needs { glibc: None, libraries: Vec::new() };
    if let Some((entries, link)) = sections.dynamic(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        for entry in entries {
            if entry.tag(endian) == object::elf::DT_NEEDED {
                let library = entry.string(endian, strings)?;
                needs.libraries.push(text(library));
            }
        }
    }
    if let Some((mut needed, link)) = sections.gnu_verneed(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        while let Some((_, mut versions)) = needed.next()? {
            while let Some(version) = versions.next()? {
                let name = text(version.name(endian, strings)?);
                needs.glibc = needs.glibc.max(glibc_version(&name));
            }
        }
    }
    Ok(needs)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `GLIBC_2.34` as a version. A third number (`GLIBC_2.2.5`) is not looked at.
fn glibc_version(name: &str) -> Option<Version> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some(Version(major, minor))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(glibc_version("GLIBC_2.2.5"), Some(Version(2, 2)));
        assert!(glibc_version("GLIBC_2.4") < glibc_version("GLIBC_2.34"));
        for other in ["GCC_3.0", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR", "GLIBC_", ""] {
            assert_eq!(glibc_version(other), None, "{other}");
        }
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn the_needs_of_this_very_test_are_read() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needs = needs(&bytes).unwrap();
        assert!(needs.glibc >= Some(Version(2, 2)), "{needs:?}");
        assert!(needs.libraries.iter().any(|name| name == "libc.so.6"), "{needs:?}");
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(needs(b"#!/bin/sh\n").is_err());
    }

    #[test]
    fn a_binary_that_would_not_start_on_lambda_is_refused_with_the_reason() {
        let with = |glibc, libraries: &[&str]| Needs {
            glibc,
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
        };
        let path = Path::new("reply");
        assert!(check(path, &with(Some(Version(2, 34)), &["libc.so.6", "libgcc_s.so.1"])).is_ok());
        assert!(check(path, &with(None, &[])).is_ok());
        let newer = check(path, &with(Some(Version(2, 38)), &[])).unwrap_err().to_string();
        assert!(newer.contains("2.38") && newer.contains("2.34"), "{newer}");
        let library =
            check(path, &with(None, &["libc.so.6", "libssl.so.3"])).unwrap_err().to_string();
        assert!(library.contains("libssl.so.3") && !library.contains("libc.so.6"), "{library}");
    }
}
